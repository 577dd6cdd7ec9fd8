/* SPDX-License-Identifier: BSD-2-Clause */
/* engine: runs a case, or a pair of cases, kill by kill; what it found. */
#ifndef MPSHM_TESTS_CRASH_ENGINE_H
#define MPSHM_TESTS_CRASH_ENGINE_H

#include "crash.h"

#define RUN_SAMPLES 32768u
#define RUN_GAPS 16384u
#define RUN_NO_STEP UINT32_MAX

struct engine_options {
	uint64_t seed;
	uint32_t sample;      /* every Nth instruction of our own */
	uint32_t foreign;     /* every Nth of shared libraries */
	uint32_t foreign_max; /* of one case */
	uint32_t pairs;       /* kills of each pair */
	uint32_t step;        /* only this one; RUN_NO_STEP: all */
	uint32_t frozen_at;   /* pairs: only this one */
	bool stop;            /* at the first violation */
};

extern struct engine_options engine_options;

/* Times in ns. */
struct samples {
	uint32_t count;
	int64_t took[RUN_SAMPLES];
};

/* Of one case or pair; shared between the runner and who watches it. */
struct run {
	const struct crash_case *what;
	const struct crash_case *frozen; /* of a pair, or NULL */
	int64_t alive_ns;                /* when the runner last moved */
	uint32_t next, points;           /* kill points */
	uint32_t step, frozen_at;        /* under way */
	uint32_t last_fault_at[CRASH_FAULTS];
	uint64_t pc;
	bool recorded, done;
	uint32_t steps, steps_own;
	uint32_t kills_own, kills_foreign, strayed;
	uint32_t faults[CRASH_FAULTS];
	uint32_t told;
	bool edges_known;
	uint32_t edges;         /* labelled ones, in the order of the trace */
	uint8_t hits[RUN_GAPS]; /* kills before edge i and behind the one before it: 1 or 0 */
	uint32_t alive;         /* victims that are, during the check */
	int64_t killed_ns;      /* the last one's death was reported */
	bool first_seen;
	uint32_t checked;     /* kills whose check said that all was done */
	struct samples death; /* from SIGKILL until the kernel reported the death */
	struct samples first; /* from the report to a running survivor's first progress */
	struct samples all;   /* to the last */
	struct samples woken; /* to that of one that slept */
};

/* Between labelled edges, before the first and behind the last. */
uint32_t run_gaps(const struct run *run);
uint32_t run_gaps_hit(const struct run *run);

/* Runs it, in as many runners as it takes.  The result is valid until the next call. */
const struct run *engine_run(const struct crash_case *what, const struct crash_case *frozen);

/* Faults so far. */
uint32_t engine_faults(const struct run *run);

/* The runner says that it is alive. */
void engine_alive(void);

/* "function at file:line", for people; a static buffer.  See places.c. */
const char *engine_place(uint64_t pc);

extern struct run *engine_current;
extern bool engine_progress; /* show it as it goes */

#endif
