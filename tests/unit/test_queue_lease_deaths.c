/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: getters that are killed with a lease, or at one of the steps of one. */
#include "objects.h"

#include "queue/queue.h"

#include <pthread.h>

#define LONG_BYTES 1000u
#define INLINE_BYTES 60u
#define BOTH 2

static struct mpshm_queue *queue;
static size_t bytes;

static void queue_for(int in_block)
{
	const struct mpshm_queue_options options = {.capacity = 4, .max_message_bytes = 1024};
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	bytes = in_block ? LONG_BYTES : INLINE_BYTES;
}

static void sends(uint64_t i)
{
	char in[LONG_BYTES];
	pattern_fill(in, bytes, i);
	need_eq(mpshm_queue_put_tagged(queue, in, bytes, i, MPSHM_SECOND), 0);
}

/* By a plain get or by a lease. */
static void receives(bool by_lease, uint64_t i, uint32_t attempt)
{
	char out[LONG_BYTES];
	struct mpshm_message told = {0};
	if (by_lease) {
		struct mpshm_lease lease;
		need_eq(mpshm_queue_get_begin(queue, &lease, 5 * MPSHM_SECOND), bytes);
		memcpy(out, lease.data, bytes);
		told = lease.message;
		need_eq(mpshm_queue_get_commit(queue, &lease), 0);
	} else {
		need_eq(mpshm_queue_receive(queue, out, sizeof out, &told, 5 * MPSHM_SECOND),
		        bytes);
	}
	need(pattern_is(out, bytes, i));
	need_eq(told.tag, i);
	need_eq(told.position, i);
	need_eq(told.attempt, attempt);
	need_eq(told.flags, attempt ? MPSHM_MESSAGE_REDELIVERED : 0);
}

static void whole_and_closed(void)
{
	char out[LONG_BYTES];
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), -EAGAIN);
	ck_assert_int_ge(mpshm_segment_recover(seg), 0);
	for (uint32_t b = 0; b < queue->pool.blocks; b++)
		ck_assert_uint_eq(atomic64_load_acquire(&queue->pool.descriptors[b].word),
		                  block_word(BLOCK_FREE, 0));
	for (uint32_t c = 0; c < queue->pool.classes; c++) {
		const struct pool_class *class = &queue->pool.class_table[c];
		for (uint32_t i = 0; i < class->count; i++)
			ck_assert(atomic64_load_acquire(&class->free_map[i / 64]) >> i % 64 & 1);
	}
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}

static void leases_all(void *context)
{
	struct mpshm_lease lease;
	(void) context;
	while (mpshm_queue_get_begin(queue, &lease, 0) >= 0)
		;
}

START_TEST(queue_leases_of_the_dead_are_delivered_again_oldest_first)
{
	queue_for(_i % BOTH);
	for (uint64_t i = 0; i < 3; i++)
		sends(i);
	for (int death = 0; death < 4; death++) {
		child_kill(child_held(leases_all, NULL));
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	}
	for (uint64_t i = 3; i < 5; i++)
		sends(i);
	for (uint64_t i = 0; i < 3; i++)
		receives(_i / BOTH, i, 4);
	for (uint64_t i = 3; i < 5; i++)
		receives(_i / BOTH, i, 0);
	whole_and_closed();
}
END_TEST

START_TEST(queue_lease_of_the_dead_is_found_by_a_getter_that_tries)
{
	char out[LONG_BYTES];
	queue_for(_i % BOTH);
	sends(0);
	child_kill(child_held(leases_all, NULL));
	int64_t until = now_ns() + 5 * MPSHM_SECOND;
	ssize_t got;
	do
		got = mpshm_queue_try_get(queue, out, sizeof out);
	while (got == -EAGAIN && now_ns() < until);
	ck_assert_int_eq(got, (ssize_t) bytes);
	ck_assert(pattern_is(out, bytes, 0));
	whole_and_closed();
}
END_TEST

START_TEST(queue_lease_of_the_dead_is_found_while_the_queue_is_never_empty)
{
	char in[8] = {0}, out[LONG_BYTES];
	struct mpshm_message told;
	queue_for(_i % BOTH);
	sends(0);
	child_kill(child_held(leases_all, NULL));
	int64_t until = now_ns() + 5 * MPSHM_SECOND;
	ck_assert_int_eq(mpshm_queue_try_put(queue, in, sizeof in), 0);
	do {
		ck_assert_int_eq(mpshm_queue_try_put(queue, in, sizeof in), 0);
		ck_assert_int_gt(mpshm_queue_receive(queue, out, sizeof out, &told, 0), 0);
	} while (told.attempt == 0 && now_ns() < until);
	ck_assert_uint_eq(told.attempt, 1);
	ck_assert_uint_eq(told.position, 0);
	while (mpshm_queue_size(queue) > 0)
		ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), sizeof in);
	whole_and_closed();
}
END_TEST

static void *receives_once_more(void *by_lease)
{
	receives(by_lease != NULL, 0, 1);
	return NULL;
}

START_TEST(queue_getter_that_sleeps_gets_the_lease_of_one_that_dies)
{
	pthread_t getter;
	queue_for(_i % BOTH);
	sends(0);
	pid_t child = child_held(leases_all, NULL);
	ck_assert_int_eq(
		pthread_create(&getter, NULL, receives_once_more, _i / BOTH ? &queue : NULL), 0);
	nap_ms(30);
	child_kill(child);
	ck_assert_int_eq(pthread_join(getter, NULL), 0);
	whole_and_closed();
}
END_TEST

static void exits_with_a_lease(void *context)
{
	leases_all(context);
}

START_TEST(queue_lease_of_a_process_that_just_exits_comes_back)
{
	queue_for(_i % BOTH);
	sends(0);
	child_does(exits_with_a_lease, NULL);
	receives(_i / BOTH, 0, 1);
	whole_and_closed();
}
END_TEST

START_TEST(queue_shut_down_delivers_the_leases_of_the_dead_before_epipe)
{
	char out[LONG_BYTES];
	queue_for(_i % BOTH);
	sends(0);
	pid_t child = child_held(leases_all, NULL);
	ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), -EAGAIN);
	child_kill(child);
	receives(_i / BOTH, 0, 1);
	ck_assert_int_eq(mpshm_queue_get(queue, out, sizeof out, MPSHM_FOREVER), -EPIPE);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

/*
 * The steps of a lease, up to where a death cuts them off.  Only what the message needs: an
 * inline one begins at OWNED, one in a block at LEASED.
 */
enum step { CLAIMED, OWNED, IN, NAMED, NOTED, LEASED, RELEASED, STEPS };

static void goes_as_far_as(void *context)
{
	enum step last = *(const enum step *) context;
	struct pool *pool = &queue->pool;
	struct frame_shm *frame = NULL;
	uint64_t position = 0;
	uint32_t block = 0;
	need_eq(queue_begin(queue, &frame), 0);
	need_eq(mpmc_front(&queue->ring, frame, &position), 0);
	need(mpmc_claim_front(&queue->ring, frame, position));
	struct message_shm *slot = mpmc_element(&queue->ring, position);
	uint64_t head = atomic64_load_relaxed(&slot->head);
	if (last >= OWNED && message_block_plus_1(head) == 0) {
		need_eq(mpshm_i_pool_allocate(pool, (uint32_t) bytes, &block), 0);
		if (last == IN)
			atomic64_store_release(&pool->descriptors[block].word,
			                       pool_word_in(position));
		if (last >= NAMED)
			head = mpshm_i_lease_move(pool, block, slot, position);
	}
	if (last >= NOTED)
		atomic64_store_release(
			&pool->descriptors[message_block_plus_1(head) - 1].lease_position,
			position);
	if (last >= LEASED)
		(void) mpshm_i_lease_start(pool, slot, head, position, 0);
	if (last >= RELEASED)
		mpmc_release(&queue->ring, frame, position);
}

START_TEST(queue_lease_cut_off_at_any_step_loses_and_doubles_nothing)
{
	for (enum step last = CLAIMED; last < STEPS; last++) {
		queue_for(_i % BOTH);
		sends(0);
		sends(1);
		child_kill(child_held(goes_as_far_as, &last));
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
		receives(_i / BOTH, 0, 1);
		receives(_i / BOTH, 1, 0);
		whole_and_closed();
		ck_assert_int_eq(mpshm_object_unlink(seg, "queue"), 0);
	}
}
END_TEST

/* As a survivor may that is stuck behind it: without the pool's recovery. */
START_TEST(queue_lease_cut_off_at_any_step_is_adopted_before_its_holder_is_resolved)
{
	for (enum step last = CLAIMED; last < RELEASED; last++) {
		queue_for(_i % BOTH);
		sends(0);
		sends(1);
		child_kill(child_held(goes_as_far_as, &last));
		(void) mpshm_i_mpmc_help_get(&queue->ring, 0);
		receives(_i / BOTH, 0, 1);
		receives(_i / BOTH, 1, 0);
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
		whole_and_closed();
		ck_assert_int_eq(mpshm_object_unlink(seg, "queue"), 0);
	}
}
END_TEST

/* Who has claimed it, or has it in hand, may yet die. */
START_TEST(queue_that_was_shut_down_does_not_end_while_a_getter_is_at_any_step_of_a_lease)
{
	char out[LONG_BYTES];
	for (enum step last = CLAIMED; last < STEPS; last++) {
		queue_for(_i % BOTH);
		sends(0);
		pid_t child = child_held(goes_as_far_as, &last);
		ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
		for (int i = 0; i < 100; i++)
			ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), -EAGAIN);
		child_kill(child);
		receives(_i / BOTH, 0, 1);
		ck_assert_int_eq(mpshm_queue_get(queue, out, sizeof out, MPSHM_FOREVER), -EPIPE);
		ck_assert_int_eq(mpshm_queue_close(queue), 0);
		ck_assert_int_eq(mpshm_object_unlink(seg, "queue"), 0);
	}
}
END_TEST

static void adopts_and_leases(void *context)
{
	struct frame_shm *frame = NULL;
	uint64_t position;
	uint32_t attempt, block;
	(void) context;
	need_eq(queue_begin(queue, &frame), 0);
	need(mpshm_i_mpmc_adopt(&queue->ring, frame, &position, &attempt));
	struct message_shm *slot = mpmc_element(&queue->ring, position);
	uint64_t head = atomic64_load_relaxed(&slot->head);
	need(mpshm_i_queue_payload(queue, slot, head, position) != NULL);
	if (message_block_plus_1(head) == 0) {
		need_eq(mpshm_i_pool_allocate(&queue->pool, (uint32_t) bytes, &block), 0);
		head = mpshm_i_lease_move(&queue->pool, block, slot, position);
	}
	(void) mpshm_i_lease_start(&queue->pool, slot, head, position, attempt);
}

START_TEST(queue_lease_of_an_adopter_that_died_before_it_released_the_slot_comes_once)
{
	queue_for(_i % BOTH);
	sends(0);
	enum step last = LEASED;
	child_kill(child_held(goes_as_far_as, &last));
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
		child_kill(child_held(adopts_and_leases, NULL));
	}
	receives(_i / BOTH, 0, 4);
	whole_and_closed();
}
END_TEST

static void gives_back_without_a_mark(void *context)
{
	struct mpshm_lease lease;
	(void) context;
	need_eq(mpshm_queue_get_begin(queue, &lease, 0), bytes);
	struct block_shm *block = &queue->pool.descriptors[(uint32_t) lease.cookie - 1];
	atomic64_store_release(&block->word, block_word_back(lease.message.position, 1));
}

START_TEST(queue_message_given_back_by_one_who_died_before_the_mark_is_found)
{
	queue_for(_i % BOTH);
	sends(0);
	child_kill(child_held(gives_back_without_a_mark, NULL));
	if (_i / BOTH)
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	receives(_i / BOTH, 0, 1);
	whole_and_closed();
}
END_TEST

static void commits_without_a_bit(void *context)
{
	struct mpshm_lease lease;
	(void) context;
	need_eq(mpshm_queue_get_begin(queue, &lease, 0), bytes);
	atomic64_store_release(&queue->pool.descriptors[(uint32_t) lease.cookie - 1].word,
	                       block_word(BLOCK_FREE, 0));
}

START_TEST(queue_block_of_a_commit_cut_off_is_found_again)
{
	queue_for(_i % BOTH);
	sends(0);
	child_kill(child_held(commits_without_a_bit, NULL));
	whole_and_closed();
}
END_TEST

START_TEST(queue_block_that_says_it_came_back_with_an_absurd_length_is_skipped)
{
	char out[LONG_BYTES];
	struct mpshm_lease lease;
	queue_for(_i % BOTH);
	sends(0);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, 0), (ssize_t) bytes);
	struct block_shm *block = &queue->pool.descriptors[(uint32_t) lease.cookie - 1];
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &lease), 0);
	atomic64_store_release(&block->lease_head, message_head(0x1ffffff, 1, 0, 0));
	if (_i / BOTH)
		ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, 0), -EBADMSG);
	else
		ck_assert_int_eq(mpshm_queue_get(queue, out, SIZE_MAX, 0), -EBADMSG);
	whole_and_closed();
}
END_TEST

Suite *suite_queue_lease_deaths(void)
{
	Suite *suite = suite_create("queue_lease_deaths");
	TCase *tcase = objects_tcase(suite, "holders");
	const int all = 2 * BOTH;
	tcase_add_loop_test(tcase, queue_leases_of_the_dead_are_delivered_again_oldest_first, 0,
	                    all);
	tcase_add_loop_test(tcase, queue_lease_of_the_dead_is_found_by_a_getter_that_tries, 0,
	                    BOTH);
	tcase_add_loop_test(tcase, queue_lease_of_the_dead_is_found_while_the_queue_is_never_empty,
	                    0, BOTH);
	tcase_add_loop_test(tcase, queue_getter_that_sleeps_gets_the_lease_of_one_that_dies, 0,
	                    all);
	tcase_add_loop_test(tcase, queue_lease_of_a_process_that_just_exits_comes_back, 0, all);
	tcase_add_loop_test(tcase, queue_shut_down_delivers_the_leases_of_the_dead_before_epipe, 0,
	                    all);
	tcase = objects_tcase(suite, "steps");
	tcase_add_loop_test(tcase, queue_lease_cut_off_at_any_step_loses_and_doubles_nothing, 0,
	                    all);
	tcase_add_loop_test(
		tcase, queue_lease_cut_off_at_any_step_is_adopted_before_its_holder_is_resolved, 0,
		all);
	tcase_add_loop_test(
		tcase,
		queue_that_was_shut_down_does_not_end_while_a_getter_is_at_any_step_of_a_lease, 0,
		all);
	tcase_add_loop_test(
		tcase, queue_lease_of_an_adopter_that_died_before_it_released_the_slot_comes_once,
		0, all);
	tcase_add_loop_test(
		tcase, queue_message_given_back_by_one_who_died_before_the_mark_is_found, 0, all);
	tcase_add_loop_test(tcase, queue_block_of_a_commit_cut_off_is_found_again, 0, BOTH);
	tcase_add_loop_test(
		tcase, queue_block_that_says_it_came_back_with_an_absurd_length_is_skipped, 0, all);
	return suite;
}
