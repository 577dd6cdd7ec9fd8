/* SPDX-License-Identifier: BSD-2-Clause */
/* value: every operation, its errors, and that nothing is lost between processes. */
#include "objects.h"

#include <pthread.h>
#include <stdio.h>

static struct mpshm_value *value_of(int64_t initial)
{
	struct mpshm_value *value;
	const struct mpshm_value_options options = {.initial = initial};
	ck_assert_int_eq(mpshm_value_open(&value, seg, "value", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	return value;
}

START_TEST(value_begins_with_its_initial_and_keeps_it_for_the_next_opener)
{
	struct mpshm_value *value = value_of(-7), *other;
	const struct mpshm_value_options options = {.initial = 99};
	ck_assert_int_eq(mpshm_value_load(value), -7);
	ck_assert_int_eq(mpshm_value_open(&other, seg, "value", MPSHM_CREATE, &options),
	                 MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_value_load(other), -7);
	ck_assert_int_eq(mpshm_value_close(other), 0);
	ck_assert_int_eq(mpshm_value_open(&other, seg, "zero", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_value_load(other), 0);
	ck_assert_int_eq(mpshm_value_close(other), 0);
	ck_assert_int_eq(mpshm_value_close(value), 0);
}
END_TEST

START_TEST(value_open_tells_every_error)
{
	struct mpshm_value *value = value_of(0), *other = value;
	struct mpshm_counter *counter;
	struct mpshm_value_options reserved = {.reserved = {[5] = 1}};
	ck_assert_int_eq(mpshm_value_open(&other, seg, "", MPSHM_CREATE, NULL), -EINVAL);
	ck_assert_int_eq(mpshm_value_open(&other, seg, "v", MPSHM_CREATE | MPSHM_PRODUCER, NULL),
	                 -EINVAL);
	ck_assert_int_eq(mpshm_value_open(&other, seg, "v", MPSHM_EXCLUSIVE, NULL), -EINVAL);
	ck_assert_int_eq(mpshm_value_open(&other, seg, "v", MPSHM_CREATE, &reserved), -EINVAL);
	ck_assert_int_eq(mpshm_value_open(&other, seg, "value", 0, &reserved), -EINVAL);
	ck_assert_int_eq(mpshm_value_open(&other, seg, "v", 0, NULL), -ENOENT);
	ck_assert_int_eq(
		mpshm_value_open(&other, seg, "value", MPSHM_CREATE | MPSHM_EXCLUSIVE, NULL),
		-EEXIST);
	ck_assert_int_eq(mpshm_counter_open(&counter, seg, "c", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_value_open(&other, seg, "c", 0, NULL), -ENOTTY);
	ck_assert_ptr_eq(other, value);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
	ck_assert_int_eq(mpshm_value_close(value), 0);
}
END_TEST

START_TEST(value_open_without_room_in_the_directory_returns_enospc)
{
	struct mpshm_value *value[40], *one_more;
	char name[16];
	int made = 0, ret = 0;
	for (; made < 40; made++) {
		(void) snprintf(name, sizeof name, "v%d", made);
		ret = mpshm_value_open(&value[made], seg, name, MPSHM_CREATE, NULL);
		if (ret != MPSHM_CREATED)
			break;
	}
	ck_assert_int_eq(ret, -ENOSPC);
	ck_assert_int_eq(made, 32);
	ck_assert_int_eq(mpshm_value_close(value[3]), 0);
	ck_assert_int_eq(mpshm_object_unlink(seg, "v3"), 0);
	ck_assert_int_eq(mpshm_value_open(&one_more, seg, "v40", MPSHM_CREATE, NULL),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_value_close(one_more), 0);
	for (int i = 0; i < made; i++)
		if (i != 3)
			ck_assert_int_eq(mpshm_value_close(value[i]), 0);
}
END_TEST

START_TEST(value_operations_return_what_was_before)
{
	struct mpshm_value *value = value_of(10);
	int64_t expected = 11;
	ck_assert_int_eq(mpshm_value_add(value, 5), 10);
	ck_assert_int_eq(mpshm_value_add(value, -20), 15);
	ck_assert_int_eq(mpshm_value_load(value), -5);
	ck_assert_int_eq(mpshm_value_exchange(value, 3), -5);
	ck_assert_int_eq(mpshm_value_compare_exchange(value, &expected, 4), 0);
	ck_assert_int_eq(expected, 3);
	ck_assert_int_eq(mpshm_value_load(value), 3);
	ck_assert_int_eq(mpshm_value_compare_exchange(value, &expected, 4), 1);
	ck_assert_int_eq(expected, 3);
	ck_assert_int_eq(mpshm_value_load(value), 4);
	mpshm_value_store(value, INT64_MAX);
	ck_assert_int_eq(mpshm_value_add(value, 1), INT64_MAX);
	ck_assert_int_eq(mpshm_value_load(value), INT64_MIN);
	ck_assert_int_eq(*mpshm_value_address(value), INT64_MIN);
	*mpshm_value_address(value) = 77;
	ck_assert_int_eq(mpshm_value_load(value), 77);
	ck_assert_int_eq(mpshm_value_close(value), 0);
}
END_TEST

#define ADDS 20000

static void *add_many(void *value)
{
	for (int i = 0; i < ADDS; i++) {
		if (i % 2) {
			(void) mpshm_value_add(value, 1);
			continue;
		}
		int64_t now = mpshm_value_load(value);
		while (!mpshm_value_compare_exchange(value, &now, now + 1))
			;
	}
	return NULL;
}

static void child_adds_many(void *value)
{
	(void) add_many(value);
}

START_TEST(value_adds_of_threads_processes_and_mappings_are_all_counted)
{
	struct mpshm_segment *second = second_mapping();
	struct mpshm_value *value = value_of(0), *other;
	pthread_t threads[2];
	pid_t children[2];
	ck_assert_int_eq(mpshm_value_open(&other, second, "value", 0, NULL), MPSHM_ATTACHED);
	ck_assert_ptr_ne(mpshm_value_address(value), mpshm_value_address(other));
	for (int i = 0; i < 2; i++)
		children[i] = child_start(child_adds_many, value);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many, i ? value : other), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		child_ends_well(children[i]);
	}
	ck_assert_int_eq(mpshm_value_load(value), 4 * ADDS);
	ck_assert_int_eq(mpshm_value_load(other), 4 * ADDS);
	ck_assert_int_eq(mpshm_value_close(other), 0);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	ck_assert_int_eq(mpshm_segment_close(second), 0);
}
END_TEST

static void set_and_wait(void *value)
{
	mpshm_value_store(value, 5);
	(void) mpshm_value_add(value, 6);
}

START_TEST(value_of_a_killed_process_stays)
{
	struct mpshm_value *value = value_of(0);
	child_kill(child_held(set_and_wait, value));
	ck_assert_int_eq(mpshm_value_load(value), 11);
	ck_assert_int_eq(mpshm_value_close(value), 0);
}
END_TEST

Suite *suite_value(void)
{
	Suite *suite = suite_create("value");
	TCase *tcase = objects_tcase(suite, "value");
	tcase_add_test(tcase, value_begins_with_its_initial_and_keeps_it_for_the_next_opener);
	tcase_add_test(tcase, value_open_tells_every_error);
	tcase_add_test(tcase, value_open_without_room_in_the_directory_returns_enospc);
	tcase_add_test(tcase, value_operations_return_what_was_before);
	tcase_add_test(tcase, value_adds_of_threads_processes_and_mappings_are_all_counted);
	tcase_add_test(tcase, value_of_a_killed_process_stays);
	return suite;
}
