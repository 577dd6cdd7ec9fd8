/* SPDX-License-Identifier: BSD-2-Clause */
/* mpmc: processes that are killed with claims in hand; what the living then find. */
#include "objects.h"

#include "ring/mpmc_batch.h"

static struct mpshm_mpmc *ring;

static void ring_of(uint32_t capacity)
{
	const struct mpshm_mpmc_options options = {capacity, 8, MPSHM_WORDS_AUTO, {0}};
	ck_assert_int_eq(mpshm_mpmc_open(&ring, seg, "ring", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
}

static void pushes(uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++)
		ck_assert_int_eq(mpshm_mpmc_try_push(ring, &i), 0);
}

/* By tries only, as a program would poll: nobody calls mpshm_segment_recover(). */
static uint64_t pop_soon(void)
{
	uint64_t got = 0;
	int64_t until = now_ns() + 5 * MPSHM_SECOND;
	int ret;
	while ((ret = mpshm_mpmc_try_pop(ring, &got)) == -EAGAIN && now_ns() < until)
		;
	ck_assert_int_eq(ret, 0);
	return got;
}

static void ring_is_whole_and_close(void)
{
	uint64_t capacity = mpshm_mpmc_capacity(ring), element = 0;
	ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &element), -EAGAIN);
	ck_assert_uint_eq(mpshm_mpmc_size(ring), 0);
	pushes(0, capacity);
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, &element), -EAGAIN);
	for (uint64_t i = 0; i < capacity; i++) {
		ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &element), 0);
		ck_assert_uint_eq(element, i);
	}
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}

static void reserve_some(void *count)
{
	struct mpshm_span span;
	need_eq(mpshm_mpmc_try_reserve(ring, *(size_t *) count, &span), *(size_t *) count);
	memset(span.first, 0x5a, 8);
}

static void peek_some(void *count)
{
	struct mpshm_span span;
	need_eq(mpshm_mpmc_try_peek(ring, *(size_t *) count, &span), *(size_t *) count);
}

START_TEST(mpmc_reservation_of_the_dead_is_skipped_and_consumers_go_on)
{
	size_t count = 3;
	ring_of(8);
	pushes(1, 2);
	child_kill(child_held(reserve_some, &count));
	pushes(3, 2);
	for (uint64_t i = 1; i <= 4; i++)
		ck_assert_uint_eq(pop_soon(), i);
	ck_assert_uint_eq(atomic64_load_acquire(&ring->ring.shm->tombstoned), 3);
	ring_is_whole_and_close();
}
END_TEST

START_TEST(mpmc_reservation_of_the_living_is_never_revoked)
{
	size_t count = 1;
	uint64_t got;
	ring_of(8);
	pid_t child = child_held(reserve_some, &count);
	pushes(1, 1);
	for (int64_t until = now_ns() + 50 * MPSHM_MILLISECOND; now_ns() < until;)
		ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &got), -EAGAIN);
	ck_assert_int_eq(mpshm_segment_recover(seg), 0);
	ck_assert_uint_eq(atomic64_load_acquire(&ring->ring.shm->tombstoned), 0);
	child_kill(child);
	ck_assert_uint_eq(pop_soon(), 1);
	ring_is_whole_and_close();
}
END_TEST

START_TEST(mpmc_element_that_the_dead_had_peeked_is_delivered_again)
{
	size_t count = 2;
	ring_of(8);
	pushes(1, 3);
	child_kill(child_held(peek_some, &count));
	uint64_t sum = pop_soon() + pop_soon() + pop_soon();
	ck_assert_uint_eq(sum, 6);
	ck_assert_uint_eq(atomic64_load_acquire(&ring->ring.shm->redelivered), 2);
	ring_is_whole_and_close();
}
END_TEST

/* 0: by tries alone; 1: by recover; 2: by bursts; 3: by spans. */
START_TEST(mpmc_batch_of_the_dead_beyond_the_index_is_all_delivered_again)
{
	size_t count = 100;
	uint8_t seen[128] = {0};
	uint64_t got[16], left = 120;
	ring_of(128);
	pushes(0, 120);
	child_kill(child_held(peek_some, &count));
	if (_i == 1)
		ck_assert_int_ge(mpshm_segment_recover(seg), 0);
	for (int64_t until = now_ns() + 10 * MPSHM_SECOND; left > 0 && now_ns() < until;) {
		struct mpshm_span span;
		ssize_t n = 1;
		if (_i == 2) {
			n = mpshm_mpmc_try_pop_burst(ring, got, 16);
		} else if (_i == 3) {
			n = mpshm_mpmc_try_peek(ring, 16, &span);
			for (ssize_t i = 0; i < n; i++)
				got[i] = *(uint64_t *) mpshm_span_element(&span, (size_t) i);
			if (n > 0)
				ck_assert_int_eq(mpshm_mpmc_release(ring, &span), 0);
		} else {
			int ret = mpshm_mpmc_try_pop(ring, got);
			n = ret ? ret : 1;
		}
		ck_assert(n > 0 || n == -EAGAIN);
		for (ssize_t i = 0; i < n; i++, left--) {
			ck_assert_uint_lt(got[i], 120);
			ck_assert_uint_eq(seen[got[i]]++, 0);
		}
	}
	ck_assert_uint_eq(left, 0);
	/* Its slot is free again once all of it is resolved. */
	(void) mpshm_segment_recover(seg);
	ck_assert_uint_eq(atomic64_load_acquire(&seg->shm->peer_deaths), 1);
	ring_is_whole_and_close();
}
END_TEST

static void adopt_one(void *context)
{
	struct mpshm_span span;
	(void) context;
	need_eq(mpshm_mpmc_try_peek(ring, 1, &span), 1);
	need_eq(slot_kind(mpmc_word(&ring->ring, span.position)->raw), SLOT_TAKEN);
}

/* The stream never pauses for a millisecond; and it must not take a whole round. */
START_TEST(mpmc_element_of_the_dead_comes_beside_a_stream_that_goes_on)
{
	const uint64_t capacity = 16384, first = UINT64_MAX;
	uint64_t element = 0, i;
	size_t count = 1;
	ring_of((uint32_t) capacity);
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, &first), 0);
	child_kill(child_held(peek_some, &count));
	for (i = 0; i < capacity / 2 && element != first; i++) {
		pushes(i, 1);
		while (element != first && mpshm_mpmc_try_pop(ring, &element) == 0)
			;
	}
	ck_assert_uint_eq(element, first);
	while (mpshm_mpmc_try_pop(ring, &element) == 0)
		ck_assert_uint_eq(element, i - 1);
	ring_is_whole_and_close();
}
END_TEST

START_TEST(mpmc_killed_adopter_leaves_the_element_to_the_next)
{
	size_t count = 1;
	ring_of(4);
	pushes(77, 1);
	child_kill(child_held(peek_some, &count));
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	for (int i = 0; i < 20; i++) {
		child_kill(child_held(adopt_one, NULL));
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	}
	ck_assert_uint_eq(pop_soon(), 77);
	ck_assert_uint_eq(atomic64_load_acquire(&ring->ring.shm->recovered), 21);
	ck_assert_uint_eq(atomic64_load_acquire(&ring->ring.shm->redelivered), 1);
	ring_is_whole_and_close();
}
END_TEST

START_TEST(mpmc_full_ring_with_a_dead_consumer_unblocks_its_producer)
{
	size_t count = 4;
	uint64_t element = 100, sum = 0;
	ring_of(4);
	pushes(0, 4);
	child_kill(child_held(peek_some, &count));
	/* A producer alone: it finds the death, but the elements are still to be delivered. */
	for (int64_t until = now_ns() + 20 * MPSHM_MILLISECOND; now_ns() < until;)
		ck_assert_int_eq(mpshm_mpmc_try_push(ring, &element), -EAGAIN);
	for (int i = 0; i < 4; i++)
		sum += pop_soon();
	ck_assert_uint_eq(sum, 6);
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, &element), 0);
	ck_assert_uint_eq(pop_soon(), 100);
	ring_is_whole_and_close();
}
END_TEST

START_TEST(mpmc_bulk_pop_that_fails_over_and_over_loses_no_element_to_be_delivered_again)
{
	size_t count = 1;
	uint64_t got[4];
	ring_of(4);
	pushes(5, 1);
	child_kill(child_held(peek_some, &count));
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, got, 2), -EAGAIN);
	pushes(6, 1);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, got, 2), 2);
	ck_assert_uint_eq(got[0] + got[1], 11);
	ring_is_whole_and_close();
}
END_TEST

START_TEST(mpmc_bulk_pop_takes_all_that_the_dead_left_at_once)
{
	size_t count = 20;
	uint64_t got[32];
	bool seen[32] = {0};
	ring_of(32);
	pushes(0, 32);
	child_kill(child_held(peek_some, &count));
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, got, 32), 32);
	for (int i = 0; i < 32; i++) {
		ck_assert(got[i] < 32 && !seen[got[i]]);
		seen[got[i]] = true;
	}
	/* And where nothing else is there. */
	pushes(0, 20);
	child_kill(child_held(peek_some, &count));
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, got, 21), -EAGAIN);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, got, 20), 20);
	ring_is_whole_and_close();
}
END_TEST

START_TEST(mpmc_recover_counts_the_dead_and_their_slots_are_free_again)
{
	size_t one = 1;
	pid_t children[5];
	ring_of(16);
	for (int i = 0; i < 5; i++)
		children[i] = child_held(reserve_some, &one);
	for (int i = 0; i < 5; i++)
		child_kill(children[i]);
	ck_assert_int_eq(mpshm_segment_recover(seg), 5);
	ck_assert_int_eq(mpshm_segment_recover(seg), 0);
	ck_assert_uint_eq(atomic64_load_acquire(&seg->shm->peer_deaths), 5);
	/* More deaths than participants_max: no slot leaks. */
	for (uint64_t i = 0; i < 40; i++) {
		child_kill(child_held(reserve_some, &one));
		pushes(i, 1);
		ck_assert_uint_eq(pop_soon(), i);
	}
	ring_is_whole_and_close();
}
END_TEST

Suite *suite_mpmc_crash(void)
{
	Suite *suite = suite_create("mpmc_crash");
	TCase *tcase = objects_tcase(suite, "crash");
	tcase_add_test(tcase, mpmc_reservation_of_the_dead_is_skipped_and_consumers_go_on);
	tcase_add_test(tcase, mpmc_reservation_of_the_living_is_never_revoked);
	tcase_add_test(tcase, mpmc_element_that_the_dead_had_peeked_is_delivered_again);
	tcase_add_loop_test(tcase, mpmc_batch_of_the_dead_beyond_the_index_is_all_delivered_again,
	                    0, 4);
	tcase_add_test(tcase, mpmc_element_of_the_dead_comes_beside_a_stream_that_goes_on);
	tcase_add_test(tcase, mpmc_killed_adopter_leaves_the_element_to_the_next);
	tcase_add_test(tcase, mpmc_full_ring_with_a_dead_consumer_unblocks_its_producer);
	tcase_add_test(
		tcase,
		mpmc_bulk_pop_that_fails_over_and_over_loses_no_element_to_be_delivered_again);
	tcase_add_test(tcase, mpmc_bulk_pop_takes_all_that_the_dead_left_at_once);
	tcase_add_test(tcase, mpmc_recover_counts_the_dead_and_their_slots_are_free_again);
	return suite;
}
