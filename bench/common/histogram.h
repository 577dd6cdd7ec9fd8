/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A histogram of times: 32 buckets for each doubling, so that a quantile is known to 3 %
 * from one nanosecond to more than a minute, in 8 KiB that never grow.
 */
#ifndef BENCH_COMMON_HISTOGRAM_H
#define BENCH_COMMON_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_STEP_BITS 5
#define HISTOGRAM_STEPS (1u << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_BITS 36 /* of the largest time; longer ones count as that one */
#define HISTOGRAM_BUCKETS ((HISTOGRAM_BITS - HISTOGRAM_STEP_BITS + 1) * HISTOGRAM_STEPS)
#define HISTOGRAM_MOST ((INT64_C(1) << HISTOGRAM_BITS) - 1)

/* Zero it before use.  One writer. */
struct histogram {
	uint64_t count;
	int64_t most; /* exact */
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* Times below HISTOGRAM_STEPS have a bucket each; above, the bits behind the first choose. */
static inline size_t histogram_index(int64_t time_ns)
{
	uint64_t time = time_ns < 0                ? 0
	                : time_ns > HISTOGRAM_MOST ? (uint64_t) HISTOGRAM_MOST
	                                           : (uint64_t) time_ns;
	unsigned shift;

	if (time < HISTOGRAM_STEPS)
		return (size_t) time;
	shift = 63u - (unsigned) __builtin_clzll(time) - HISTOGRAM_STEP_BITS;
	return ((size_t) shift << HISTOGRAM_STEP_BITS) + (size_t) (time >> shift);
}

static inline void histogram_add(struct histogram *histogram, int64_t time_ns)
{
	histogram->bucket[histogram_index(time_ns)]++;
	histogram->count++;
	if (time_ns > histogram->most)
		histogram->most = time_ns;
}

#ifdef __cplusplus
extern "C" {
#endif

void histogram_merge(struct histogram *into, const struct histogram *other);

/*
 * The time that the share (0 to 1) of all does not exceed: the largest of its bucket, and
 * never more than the longest time.  0 where there is none.
 */
int64_t histogram_quantile(const struct histogram *histogram, double share);

#ifdef __cplusplus
}
#endif
#endif
