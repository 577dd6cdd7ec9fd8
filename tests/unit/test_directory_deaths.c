/* SPDX-License-Identifier: BSD-2-Clause */
/* Creators and unlinkers that are killed, stopped, or many. */
#include "directory_fixture.h"

/* A child that has the directory lock, has begun an object, and stays. */
static pid_t child_in_the_middle(void)
{
	int ready[2];
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (mpshm_i_segment_register(segment) < 0)
			_exit(1);
		pthread_mutex_lock(&segment->mutex);
		if (mpshm_i_directory_lock(segment) < 0)
			_exit(2);
		struct entry_shm *entry = &segment->directory[5];
		entry->extents[0] = (struct extent_shm){segment->heap_at, 64 * LAYOUT_PAGE};
		atomic64_store_release(&entry->state, entry_state(ENTRY_CREATING, 1));
		memset(segment->base + segment->heap_at, 1, 64 * LAYOUT_PAGE);
		(void) !write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

START_TEST(dead_holder_of_the_directory_is_taken_over_and_its_work_undone)
{
	struct object object;
	uint64_t before = memory_blocks();
	pid_t child = child_in_the_middle();

	kill(child, SIGKILL);
	reap_child(child, SIGKILL);
	ck_assert_uint_gt(memory_blocks(), before);
	ck_assert_int_eq(make(&object, "a", LAYOUT_PAGE), MPSHM_CREATED);
	ck_assert_ptr_eq(object.shm, segment->base + segment->heap_at);
	ck_assert_uint_eq(segment->shm->recoveries.raw, 1);
	ck_assert_uint_eq(memory_blocks(), before + LAYOUT_PAGE / 512);
	ck_assert_int_eq(mpshm_i_object_close(&object), 0);
}
END_TEST

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t) now.tv_sec * 1000000000 + (uint64_t) now.tv_nsec;
}

START_TEST(stopped_holder_of_the_directory_holds_up_no_stuck_call)
{
	pid_t child = child_in_the_middle();

	kill(child, SIGSTOP);
	uint64_t before = now_ns();
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(mpshm_i_recover(segment), 0);
	ck_assert_uint_lt(now_ns() - before, 500000000);
	kill(child, SIGKILL);
	reap_child(child, SIGKILL);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
}
END_TEST

START_TEST(waiter_for_the_directory_gets_it_when_the_holder_dies)
{
	struct object object;
	pid_t child = child_in_the_middle();
	pid_t killer = fork();

	if (killer == 0) {
		usleep(50000);
		kill(child, SIGKILL);
		_exit(0);
	}
	uint64_t before = now_ns();
	ck_assert_int_eq(make(&object, "a", 1), MPSHM_CREATED);
	ck_assert_uint_ge(now_ns() - before, 40000000);
	ck_assert_uint_lt(now_ns() - before, 1000000000);
	reap_child(killer, 0);
	reap_child(child, SIGKILL);
	ck_assert_int_eq(mpshm_i_object_close(&object), 0);
}
END_TEST

static void create_and_unlink_for_ever(const char *prefix)
{
	struct mpshm_segment *own;

	if (mpshm_segment_open(&own, name, MPSHM_NEW_MAPPING, NULL) < 0)
		_exit(3);
	for (unsigned i = 0;; i++) {
		struct object_plan plan = plan_of((1 + i % 13) * LAYOUT_PAGE);
		struct object object;
		char what[32];

		snprintf(what, sizeof what, "%s%u", prefix, i % 3);
		int ret = mpshm_i_object_open(&object, own, what, MPSHM_CREATE, &thing, &plan);
		if (ret < 0)
			_exit(4);
		if (i % 2)
			(void) mpshm_object_unlink(own, what);
		if (mpshm_i_object_close(&object) < 0)
			_exit(5);
		(void) mpshm_object_unlink(own, what);
	}
}

static uint32_t participants(enum participant_kind kind)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < segment->participants_max; i++)
		count += participant_state_kind(segment->participants[i].state.raw) == kind;
	return count;
}

START_TEST(creator_killed_at_any_moment_leaves_nothing_behind)
{
	uint64_t before = memory_blocks();
	unsigned seed = (unsigned) getpid();

	for (int round = 0; round < 150; round++) {
		pid_t child = fork();
		if (child == 0)
			create_and_unlink_for_ever("k");
		usleep(200 + (unsigned) rand_r(&seed) % 4000);
		kill(child, SIGKILL);
		reap_child(child, SIGKILL);
		ck_assert_int_ge(mpshm_segment_recover(segment), 0);

		/* Whole objects that had been created stay; all else is gone. */
		for (int i = 0; i < 3; i++) {
			char what[8];
			snprintf(what, sizeof what, "k%d", i);
			int ret = mpshm_object_unlink(segment, what);
			ck_assert(ret == 0 || ret == -ENOENT);
		}
		assert_all_empty();
		ck_assert_uint_eq(memory_blocks(), before);
		ck_assert_uint_eq(participants(PARTICIPANT_FREE), segment->participants_max - 1);
	}
	make_and_close("whole", segment->bytes - segment->heap_at);
}
END_TEST

START_TEST(two_processes_create_and_unlink_at_once)
{
	uint64_t before = memory_blocks();
	pid_t children[2];

	for (int i = 0; i < 2; i++) {
		children[i] = fork();
		if (children[i] == 0)
			create_and_unlink_for_ever(i ? "a" : "b");
	}
	while (participants(PARTICIPANT_ACTIVE) < 3)
		usleep(100); /* or they may be killed before they have begun */
	for (int i = 0; i < 300; i++) {
		make_and_close("mine", 3 * LAYOUT_PAGE);
		ck_assert_int_eq(mpshm_object_unlink(segment, "mine"), 0);
	}
	for (int i = 0; i < 2; i++) {
		int status;
		ck_assert_int_eq(waitpid(children[i], &status, WNOHANG), 0); /* nobody failed */
		kill(children[i], SIGKILL);
		reap_child(children[i], SIGKILL);
	}
	/* The first to be killed may have been found by the second. */
	int recovered = mpshm_segment_recover(segment);
	ck_assert(recovered == 1 || recovered == 2);
	ck_assert_uint_eq(participants(PARTICIPANT_FREE), segment->participants_max - 1);
	for (int i = 0; i < 3; i++) {
		char what[8];
		snprintf(what, sizeof what, "a%d", i);
		(void) mpshm_object_unlink(segment, what);
		snprintf(what, sizeof what, "b%d", i);
		(void) mpshm_object_unlink(segment, what);
	}
	assert_all_empty();
	ck_assert_uint_eq(memory_blocks(), before);
}
END_TEST

Suite *suite_directory_deaths(void)
{
	Suite *suite = suite_create("directory_deaths");
	TCase *tcase = tcase_create("directory_deaths");
	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, open_segment, close_segment);
	tcase_add_test(tcase, dead_holder_of_the_directory_is_taken_over_and_its_work_undone);
	tcase_add_test(tcase, stopped_holder_of_the_directory_holds_up_no_stuck_call);
	tcase_add_test(tcase, waiter_for_the_directory_gets_it_when_the_holder_dies);
	tcase_add_test(tcase, creator_killed_at_any_moment_leaves_nothing_behind);
	tcase_add_test(tcase, two_processes_create_and_unlink_at_once);
	suite_add_tcase(suite, tcase);
	return suite;
}
