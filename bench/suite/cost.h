/* SPDX-License-Identifier: BSD-2-Clause */
/* What a call costs one process, again and again: the median. */
#ifndef BENCH_SUITE_COST_H
#define BENCH_SUITE_COST_H

#include "median.h"
#include "stage.h"

#include "common/clock.h"

/* `once` does it `times` times; 0 or a negative errno. */
static inline void cost_run(struct worker *worker, int64_t duration_ns,
                            int (*once)(struct worker *worker, unsigned times), unsigned times)
{
	int64_t start = now_ns(), before = start, now = start;
	struct median median;
	int error = 0;

	median_begin(&median);
	while (error == 0 && now - start < duration_ns) {
		error = once(worker, times);
		now = now_ns();
		median_add(&median, (double) (now - before) / times);
		before = now;
		worker->result.moved += times;
	}
	worker->result.trip_ns = median_end(&median);
	worker->result.error = error;
}

#endif
