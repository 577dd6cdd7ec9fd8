/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: positions just below each wrap, with a capacity that is no power of two; and
 * threads that find no cell. */
#include "objects.h"

#include "queue/queue.h"

#include <pthread.h>

#define CAPACITY 3

static const uint64_t wraps[] = {UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 53,
                                 UINT64_C(1) << 62};

static struct mpshm_queue *queue_at(uint64_t start)
{
	struct mpshm_queue *queue;
	const struct mpshm_queue_options options = {
		.capacity = CAPACITY, .max_message_bytes = 1024, .pool_bytes = 256 + 512 + 1024};
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	struct mpmc *ring = &queue->ring;
	atomic64_store_release(&ring->shm->tail, start);
	atomic64_store_release(&ring->shm->head, start);
	for (uint64_t p = start; p <= start + ring->mask; p++)
		atomic64_store_release(mpmc_word(ring, p), mpmc_word_of(ring, SLOT_FREE, p));
	return queue;
}

START_TEST(queue_goes_on_across_every_wrap_of_its_positions)
{
	char in[1000], out[1000];
	struct mpshm_message told;
	for (uint64_t before = 1; before <= 6; before++) {
		uint64_t position = wraps[_i] - before;
		struct mpshm_queue *queue = queue_at(position);
		for (uint64_t round = 0; round < 4; round++) {
			/* One in a block, two inline; full; and out again. */
			for (uint64_t i = 0; i < CAPACITY; i++) {
				size_t bytes = i == 0 ? 1000 : 50;
				pattern_fill(in, bytes, i);
				ck_assert_uint_eq(mpshm_queue_size(queue), i);
				ck_assert_int_eq(mpshm_queue_try_put(queue, in, bytes), 0);
			}
			ck_assert_int_eq(mpshm_queue_try_put(queue, in, 1), -EAGAIN);
			for (uint64_t i = 0; i < CAPACITY; i++) {
				ssize_t bytes =
					mpshm_queue_receive(queue, out, sizeof out, &told, 0);
				ck_assert_int_eq(bytes, i == 0 ? 1000 : 50);
				ck_assert(pattern_is(out, (size_t) bytes, i));
				ck_assert_uint_eq(told.position, position++);
			}
			ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), -EAGAIN);
		}
		ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
		ck_assert_int_eq(mpshm_queue_try_put(queue, in, 1), -EPIPE);
		ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), -EPIPE);
		ck_assert_uint_eq(mpshm_queue_size(queue), 0);
		ck_assert_int_eq(mpshm_queue_close(queue), 0);
		ck_assert_int_eq(mpshm_object_unlink(seg, "queue"), 0);
	}
}
END_TEST

static void claim_to_get(void *context)
{
	struct mpshm_queue *queue = context;
	struct frame_shm *frame = NULL;
	uint64_t position = 0;
	need_eq(queue_begin(queue, &frame), 0);
	need_eq(mpmc_front(&queue->ring, frame, &position), 0);
	need(mpmc_claim_front(&queue->ring, frame, position));
}

static void claim_to_put(void *context)
{
	struct mpshm_queue *queue = context;
	struct frame_shm *frame = NULL;
	uint64_t position = 0;
	uint32_t block = 0;
	need_eq(mpshm_i_queue_block(queue, 1000, &block, 0), 0);
	need_eq(queue_begin(queue, &frame), 0);
	need_eq(mpmc_claim_put(&queue->ring, frame, &position), 0);
	atomic64_store_release(&queue->pool.descriptors[block].word, pool_word_in(position));
}

START_TEST(queue_loses_neither_message_nor_block_to_the_dead_across_every_wrap)
{
	char in[1000], out[1000];
	struct mpshm_message told;
	for (uint64_t before = 1; before <= 3; before++) {
		struct mpshm_queue *queue = queue_at(wraps[_i] - before);
		for (uint64_t i = 0; i < 4; i++) {
			pattern_fill(in, sizeof in, i);
			child_kill(child_held(claim_to_put, queue));
			ck_assert_int_eq(mpshm_segment_recover(seg), 1);
			ck_assert_int_eq(mpshm_queue_try_put(queue, in, sizeof in), 0);
			child_kill(child_held(claim_to_get, queue));
			ck_assert_int_eq(mpshm_queue_receive(queue, out, sizeof out, &told,
			                                     5 * MPSHM_SECOND),
			                 sizeof out);
			ck_assert(pattern_is(out, sizeof out, i));
			ck_assert_uint_eq(told.flags, MPSHM_MESSAGE_REDELIVERED);
		}
		ck_assert_int_eq(mpshm_queue_close(queue), 0);
		ck_assert_int_eq(mpshm_object_unlink(seg, "queue"), 0);
	}
}
END_TEST

#define THREADS 64 /* threads_max of the test's segment */

static pthread_barrier_t all_have_one, all_may_go;

/* One of them makes a reservation as well. */
struct holder {
	struct mpshm_queue *queue;
	void *block;
};

static void *hold_a_cell(void *context)
{
	struct holder *holder = context;
	need_eq(mpshm_thread_attach(seg), 0);
	if (holder->queue)
		need_eq(mpshm_queue_reserve(holder->queue, 1, &holder->block, 0), 0);
	(void) pthread_barrier_wait(&all_have_one);
	(void) pthread_barrier_wait(&all_may_go);
	return NULL;
}

static void every_call_says_eusers(struct mpshm_queue *queue, struct mpshm_mpmc *ring,
                                   void *reserved)
{
	char big[1000] = {0};
	struct mpshm_lease lease;
	struct mpshm_span span;
	void *block;
	ck_assert_int_eq(mpshm_queue_put(queue, "x", 1, MPSHM_FOREVER), -EUSERS);
	ck_assert_int_eq(mpshm_queue_put(queue, big, sizeof big, MPSHM_FOREVER), -EUSERS);
	ck_assert_int_eq(mpshm_queue_get(queue, big, sizeof big, MPSHM_FOREVER), -EUSERS);
	ck_assert_int_eq(mpshm_queue_put_tagged(queue, "x", 1, 0, MPSHM_FOREVER), -EUSERS);
	ck_assert_int_eq(mpshm_queue_try_put(queue, "x", 1), -EUSERS);
	ck_assert_int_eq(mpshm_queue_try_get(queue, big, 1), -EUSERS);
	ck_assert_int_eq(mpshm_queue_receive(queue, big, 1, NULL, MPSHM_FOREVER), -EUSERS);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, MPSHM_FOREVER), -EUSERS);
	ck_assert_int_eq(mpshm_queue_reserve(queue, 1, &block, MPSHM_FOREVER), -EUSERS);
	ck_assert_int_eq(mpshm_queue_commit(queue, reserved, 1, 0, MPSHM_FOREVER), -EUSERS);
	ck_assert_int_eq(mpshm_queue_abort(queue, reserved), -EUSERS);
	ck_assert_int_eq(mpshm_thread_attach(seg), -EUSERS);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "64"));
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, big), -EUSERS);
	ck_assert_int_eq(mpshm_mpmc_try_pop(ring, big), -EUSERS);
	ck_assert_int_eq(mpshm_mpmc_try_push_bulk(ring, big, 1), -EUSERS);
	ck_assert_int_eq(mpshm_mpmc_try_push_burst(ring, big, 1), -EUSERS);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, big, 1), -EUSERS);
	ck_assert_int_eq(mpshm_mpmc_try_pop_burst(ring, big, 1), -EUSERS);
	ck_assert_int_eq(mpshm_mpmc_try_reserve(ring, 1, &span), -EUSERS);
	ck_assert_int_eq(mpshm_mpmc_try_peek(ring, 1, &span), -EUSERS);
}

START_TEST(queue_and_ring_calls_without_a_cell_left_return_eusers)
{
	struct mpshm_queue *queue = queue_at(0);
	struct mpshm_mpmc *ring;
	const struct mpshm_mpmc_options options = {.capacity = 4, .element_bytes = 8};
	struct holder holders[THREADS] = {{.queue = queue}};
	pthread_t threads[THREADS];
	uint64_t element = 3;
	ck_assert_int_eq(mpshm_mpmc_open(&ring, seg, "ring", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(pthread_barrier_init(&all_have_one, NULL, THREADS + 1), 0);
	ck_assert_int_eq(pthread_barrier_init(&all_may_go, NULL, THREADS + 1), 0);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, hold_a_cell, &holders[i]), 0);
	(void) pthread_barrier_wait(&all_have_one);
	every_call_says_eusers(queue, ring, holders[0].block);
	(void) pthread_barrier_wait(&all_may_go);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(mpshm_queue_abort(queue, holders[0].block), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, &element), 0);
	ck_assert_int_eq(mpshm_queue_try_put(queue, "x", 1), 0);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

Suite *suite_queue_wraps(void)
{
	Suite *suite = suite_create("queue_wraps");
	TCase *tcase = objects_tcase(suite, "wraps");
	tcase_add_loop_test(tcase, queue_goes_on_across_every_wrap_of_its_positions, 0,
	                    (int) COUNT_OF(wraps));
	tcase_add_loop_test(tcase,
	                    queue_loses_neither_message_nor_block_to_the_dead_across_every_wrap, 0,
	                    (int) COUNT_OF(wraps));
	tcase = objects_tcase(suite, "cells");
	tcase_add_test(tcase, queue_and_ring_calls_without_a_cell_left_return_eusers);
	return suite;
}
