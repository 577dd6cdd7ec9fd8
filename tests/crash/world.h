/* SPDX-License-Identifier: BSD-2-Clause */
/* world: the segment that a case lives in, helpers in it, and what may be left of the dead. */
#ifndef MPSHM_TESTS_CRASH_WORLD_H
#define MPSHM_TESTS_CRASH_WORLD_H

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <mpshm.h>

#include "crash.h"
#include "ledger.h"

extern struct mpshm_segment *world_segment;
const char *world_name(void);
extern const struct mpshm_segment_options world_options;

/* A fresh segment, attached; and its end, with everything that is left of it. */
void world_begin(void);
void world_end(void);

/* The rest of the program can't go on: a fault of the case itself. */
void world_failed(const char *file, int line, const char *what, int64_t got)
	__attribute__((noreturn));
#define WORLD_IS(call, expected) \
	do { \
		int64_t world_got = (int64_t) (call); \
		if (world_got != (int64_t) (expected)) \
			world_failed(__FILE__, __LINE__, #call, world_got); \
	} while (0)

/* Patience: `for (struct patience p = {0}; patience(&p);)`; false after CRASH_PATIENCE_NS. */
struct patience {
	int64_t until;
};
bool patience(struct patience *patience);

/* Helpers: processes beside the survivor. */
pid_t world_helper(void (*run)(void *), void *context);
/* Wait for its end: false, and reported, where that takes too long or is no good one. */
bool world_join(pid_t helper);
void world_kill(pid_t helper);
/* A helper that may have to wait for somebody who stands still: killed after 5 ms. */
void world_attempt(void (*run)(void *), void *context);
/* Wait until a flag in shared memory is set. */
void world_await(const uint32_t *flag);

/* Take the thread's cell: what a victim, or a helper, does first. */
void world_thread(const struct crash_case *self);

/*
 * Recover, and look whether everything but the survivor's own is free: participants,
 * cells, frames, directory lock.  `live`: other participants that live on.
 */
void world_check_leftovers(uint32_t live);

/* Room in shared memory behind the ledger, for cases with a protocol of their own. */
void *world_scratch(void);

#endif
