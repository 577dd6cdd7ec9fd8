/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments: open, find, close, unlink, and every error that they document. */
#include "suites.h"

#include "able.h"
#include "effort.h"
#include "processes.h"
#include "skip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <mpshm.h>

#include "layout/segment.h"
#include "platform/shm.h"
#include "segment/segment.h"

static char name[64];
static char path[SHM_PATH_MAX];
static const struct mpshm_segment_options small = {
	.size_bytes = UINT64_C(1) << 20,
	.directory_capacity = 8,
	.participants_max = 4,
	.threads_max = 8,
};

static void set_up(void)
{
	snprintf(name, sizeof name, "test-segment-%d", (int) getpid());
	mpshm_i_shm_path(name, path);
	(void) mpshm_segment_unlink(name);
}

static void tear_down(void)
{
	(void) unlink(path);
}

static struct mpshm_segment *open_it(unsigned flags, int expected)
{
	struct mpshm_segment *segment = NULL;
	int ret = mpshm_segment_open(&segment, name, flags, &small);
	ck_assert_msg(ret == expected, "%d, not %d: %s", ret, expected, mpshm_error_detail());
	return segment;
}

static struct mpshm_segment *create_it(void)
{
	return open_it(MPSHM_CREATE, MPSHM_CREATED);
}

static void close_it(struct mpshm_segment *segment)
{
	int ret = mpshm_segment_close(segment);
	ck_assert_msg(ret == 0, "%d: %s", ret, mpshm_error_detail());
}

START_TEST(segment_open_of_none_without_create_returns_enoent)
{
	struct mpshm_segment *segment = (void *) &segment;
	ck_assert_int_eq(mpshm_segment_open(&segment, name, 0, NULL), -ENOENT);
	ck_assert_ptr_eq(segment, (void *) &segment);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), name));
}
END_TEST

START_TEST(segment_open_creates_once_and_attaches_then_with_the_same_handle)
{
	struct mpshm_segment *first = create_it();
	struct mpshm_segment *second = open_it(MPSHM_CREATE, MPSHM_ATTACHED);

	ck_assert_ptr_eq(first, second);
	ck_assert_str_eq(mpshm_segment_name(first), name);
	close_it(first);
	ck_assert_int_eq(mpshm_segment_find(&second, name), 0); /* one is left, and a second */
	close_it(second);
	close_it(second);
	ck_assert_int_eq(mpshm_segment_find(&second, name), -ENOENT);
}
END_TEST

START_TEST(segment_open_by_default_takes_the_documented_options)
{
	struct mpshm_segment *segment;
	struct stat file;

	ck_assert_int_eq(mpshm_segment_open(&segment, name, MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(segment->participants_max, 128);
	ck_assert_int_eq(segment->threads_max, 512);
	ck_assert_int_eq(segment->directory_capacity, 128);
	ck_assert_int_eq(segment->bytes - segment->heap_at, 1 << 30);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert_int_eq(file.st_mode & 07777, 0600);
	close_it(segment);
}
END_TEST

START_TEST(segment_open_exclusive_of_an_existing_one_returns_eexist)
{
	struct mpshm_segment *segment = open_it(MPSHM_CREATE | MPSHM_EXCLUSIVE, MPSHM_CREATED);
	open_it(MPSHM_CREATE | MPSHM_EXCLUSIVE, -EEXIST);
	close_it(segment);
}
END_TEST

START_TEST(segment_open_refuses_what_is_no_name)
{
	char long_name[202];
	static const char *const bad[] = {"", "a/b", "..a b", "\xc3\xa4", "a\n"};
	struct mpshm_segment *segment;

	memset(long_name, 'a', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	ck_assert_int_eq(mpshm_segment_open(&segment, long_name, MPSHM_CREATE, NULL), -EINVAL);
	ck_assert_int_eq(mpshm_segment_open(&segment, NULL, MPSHM_CREATE, NULL), -EINVAL);
	ck_assert_int_eq(mpshm_segment_open(NULL, name, MPSHM_CREATE, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_int_eq(mpshm_segment_open(&segment, bad[i], MPSHM_CREATE, NULL), -EINVAL);
		ck_assert_int_eq(mpshm_segment_find(&segment, bad[i]), -EINVAL);
		ck_assert_int_eq(mpshm_segment_unlink(bad[i]), -EINVAL);
	}
}
END_TEST

START_TEST(segment_open_refuses_wrong_flags_and_options_and_leaves_nothing)
{
	const struct mpshm_segment_options bad[] = {
		{.participants_max = 1025},
		{.threads_max = 65537},
		{.directory_capacity = 4097},
		{.size_bytes = UINT64_MAX},
		{.mode = 010600},
		{.mode = 0060},
		{.flags = 2},
		{.reserved = {0, 1}},
		{.group = "no such group"},
		{.group = "4294967295"},
		{.group = ""},
	};
	struct mpshm_segment *segment;

	ck_assert_int_eq(mpshm_segment_open(&segment, name, 0x8000, NULL), -EINVAL);
	ck_assert_int_eq(mpshm_segment_open(&segment, name, MPSHM_EXCLUSIVE, NULL), -EINVAL);
	ck_assert_int_eq(mpshm_segment_open(&segment, name, MPSHM_PRODUCER, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		int ret = mpshm_segment_open(&segment, name, MPSHM_CREATE, &bad[i]);
		ck_assert_msg(ret == -EINVAL, "option set %zu: %d", i, ret);
	}
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(segment_open_with_new_mapping_attaches_at_another_address)
{
	struct mpshm_segment *first = create_it();
	struct mpshm_segment *second = open_it(MPSHM_NEW_MAPPING, MPSHM_ATTACHED);
	struct mpshm_segment *found;
	struct mpshm_value *a, *b;
	int64_t value = 0;

	ck_assert_ptr_ne(first, second);
	ck_assert_ptr_ne(first->base, second->base);
	ck_assert_uint_ne(first->participant, second->participant);
	ck_assert_int_eq(mpshm_segment_find(&found, name), 0);
	ck_assert_ptr_eq(found, first);
	close_it(found);
	ck_assert_int_eq(mpshm_value_open(&a, first, "v", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_value_open(&b, second, "v", 0, NULL), MPSHM_ATTACHED);
	mpshm_value_store(a, 42);
	value = mpshm_value_load(b);
	ck_assert_int_eq(value, 42);
	ck_assert_int_eq(mpshm_value_close(a), 0);
	ck_assert_int_eq(mpshm_value_close(b), 0);
	close_it(first);
	ck_assert_int_eq(mpshm_segment_find(&found, name), 0);
	ck_assert_ptr_eq(found, second);
	close_it(found);
	close_it(second);
}
END_TEST

START_TEST(segment_close_with_an_object_open_returns_ebusy_and_changes_nothing)
{
	struct mpshm_segment *segment = create_it();
	struct mpshm_value *value;

	ck_assert_int_eq(mpshm_value_open(&value, segment, "v", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_segment_close(segment), -EBUSY);
	mpshm_value_store(value, 7);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	close_it(segment);
	ck_assert_int_eq(mpshm_segment_close(NULL), -EINVAL);
}
END_TEST

START_TEST(segment_unlink_frees_the_name_at_once_for_another_segment)
{
	struct mpshm_segment *old = create_it();
	uint8_t old_uuid[16], new_uuid[16];

	ck_assert_int_eq(mpshm_segment_unlink(name), 0);
	ck_assert_int_eq(mpshm_segment_unlink(name), -ENOENT);
	open_it(0, -ENOENT);
	struct mpshm_segment *new = create_it();
	ck_assert_ptr_ne(old, new);
	mpshm_segment_uuid(old, old_uuid);
	mpshm_segment_uuid(new, new_uuid);
	ck_assert_mem_ne(old_uuid, new_uuid, 16);

	struct mpshm_value *value; /* who is attached goes on */
	ck_assert_int_eq(mpshm_value_open(&value, old, "v", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	struct mpshm_segment *found;
	ck_assert_int_eq(mpshm_segment_find(&found, name), 0);
	ck_assert_ptr_eq(found, new);
	close_it(found);
	close_it(new);
	close_it(old);
}
END_TEST

static void attach_and_wait(void *gate)
{
	struct mpshm_segment *segment;
	CHILD_ASSERT(mpshm_segment_open(&segment, name, 0, NULL) == MPSHM_ATTACHED);
	child_says_ready(gate);
	child_stays();
}

START_TEST(segment_with_all_slots_taken_returns_eusers_until_one_dies)
{
	struct child_gate gate;
	pid_t children[4];

	close_it(create_it());
	ck_assert_int_eq(pipe(gate.ends), 0);
	for (int i = 0; i < 4; i++) {
		children[i] = child_start(attach_and_wait, &gate);
		child_awaited(&gate);
	}
	open_it(0, -EUSERS);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "4"));
	child_kill(children[1]);
	struct mpshm_segment *segment = open_it(0, MPSHM_ATTACHED);
	ck_assert_uint_eq(segment->participant, 1);
	for (int i = 0; i < 4; i++)
		if (i != 1)
			child_kill(children[i]);
	ck_assert_int_eq(mpshm_segment_recover(segment), 3);
	close_it(segment);
}
END_TEST

static void attach_and_die(void *unused)
{
	struct mpshm_segment *segment;
	(void) unused;
	CHILD_ASSERT(mpshm_segment_open(&segment, name, 0, NULL) == MPSHM_ATTACHED);
	CHILD_ASSERT(mpshm_thread_attach(segment) == 0);
	kill(getpid(), SIGKILL);
}

START_TEST(segment_is_the_same_after_many_have_attached_and_died)
{
	struct mpshm_segment *segment = create_it();
	struct stat before, after;

	ck_assert_int_eq(stat(path, &before), 0);
	struct effort effort = effort_begin(100, 2000);
	while (effort_goes_on(&effort))
		ck_assert_int_eq(child_run(attach_and_die, NULL), -SIGKILL);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	ck_assert_int_eq(mpshm_segment_recover(segment), 0);
	ck_assert_int_eq(stat(path, &after), 0);
	if (able_to_leave_holes())
		ck_assert_int_eq(before.st_blocks, after.st_blocks);
	else
		SKIP_PART("memory is touched by who dies");
	for (int i = 0; i < 8; i++)
		ck_assert_uint_eq(atomic64_load_acquire(&segment->cells[i].owner), OWNER_NONE);
	ck_assert_uint_eq(atomic64_load_acquire(&segment->shm->peer_deaths), effort.done);
	close_it(segment);
}
END_TEST

START_TEST(segment_generation_goes_on_beyond_32_bits)
{
	close_it(create_it());
	struct mpshm_segment *keeper = open_it(0, MPSHM_ATTACHED);
	atomic64_store_release(&keeper->participants[1].state,
	                       participant_state(PARTICIPANT_FREE, UINT32_MAX));
	struct mpshm_segment *wrapped = open_it(MPSHM_NEW_MAPPING, MPSHM_ATTACHED);
	ck_assert_uint_eq(wrapped->participant, 1);
	ck_assert_uint_eq(wrapped->self, owner_make(1, 0));
	ck_assert_int_eq(mpshm_thread_attach(wrapped), 0);
	close_it(wrapped);
	ck_assert_uint_eq(atomic64_load_acquire(&keeper->participants[1].state),
	                  participant_state(PARTICIPANT_FREE, 0));
	close_it(keeper);
}
END_TEST

START_TEST(segment_ephemeral_goes_with_the_last_living_one)
{
	struct mpshm_segment_options options = small;
	struct mpshm_segment *first, *second;

	options.flags = MPSHM_EPHEMERAL;
	ck_assert_int_eq(mpshm_segment_open(&first, name, MPSHM_CREATE, &options), MPSHM_CREATED);
	second = open_it(MPSHM_NEW_MAPPING, MPSHM_ATTACHED);
	ck_assert_int_eq(child_run(attach_and_die, NULL), -SIGKILL); /* stays unresolved */
	close_it(first);
	ck_assert_int_eq(access(path, F_OK), 0);
	close_it(second);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(segment_ephemeral_that_was_unlinked_leaves_its_successor_alone)
{
	struct mpshm_segment_options options = small;
	struct mpshm_segment *first, *second;

	options.flags = MPSHM_EPHEMERAL;
	ck_assert_int_eq(mpshm_segment_open(&first, name, MPSHM_CREATE, &options), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_segment_unlink(name), 0);
	ck_assert_int_eq(mpshm_segment_open(&second, name, MPSHM_CREATE, &options), MPSHM_CREATED);
	close_it(first);
	ck_assert_int_eq(access(path, F_OK), 0);
	close_it(second);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

/* Page faults of this process while it writes to each page of a ring, all of it its own. */
static long first_touch_faults(unsigned flags)
{
	const struct mpshm_spsc_options options = {.capacity = 4096, .element_bytes = 1024};
	struct mpshm_segment *mine;
	struct mpshm_spsc *ring;
	struct mpshm_span span;
	struct rusage before, after;

	ck_assert_int_ge(
		mpshm_segment_open(&mine, name, MPSHM_CREATE | MPSHM_NEW_MAPPING | flags, NULL), 0);
	ck_assert_int_ge(
		mpshm_spsc_open(&ring, mine, "ring", MPSHM_CREATE | MPSHM_PRODUCER, &options), 0);
	ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 4096, &span), 4096);
	(void) getrusage(RUSAGE_SELF, &before);
	for (size_t at = 0; at < span.count * span.stride_bytes; at += 4096)
		((volatile char *) span.first)[at] = 1;
	(void) getrusage(RUSAGE_SELF, &after);
	ck_assert_int_eq(mpshm_spsc_commit(ring, &span, 0), 0);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	ck_assert_int_eq(mpshm_segment_close(mine), 0);
	return after.ru_minflt - before.ru_minflt;
}

START_TEST(segment_prefault_spares_the_faults_of_the_first_touch)
{
	(void) first_touch_faults(0); /* what watches memory has seen it now */
	long faults = first_touch_faults(0);
	ck_assert_int_gt(faults, 10);
	ck_assert_int_lt(first_touch_faults(MPSHM_PREFAULT), faults / 4);
}
END_TEST

/* Whether there are any is the system's to say; all else is as ever. */
START_TEST(segment_huge_pages_are_a_wish)
{
	(void) first_touch_faults(MPSHM_HUGE_PAGES);
	(void) first_touch_faults(MPSHM_HUGE_PAGES | MPSHM_PREFAULT);
	struct mpshm_segment *huge;
	ck_assert_int_eq(
		mpshm_segment_open(&huge, name, MPSHM_NEW_MAPPING | MPSHM_HUGE_PAGES, NULL),
		MPSHM_ATTACHED);
	ck_assert_uint_eq((uintptr_t) huge->base % (2 << 20), 0);
	ck_assert_int_eq(mpshm_segment_close(huge), 0);
}
END_TEST

Suite *suite_segment(void)
{
	Suite *suite = suite_create("segment");
	TCase *tcase = tcase_create("segment");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, segment_open_of_none_without_create_returns_enoent);
	tcase_add_test(tcase, segment_open_creates_once_and_attaches_then_with_the_same_handle);
	tcase_add_test(tcase, segment_open_by_default_takes_the_documented_options);
	tcase_add_test(tcase, segment_open_exclusive_of_an_existing_one_returns_eexist);
	tcase_add_test(tcase, segment_open_refuses_what_is_no_name);
	tcase_add_test(tcase, segment_open_refuses_wrong_flags_and_options_and_leaves_nothing);
	tcase_add_test(tcase, segment_open_with_new_mapping_attaches_at_another_address);
	tcase_add_test(tcase, segment_prefault_spares_the_faults_of_the_first_touch);
	tcase_add_test(tcase, segment_huge_pages_are_a_wish);
	tcase_add_test(tcase, segment_close_with_an_object_open_returns_ebusy_and_changes_nothing);
	tcase_add_test(tcase, segment_unlink_frees_the_name_at_once_for_another_segment);
	tcase_add_test(tcase, segment_with_all_slots_taken_returns_eusers_until_one_dies);
	tcase_add_test(tcase, segment_is_the_same_after_many_have_attached_and_died);
	tcase_add_test(tcase, segment_generation_goes_on_beyond_32_bits);
	tcase_add_test(tcase, segment_ephemeral_goes_with_the_last_living_one);
	tcase_add_test(tcase, segment_ephemeral_that_was_unlinked_leaves_its_successor_alone);
	suite_add_tcase(suite, tcase);
	return suite;
}
