/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc, newest: the copy of an element beside the tail is taken where it is the element's, and
 * only there.
 */
#include "objects.h"

#include <pthread.h>

#include "ring/spsc.h"

#define BOTH (MPSHM_PRODUCER | MPSHM_CONSUMER)
#define BYTES_MOST 64u

/* Those that have a copy, and some that have none. */
static const uint32_t sizes[] = {8, 16, 24, 32, 40, 48, 4, 20, 56, 64};
#define WITH_COPY 6

static struct mpshm_spsc *ring;
static char in[3 * BYTES_MOST], out[3 * BYTES_MOST];

static void ring_of(uint32_t element_bytes)
{
	const struct mpshm_spsc_options options = {8, element_bytes, {0}};
	ck_assert_int_ge(mpshm_spsc_open(&ring, seg, "ring", MPSHM_CREATE | BOTH, &options), 0);
}

static void push_one(uint64_t number)
{
	pattern_fill(in, ring->element_bytes, number);
	ck_assert_int_eq(mpshm_spsc_try_push(ring, in), 0);
}

static void push_run_of_one(uint64_t number)
{
	pattern_fill(in, ring->element_bytes, number);
	ck_assert_int_eq(mpshm_spsc_try_push_burst(ring, in, 1), 1);
}

static void pop_is(uint64_t number)
{
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, out), 0);
	ck_assert(pattern_is(out, ring->element_bytes, number));
}

static char *slot(uint64_t position)
{
	return ring->elements + (position & ring->mask) * ring->element_bytes;
}

START_TEST(spsc_newest_is_popped_from_its_copy_if_it_has_one)
{
	ring_of(sizes[_i]);
	for (uint64_t number = 0; number < 20; number++) {
		push_one(number);
		if (_i < WITH_COPY)
			memset(slot(number), 0xee, ring->element_bytes); /* nobody reads it */
		pop_is(number);
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, out), -EAGAIN);
	}
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_newest_copy_is_of_no_other_element)
{
	ring_of(sizes[_i]);
	for (uint64_t number = 0; number < 100;) {
		push_one(number);
		pop_is(number++);
		push_run_of_one(number); /* the copy is the one's before it */
		pop_is(number++);
		push_run_of_one(number);
		push_one(number + 1);
		pop_is(number++);
		pop_is(number++);
		push_one(number);
		push_run_of_one(number + 1);
		pop_is(number++);
		pop_is(number++);
	}
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

/* As a producer leaves it that dies before it stores the tail. */
/* Who takes up to so many takes the only one likewise. */
START_TEST(spsc_newest_is_popped_from_its_copy_by_a_burst)
{
	ring_of(sizes[_i]);
	for (uint64_t number = 0; number < 20; number++) {
		push_one(number);
		if (_i < WITH_COPY)
			memset(slot(number), 0xee, ring->element_bytes); /* nobody reads it */
		ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, out, 3), 1);
		ck_assert(pattern_is(out, ring->element_bytes, number));
	}
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_newest_of_a_dead_producer_is_forgotten_by_its_successor)
{
	ring_of(sizes[_i]);
	push_one(0);
	pop_is(0);
	atomic64_store_relaxed(&ring->shm->newest_of, 2);
	for (uint32_t i = 0; i < SPSC_NEWEST_WORDS; i++)
		atomic64_store_release(&ring->shm->newest[i], UINT64_MAX);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	ring_of(sizes[_i]);
	push_run_of_one(1);
	pop_is(1);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

#define EXCHANGED 200000u

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* One at a time and in runs, at the consumer's heels. */
static void *produce(void *unused)
{
	uint64_t random = 1, number = 0;
	char elements[3 * BYTES_MOST];

	(void) unused;
	while (number < EXCHANGED) {
		size_t run = next_random(&random) % 4;
		for (size_t i = 0; i < (run ? run : 1); i++)
			pattern_fill(elements + i * ring->element_bytes, ring->element_bytes,
			             number + i);
		if (run == 0) {
			number += mpshm_spsc_try_push(ring, elements) == 0;
		} else {
			ssize_t pushed = mpshm_spsc_try_push_burst(ring, elements, run);
			number += pushed > 0 ? (uint64_t) pushed : 0;
		}
		while (mpshm_spsc_size(ring) > next_random(&random) % 3)
			sched_yield();
	}
	return NULL;
}

START_TEST(spsc_newest_is_whole_while_the_next_are_pushed)
{
	pthread_t producer;

	ring_of(sizes[_i]);
	ck_assert_int_eq(pthread_create(&producer, NULL, produce, NULL), 0);
	for (uint64_t number = 0; number < EXCHANGED;) {
		int ret = mpshm_spsc_try_pop(ring, out);
		if (ret == -EAGAIN)
			continue;
		ck_assert_int_eq(ret, 0);
		ck_assert(pattern_is(out, ring->element_bytes, number));
		number++;
	}
	ck_assert_int_eq(pthread_join(producer, NULL), 0);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

Suite *suite_spsc_newest(void)
{
	Suite *suite = suite_create("spsc_newest");
	TCase *tcase = objects_tcase(suite, "spsc_newest");
	int all = (int) COUNT_OF(sizes);
	tcase_add_loop_test(tcase, spsc_newest_is_popped_from_its_copy_if_it_has_one, 0, all);
	tcase_add_loop_test(tcase, spsc_newest_is_popped_from_its_copy_by_a_burst, 0, all);
	tcase_add_loop_test(tcase, spsc_newest_copy_is_of_no_other_element, 0, all);
	tcase_add_loop_test(tcase, spsc_newest_of_a_dead_producer_is_forgotten_by_its_successor, 0,
	                    all);
	tcase_add_loop_test(tcase, spsc_newest_is_whole_while_the_next_are_pushed, 0, all);
	return suite;
}
