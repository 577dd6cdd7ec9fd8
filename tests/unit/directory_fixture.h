/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of the directory: a small segment, and a class of objects. */
#ifndef MPSHM_TESTS_UNIT_DIRECTORY_FIXTURE_H
#define MPSHM_TESTS_UNIT_DIRECTORY_FIXTURE_H

#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mpshm.h>

#include "platform/shm.h"
#include "segment/directory.h"
#include "segment/lock.h"
#include "segment/object.h"
#include "segment/recovery.h"

#define HEAP_BYTES (UINT64_C(1) << 20)
#define ENTRIES 8u

static char name[64];
static struct mpshm_segment *segment;

static const struct object_class thing = {.type = OBJECT_VALUE, .name = "thing"};
static const struct object_class other = {.type = OBJECT_COUNTER, .name = "other"};

static inline void lay_out(void *shm, const void *context)
{
	memcpy(shm, context, sizeof(uint64_t));
}

static const uint64_t mark = 0x1234567812345678;

static inline struct object_plan plan_of(uint64_t bytes)
{
	return (struct object_plan){.bytes = bytes, .lay_out = lay_out, .context = &mark};
}

static inline void open_segment(void)
{
	struct mpshm_segment_options options = {
		.size_bytes = HEAP_BYTES,
		.directory_capacity = ENTRIES,
		.participants_max = 8,
		.threads_max = 16,
	};
	snprintf(name, sizeof name, "test-directory-%d", (int) getpid());
	(void) mpshm_segment_unlink(name);
	ck_assert_int_eq(
		mpshm_segment_open(&segment, name, MPSHM_CREATE | MPSHM_EXCLUSIVE, &options),
		MPSHM_CREATED);
}

static inline void close_segment(void)
{
	(void) mpshm_segment_close(segment);
	ck_assert_int_eq(mpshm_segment_unlink(name), 0);
}

static inline uint64_t memory_blocks(void)
{
	char path[SHM_PATH_MAX];
	struct stat status;

	mpshm_i_shm_path(name, path);
	ck_assert_int_eq(stat(path, &status), 0);
	return (uint64_t) status.st_blocks;
}

static inline int make(struct object *object, const char *what, uint64_t bytes)
{
	struct object_plan plan = plan_of(bytes);
	return mpshm_i_object_open(object, segment, what, MPSHM_CREATE, &thing, &plan);
}

static inline void make_and_close(const char *what, uint64_t bytes)
{
	struct object object;
	ck_assert_int_eq(make(&object, what, bytes), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_i_object_close(&object), 0);
}

static inline void assert_all_empty(void)
{
	for (uint32_t i = 0; i < segment->directory_capacity; i++)
		ck_assert_int_eq(entry_state_kind(segment->directory[i].state.raw), ENTRY_EMPTY);
}

static inline void reap_child(pid_t child, int signal)
{
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	if (signal == 0)
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	else
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == signal);
}

#endif
