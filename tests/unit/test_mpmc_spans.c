/* SPDX-License-Identifier: BSD-2-Clause */
/* mpmc: zero-copy spans: where they lie, whose they are, how they end. */
#include "objects.h"

#include <pthread.h>

#define CAPACITY 8

static struct mpshm_mpmc *ring;

static void ring_at(int at)
{
	const struct mpshm_mpmc_options options = {
		CAPACITY, 4, at % 2 ? MPSHM_WORDS_BESIDE : MPSHM_WORDS_APART, {0}};
	uint32_t element = 0;
	ck_assert_int_eq(mpshm_mpmc_open(&ring, seg, "ring", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	for (int i = 0; i < at / 2; i++) {
		ck_assert_int_eq(mpshm_mpmc_try_push(ring, &element), 0);
		ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &element), 0);
	}
}

static void pushes(uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++)
		ck_assert_int_eq(mpshm_mpmc_try_push(ring, &i), 0);
}

static void pops(uint32_t first, uint32_t count)
{
	uint32_t got = 0;
	for (uint32_t i = first; i < first + count; i++) {
		ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &got), 0);
		ck_assert_uint_eq(got, i);
	}
}

START_TEST(mpmc_commit_publishes_the_first_of_a_span_and_abandons_the_rest)
{
	struct mpshm_span span;
	uint32_t got;
	ring_at(_i);
	for (size_t shown = 0; shown <= 6; shown++) {
		ck_assert_int_eq(mpshm_mpmc_try_reserve(ring, 6, &span), 6);
		uint64_t slot = span.position % CAPACITY;
		ck_assert_uint_eq(span.first_count, slot + 6 <= CAPACITY ? 6 : CAPACITY - slot);
		for (uint32_t i = 0; i < 6; i++)
			*(uint32_t *) mpshm_span_element(&span, i) = 200 + i;
		ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &got), -EAGAIN);
		ck_assert_uint_eq(mpshm_mpmc_size(ring), 6);
		ck_assert_int_eq(mpshm_mpmc_commit(ring, &span, shown), 0);
		pushes(200 + (uint32_t) shown, 1);
		pops(200, (uint32_t) shown + 1);
		ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &got), -EAGAIN);
		ck_assert_uint_eq(mpshm_mpmc_size(ring), 0);
	}
	pushes(0, CAPACITY);
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, &got), -EAGAIN);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

START_TEST(mpmc_batch_pop_skips_abandoned_slots_between_elements)
{
	struct mpshm_span span;
	uint32_t got[CAPACITY];
	ring_at(_i);
	pushes(0, 2);
	ck_assert_int_eq(mpshm_mpmc_try_reserve(ring, 2, &span), 2);
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &span, 0), 0);
	pushes(2, 2);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, got, 4), 4);
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_uint_eq(got[i], i);
	/* A span for reading holds elements only: it ends before an abandoned slot. */
	pushes(4, 2);
	ck_assert_int_eq(mpshm_mpmc_try_reserve(ring, 1, &span), 1);
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &span, 0), 0);
	pushes(6, 3);
	ck_assert_int_eq(mpshm_mpmc_try_peek(ring, CAPACITY, &span), 2);
	ck_assert_int_eq(mpshm_mpmc_release(ring, &span), 0);
	ck_assert_int_eq(mpshm_mpmc_try_peek(ring, CAPACITY, &span), 3);
	ck_assert_uint_eq(*(uint32_t *) mpshm_span_element(&span, 0), 6);
	ck_assert_int_eq(mpshm_mpmc_release(ring, &span), 0);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

START_TEST(mpmc_release_consumes_the_whole_span_wherever_the_ring_wraps)
{
	struct mpshm_span span;
	ring_at(_i);
	for (uint32_t count = 1; count <= CAPACITY; count++) {
		pushes(100, count);
		ck_assert_int_eq(mpshm_mpmc_try_peek(ring, CAPACITY + 5, &span), (ssize_t) count);
		for (uint32_t i = 0; i < count; i++)
			ck_assert_uint_eq(*(uint32_t *) mpshm_span_element(&span, i), 100 + i);
		ck_assert_uint_eq(mpshm_mpmc_size(ring), 0);
		ck_assert_int_eq(mpshm_mpmc_try_peek(ring, 1, &span), -EAGAIN);
		ck_assert_int_eq(mpshm_mpmc_release(ring, &span), 0);
		ck_assert_int_eq(mpshm_mpmc_release(ring, &span), -EINVAL);
	}
	pushes(0, CAPACITY);
	pops(0, CAPACITY);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

START_TEST(mpmc_span_that_is_not_open_or_too_long_returns_einval)
{
	struct mpshm_span span, copy;
	ring_at(7);
	memset(&span, 0, sizeof span);
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &span, 0), -EINVAL);
	ck_assert_int_eq(mpshm_mpmc_release(ring, &span), -EINVAL);
	ck_assert_int_eq(mpshm_mpmc_try_reserve(ring, 0, &span), -EINVAL);
	ck_assert_int_eq(mpshm_mpmc_try_peek(ring, 0, &span), -EINVAL);
	ck_assert_int_eq(mpshm_mpmc_try_reserve(ring, 3, &span), 3);
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &span, 4), -EINVAL);
	ck_assert_int_eq(mpshm_mpmc_release(ring, &span), -EINVAL);
	copy = span;
	copy.position++;
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &copy, 1), -EINVAL);
	copy = span;
	copy.count = 2;
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &copy, 1), -EINVAL);
	copy = span;
	copy.cookie = UINT64_MAX;
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &copy, 1), -EINVAL);
	copy = span;
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &span, 3), 0);
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &span, 0), -EINVAL);
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &copy, 3), -EINVAL);
	ck_assert_uint_eq(mpshm_mpmc_size(ring), 3);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

START_TEST(mpmc_thread_has_at_most_four_spans_and_calls_still_work_beside_them)
{
	struct mpshm_span spans[4], fifth;
	uint32_t element = 5;
	ring_at(4);
	for (size_t i = 0; i < 4; i++)
		ck_assert_int_eq(mpshm_mpmc_try_reserve(ring, 1, &spans[i]), 1);
	ck_assert_int_eq(mpshm_mpmc_try_reserve(ring, 1, &fifth), -ENOBUFS);
	ck_assert_int_eq(mpshm_mpmc_try_peek(ring, 1, &fifth), -ENOBUFS);
	ck_assert_int_eq(mpshm_mpmc_close(ring), -EBUSY);
	ck_assert_int_eq(mpshm_thread_detach(seg), -EBUSY);
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, &element), 0);
	ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &element), -EAGAIN);
	/* In any order: nobody waits for another's span before the head of the ring. */
	for (size_t i = 4; i-- > 0;) {
		*(uint32_t *) spans[i].first = (uint32_t) i;
		ck_assert_int_eq(mpshm_mpmc_commit(ring, &spans[i], 1), 0);
	}
	pops(0, 4);
	pops(5, 1);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

static void *end_span_of_another(void *span)
{
	need_eq(mpshm_mpmc_commit(ring, span, 1), -EINVAL);
	return NULL;
}

static void child_ends_span_of_parent(void *span)
{
	need_eq(mpshm_mpmc_commit(ring, span, 1), -EINVAL);
	uint32_t element = 1;
	need_eq(mpshm_mpmc_try_push(ring, &element), 0);
	need_eq(mpshm_mpmc_close(ring), 0);
}

START_TEST(mpmc_span_belongs_to_the_thread_that_claimed_it)
{
	struct mpshm_span span;
	pthread_t thread;
	ring_at(3);
	ck_assert_int_eq(mpshm_mpmc_try_reserve(ring, 1, &span), 1);
	*(uint32_t *) span.first = 0;
	ck_assert_int_eq(pthread_create(&thread, NULL, end_span_of_another, &span), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	child_does(child_ends_span_of_parent, &span);
	ck_assert_int_eq(mpshm_mpmc_commit(ring, &span, 1), 0);
	pops(0, 2);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

static void *leave_with_spans_open(void *context)
{
	struct mpshm_span span;
	(void) context;
	need_eq(mpshm_mpmc_try_reserve(ring, 2, &span), 2);
	need_eq(mpshm_mpmc_try_peek(ring, 2, &span), 2);
	return NULL;
}

START_TEST(mpmc_spans_of_a_thread_that_exits_are_resolved)
{
	pthread_t thread;
	uint32_t got, sum = 0;
	ring_at(5);
	pushes(1, 2);
	ck_assert_int_eq(pthread_create(&thread, NULL, leave_with_spans_open, NULL), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	pushes(3, 1);
	for (int i = 0; i < 3; i++) {
		int64_t until = now_ns() + 5 * MPSHM_SECOND;
		int ret;
		while ((ret = mpshm_mpmc_try_pop(ring, &got)) == -EAGAIN && now_ns() < until)
			;
		ck_assert_int_eq(ret, 0);
		sum += got;
	}
	ck_assert_uint_eq(sum, 6);
	pushes(0, CAPACITY);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

Suite *suite_mpmc_spans(void)
{
	Suite *suite = suite_create("mpmc_spans");
	TCase *tcase = objects_tcase(suite, "spans");
	tcase_add_loop_test(tcase, mpmc_commit_publishes_the_first_of_a_span_and_abandons_the_rest,
	                    0, 2 * CAPACITY);
	tcase_add_loop_test(tcase, mpmc_batch_pop_skips_abandoned_slots_between_elements, 0,
	                    2 * CAPACITY);
	tcase_add_loop_test(tcase, mpmc_release_consumes_the_whole_span_wherever_the_ring_wraps, 0,
	                    2 * CAPACITY);
	tcase_add_test(tcase, mpmc_span_that_is_not_open_or_too_long_returns_einval);
	tcase_add_test(tcase, mpmc_thread_has_at_most_four_spans_and_calls_still_work_beside_them);
	tcase_add_test(tcase, mpmc_span_belongs_to_the_thread_that_claimed_it);
	tcase_add_test(tcase, mpmc_spans_of_a_thread_that_exits_are_resolved);
	return suite;
}
