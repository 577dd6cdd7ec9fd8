/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking at what is no segment, or a damaged one. */
#include "able.h"
#include "inspect_fixture.h"
#include "skip.h"

static int write_file(const char *what, const void *bytes, size_t count, off_t length)
{
	char path[SHM_PATH_MAX];

	mpshm_i_shm_path(what, path);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, count), (ssize_t) count);
	ck_assert_int_eq(ftruncate(fd, length), 0);
	return fd;
}

static void assert_state(const char *what, int error, enum mpshm_segment_state state)
{
	enum mpshm_segment_state told = 99;
	struct mpshm_inspect *other = NULL;

	ck_assert_int_eq(mpshm_inspect_open(&other, what, &told), error);
	ck_assert_int_eq(told, state);
	ck_assert_ptr_null(other);
}

START_TEST(files_that_are_no_segments_are_told_apart)
{
	struct segment_shm header = *segment->shm;
	struct mpshm_inspect *other = NULL;
	char what[80], path[SHM_PATH_MAX];
	off_t length = (off_t) segment->bytes;

	snprintf(what, sizeof what, "%s-bad", name);
	mpshm_i_shm_path(what, path);
	ck_assert_int_eq(mpshm_inspect_open(&other, "bad/name", NULL), -EINVAL);
	ck_assert_int_eq(mpshm_inspect_open(&other, what, NULL), -ENOENT);
	close(write_file(what, "", 0, 0));
	assert_state(what, -EAGAIN, MPSHM_SEGMENT_CREATING);
	close(write_file(what, "hello, this is text", 19, 19));
	assert_state(what, -EBADMSG, MPSHM_SEGMENT_OTHER);
	close(write_file(what, &header, sizeof header, length - 4096));
	assert_state(what, -EBADMSG, MPSHM_SEGMENT_TRUNCATED);
	header.heap_at = UINT64_MAX - 4095;
	close(write_file(what, &header, sizeof header, length));
	assert_state(what, -EBADMSG, MPSHM_SEGMENT_CORRUPT);
	header = *segment->shm;
	header.layout_major = 7;
	close(write_file(what, &header, sizeof header, length));
	assert_state(what, -EPROTO, MPSHM_SEGMENT_FOREIGN);
	header = *segment->shm;
	close(write_file(what, &header, sizeof header, length));
	ck_assert_int_eq(mpshm_inspect_open(&other, what, NULL), 0);
	ck_assert_int_eq(unlink(path), 0);
	mpshm_inspect_close(other);
}
END_TEST

START_TEST(file_truncated_while_looked_at_is_ebadmsg)
{
	struct mpshm_segment_info info;
	struct mpshm_object_info object;
	uint32_t cursor = 0;
	struct mpshm_inspect *other;
	char what[80], path[SHM_PATH_MAX];

	snprintf(what, sizeof what, "%s-cut", name);
	mpshm_i_shm_path(what, path);
	int fd = write_file(what, segment->base, segment->heap_at, (off_t) segment->bytes);
	ck_assert_int_eq(mpshm_inspect_open(&other, what, NULL), 0);
	ck_assert_int_eq(mpshm_inspect_segment(other, &info), 0);
	ck_assert_int_eq(ftruncate(fd, 100), 0);
	ck_assert_int_eq(mpshm_inspect_segment(other, &info), -EBADMSG);
	ck_assert_int_eq(mpshm_inspect_object(other, &cursor, &object), -EBADMSG);
	close(fd);
	mpshm_inspect_close(other);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

/* Look at all that there is; what is told doesn't matter. */
static void look_at_everything(const char *what)
{
	struct mpshm_segment_info info;
	struct mpshm_object_info object;
	struct mpshm_participant_info participant;
	struct mpshm_inspect *other;

	if (mpshm_inspect_open(&other, what, NULL) < 0)
		return;
	(void) mpshm_inspect_segment(other, &info);
	for (uint32_t cursor = 0, before = 1; cursor != before;) {
		before = cursor;
		(void) mpshm_inspect_object(other, &cursor, &object);
	}
	for (uint32_t cursor = 0, before = 1; cursor != before;) {
		before = cursor;
		(void) mpshm_inspect_participant(other, &cursor, &participant);
	}
	mpshm_inspect_close(other);
}

START_TEST(damaged_segments_never_crash_who_looks)
{
	struct mpshm_queue_options options = {.capacity = 10, .max_message_bytes = 4096};
	struct mpshm_counter *counter;
	struct mpshm_queue *queue;
	unsigned seed = 12345;
	char what[80], path[SHM_PATH_MAX];

	ck_assert_int_eq(mpshm_queue_open(&queue, segment, "q", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_counter_open(&counter, segment, "c", MPSHM_CREATE, NULL),
	                 MPSHM_CREATED);
	snprintf(what, sizeof what, "%s-odd", name);
	mpshm_i_shm_path(what, path);
	int fd = write_file(what, segment->base, segment->bytes, (off_t) segment->bytes);
	size_t bytes = segment->heap_at + 8192;
	for (int round = 0; round < 2000; round++) {
		/* Mostly tables and heads; a few bytes at a time, put back again. */
		off_t at = (off_t) ((unsigned) rand_r(&seed) % bytes) & ~7;
		uint64_t odd = (uint64_t) rand_r(&seed) << (unsigned) rand_r(&seed) % 48;
		if (round % 3 == 0)
			odd = UINT64_MAX >> (unsigned) rand_r(&seed) % 64;
		ck_assert_int_eq(pwrite(fd, &odd, sizeof odd, at), sizeof odd);
		look_at_everything(what);
		ck_assert_int_eq(pwrite(fd, segment->base + at, sizeof odd, at), sizeof odd);
	}
	close(fd);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
}
END_TEST

START_TEST(entry_that_fails_its_check_is_skipped_over)
{
	struct mpshm_object_info info;
	struct mpshm_value *first, *second;
	uint32_t cursor = 0;

	ck_assert_int_eq(mpshm_value_open(&first, segment, "a", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_value_open(&second, segment, "b", MPSHM_CREATE, NULL),
	                 MPSHM_CREATED);
	struct extent_shm good = segment->directory[0].extents[0];
	segment->directory[0].extents[0].offset = 3;
	ck_assert_int_eq(mpshm_inspect_object(inspect, &cursor, &info), -EBADMSG);
	ck_assert_uint_eq(cursor, 1);
	ck_assert_int_eq(mpshm_inspect_object(inspect, &cursor, &info), 1);
	ck_assert_str_eq(info.name, "b");
	segment->directory[0].extents[0] = good;
	ck_assert_int_eq(mpshm_value_close(first), 0);
	ck_assert_int_eq(mpshm_value_close(second), 0);
}
END_TEST

START_TEST(descriptor_that_the_host_closed_is_told)
{
	struct mpshm_segment_info info;

	SKIP_UNLESS(able_to_begin_anew(), "CK_FORK=no");
	for (int fd = 3; fd < 100; fd++)
		close(fd);
	ck_assert_int_eq(mpshm_inspect_segment(inspect, &info), -EBADF);
}
END_TEST

Suite *suite_inspect_damaged(void)
{
	Suite *suite = suite_create("inspect_damaged");
	TCase *tcase = tcase_create("inspect_damaged");
	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, files_that_are_no_segments_are_told_apart);
	tcase_add_test(tcase, file_truncated_while_looked_at_is_ebadmsg);
	tcase_add_test(tcase, damaged_segments_never_crash_who_looks);
	tcase_add_test(tcase, entry_that_fails_its_check_is_skipped_over);
	tcase_add_test(tcase, descriptor_that_the_host_closed_is_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
