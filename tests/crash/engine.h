/* SPDX-License-Identifier: BSD-2-Clause */
/* engine: runs a case, or a pair of cases, kill by kill; what it found. */
#ifndef MPSHM_TESTS_CRASH_ENGINE_H
#define MPSHM_TESTS_CRASH_ENGINE_H

#include "crash.h"

#define RUN_SAMPLES 32768u
#define RUN_NO_STEP UINT32_MAX

struct engine_options {
	uint64_t seed;
	uint32_t sample;    /* every Nth instruction of our own */
	uint32_t foreign;   /* every Nth of shared libraries */
	uint32_t kills_max; /* of one case; more are sampled */
	uint32_t pairs;     /* kills of each pair */
	uint32_t step;      /* only this one; RUN_NO_STEP: all */
	uint32_t frozen_at; /* pairs: only this one */
	bool stop;          /* at the first violation */
};

extern struct engine_options engine_options;

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
	int64_t killed_ns; /* the last one's death was reported */
	bool first_seen;
	uint32_t firsts, alls;
	int64_t first[RUN_SAMPLES]; /* from the death to the first progress, in ns */
	int64_t all[RUN_SAMPLES];   /* to the last */
};

/* Runs it, in as many runners as it takes.  The result is valid until the next call. */
const struct run *engine_run(const struct crash_case *what, const struct crash_case *frozen);

/* Faults so far. */
uint32_t engine_faults(const struct run *run);

/* The runner says that it is alive. */
void engine_alive(void);

/* "function at file:line", for people; a static buffer. */
const char *engine_place(uint64_t pc);

extern struct run *engine_current;
extern bool engine_progress; /* show it as it goes */

#endif
