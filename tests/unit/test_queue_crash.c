/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: processes that are killed inside put, get, a reservation or a wait. */
#include "objects.h"

#include "queue/queue.h"

#include <pthread.h>

#define LONG_BYTES 1000

static struct mpshm_queue *queue;

static void queue_of(uint32_t capacity)
{
	const struct mpshm_queue_options options = {
		.capacity = capacity, .max_message_bytes = 1024, .pool_bytes = 256 + 512 + 1024};
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
}

static void puts_numbered(uint64_t number)
{
	ck_assert_int_eq(mpshm_queue_put(queue, &number, sizeof number, MPSHM_SECOND), 0);
}

static uint64_t gets_numbered(struct mpshm_message *ret_message)
{
	uint64_t number = 0;
	ck_assert_int_eq(
		mpshm_queue_receive(queue, &number, sizeof number, ret_message, 5 * MPSHM_SECOND),
		sizeof number);
	return number;
}

/* The queue takes its whole capacity, and its pool gives each of its three blocks. */
static void queue_is_whole_and_close(void)
{
	static const size_t sizes[] = {256, 512, 1024};
	void *blocks[3];
	ck_assert_uint_eq(mpshm_queue_size(queue), 0);
	for (uint64_t i = 0; i < mpshm_queue_capacity(queue); i++)
		ck_assert_int_eq(mpshm_queue_try_put(queue, &i, sizeof i), 0);
	ck_assert_int_eq(mpshm_queue_try_put(queue, NULL, 0), -EAGAIN);
	for (uint64_t i = 0; i < mpshm_queue_capacity(queue); i++)
		ck_assert_uint_eq(gets_numbered(NULL), i);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_reserve(queue, sizes[i], &blocks[i], 0), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_abort(queue, blocks[i]), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}

static struct frame_shm *a_frame(void)
{
	struct frame_shm *frame = NULL;
	need_eq(queue_begin(queue, &frame), 0);
	return frame;
}

/* Claims, and no more. */
static void claim_to_put(void *context)
{
	uint64_t position;
	(void) context;
	need_eq(mpmc_claim_put(&queue->ring, a_frame(), &position), 0);
}

static uint64_t claim_next(struct frame_shm *frame)
{
	uint64_t position = 0;
	need_eq(mpmc_front(&queue->ring, frame, &position), 0);
	need(mpmc_claim_front(&queue->ring, frame, position));
	return position;
}

static void claim_to_get(void *context)
{
	(void) context;
	(void) claim_next(a_frame());
}

/* A long put that got as far as handing its block to the slot. */
static void put_long_cut_off(void *context)
{
	uint64_t position;
	uint32_t block;
	(void) context;
	need_eq(mpshm_i_queue_block(queue, LONG_BYTES, &block, 0), 0);
	need_eq(mpmc_claim_put(&queue->ring, a_frame(), &position), 0);
	atomic64_store_release(&queue->pool.descriptors[block].word, pool_word_in(position));
}

/* A get that acknowledged and died before it freed the block. */
static void get_long_cut_off(void *context)
{
	struct frame_shm *frame = a_frame();
	(void) context;
	mpmc_release(&queue->ring, frame, claim_next(frame));
}

static void reserve_all(void *context)
{
	static const size_t sizes[] = {256, 512, 1024};
	void *block;
	(void) context;
	for (int i = 0; i < 3; i++)
		need_eq(mpshm_queue_reserve(queue, sizes[i], &block, 0), 0);
}

START_TEST(queue_put_cut_off_is_skipped_by_a_getter_that_tries_or_waits)
{
	queue_of(4);
	for (uint64_t i = 0; i < 6; i++) {
		child_kill(child_held(claim_to_put, NULL));
		puts_numbered(i);
		if (i % 2) {
			ck_assert_uint_eq(gets_numbered(NULL), i);
			continue;
		}
		uint64_t got = 0;
		int64_t until = now_ns() + 5 * MPSHM_SECOND;
		while (mpshm_queue_try_get(queue, &got, sizeof got) == -EAGAIN && now_ns() < until)
			;
		ck_assert_uint_eq(got, i);
	}
	queue_is_whole_and_close();
}
END_TEST

START_TEST(queue_message_of_a_dead_getter_is_delivered_again_and_flagged)
{
	struct mpshm_message message;
	queue_of(4);
	puts_numbered(1);
	puts_numbered(2);
	child_kill(child_held(claim_to_get, NULL));
	uint64_t first = gets_numbered(&message);
	if (first == 2) {
		ck_assert_uint_eq(message.flags, 0);
		first = gets_numbered(&message);
	}
	ck_assert_uint_eq(first, 1);
	ck_assert_uint_eq(message.flags, MPSHM_MESSAGE_REDELIVERED);
	ck_assert_uint_eq(message.attempt, 1);
	ck_assert_uint_eq(message.position, 0);
	while (mpshm_queue_size(queue) > 0)
		(void) gets_numbered(NULL);
	queue_is_whole_and_close();
}
END_TEST

START_TEST(queue_blocks_of_the_dead_come_back_whatever_they_were_doing)
{
	char in[LONG_BYTES], out[LONG_BYTES];
	queue_of(4);
	for (uint64_t i = 0; i < 5; i++) {
		child_kill(child_held(reserve_all, NULL));
		/* The one large block is dead: a put that waits gets it. */
		pattern_fill(in, sizeof in, i);
		ck_assert_int_eq(mpshm_queue_put(queue, in, sizeof in, 5 * MPSHM_SECOND), 0);
		child_kill(child_held(get_long_cut_off, NULL));
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
		child_kill(child_held(put_long_cut_off, NULL));
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
		ck_assert_int_eq(mpshm_queue_try_put(queue, in, sizeof in), 0);
		child_kill(child_held(claim_to_get, NULL));
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
		ck_assert_int_eq(mpshm_queue_get(queue, out, sizeof out, MPSHM_SECOND), LONG_BYTES);
		ck_assert(pattern_is(out, sizeof out, i));
	}
	queue_is_whole_and_close();
}
END_TEST

START_TEST(queue_try_put_finds_the_blocks_of_the_dead_by_trying_any_sizes)
{
	static const size_t sizes[] = {LONG_BYTES, 400, 200};
	char in[LONG_BYTES] = {0};
	int64_t until = now_ns() + 5 * MPSHM_SECOND;
	size_t bytes = 0;
	int ret = -ENOBUFS;
	queue_of(4);
	child_kill(child_held(reserve_all, NULL));
	for (int i = 0; ret == -ENOBUFS && now_ns() < until; i++) {
		bytes = sizes[i % 3];
		ret = mpshm_queue_try_put(queue, in, bytes);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, in, sizeof in), (int64_t) bytes);
	queue_is_whole_and_close();
}
END_TEST

static void *get_one(void *ret_number)
{
	need_eq(mpshm_queue_get(queue, ret_number, 8, MPSHM_FOREVER), 8);
	return NULL;
}

static void *put_one_long(void *context)
{
	char in[LONG_BYTES] = {0};
	(void) context;
	need_eq(mpshm_queue_put(queue, in, sizeof in, MPSHM_FOREVER), 0);
	return NULL;
}

START_TEST(queue_getter_that_sleeps_recovers_when_the_putter_before_its_message_dies)
{
	pthread_t getter;
	uint64_t number = 0;
	queue_of(4);
	ck_assert_int_eq(pthread_create(&getter, NULL, get_one, &number), 0);
	pid_t child = child_held(claim_to_put, NULL);
	puts_numbered(7);
	nap_ms(30);
	child_kill(child);
	ck_assert_int_eq(pthread_join(getter, NULL), 0);
	ck_assert_uint_eq(number, 7);
	queue_is_whole_and_close();
}
END_TEST

START_TEST(queue_getter_that_sleeps_gets_what_a_dying_getter_had_claimed)
{
	pthread_t getter;
	uint64_t number = 0;
	queue_of(1);
	puts_numbered(8);
	pid_t child = child_held(claim_to_get, NULL);
	ck_assert_int_eq(pthread_create(&getter, NULL, get_one, &number), 0);
	nap_ms(30);
	child_kill(child);
	ck_assert_int_eq(pthread_join(getter, NULL), 0);
	ck_assert_uint_eq(number, 8);
	queue_is_whole_and_close();
}
END_TEST

START_TEST(queue_putter_that_sleeps_for_a_block_recovers_when_its_holder_dies)
{
	pthread_t putter;
	char out[LONG_BYTES];
	queue_of(4);
	pid_t child = child_held(reserve_all, NULL);
	ck_assert_int_eq(pthread_create(&putter, NULL, put_one_long, NULL), 0);
	nap_ms(30);
	child_kill(child);
	ck_assert_int_eq(pthread_join(putter, NULL), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), LONG_BYTES);
	queue_is_whole_and_close();
}
END_TEST

static void put_now_and_then(void *context)
{
	(void) context;
	for (uint64_t i = 0;; i++) {
		need_eq(mpshm_queue_put(queue, &i, sizeof i, MPSHM_FOREVER), 0);
		nap_ms(20);
	}
}

/* Who is woken before each slice ends finds the dead all the same, and within the time
 * of some slices: not only when the ring has gone round. */
START_TEST(queue_message_of_a_dead_getter_comes_beside_a_stream_that_keeps_us_awake)
{
	struct mpshm_message message = {0};
	int others = 0;
	queue_of(1024);
	pid_t putter = child_start(put_now_and_then, NULL);
	nap_ms(30); /* registered, and has put */
	child_kill(child_held(claim_to_get, NULL));
	while (!(message.flags & MPSHM_MESSAGE_REDELIVERED) && others++ < 100)
		(void) gets_numbered(&message);
	ck_assert_uint_eq(message.flags, MPSHM_MESSAGE_REDELIVERED);
	child_kill(putter);
	while (mpshm_queue_size(queue) > 0)
		(void) gets_numbered(NULL);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

static void get_for_ever(void *ret_number)
{
	need_eq(mpshm_queue_get(queue, ret_number, 8, MPSHM_FOREVER), 8);
}

START_TEST(queue_sleeping_getters_that_are_killed_cost_the_others_no_wake)
{
	uint64_t *number = shared_memory(2 * sizeof *number);
	queue_of(2);
	for (uint64_t i = 1; i <= 20; i++) {
		pid_t doomed = child_start(get_for_ever, &number[0]);
		pid_t other = child_start(get_for_ever, &number[1]);
		nap_ms(2);
		child_kill(doomed);
		puts_numbered(i);
		child_ends_well(other);
		ck_assert_uint_eq(number[1], i);
	}
	queue_is_whole_and_close();
}
END_TEST

START_TEST(queue_shut_down_delivers_what_a_dead_getter_had_claimed_before_epipe)
{
	struct mpshm_message message;
	uint64_t number;
	queue_of(4);
	puts_numbered(9);
	child_kill(child_held(claim_to_get, NULL));
	ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	ck_assert_uint_eq(gets_numbered(&message), 9);
	ck_assert_uint_eq(message.attempt, 1);
	ck_assert_int_eq(mpshm_queue_get(queue, &number, sizeof number, MPSHM_FOREVER), -EPIPE);

	/* A bit of the index without its entry, as a race may leave it, holds up nobody. */
	(void) atomic64_fetch_or(&queue->ring.shm->redelivery_map, UINT64_C(1) << 40);
	ck_assert_int_eq(mpshm_queue_get(queue, &number, sizeof number, MPSHM_FOREVER), -EPIPE);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_redelivered_message_stays_however_often_the_buffer_is_too_small)
{
	struct mpshm_message message;
	char small[4];
	queue_of(4);
	puts_numbered(10);
	child_kill(child_held(claim_to_get, NULL));
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	for (int i = 0; i < 1000; i++) {
		ck_assert_int_eq(mpshm_queue_receive(queue, small, 4, &message, 0), -EMSGSIZE);
		ck_assert_uint_eq(message.bytes, 8);
		ck_assert_uint_eq(message.attempt, 1);
		ck_assert_uint_eq(message.flags, MPSHM_MESSAGE_REDELIVERED);
	}
	ck_assert_uint_eq(gets_numbered(&message), 10);
	ck_assert_uint_eq(message.attempt, 1);
	queue_is_whole_and_close();
}
END_TEST

START_TEST(queue_message_that_killed_255_getters_is_dropped_with_its_block)
{
	char in[LONG_BYTES] = {0};
	queue_of(1);
	const struct mpmc *ring = &queue->ring;
	ck_assert_int_eq(mpshm_queue_try_put(queue, in, sizeof in), 0);
	child_kill(child_held(claim_to_get, NULL));
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	ck_assert_uint_eq(slot_kind(atomic64_load_acquire(mpmc_word(ring, 0))), SLOT_REDEL);
	atomic64_store_release(mpmc_word(ring, 0), slot_word(SLOT_REDEL, SLOT_ATTEMPT_MAX, 0));
	ck_assert_int_eq(mpshm_queue_try_get(queue, in, sizeof in), -EAGAIN);
	ck_assert_uint_eq(atomic64_load_acquire(&ring->shm->dropped), 1);
	queue_is_whole_and_close();
}
END_TEST

/* Somebody may be asleep at `wait`: is he woken by what follows? */
static uint32_t sleeper_at(struct wait_shm *wait)
{
	return mpshm_i_wait_prepare(seg, wait);
}

static bool was_woken(const struct wait_shm *wait, uint32_t key)
{
	return atomic32_load_acquire(&wait->word) != key;
}

START_TEST(queue_getter_that_skips_the_dead_and_finds_nothing_wakes_putters)
{
	uint64_t number;
	queue_of(1);
	child_kill(child_held(claim_to_put, NULL));
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	ck_assert_int_eq(mpshm_queue_try_put(queue, NULL, 0), -EAGAIN);
	uint32_t key = sleeper_at(&queue->shm->not_full);
	ck_assert_int_eq(mpshm_queue_try_get(queue, &number, sizeof number), -EAGAIN);
	ck_assert(was_woken(&queue->shm->not_full, key));
	key = sleeper_at(&queue->shm->not_full);
	ck_assert_int_eq(mpshm_queue_try_get(queue, &number, sizeof number), -EAGAIN);
	ck_assert(!was_woken(&queue->shm->not_full, key));
	queue_is_whole_and_close();
}
END_TEST

/* A bit of the index that its remover has taken out, and died before it set it again. */
START_TEST(queue_shut_down_sees_what_waits_in_the_index_without_its_bit)
{
	uint64_t number;
	queue_of(4);
	puts_numbered(11);
	child_kill(child_held(claim_to_get, NULL));
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	atomic64_store_release(&queue->ring.shm->redelivery_map, 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, &number, sizeof number), -EAGAIN);
	ck_assert_uint_eq(gets_numbered(NULL), 11);
	ck_assert_int_eq(mpshm_queue_try_get(queue, &number, sizeof number), -EPIPE);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

Suite *suite_queue_crash(void)
{
	Suite *suite = suite_create("queue_crash");
	TCase *tcase = objects_tcase(suite, "crash");
	tcase_add_test(tcase, queue_put_cut_off_is_skipped_by_a_getter_that_tries_or_waits);
	tcase_add_test(tcase, queue_message_of_a_dead_getter_is_delivered_again_and_flagged);
	tcase_add_test(tcase, queue_blocks_of_the_dead_come_back_whatever_they_were_doing);
	tcase_add_test(tcase, queue_try_put_finds_the_blocks_of_the_dead_by_trying_any_sizes);
	tcase_add_test(tcase, queue_shut_down_delivers_what_a_dead_getter_had_claimed_before_epipe);
	tcase_add_test(tcase,
	               queue_redelivered_message_stays_however_often_the_buffer_is_too_small);
	tcase_add_test(tcase, queue_message_that_killed_255_getters_is_dropped_with_its_block);
	tcase_add_test(tcase, queue_getter_that_skips_the_dead_and_finds_nothing_wakes_putters);
	tcase_add_test(tcase, queue_shut_down_sees_what_waits_in_the_index_without_its_bit);
	tcase = objects_tcase(suite, "sleepers");
	tcase_add_test(tcase,
	               queue_getter_that_sleeps_recovers_when_the_putter_before_its_message_dies);
	tcase_add_test(tcase, queue_getter_that_sleeps_gets_what_a_dying_getter_had_claimed);
	tcase_add_test(tcase, queue_putter_that_sleeps_for_a_block_recovers_when_its_holder_dies);
	tcase_add_test(tcase,
	               queue_message_of_a_dead_getter_comes_beside_a_stream_that_keeps_us_awake);
	tcase_add_test(tcase, queue_sleeping_getters_that_are_killed_cost_the_others_no_wake);
	return suite;
}
