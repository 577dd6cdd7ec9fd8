/* SPDX-License-Identifier: BSD-2-Clause */
#include "median.h"

#include <stdlib.h>
#include <string.h>

static double times[MEDIAN_TIMES];

static int by_size(const void *a, const void *b)
{
	double x = *(const double *) a, y = *(const double *) b;

	return (x > y) - (x < y);
}

double median_of(double *values, size_t count)
{
	if (count == 0)
		return 0;
	qsort(values, count, sizeof(*values), by_size);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void median_begin(struct median *median)
{
	memset(times, 0, sizeof(times)); /* no page of it is new when times are noted */
	median->time = times;
	median->count = 0;
}

double median_end(struct median *median)
{
	return median_of(times, median->count < MEDIAN_TIMES ? median->count : MEDIAN_TIMES);
}
