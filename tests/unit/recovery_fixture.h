/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of recovery: a segment with one object, and participants to kill. */
#ifndef MPSHM_TESTS_UNIT_RECOVERY_FIXTURE_H
#define MPSHM_TESTS_UNIT_RECOVERY_FIXTURE_H

#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mpshm.h>

#include "segment/directory.h"
#include "segment/object.h"
#include "segment/recovery.h"
#include "segment/registry.h"
#include "segment/thread.h"

static char name[64];
static struct mpshm_segment *segment;
static struct object object;

static const struct object_class thing = {.type = OBJECT_VALUE, .name = "thing"};

static inline void lay_out(void *shm, const void *context)
{
	(void) shm;
	(void) context;
}

static const struct object_plan plan = {.bytes = 100, .lay_out = lay_out};

static inline void set_up(void)
{
	struct mpshm_segment_options options = {
		.size_bytes = UINT64_C(1) << 20,
		.directory_capacity = 8,
		.participants_max = 4,
		.threads_max = 8,
	};
	snprintf(name, sizeof name, "test-recovery-%d", (int) getpid());
	(void) mpshm_segment_unlink(name);
	ck_assert_int_eq(
		mpshm_segment_open(&segment, name, MPSHM_CREATE | MPSHM_EXCLUSIVE, &options),
		MPSHM_CREATED);
	ck_assert_int_eq(
		mpshm_i_object_open(&object, segment, "thing", MPSHM_CREATE, &thing, &plan),
		MPSHM_CREATED);
}

static inline void tear_down(void)
{
	ck_assert_int_eq(mpshm_i_object_close(&object), 0);
	(void) mpshm_segment_close(segment);
	ck_assert_int_eq(mpshm_segment_unlink(name), 0);
}

static inline void end(pid_t child)
{
	int status;

	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* A child that is a participant, runs `act` in it, and then stays. */
static inline pid_t participant(void (*act)(struct mpshm_segment *own))
{
	int ready[2];
	char byte;

	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		if (mpshm_i_segment_register(segment) < 0)
			_exit(1);
		if (act)
			act(segment);
		(void) !write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return child;
}

/* The owner word of the only other participant. */
static inline uint64_t other_owner(void)
{
	for (uint32_t i = 0; i < segment->participants_max; i++) {
		uint64_t state = atomic64_load_acquire(&segment->participants[i].state);
		if (i != segment->participant &&
		    participant_state_kind(state) == PARTICIPANT_ACTIVE)
			return owner_make(i, participant_state_generation(state));
	}
	return OWNER_NONE;
}

static inline uint32_t busy_cells(void)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < segment->threads_max; i++)
		count += segment->cells[i].owner.raw != OWNER_NONE;
	return count;
}

#endif
