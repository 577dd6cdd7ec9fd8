/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: reservations, and the pool of blocks that they and long messages share. */
#include "objects.h"

#include <pthread.h>
#include <stdlib.h>

#define SHORT_NS (30 * MPSHM_MILLISECOND)

static struct mpshm_queue *queue;

static void queue_of(uint32_t capacity, uint32_t max_message_bytes, uint64_t pool_bytes)
{
	const struct mpshm_queue_options options = {.capacity = capacity,
	                                            .max_message_bytes = max_message_bytes,
	                                            .pool_bytes = pool_bytes};
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
}

START_TEST(queue_commit_sends_the_first_bytes_of_a_reservation_with_its_tag)
{
	static const size_t lengths[] = {0, 1, 100, 1000, 1024};
	char out[1024];
	struct mpshm_message message;
	queue_of(8, 1024, 0);
	for (uint64_t i = 0; i < COUNT_OF(lengths); i++) {
		void *block = NULL;
		ck_assert_int_eq(mpshm_queue_reserve(queue, 1024, &block, 0), 0);
		ck_assert_ptr_nonnull(block);
		pattern_fill(block, 1024, i);
		ck_assert_uint_eq(mpshm_queue_size(queue), 0);
		ck_assert_int_eq(mpshm_queue_commit(queue, block, lengths[i], i, 0), 0);
		ck_assert_int_eq(mpshm_queue_commit(queue, block, lengths[i], i, 0), -EINVAL);
		ck_assert_int_eq(mpshm_queue_abort(queue, block), -EINVAL);
		ck_assert_int_eq(mpshm_queue_receive(queue, out, sizeof out, &message, 0),
		                 (ssize_t) lengths[i]);
		ck_assert(pattern_is(out, lengths[i], i));
		ck_assert_uint_eq(message.tag, i);
	}
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_pointer_that_is_no_reservation_returns_einval)
{
	void *block;
	char local[64];
	queue_of(4, 1024, 0);
	ck_assert_int_eq(mpshm_queue_reserve(queue, 100, &block, 0), 0);
	ck_assert_int_eq(mpshm_queue_commit(queue, block, 101, 0, 0), -EINVAL);
	ck_assert_int_eq(mpshm_queue_commit(queue, block, SIZE_MAX, 0, 0), -EINVAL);
	ck_assert_int_eq(mpshm_queue_commit(queue, (char *) block + 1, 1, 0, 0), -EINVAL);
	ck_assert_int_eq(mpshm_queue_commit(queue, (char *) block + 256, 1, 0, 0), -EINVAL);
	ck_assert_int_eq(mpshm_queue_commit(queue, local, 1, 0, 0), -EINVAL);
	ck_assert_int_eq(mpshm_queue_commit(queue, NULL, 0, 0, 0), -EINVAL);
	ck_assert_int_eq(mpshm_queue_abort(queue, (char *) block - 64), -EINVAL);
	ck_assert_int_eq(mpshm_queue_close(queue), -EBUSY);
	ck_assert_int_eq(mpshm_queue_abort(queue, block), 0);
	ck_assert_int_eq(mpshm_queue_abort(queue, block), -EINVAL);
	ck_assert_uint_eq(mpshm_queue_size(queue), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_commit_that_fails_leaves_the_reservation_to_the_caller)
{
	void *block;
	char out[16];
	queue_of(1, 64, 0);
	ck_assert_int_eq(mpshm_queue_reserve(queue, 16, &block, 0), 0);
	memcpy(block, "reserved", 8);
	ck_assert_int_eq(mpshm_queue_try_put(queue, "a", 1), 0);
	ck_assert_int_eq(mpshm_queue_commit(queue, block, 8, 0, 0), -EAGAIN);
	int64_t begin = now_ns();
	ck_assert_int_eq(mpshm_queue_commit(queue, block, 8, 0, SHORT_NS), -ETIMEDOUT);
	ck_assert_int_ge(now_ns() - begin, SHORT_NS);
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), 1);
	ck_assert_int_eq(mpshm_queue_commit(queue, block, 8, 0, 0), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), 8);
	ck_assert_mem_eq(out, "reserved", 8);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_handle_has_at_most_64_reservations)
{
	void *blocks[MPSHM_QUEUE_RESERVATIONS_MAX], *one_more;
	queue_of(128, 256, 128 * 256);
	for (int i = 0; i < MPSHM_QUEUE_RESERVATIONS_MAX; i++)
		ck_assert_int_eq(mpshm_queue_reserve(queue, 200, &blocks[i], 0), 0);
	for (int i = 1; i < MPSHM_QUEUE_RESERVATIONS_MAX; i++)
		ck_assert_ptr_ne(blocks[i], blocks[i - 1]);
	ck_assert_int_eq(mpshm_queue_reserve(queue, 1, &one_more, MPSHM_FOREVER), -ENOBUFS);
	/* A long message is no reservation. */
	ck_assert_int_eq(mpshm_queue_try_put(queue, (char[200]){0}, 200), 0);
	for (int i = 0; i < MPSHM_QUEUE_RESERVATIONS_MAX; i++)
		ck_assert_int_eq(i % 2 ? mpshm_queue_abort(queue, blocks[i])
		                       : mpshm_queue_commit(queue, blocks[i], 1, 0, 0),
		                 0);
	ck_assert_uint_eq(mpshm_queue_size(queue), 1 + MPSHM_QUEUE_RESERVATIONS_MAX / 2);
	ck_assert_int_eq(mpshm_queue_reserve(queue, 1, &one_more, 0), 0);
	ck_assert_int_eq(mpshm_queue_abort(queue, one_more), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

static void *commit_it(void *block)
{
	need_eq(mpshm_queue_commit(queue, block, 3, 0, 0), 0);
	return NULL;
}

static void parents_block_is_not_ours(void *block)
{
	need_eq(mpshm_queue_commit(queue, block, 3, 0, 0), -EINVAL);
	need_eq(mpshm_queue_abort(queue, block), -EINVAL);
	need_eq(mpshm_queue_close(queue), 0);
}

START_TEST(queue_any_thread_of_the_process_may_commit_and_no_other_process)
{
	void *block;
	char out[8];
	pthread_t thread;
	queue_of(4, 256, 0);
	ck_assert_int_eq(mpshm_queue_reserve(queue, 3, &block, 0), 0);
	memcpy(block, "abc", 3);
	child_does(parents_block_is_not_ours, block);
	ck_assert_int_eq(pthread_create(&thread, NULL, commit_it, block), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), 3);
	ck_assert_mem_eq(out, "abc", 3);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

/* A pool of one block of each size: 256, 512, 1024. */
START_TEST(queue_without_a_block_returns_enobufs_or_waits_for_one)
{
	char big[1024] = {0};
	void *block;
	queue_of(8, 1024, 256 + 512 + 1024);
	ck_assert_int_eq(mpshm_queue_try_put(queue, big, 1024), 0);
	ck_assert_int_eq(mpshm_queue_try_put(queue, big, 1024), -ENOBUFS);
	ck_assert_int_eq(mpshm_queue_try_put(queue, big, 600), -ENOBUFS);
	ck_assert_int_eq(mpshm_queue_reserve(queue, 1000, &block, 0), -ENOBUFS);
	int64_t begin = now_ns();
	ck_assert_int_eq(mpshm_queue_put(queue, big, 1024, SHORT_NS), -ETIMEDOUT);
	ck_assert_int_eq(mpshm_queue_reserve(queue, 1000, &block, SHORT_NS), -ETIMEDOUT);
	ck_assert_int_ge(now_ns() - begin, 2 * SHORT_NS);
	/* What fits a slot needs no block; a smaller size has its own. */
	ck_assert_int_eq(mpshm_queue_try_put(queue, big, 100), 0);
	ck_assert_int_eq(mpshm_queue_try_put(queue, big, 500), 0);
	ck_assert_uint_eq(mpshm_queue_size(queue), 3);
	ck_assert_int_eq(mpshm_queue_try_get(queue, big, sizeof big), 1024);
	ck_assert_int_eq(mpshm_queue_try_put(queue, big, 1024), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_ge(mpshm_queue_try_get(queue, big, sizeof big), 100);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

static void *put_large(void *context)
{
	char *big = calloc(1, 1024);
	int64_t *done = context;
	for (int i = 0; i < 50; i++)
		need_eq(mpshm_queue_put(queue, big, 1024, 10 * MPSHM_SECOND), 0);
	free(big);
	__atomic_store_n(done, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void *put_small(void *context)
{
	char small[200] = {0};
	const int64_t *done = context;
	for (;;) {
		int ret = mpshm_queue_put(queue, small, sizeof small, MPSHM_MILLISECOND);
		need(ret == 0 || ret == -ETIMEDOUT);
		if (__atomic_load_n(done, __ATOMIC_ACQUIRE))
			return NULL;
	}
}

START_TEST(queue_largest_put_completes_while_small_ones_saturate_the_pool)
{
	pthread_t large, small[3];
	int64_t done = 0;
	int large_got = 0;
	char out[1024];
	queue_of(64, 1024, 256 + 512 + 1024);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&small[i], NULL, put_small, &done), 0);
	ck_assert_int_eq(pthread_create(&large, NULL, put_large, &done), 0);
	while (large_got < 50) {
		ssize_t bytes = mpshm_queue_get(queue, out, sizeof out, 10 * MPSHM_SECOND);
		ck_assert(bytes == 1024 || bytes == 200);
		large_got += bytes == 1024;
	}
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_join(small[i], NULL), 0);
	ck_assert_int_eq(pthread_join(large, NULL), 0);
	while (mpshm_queue_try_get(queue, out, sizeof out) > 0)
		;
	/* Every block has come back. */
	void *blocks[3];
	static const size_t sizes[] = {256, 512, 1024};
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_reserve(queue, sizes[i], &blocks[i], 0), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_abort(queue, blocks[i]), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_blocks_of_many_laps_are_all_reused)
{
	char in[4000], out[4000];
	queue_of(3, 4000, 0);
	for (uint64_t i = 0; i < 5000; i++) {
		size_t bytes = (size_t) (i * 37 % 4001);
		pattern_fill(in, bytes, i);
		ck_assert_int_eq(mpshm_queue_try_put(queue, in, bytes), 0);
		ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), (ssize_t) bytes);
		ck_assert(pattern_is(out, bytes, i));
	}
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

static const uint64_t long_counts[] = {1, 5, 64, 70, 130};

/* Long blocks are taken in turn: from wherever the turn is, all of them can be had. */
START_TEST(queue_long_blocks_can_all_be_had_wherever_the_turn_is)
{
	static char in[40000], out[65536];
	const uint64_t classes = 9, count = long_counts[_i];

	queue_of(256, 65536, classes * count * 65536);
	for (uint64_t start = 0; start <= count; start++) {
		uint64_t had = 0;
		while (mpshm_queue_try_put(queue, in, sizeof in) == 0)
			had++;
		ck_assert_uint_eq(had, count);
		for (; had > 0; had--)
			ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), sizeof in);
		ck_assert_int_eq(mpshm_queue_try_put(queue, in, sizeof in), 0);
		ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), sizeof in);
	}
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

static const void *block_of_a_message(size_t bytes)
{
	static char out[65536];
	void *block;
	ck_assert_int_eq(mpshm_queue_reserve(queue, bytes, &block, 0), 0);
	ck_assert_int_eq(mpshm_queue_commit(queue, block, bytes, 0, 0), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), (ssize_t) bytes);
	return block;
}

/* Ten 64 KiB blocks are within a turn, 100 are not: no more than a cache holds. */
START_TEST(queue_long_blocks_are_taken_in_turn_and_short_ones_lowest_first)
{
	static const uint64_t counts[] = {10, 100};
	const uint64_t classes = 9, turn = _i == 0 ? 10 : 64;
	const void *long_block[200], *short_block;

	queue_of(128, 65536, classes * counts[_i] * 65536);
	short_block = block_of_a_message(4096);
	for (uint64_t i = 0; i < 2 * turn; i++) {
		long_block[i] = block_of_a_message(65536);
		for (uint64_t before = i < turn ? 0 : i - turn + 1; before < i; before++)
			ck_assert_ptr_ne(long_block[before], long_block[i]);
		if (i >= turn)
			ck_assert_ptr_eq(long_block[i - turn], long_block[i]);
		ck_assert_ptr_eq(block_of_a_message(4096), short_block);
	}
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

Suite *suite_queue_zero_copy(void)
{
	Suite *suite = suite_create("queue_zero_copy");
	TCase *tcase = objects_tcase(suite, "reservations");
	tcase_add_test(tcase, queue_commit_sends_the_first_bytes_of_a_reservation_with_its_tag);
	tcase_add_test(tcase, queue_pointer_that_is_no_reservation_returns_einval);
	tcase_add_test(tcase, queue_commit_that_fails_leaves_the_reservation_to_the_caller);
	tcase_add_test(tcase, queue_handle_has_at_most_64_reservations);
	tcase_add_test(tcase, queue_any_thread_of_the_process_may_commit_and_no_other_process);
	tcase = objects_tcase(suite, "pool");
	tcase_add_test(tcase, queue_without_a_block_returns_enobufs_or_waits_for_one);
	tcase_add_test(tcase, queue_largest_put_completes_while_small_ones_saturate_the_pool);
	tcase_add_test(tcase, queue_blocks_of_many_laps_are_all_reused);
	tcase_add_loop_test(tcase, queue_long_blocks_can_all_be_had_wherever_the_turn_is, 0,
	                    (int) (sizeof long_counts / sizeof *long_counts));
	tcase_add_loop_test(tcase, queue_long_blocks_are_taken_in_turn_and_short_ones_lowest_first,
	                    0, 2);
	return suite;
}
