/* SPDX-License-Identifier: BSD-2-Clause */
/* counter: sums of threads, processes and the dead; bound stripes; errors. */
#include "objects.h"

#include "layout/object.h"
#include "segment/object.h"
#include "segment/segment.h"

#include <pthread.h>

static struct mpshm_counter *counter_of(void)
{
	struct mpshm_counter *counter;
	ck_assert_int_eq(mpshm_counter_open(&counter, seg, "counter", MPSHM_CREATE, NULL),
	                 MPSHM_CREATED);
	return counter;
}

START_TEST(counter_open_tells_every_error)
{
	struct mpshm_counter *counter = counter_of(), *other = counter;
	struct mpshm_counter_options reserved = {.reserved = {[7] = 1}};
	struct mpshm_value *value;
	ck_assert_int_eq(mpshm_counter_open(&other, seg, "a b", MPSHM_CREATE, NULL), -EINVAL);
	ck_assert_int_eq(mpshm_counter_open(&other, seg, "c", MPSHM_CONSUMER, NULL), -EINVAL);
	ck_assert_int_eq(mpshm_counter_open(&other, seg, "c", MPSHM_CREATE, &reserved), -EINVAL);
	ck_assert_int_eq(mpshm_counter_open(&other, seg, "c", 0, NULL), -ENOENT);
	ck_assert_int_eq(
		mpshm_counter_open(&other, seg, "counter", MPSHM_CREATE | MPSHM_EXCLUSIVE, NULL),
		-EEXIST);
	ck_assert_int_eq(mpshm_value_open(&value, seg, "v", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_counter_open(&other, seg, "v", MPSHM_CREATE, NULL), -ENOTTY);
	ck_assert_ptr_eq(other, counter);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	ck_assert_int_eq(mpshm_counter_open(&other, seg, "counter", MPSHM_CREATE, NULL),
	                 MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_counter_close(other), 0);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
}
END_TEST

START_TEST(counter_sums_adds_and_bound_adds_of_both_signs)
{
	struct mpshm_counter *counter = counter_of();
	struct mpshm_counter_stripe stripe;
	ck_assert_int_eq(mpshm_counter_sum(counter), 0);
	ck_assert_int_eq(mpshm_counter_add(counter, 5), 0);
	ck_assert_int_eq(mpshm_counter_add(counter, -7), 0);
	ck_assert_int_eq(mpshm_counter_sum(counter), -2);
	ck_assert_int_eq(mpshm_counter_bind(counter, &stripe), 0);
	for (int i = 0; i < 1000; i++)
		mpshm_counter_stripe_add(&stripe, 3);
	mpshm_counter_stripe_add(&stripe, INT64_C(1) << 40);
	ck_assert_int_eq(mpshm_counter_sum(counter), 2998 + (INT64_C(1) << 40));
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
}
END_TEST

#define ADDS 10000

static void *add_many(void *counter)
{
	struct mpshm_counter_stripe stripe;
	need_eq(mpshm_counter_bind(counter, &stripe), 0);
	for (int i = 0; i < ADDS; i++) {
		mpshm_counter_stripe_add(&stripe, 1);
		need_eq(mpshm_counter_add(counter, 1), 0);
	}
	return NULL;
}

static void child_adds_many(void *counter)
{
	(void) add_many(counter);
}

START_TEST(counter_adds_of_threads_children_and_mappings_are_all_summed)
{
	struct mpshm_segment *second = second_mapping();
	struct mpshm_counter *counter = counter_of(), *other;
	pthread_t threads[4];
	pid_t children[3];
	ck_assert_int_eq(mpshm_counter_open(&other, second, "counter", 0, NULL), MPSHM_ATTACHED);
	for (int i = 0; i < 3; i++)
		children[i] = child_start(child_adds_many, counter);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, add_many, i % 2 ? counter : other), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	for (int i = 0; i < 3; i++)
		child_ends_well(children[i]);
	ck_assert_int_eq(mpshm_counter_sum(counter), 7 * 2 * ADDS);
	ck_assert_int_eq(mpshm_counter_sum(other), 7 * 2 * ADDS);
	ck_assert_int_eq(mpshm_counter_close(other), 0);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
	ck_assert_int_eq(mpshm_segment_close(second), 0);
}
END_TEST

struct bound {
	struct mpshm_counter *counter;
	struct mpshm_counter_stripe stripe;
	int64_t of_parent;
};

static void add_through_the_parents_stripe(void *context)
{
	struct bound *bound = context;
	mpshm_counter_stripe_add(&bound->stripe, 100);
	mpshm_counter_stripe_add(&bound->stripe, 11);
	/* Not to the parent's: to a stripe of this process's own. */
	need_eq(*bound->stripe.cell, bound->of_parent);
	need_eq(mpshm_counter_sum(bound->counter), bound->of_parent + 111);
}

START_TEST(counter_stripe_bound_by_the_parent_is_noticed_in_the_child)
{
	struct bound bound = {.counter = counter_of(), .of_parent = 9};
	ck_assert_int_eq(mpshm_counter_bind(bound.counter, &bound.stripe), 0);
	mpshm_counter_stripe_add(&bound.stripe, 9);
	child_does(add_through_the_parents_stripe, &bound);
	ck_assert_int_eq(*bound.stripe.cell, 9);
	ck_assert_int_eq(mpshm_counter_sum(bound.counter), 120);
	mpshm_counter_stripe_add(&bound.stripe, 1);
	ck_assert_int_eq(*bound.stripe.cell, 10);
	ck_assert_int_eq(mpshm_counter_close(bound.counter), 0);
}
END_TEST

static void add_thousand(void *counter)
{
	for (int i = 0; i < 1000; i++)
		need_eq(mpshm_counter_add(counter, 1), 0);
}

START_TEST(counter_keeps_what_the_dead_added_and_its_successors_go_on_from_it)
{
	struct mpshm_counter *counter = counter_of();
	for (int i = 1; i <= 5; i++) {
		child_kill(child_held(add_thousand, counter));
		ck_assert_int_eq(mpshm_counter_sum(counter), i * 1000);
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
		ck_assert_int_eq(mpshm_counter_sum(counter), i * 1000);
	}
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
}
END_TEST

static void *hold_a_cell(void *context)
{
	pthread_barrier_t *const *barriers = context;
	need_eq(mpshm_thread_attach(seg), 0);
	(void) pthread_barrier_wait(barriers[0]);
	(void) pthread_barrier_wait(barriers[1]);
	return NULL;
}

START_TEST(counter_add_without_a_cell_left_returns_eusers)
{
	struct mpshm_counter *counter = counter_of();
	struct mpshm_counter_stripe stripe;
	pthread_barrier_t barriers[2], *const both[] = {&barriers[0], &barriers[1]};
	pthread_t threads[64];
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_barrier_init(&barriers[i], NULL, 65), 0);
	for (int i = 0; i < 64; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, hold_a_cell, (void *) both), 0);
	(void) pthread_barrier_wait(both[0]);
	ck_assert_int_eq(mpshm_counter_add(counter, 1), -EUSERS);
	ck_assert_int_eq(mpshm_counter_bind(counter, &stripe), -EUSERS);
	ck_assert_int_eq(mpshm_thread_attach(seg), -EUSERS);
	ck_assert_int_eq(mpshm_counter_sum(counter), 0);
	(void) pthread_barrier_wait(both[1]);
	for (int i = 0; i < 64; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(mpshm_counter_add(counter, 1), 0);
	ck_assert_int_eq(mpshm_counter_sum(counter), 1);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
}
END_TEST

START_TEST(counter_geometry_of_a_hostile_peer_returns_ebadmsg)
{
	struct mpshm_counter *counter = counter_of(), *other;
	struct counter_shm *shm = seg->objects->shm;
	const struct counter_shm good = *shm;
	struct counter_shm bad[8];
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		bad[i] = good;
	bad[0].stripes_at = UINT64_MAX - 7;
	bad[1].stripes_at = 12;
	bad[2].stripe_bytes = 0;
	bad[3].stripe_bytes = 12;
	bad[4].lane_at = 64;
	bad[5].stripes = 63;
	bad[6].stripes = UINT32_MAX;
	bad[7].stripe_bytes = 0xfffffff8u;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		memcpy(shm, &bad[i], sizeof good);
		ck_assert_msg(mpshm_counter_open(&other, seg, "counter", 0, NULL) == -EBADMSG,
		              "row %zu", i);
		ck_assert_int_eq(mpshm_counter_add(counter, 1), 0);
	}
	memcpy(shm, &good, sizeof good);
	ck_assert_int_eq(mpshm_counter_sum(counter), (int64_t) COUNT_OF(bad));
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
}
END_TEST

Suite *suite_counter(void)
{
	Suite *suite = suite_create("counter");
	TCase *tcase = objects_tcase(suite, "counter");
	tcase_add_test(tcase, counter_open_tells_every_error);
	tcase_add_test(tcase, counter_sums_adds_and_bound_adds_of_both_signs);
	tcase_add_test(tcase, counter_adds_of_threads_children_and_mappings_are_all_summed);
	tcase_add_test(tcase, counter_stripe_bound_by_the_parent_is_noticed_in_the_child);
	tcase_add_test(tcase, counter_keeps_what_the_dead_added_and_its_successors_go_on_from_it);
	tcase_add_test(tcase, counter_add_without_a_cell_left_returns_eusers);
	tcase_add_test(tcase, counter_geometry_of_a_hostile_peer_returns_ebadmsg);
	return suite;
}
