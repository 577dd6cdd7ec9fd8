/* SPDX-License-Identifier: BSD-2-Clause */
/* points: which steps of a trace to kill at. */
#ifndef MPSHM_TESTS_CRASH_POINTS_H
#define MPSHM_TESTS_CRASH_POINTS_H

#include "victim.h"

struct point {
	uint32_t step;
	uint32_t frozen_at; /* pairs */
	bool asleep;        /* inside the system call of that step */
};

/* Allocate and fill in; returns how many. */
uint32_t points_choose(const struct trace *trace, struct point **ret_points);
uint32_t points_choose_pairs(const struct trace *trace, const struct trace *frozen,
                             struct point **ret_points);

/* Instructions of our own in the trace. */
uint32_t points_own(const struct trace *trace);

#endif
