/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking into live, foreign and damaged segments. */
#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mpshm.h>

#include "layout/segment.h"
#include "platform/shm.h"
#include "segment/segment.h"

static char name[64];
static struct mpshm_segment *segment;
static struct mpshm_inspect *inspect;

static void set_up(void)
{
	struct mpshm_segment_options options = {
		.size_bytes = UINT64_C(4) << 20,
		.directory_capacity = 16,
		.participants_max = 6,
		.threads_max = 10,
	};
	snprintf(name, sizeof name, "test-inspect-%d", (int) getpid());
	(void) mpshm_segment_unlink(name);
	ck_assert_int_eq(
		mpshm_segment_open(&segment, name, MPSHM_CREATE | MPSHM_EXCLUSIVE, &options),
		MPSHM_CREATED);
	ck_assert_int_eq(mpshm_inspect_open(&inspect, name, NULL), 0);
}

static void tear_down(void)
{
	mpshm_inspect_close(inspect);
	(void) mpshm_segment_close(segment);
	(void) mpshm_segment_unlink(name);
}

/* The object of that name; false: it isn't listed. */
static bool look_at(const char *what, struct mpshm_object_info *info)
{
	uint32_t cursor = 0;
	int ret;

	while ((ret = mpshm_inspect_object(inspect, &cursor, info)) == 1)
		if (strcmp(info->name, what) == 0)
			return true;
	ck_assert_int_eq(ret, 0);
	return false;
}

START_TEST(segment_is_told_as_it_was_created)
{
	struct mpshm_segment_info info;
	uint8_t uuid[16];

	ck_assert_int_eq(mpshm_inspect_segment(inspect, &info), 0);
	ck_assert_str_eq(info.name, name);
	mpshm_segment_uuid(segment, uuid);
	ck_assert_int_eq(memcmp(uuid, info.uuid, sizeof uuid), 0);
	ck_assert_uint_eq(info.layout_major, SEGMENT_LAYOUT_MAJOR);
	ck_assert_uint_eq(info.directory_capacity, 16);
	ck_assert_uint_eq(info.participants_max, 6);
	ck_assert_uint_eq(info.threads_max, 10);
	ck_assert_uint_eq(info.participants, 1);
	ck_assert_uint_eq(info.objects, 0);
	ck_assert_uint_eq(info.mode, 0600);
	ck_assert_uint_eq(info.uid, getuid());
	ck_assert_uint_eq(info.creator_pid, (uint32_t) getpid());
	ck_assert_uint_gt(info.memory_bytes, 0);
	ck_assert_uint_ge(info.size_bytes, UINT64_C(4) << 20);
	ck_assert_uint_le(info.heap_bytes, info.size_bytes);
}
END_TEST

START_TEST(objects_of_each_type_are_told)
{
	struct mpshm_spsc_options spsc_options = {.capacity = 16, .element_bytes = 12};
	struct mpshm_mpmc_options mpmc_options = {.capacity = 32, .element_bytes = 8};
	struct mpshm_value_options value_options = {.initial = -7};
	struct mpshm_segment_info before, after;
	struct mpshm_object_info info;
	struct mpshm_counter *counter;
	struct mpshm_value *value;
	struct mpshm_spsc *spsc;
	struct mpshm_mpmc *mpmc;
	char element[12] = "";

	ck_assert_int_eq(mpshm_inspect_segment(inspect, &before), 0);
	ck_assert_int_eq(mpshm_spsc_open(&spsc, segment, "spsc", MPSHM_CREATE | MPSHM_PRODUCER,
	                                 &spsc_options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_mpmc_open(&mpmc, segment, "mpmc", MPSHM_CREATE, &mpmc_options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_value_open(&value, segment, "value", MPSHM_CREATE, &value_options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_counter_open(&counter, segment, "counter", MPSHM_CREATE, NULL),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_spsc_try_push(spsc, element), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push(mpmc, element), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push(mpmc, element), 0);
	ck_assert_int_eq(mpshm_mpmc_try_pop(mpmc, element), 0);
	ck_assert_int_eq(mpshm_counter_add(counter, 40), 0);
	ck_assert_int_eq(mpshm_counter_add(counter, 2), 0);

	ck_assert(look_at("spsc", &info));
	ck_assert_uint_eq(info.kind, MPSHM_KIND_SPSC);
	ck_assert_uint_eq(info.capacity, 16);
	ck_assert_uint_eq(info.element_bytes, 12);
	ck_assert_uint_eq(info.used, 1);
	ck_assert_uint_eq(info.producer, segment->participant);
	ck_assert_uint_eq(info.consumer, UINT32_MAX);
	ck_assert_uint_eq(info.openers, 1);
	ck_assert_int_eq(mpshm_inspect_has_open(inspect, info.index, segment->participant), 1);
	ck_assert_int_eq(mpshm_inspect_has_open(inspect, info.index, segment->participant + 1), 0);
	ck_assert(look_at("mpmc", &info));
	ck_assert_uint_eq(info.kind, MPSHM_KIND_MPMC);
	ck_assert_uint_eq(info.capacity, 32);
	ck_assert_uint_eq(info.used, 1);
	ck_assert_uint_eq(info.put_total, 2);
	ck_assert_uint_eq(info.get_total, 1);
	ck_assert(look_at("value", &info));
	ck_assert_uint_eq(info.kind, MPSHM_KIND_VALUE);
	ck_assert_int_eq(info.value, -7);
	ck_assert(look_at("counter", &info));
	ck_assert_uint_eq(info.kind, MPSHM_KIND_COUNTER);
	ck_assert_int_eq(info.value, 42);
	ck_assert(!look_at("none", &info));

	ck_assert_int_eq(mpshm_inspect_segment(inspect, &after), 0);
	ck_assert_uint_eq(after.objects, 4);
	ck_assert_uint_eq(after.threads, 1);
	ck_assert_uint_lt(after.heap_bytes, before.heap_bytes);
	ck_assert_uint_eq(before.heap_bytes - after.heap_bytes,
	                  after.memory_bytes - before.memory_bytes);
	ck_assert_int_eq(mpshm_spsc_close(spsc), 0);
	ck_assert_int_eq(mpshm_mpmc_close(mpmc), 0);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
}
END_TEST

START_TEST(queue_is_told_with_its_blocks_and_shutdown)
{
	struct mpshm_queue_options options = {.capacity = 10, .max_message_bytes = 4096};
	struct mpshm_object_info info;
	struct mpshm_queue *queue;
	char message[3000] = "";

	ck_assert_int_eq(mpshm_queue_open(&queue, segment, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_queue_put(queue, message, sizeof message, 0), 0);
	ck_assert_int_eq(mpshm_queue_put(queue, message, 5, 0), 0);
	ck_assert(look_at("queue", &info));
	ck_assert_uint_eq(info.kind, MPSHM_KIND_QUEUE);
	ck_assert_uint_eq(info.capacity, 10);
	ck_assert_uint_eq(info.used, 2);
	ck_assert_uint_eq(info.element_bytes, 4096);
	ck_assert_uint_gt(info.pool_blocks, 0);
	ck_assert_uint_eq(info.pool_blocks_used, 1);
	ck_assert_uint_eq(info.shut_down, 0);
	ck_assert_int_eq(mpshm_queue_get(queue, message, sizeof message, 0), sizeof message);
	ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	ck_assert(look_at("queue", &info));
	ck_assert_uint_eq(info.used, 1);
	ck_assert_uint_eq(info.pool_blocks_used, 0);
	ck_assert_uint_eq(info.shut_down, 1);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(unlinked_object_is_told_as_such_until_it_is_gone)
{
	struct mpshm_object_info info;
	struct mpshm_value *value;

	ck_assert_int_eq(mpshm_value_open(&value, segment, "v", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_object_unlink(segment, "v"), 0);
	ck_assert(look_at("v", &info));
	ck_assert_uint_eq(info.unlinked, 1);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	ck_assert(!look_at("v", &info));
}
END_TEST

START_TEST(participants_are_told_alive_and_dead)
{
	struct mpshm_participant_info info;
	uint32_t cursor = 0;
	pid_t child = fork();

	if (child == 0) {
		if (mpshm_thread_attach(segment) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(mpshm_inspect_participant(inspect, &cursor, &info), 1);
	ck_assert_uint_eq(info.pid, (uint32_t) getpid());
	ck_assert_uint_eq(info.liveness, MPSHM_ALIVE);
	ck_assert_int_eq(mpshm_inspect_participant(inspect, &cursor, &info), 1);
	ck_assert_uint_eq(info.pid, (uint32_t) child);
	ck_assert_uint_eq(info.liveness, MPSHM_DEAD);
	ck_assert_uint_eq(info.threads, 1);
	ck_assert_int_eq(mpshm_inspect_participant(inspect, &cursor, &info), 0);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	cursor = 1;
	ck_assert_int_eq(mpshm_inspect_participant(inspect, &cursor, &info), 0);
}
END_TEST

START_TEST(looking_does_not_make_a_participant)
{
	struct mpshm_segment_info info;

	ck_assert_int_eq(mpshm_inspect_segment(inspect, &info), 0);
	ck_assert_uint_eq(info.participants, 1);
	ck_assert_uint_eq(info.threads, 0);
}
END_TEST

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

	for (int fd = 3; fd < 100; fd++)
		close(fd);
	ck_assert_int_eq(mpshm_inspect_segment(inspect, &info), -EBADF);
}
END_TEST

struct listing {
	char last[MPSHM_NAME_MAX + 1];
	int seen;
	int stop_at;
};

static int see(const char *what, void *context)
{
	struct listing *listing = context;

	ck_assert_int_lt(strcmp(listing->last, what), 0);
	snprintf(listing->last, sizeof listing->last, "%s", what);
	listing->seen += strcmp(what, name) == 0;
	return listing->seen && listing->stop_at ? listing->stop_at : 0;
}

START_TEST(list_names_each_segment_in_order_and_stops_when_told)
{
	struct listing all = {.last = ""}, some = {.last = "", .stop_at = 5};

	ck_assert_int_eq(mpshm_inspect_list(see, &all), 0);
	ck_assert_int_eq(all.seen, 1);
	ck_assert_int_eq(mpshm_inspect_list(see, &some), 5);
	ck_assert_str_eq(some.last, name);
	ck_assert_int_eq(mpshm_inspect_list(NULL, NULL), -EINVAL);
}
END_TEST

Suite *suite_inspect(void)
{
	Suite *suite = suite_create("inspect");
	TCase *tcase = tcase_create("inspect");
	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, segment_is_told_as_it_was_created);
	tcase_add_test(tcase, objects_of_each_type_are_told);
	tcase_add_test(tcase, queue_is_told_with_its_blocks_and_shutdown);
	tcase_add_test(tcase, unlinked_object_is_told_as_such_until_it_is_gone);
	tcase_add_test(tcase, participants_are_told_alive_and_dead);
	tcase_add_test(tcase, looking_does_not_make_a_participant);
	tcase_add_test(tcase, files_that_are_no_segments_are_told_apart);
	tcase_add_test(tcase, file_truncated_while_looked_at_is_ebadmsg);
	tcase_add_test(tcase, damaged_segments_never_crash_who_looks);
	tcase_add_test(tcase, entry_that_fails_its_check_is_skipped_over);
	tcase_add_test(tcase, descriptor_that_the_host_closed_is_told);
	tcase_add_test(tcase, list_names_each_segment_in_order_and_stops_when_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
