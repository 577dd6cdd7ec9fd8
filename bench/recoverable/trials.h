/* SPDX-License-Identifier: BSD-2-Clause */
/* What is measured with and without intents. */
#ifndef BENCH_RECOVERABLE_TRIALS_H
#define BENCH_RECOVERABLE_TRIALS_H

#include "library.h"

#include "suite/suite.h"

struct trial {
	struct row row;    /* its peers: with, without */
	double operations; /* one after the other, in the time that its figure tells */
	const char *unit;  /* ns of what */
};

extern const struct trial trials[];
extern const unsigned trials_count;

#endif
