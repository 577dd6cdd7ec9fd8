/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parent and the workers of a sample write to each other.  C only. */
#ifndef BENCH_SUITE_BOARD_H
#define BENCH_SUITE_BOARD_H

#include "canary.h"

#include "common/histogram.h"
#include "common/start_line.h"

#define PHASES 3

struct board {
	struct canary canary[2];   /* before and after */
	double canary_ns[2];       /* 0: not measured */
	struct start_line line[2]; /* of the warm-up and of the timed run */
	uint32_t arrived[PHASES];
	uint32_t warmed; /* workers that have done their warm-up */
	uint32_t done __attribute__((aligned(LINE_BYTES))); /* producers that ended a run */
	struct result result[WORKERS_MAX];
	struct histogram latency; /* of the timed run, at a fixed rate; its consumer writes */
} __attribute__((aligned(4096)));

#endif
