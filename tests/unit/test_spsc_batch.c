/* SPDX-License-Identifier: BSD-2-Clause */
/* spsc: bulk, burst and zero-copy spans, at every place of the ring. */
#include "objects.h"

#define CAPACITY 8

static struct mpshm_spsc *ring;

/* A ring of uint32_t whose positions begin at `start`. */
static void ring_at(uint64_t start)
{
	const struct mpshm_spsc_options options = {CAPACITY, sizeof(uint32_t), {0}};
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "ring",
	                                 MPSHM_CREATE | MPSHM_PRODUCER | MPSHM_CONSUMER, &options),
	                 MPSHM_CREATED);
	for (uint32_t i = 0, got; i < start; i++) {
		ck_assert_int_eq(mpshm_spsc_try_push(ring, &i), 0);
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
	}
}

static void ring_gone(void)
{
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	ck_assert_int_eq(mpshm_object_unlink(seg, "ring"), 0);
}

/* The next `count` elements are first, first + 1 ... */
static void pops(uint32_t first, size_t count)
{
	for (uint32_t i = 0, got = 0; i < count; i++) {
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
		ck_assert_uint_eq(got, first + i);
	}
}

static const uint32_t numbers[] = {100, 101, 102, 103, 104, 105, 106, 107, 108, 109};

START_TEST(spsc_bulk_moves_all_or_none_wherever_the_ring_wraps)
{
	uint32_t out[CAPACITY + 1];
	ring_at((uint64_t) _i);
	for (size_t count = 1; count <= CAPACITY; count++) {
		ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, numbers, count), (ssize_t) count);
		ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, numbers, CAPACITY + 1 - count),
		                 -EAGAIN);
		ck_assert_uint_eq(mpshm_spsc_size(ring), count);
		if (count < CAPACITY)
			ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, out, count + 1), -EAGAIN);
		memset(out, 0, sizeof out);
		ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, out, count), (ssize_t) count);
		ck_assert_mem_eq(out, numbers, count * sizeof *out);
		ck_assert_uint_eq(out[count], 0);
		ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, out, 1), -EAGAIN);
	}
	ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, numbers, 0), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, out, 0), 0);
	ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, numbers, CAPACITY + 1), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, out, CAPACITY + 1), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, out, SIZE_MAX), -EINVAL);
	ring_gone();
}
END_TEST

START_TEST(spsc_burst_moves_what_fits_wherever_the_ring_wraps)
{
	uint32_t out[CAPACITY + 3] = {0};
	ring_at((uint64_t) _i);
	ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, out, 3), -EAGAIN);
	ck_assert_int_eq(mpshm_spsc_try_push_burst(ring, numbers, 0), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, out, 0), 0);
	ck_assert_int_eq(mpshm_spsc_try_push_burst(ring, numbers, 5), 5);
	ck_assert_int_eq(mpshm_spsc_try_push_burst(ring, numbers + 5, 5), 3);
	ck_assert_int_eq(mpshm_spsc_try_push_burst(ring, numbers, 1), -EAGAIN);
	ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, out, 6), 6);
	ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, out + 6, CAPACITY + 100), 2);
	ck_assert_mem_eq(out, numbers, CAPACITY * sizeof *out);
	ring_gone();
}
END_TEST

START_TEST(spsc_span_covers_both_runs_and_commit_shows_the_first_of_it)
{
	struct mpshm_span span;
	ring_at((uint64_t) _i);
	for (size_t shown = 0; shown <= 6; shown++) {
		uint64_t before = mpshm_spsc_size(ring);
		ck_assert_uint_eq(before, 0);
		ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 6, &span), 6);
		ck_assert_uint_eq(span.count, 6);
		ck_assert_uint_eq(span.stride_bytes, sizeof(uint32_t));
		uint64_t slot = span.position % CAPACITY;
		ck_assert_uint_eq(span.first_count, slot + 6 <= CAPACITY ? 6 : CAPACITY - slot);
		for (uint32_t i = 0; i < 6; i++)
			*(uint32_t *) mpshm_span_element(&span, i) = 200 + i;
		ck_assert_uint_eq(mpshm_spsc_size(ring), 0);
		ck_assert_int_eq(mpshm_spsc_commit(ring, &span, shown), 0);
		ck_assert_uint_eq(mpshm_spsc_size(ring), shown);
		pops(200, shown);
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, &(uint32_t){0}), -EAGAIN);
	}
	ring_gone();
}
END_TEST

START_TEST(spsc_release_frees_the_first_of_a_span_and_the_others_stay)
{
	struct mpshm_span span;
	ring_at((uint64_t) _i);
	for (size_t freed = 0; freed <= 5; freed++) {
		ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, numbers, 5), 5);
		ck_assert_int_eq(mpshm_spsc_try_peek(ring, 100, &span), 5);
		for (uint32_t i = 0; i < 5; i++)
			ck_assert_uint_eq(*(uint32_t *) mpshm_span_element(&span, i), 100 + i);
		ck_assert_int_eq(mpshm_spsc_release(ring, &span, freed), 0);
		ck_assert_uint_eq(mpshm_spsc_size(ring), 5 - freed);
		pops((uint32_t) (100 + freed), 5 - freed);
	}
	ring_gone();
}
END_TEST

START_TEST(spsc_span_is_one_a_side_and_bars_everything_else_of_it)
{
	struct mpshm_span put, get, other;
	uint32_t element = 0, many[4];
	ring_at(6);
	ck_assert_int_eq(mpshm_spsc_try_peek(ring, 1, &get), -EAGAIN);
	ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 0, &put), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_try_peek(ring, 0, &get), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, numbers, 3), 3);
	ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 2, &put), 2);
	ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 1, &other), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_try_push(ring, &element), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, numbers, 1), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_try_push_burst(ring, numbers, 1), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_close(ring), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_try_peek(ring, 2, &get), 2);
	ck_assert_int_eq(mpshm_spsc_try_peek(ring, 1, &other), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &element), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, many, 1), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, many, 1), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_commit(ring, &put, 0), 0);
	ck_assert_int_eq(mpshm_spsc_close(ring), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_release(ring, &get, 2), 0);
	pops(102, 1);
	ring_gone();
}
END_TEST

START_TEST(spsc_span_that_is_not_open_or_too_long_returns_einval)
{
	struct mpshm_span span, copy;
	ring_at(7);
	memset(&span, 0, sizeof span);
	ck_assert_int_eq(mpshm_spsc_commit(ring, &span, 0), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_release(ring, &span, 0), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 3, &span), 3);
	copy = span;
	ck_assert_int_eq(mpshm_spsc_commit(ring, &span, 4), -EINVAL);
	copy.position++;
	ck_assert_int_eq(mpshm_spsc_commit(ring, &copy, 1), -EINVAL);
	copy = span;
	copy.count++;
	ck_assert_int_eq(mpshm_spsc_commit(ring, &copy, 1), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_release(ring, &span, 1), -EINVAL);
	copy = span;
	ck_assert_int_eq(mpshm_spsc_commit(ring, &span, 3), 0);
	ck_assert_int_eq(mpshm_spsc_commit(ring, &span, 0), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_commit(ring, &copy, 3), -EINVAL);
	ck_assert_uint_eq(mpshm_spsc_size(ring), 3);
	ring_gone();
}
END_TEST

Suite *suite_spsc_batch(void)
{
	Suite *suite = suite_create("spsc_batch");
	TCase *tcase = objects_tcase(suite, "batch");
	tcase_add_loop_test(tcase, spsc_bulk_moves_all_or_none_wherever_the_ring_wraps, 0,
	                    CAPACITY);
	tcase_add_loop_test(tcase, spsc_burst_moves_what_fits_wherever_the_ring_wraps, 0, CAPACITY);
	tcase = objects_tcase(suite, "spans");
	tcase_add_loop_test(tcase, spsc_span_covers_both_runs_and_commit_shows_the_first_of_it, 0,
	                    CAPACITY);
	tcase_add_loop_test(tcase, spsc_release_frees_the_first_of_a_span_and_the_others_stay, 0,
	                    CAPACITY);
	tcase_add_test(tcase, spsc_span_is_one_a_side_and_bars_everything_else_of_it);
	tcase_add_test(tcase, spsc_span_that_is_not_open_or_too_long_returns_einval);
	return suite;
}
