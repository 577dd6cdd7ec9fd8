/* SPDX-License-Identifier: BSD-2-Clause */
/* The median of many times, in memory of a fixed size. */
#ifndef BENCH_SUITE_MEDIAN_H
#define BENCH_SUITE_MEDIAN_H

#include <stddef.h>

#define MEDIAN_TIMES 65536

#ifdef __cplusplus
extern "C" {
#endif

struct median {
	double *time;
	size_t count; /* all that were added; beyond MEDIAN_TIMES the oldest give way */
};

/* Uses one static array: one at a time. */
void median_begin(struct median *median);
double median_end(struct median *median);

static inline void median_add(struct median *median, double time)
{
	median->time[median->count++ % MEDIAN_TIMES] = time;
}

/* Sorts them.  0 where there are none. */
double median_of(double *values, size_t count);

#ifdef __cplusplus
}
#endif
#endif
