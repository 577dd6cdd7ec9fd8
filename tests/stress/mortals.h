/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mortals: processes that attach to a segment, use all kinds of objects in it, and are
 * SIGKILLed at a random moment, one after the other; one that lives on sees to it that
 * nobody is ever refused, and that in the end all is as it was.
 */
#ifndef MPSHM_TESTS_STRESS_MORTALS_H
#define MPSHM_TESTS_STRESS_MORTALS_H

#include "footprint.h"

struct mortals_plan {
	uint64_t lives; /* that attach; some are killed before they have */
	uint64_t seed;
	bool progress; /* a line every 10,000 lives */
};

struct mortals_result {
	uint64_t attached;  /* lives that came to be participants */
	uint64_t worked;    /* ... and that used all objects at least once */
	uint64_t refusals;  /* calls that said what they never should */
	char refusal[200];  /* the first of them, in words */
	uint64_t recovered; /* deaths, as the segment counts them */
	struct footprint before, after;
	char why[200]; /* where the run itself failed */
};

/* 0: held. */
int mortals_run(const struct mortals_plan *plan, struct mortals_result *ret);

#endif
