/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: leases by the living: begin, commit, abort, and every error of them. */
#include "objects.h"

#include "queue/queue.h"

#include <pthread.h>
#include <stdio.h>

#define SHORT_NS (30 * MPSHM_MILLISECOND)
#define LONG_BYTES 1000u
#define INLINE_BYTES 60u

static struct mpshm_queue *queue;

static void queue_with_pool(uint32_t capacity, uint64_t pool_bytes)
{
	const struct mpshm_queue_options options = {
		.capacity = capacity, .max_message_bytes = 1024, .pool_bytes = pool_bytes};
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
}

static void queue_of(uint32_t capacity)
{
	queue_with_pool(capacity, 0);
}

/* Both forms of a message: in its slot, in a block. */
static size_t bytes_of(uint64_t i)
{
	return i % 2 ? LONG_BYTES : INLINE_BYTES;
}

static void sends(uint64_t i)
{
	char in[LONG_BYTES];
	pattern_fill(in, bytes_of(i), i);
	need_eq(mpshm_queue_put_tagged(queue, in, bytes_of(i), ~i, MPSHM_SECOND), 0);
}

static struct mpshm_lease leases(uint64_t i, uint32_t attempt)
{
	struct mpshm_lease lease;
	need_eq(mpshm_queue_get_begin(queue, &lease, 5 * MPSHM_SECOND), bytes_of(i));
	need(pattern_is(lease.data, bytes_of(i), i));
	need_eq((uintptr_t) lease.data % 64, 0);
	need_eq(lease.message.bytes, bytes_of(i));
	need_eq(lease.message.tag, ~i);
	need_eq(lease.message.position, i);
	need_eq(lease.message.attempt, attempt);
	need_eq(lease.message.flags, attempt ? MPSHM_MESSAGE_REDELIVERED : 0);
	return lease;
}

static void receives(uint64_t i, uint32_t attempt)
{
	char out[LONG_BYTES];
	struct mpshm_message told;
	need_eq(mpshm_queue_receive(queue, out, sizeof out, &told, 5 * MPSHM_SECOND), bytes_of(i));
	need(pattern_is(out, bytes_of(i), i));
	need_eq(told.tag, ~i);
	need_eq(told.position, i);
	need_eq(told.attempt, attempt);
	need_eq(told.flags, attempt ? MPSHM_MESSAGE_REDELIVERED : 0);
}

static uint32_t blocks_in_use(void)
{
	uint32_t used = 0;
	for (uint32_t b = 0; b < queue->pool.blocks; b++)
		used += block_kind(atomic64_load_acquire(&queue->pool.descriptors[b].word)) !=
		        BLOCK_FREE;
	return used;
}

static void empty_and_closed(void)
{
	struct mpshm_lease lease;
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, 0), -EAGAIN);
	ck_assert_uint_eq(mpshm_queue_size(queue), 0);
	ck_assert_uint_eq(blocks_in_use(), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}

START_TEST(queue_lease_that_is_committed_is_gone)
{
	queue_of(4);
	for (uint64_t i = 0; i < 50; i++) {
		sends(i);
		struct mpshm_lease lease = leases(i, 0);
		ck_assert_uint_eq(mpshm_queue_size(queue), 0);
		ck_assert_int_eq(mpshm_queue_try_get(queue, NULL, 0), -EAGAIN);
		ck_assert_int_eq(mpshm_queue_get_commit(queue, &lease), 0);
		ck_assert_ptr_null(lease.data);
	}
	empty_and_closed();
}
END_TEST

START_TEST(queue_lease_that_is_aborted_is_delivered_again_and_counted)
{
	queue_of(4);
	for (uint64_t i = 0; i < 6; i++) {
		sends(i);
		for (uint32_t attempt = 0; attempt < 5; attempt++) {
			struct mpshm_lease lease = leases(i, attempt);
			ck_assert_int_eq(mpshm_queue_get_abort(queue, &lease), 0);
			ck_assert_ptr_null(lease.data);
		}
		if (i % 3) {
			receives(i, 5);
		} else {
			struct mpshm_lease lease = leases(i, 5);
			ck_assert_int_eq(mpshm_queue_get_commit(queue, &lease), 0);
		}
	}
	empty_and_closed();
}
END_TEST

START_TEST(queue_counts_deliveries_up_to_255_and_never_drops_the_message)
{
	queue_of(4);
	sends(0);
	for (uint32_t i = 0; i < 700; i++) {
		struct mpshm_lease lease = leases(0, i < 255 ? i : 255);
		ck_assert_int_eq(mpshm_queue_get_abort(queue, &lease), 0);
	}
	receives(0, 255);
	empty_and_closed();
}
END_TEST

#define MANY 100

START_TEST(queue_thread_holds_many_leases_and_producers_do_not_wait_for_them)
{
	struct mpshm_lease held[MANY];
	queue_of(3);
	/* Many laps. */
	for (uint64_t i = 0; i < MANY; i++) {
		sends(i);
		held[i] = leases(i, 0);
		ck_assert_uint_eq(mpshm_queue_size(queue), 0);
	}
	for (uint64_t i = 0; i < 3; i++)
		sends(MANY + i);
	ck_assert_int_eq(mpshm_queue_try_put(queue, "x", 1), -EAGAIN);
	/* Odd ones back, in disorder: they come first, the oldest before the others. */
	for (uint64_t i = 0; i < MANY; i++) {
		uint64_t k = (i * 37 + 11) % MANY;
		ck_assert_int_eq(k % 2 ? mpshm_queue_get_abort(queue, &held[k])
		                       : mpshm_queue_get_commit(queue, &held[k]),
		                 0);
	}
	for (uint64_t i = 1; i < MANY; i += 2)
		receives(i, 1);
	for (uint64_t i = 0; i < 3; i++)
		receives(MANY + i, 0);
	empty_and_closed();
}
END_TEST

START_TEST(queue_lease_that_is_none_returns_einval_and_nothing_is_lost)
{
	struct mpshm_lease lease, copy, other = {0};
	struct mpshm_queue *second;
	queue_of(4);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &other), -EINVAL);
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &other), -EINVAL);
	sends(0);
	lease = copy = leases(0, 0);
	/* Through another handle; with a word changed. */
	ck_assert_int_eq(mpshm_queue_open(&second, seg, "queue", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_queue_get_commit(second, &lease), -EINVAL);
	ck_assert_int_eq(mpshm_queue_get_abort(second, &lease), -EINVAL);
	ck_assert_int_eq(mpshm_queue_close(second), 0);
	other = lease;
	other.cookie++;
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &other), -EINVAL);
	other.cookie |= UINT32_MAX;
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &other), -EINVAL);
	other = lease;
	other.message.position++;
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &other), -EINVAL);
	other = lease;
	other.message.attempt++;
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &other), -EINVAL);
	ck_assert_int_eq(mpshm_queue_close(queue), -EBUSY);
	/* Ended twice, and by a copy of what was ended. */
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &lease), 0);
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &lease), -EINVAL);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &copy), -EINVAL);
	/* The same block, leased again: the copy is not that one. */
	lease = leases(0, 1);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &copy), -EINVAL);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &lease), 0);
	sends(1);
	lease = leases(1, 0);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &copy), -EINVAL);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &lease), 0);
	empty_and_closed();
}
END_TEST

static void *commits(void *lease)
{
	need_eq(mpshm_queue_get_commit(queue, lease), 0);
	return NULL;
}

static void parents_lease_is_not_ours(void *context)
{
	struct mpshm_lease lease = *(const struct mpshm_lease *) context;
	need_eq(mpshm_queue_get_commit(queue, &lease), -EINVAL);
	need_eq(mpshm_queue_get_abort(queue, &lease), -EINVAL);
	/* It may have its own. */
	sends(2);
	struct mpshm_lease own = leases(2, 0);
	need_eq(mpshm_queue_close(queue), -EBUSY);
	need_eq(mpshm_queue_get_commit(queue, &own), 0);
	need_eq(mpshm_queue_close(queue), 0);
}

static void closes(void *context)
{
	(void) context;
	need_eq(mpshm_queue_close(queue), 0);
}

START_TEST(queue_any_thread_of_the_process_may_end_a_lease_and_no_other_process)
{
	pthread_t thread;
	queue_of(4);
	sends(0);
	sends(1);
	struct mpshm_lease first = leases(0, 0), second = leases(1, 0);
	child_does(parents_lease_is_not_ours, &first);
	child_does(closes, NULL);
	ck_assert_int_eq(pthread_create(&thread, NULL, commits, &first), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &second), 0);
	receives(1, 1);
	empty_and_closed();
}
END_TEST

static void *leases_and_leaves(void *ret_lease)
{
	*(struct mpshm_lease *) ret_lease = leases(0, 0);
	return NULL;
}

START_TEST(queue_lease_outlives_the_thread_that_began_it)
{
	pthread_t thread;
	struct mpshm_lease lease;
	queue_of(4);
	sends(0);
	ck_assert_int_eq(pthread_create(&thread, NULL, leases_and_leaves, &lease), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(mpshm_segment_recover(seg), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, NULL, 0), -EAGAIN);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &lease), 0);
	empty_and_closed();
}
END_TEST

START_TEST(queue_lease_of_an_empty_queue_waits_no_longer_than_told)
{
	struct mpshm_lease lease = {.cookie = 77};
	queue_of(4);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, 0), -EAGAIN);
	int64_t begin = now_ns();
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, SHORT_NS), -ETIMEDOUT);
	ck_assert_int_ge(now_ns() - begin, SHORT_NS);
	ck_assert_uint_eq(lease.cookie, 77);
	ck_assert_ptr_null(lease.data);
	empty_and_closed();
}
END_TEST

/* A pool of one block of each size. */
START_TEST(queue_lease_without_a_block_returns_enobufs_or_waits_for_one)
{
	struct mpshm_lease first, second, third = {.cookie = 77};
	queue_with_pool(8, 256 + 512 + 1024);
	for (uint64_t i = 0; i < 4; i++)
		sends(i * 2);
	struct mpshm_lease *held[] = {&first, &second};
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(mpshm_queue_get_begin(queue, held[i], 0), INLINE_BYTES);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &third, 0), -ENOBUFS);
	int64_t begin = now_ns();
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &third, SHORT_NS), -ETIMEDOUT);
	ck_assert_int_ge(now_ns() - begin, SHORT_NS);
	ck_assert_uint_eq(third.cookie, 77);
	ck_assert_uint_eq(mpshm_queue_size(queue), 2);
	/* A message in a block needs no other; a plain get needs none. */
	char out[LONG_BYTES];
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), INLINE_BYTES);
	ck_assert(pattern_is(out, INLINE_BYTES, 4));
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &second), 0);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &second, 0), INLINE_BYTES);
	ck_assert_uint_eq(second.message.position, 1);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &second), 0);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &third, 0), INLINE_BYTES);
	ck_assert_uint_eq(third.message.position, 3);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &third), 0);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &first), 0);
	empty_and_closed();
}
END_TEST

static void a_child_without_a_slot_ends_none(void *context)
{
	const struct mpshm_lease *parents = context;
	struct mpshm_lease lease = *parents, own = {.cookie = 77};
	need_eq(mpshm_queue_get_commit(queue, &lease), -EUSERS);
	need_eq(mpshm_queue_get_abort(queue, &lease), -EUSERS);
	need_eq(mpshm_queue_get_begin(queue, &own, MPSHM_FOREVER), -EUSERS);
	need_eq(memcmp(&lease, parents, sizeof lease), 0);
	need_eq(own.cookie, 77);
}

START_TEST(queue_lease_in_a_child_beyond_the_last_participant_returns_eusers_and_stays)
{
	const struct mpshm_segment_options options = {.size_bytes = 16 << 20,
	                                              .participants_max = 1};
	struct mpshm_segment *shared = seg;
	char name[80];
	(void) snprintf(name, sizeof name, "%s-alone", segment_file());
	ck_assert_int_eq(mpshm_segment_open(&seg, name, MPSHM_CREATE, &options), MPSHM_CREATED);
	queue_of(4);
	sends(0);
	sends(1);
	struct mpshm_lease lease = leases(0, 0);
	child_does(a_child_without_a_slot_ends_none, &lease);
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &lease), 0);
	receives(0, 1);
	receives(1, 0);
	empty_and_closed();
	ck_assert_int_eq(mpshm_segment_unlink(name), 0);
	ck_assert_int_eq(mpshm_segment_close(seg), 0);
	seg = shared;
}
END_TEST

START_TEST(queue_lease_of_a_thread_without_a_frame_left_returns_enobufs_and_does_not_wait)
{
	struct frame_shm *frames[CELL_FRAMES];
	struct mpshm_lease lease = {.cookie = 77};
	queue_of(4);
	for (uint64_t i = 0; i < CELL_FRAMES; i++) {
		ck_assert_int_eq(queue_begin(queue, &frames[i]), 0);
		frame_announce(frames[i], 0, i);
	}
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, MPSHM_FOREVER), -ENOBUFS);
	ck_assert_uint_eq(lease.cookie, 77);
	for (uint64_t i = 0; i < CELL_FRAMES; i++)
		frame_empty(frames[i]);
	sends(0);
	lease = leases(0, 0);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &lease), 0);
	empty_and_closed();
}
END_TEST

START_TEST(queue_lease_of_a_message_written_over_returns_ebadmsg_and_the_next_comes)
{
	/* A length that no slot, and no block, has; a block that there is not, or is not its. */
	const uint64_t lies[] = {message_head(0x1ffffff, 0, 0, 0), message_head(0x1ffffff, 1, 0, 0),
	                         message_head(8, 0xffffff, 0, 0), message_head(8, 2, 0, 0)};
	struct mpshm_lease lease = {.cookie = 77};
	queue_of(8);
	for (uint64_t i = 0; i < COUNT_OF(lies); i++) {
		sends(2 * i);
		sends(2 * i + 1);
		struct message_shm *slot = mpmc_element(&queue->ring, 2 * i);
		atomic64_store_release(&slot->head, lies[i]);
		ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, 0), -EBADMSG);
		ck_assert_uint_eq(lease.cookie, 77);
		struct mpshm_lease next = leases(2 * i + 1, 0);
		ck_assert_int_eq(mpshm_queue_get_commit(queue, &next), 0);
	}
	empty_and_closed();
}
END_TEST

static void *commits_soon(void *lease)
{
	nap_ms(30);
	return commits(lease);
}

START_TEST(queue_lease_that_waits_for_a_block_is_woken_by_a_commit)
{
	struct mpshm_lease held[2], third;
	pthread_t thread;
	queue_with_pool(8, 256 + 512 + 1024);
	for (uint64_t i = 0; i < 3; i++)
		sends(i * 2);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(mpshm_queue_get_begin(queue, &held[i], 0), INLINE_BYTES);
	ck_assert_int_eq(pthread_create(&thread, NULL, commits_soon, &held[0]), 0);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &third, 5 * MPSHM_SECOND), INLINE_BYTES);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &held[1]), 0);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &third), 0);
	empty_and_closed();
}
END_TEST

static void *aborts_soon(void *lease)
{
	nap_ms(30);
	need_eq(mpshm_queue_get_abort(queue, lease), 0);
	return NULL;
}

START_TEST(queue_abort_wakes_a_getter)
{
	pthread_t thread;
	queue_of(4);
	for (uint64_t i = 0; i < 2; i++) {
		sends(i);
		struct mpshm_lease lease = leases(i, 0), again;
		ck_assert_int_eq(pthread_create(&thread, NULL, aborts_soon, &lease), 0);
		if (i == 0) {
			receives(i, 1);
		} else {
			again = leases(i, 1);
			ck_assert_int_eq(mpshm_queue_get_commit(queue, &again), 0);
		}
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
	}
	empty_and_closed();
}
END_TEST

START_TEST(queue_message_that_came_back_stays_however_often_the_buffer_is_too_small)
{
	struct mpshm_message told;
	char out[LONG_BYTES];
	queue_of(4);
	sends(0);
	sends(1);
	struct mpshm_lease first = leases(0, 0), lease = leases(1, 0);
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &lease), 0);
	for (int i = 0; i < 300; i++) {
		memset(&told, 0, sizeof told);
		ck_assert_int_eq(mpshm_queue_receive(queue, out, LONG_BYTES - 1, &told, 0),
		                 -EMSGSIZE);
		ck_assert_uint_eq(told.bytes, LONG_BYTES);
		ck_assert_uint_eq(told.tag, ~UINT64_C(1));
		ck_assert_uint_eq(told.attempt, 1);
	}
	ck_assert_int_eq(mpshm_queue_try_get(queue, NULL, 0), -EMSGSIZE);
	receives(1, 1);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &first), 0);
	empty_and_closed();
}
END_TEST

START_TEST(queue_that_was_shut_down_ends_only_when_no_lease_is_open)
{
	char out[LONG_BYTES];
	struct mpshm_lease none;
	queue_of(4);
	sends(0);
	sends(1);
	struct mpshm_lease first = leases(0, 0), second = leases(1, 0);
	ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), -EAGAIN);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &none, 0), -EAGAIN);
	ck_assert_int_eq(mpshm_queue_get(queue, out, sizeof out, SHORT_NS), -ETIMEDOUT);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &first), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), -EAGAIN);
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &second), 0);
	receives(1, 1);
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), -EPIPE);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &none, MPSHM_FOREVER), -EPIPE);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

static void waits_for_the_end(void *context)
{
	struct mpshm_lease lease;
	(void) context;
	need_eq(mpshm_queue_get_begin(queue, &lease, MPSHM_FOREVER), -EPIPE);
}

START_TEST(queue_last_commit_wakes_all_who_wait_for_the_end)
{
	pid_t children[3];
	queue_of(4);
	sends(0);
	struct mpshm_lease lease = leases(0, 0);
	ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	for (int i = 0; i < 3; i++)
		children[i] = child_start(waits_for_the_end, NULL);
	nap_ms(30);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &lease), 0);
	for (int i = 0; i < 3; i++)
		child_ends_well(children[i]);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_block_that_was_leased_serves_puts_and_reservations_again)
{
	char in[LONG_BYTES], out[LONG_BYTES];
	void *block;
	queue_with_pool(8, 256 + 512 + 1024);
	for (uint64_t i = 0; i < 20; i++) {
		struct mpshm_lease lease;
		pattern_fill(in, sizeof in, i);
		/* The tag that the lease leaves behind looks like a reservation of ours. */
		uint64_t tag = (uint64_t) queue->number << 32 | (LONG_BYTES + 1);
		ck_assert_int_eq(mpshm_queue_put_tagged(queue, in, sizeof in, tag, 0), 0);
		ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, 0), LONG_BYTES);
		void *data = (void *) (uintptr_t) lease.data;
		ck_assert_int_eq(mpshm_queue_commit(queue, data, 1, 0, 0), -EINVAL);
		ck_assert_int_eq(mpshm_queue_abort(queue, data), -EINVAL);
		ck_assert_int_eq(mpshm_queue_get_commit(queue, &lease), 0);
		ck_assert_int_eq(mpshm_queue_commit(queue, data, 1, 0, 0), -EINVAL);
		ck_assert_int_eq(mpshm_queue_try_put(queue, in, sizeof in), 0);
		ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), LONG_BYTES);
		ck_assert_int_eq(mpshm_queue_reserve(queue, LONG_BYTES, &block, 0), 0);
		ck_assert_ptr_eq(block, data);
		ck_assert_int_eq(mpshm_queue_abort(queue, block), 0);
	}
	empty_and_closed();
}
END_TEST

START_TEST(queue_lease_of_an_empty_message_is_a_lease)
{
	struct mpshm_lease lease;
	queue_of(4);
	ck_assert_int_eq(mpshm_queue_try_put(queue, NULL, 0), 0);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, 0), 0);
	ck_assert_ptr_nonnull(lease.data);
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &lease), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, NULL, 0), 0);
	empty_and_closed();
}
END_TEST

Suite *suite_queue_leases(void)
{
	Suite *suite = suite_create("queue_leases");
	TCase *tcase = objects_tcase(suite, "ends");
	tcase_add_test(tcase, queue_lease_that_is_committed_is_gone);
	tcase_add_test(tcase, queue_lease_that_is_aborted_is_delivered_again_and_counted);
	tcase_add_test(tcase, queue_counts_deliveries_up_to_255_and_never_drops_the_message);
	tcase_add_test(tcase, queue_thread_holds_many_leases_and_producers_do_not_wait_for_them);
	tcase_add_test(tcase, queue_lease_of_an_empty_message_is_a_lease);
	tcase_add_test(tcase, queue_block_that_was_leased_serves_puts_and_reservations_again);
	tcase = objects_tcase(suite, "errors");
	tcase_add_test(tcase, queue_lease_that_is_none_returns_einval_and_nothing_is_lost);
	tcase_add_test(tcase, queue_any_thread_of_the_process_may_end_a_lease_and_no_other_process);
	tcase_add_test(tcase,
	               queue_lease_in_a_child_beyond_the_last_participant_returns_eusers_and_stays);
	tcase_add_test(
		tcase,
		queue_lease_of_a_thread_without_a_frame_left_returns_enobufs_and_does_not_wait);
	tcase_add_test(tcase,
	               queue_lease_of_a_message_written_over_returns_ebadmsg_and_the_next_comes);
	tcase_add_test(tcase, queue_lease_outlives_the_thread_that_began_it);
	tcase_add_test(tcase, queue_lease_of_an_empty_queue_waits_no_longer_than_told);
	tcase_add_test(tcase, queue_lease_without_a_block_returns_enobufs_or_waits_for_one);
	tcase_add_test(tcase,
	               queue_message_that_came_back_stays_however_often_the_buffer_is_too_small);
	tcase = objects_tcase(suite, "waits");
	tcase_add_test(tcase, queue_lease_that_waits_for_a_block_is_woken_by_a_commit);
	tcase_add_test(tcase, queue_abort_wakes_a_getter);
	tcase_add_test(tcase, queue_that_was_shut_down_ends_only_when_no_lease_is_open);
	tcase_add_test(tcase, queue_last_commit_wakes_all_who_wait_for_the_end);
	return suite;
}
