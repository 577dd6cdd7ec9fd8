/* SPDX-License-Identifier: BSD-2-Clause */
#include "histogram.h"

void histogram_merge(struct histogram *into, const struct histogram *other)
{
	size_t i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		into->bucket[i] += other->bucket[i];
	into->count += other->count;
	if (other->most > into->most)
		into->most = other->most;
}

/* The largest time of a bucket. */
static int64_t bucket_most(size_t index)
{
	unsigned shift;

	if (index < HISTOGRAM_STEPS)
		return (int64_t) index;
	shift = (unsigned) (index >> HISTOGRAM_STEP_BITS) - 1;
	return (int64_t) (((uint64_t) (index - ((size_t) shift << HISTOGRAM_STEP_BITS)) + 1)
	                  << shift) -
	       1;
}

int64_t histogram_quantile(const struct histogram *histogram, double share)
{
	double wanted = share * (double) histogram->count;
	uint64_t seen = 0;
	size_t i;

	if (histogram->count == 0)
		return 0;
	for (i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->bucket[i];
		if (seen > 0 && (double) seen >= wanted)
			break;
	}
	if (i + 1 >= HISTOGRAM_BUCKETS || bucket_most(i) > histogram->most)
		return histogram->most;
	return bucket_most(i);
}
