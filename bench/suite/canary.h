/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The canary: how long a cache line takes from one CPU to the other, now.
 *
 * A virtual CPU is moved between physical cores, and then the same line takes 30, 60 or
 * 250 ns, for minutes.  A sample counts only where the canary sang the same before and
 * after it.
 */
#ifndef BENCH_SUITE_CANARY_H
#define BENCH_SUITE_CANARY_H

#include "suite.h"

/* In memory that both share; zero at first. */
struct canary {
	uint64_t turn __attribute__((aligned(LINE_BYTES)));
} __attribute__((aligned(LINE_BYTES)));

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Called by both sides (0 and 1) at about the same time, each on its CPU: passes the
 * line to and fro, some thousand times.  The one-way time in ns, median of blocks; what
 * side 1 returns means nothing.
 */
double canary_sing(struct canary *canary, unsigned side);

/* Another regime: more than this apart. */
#define CANARY_RATIO 1.3
bool canary_differs(double a_ns, double b_ns);

#ifdef __cplusplus
}
#endif
#endif
