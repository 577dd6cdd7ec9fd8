/* SPDX-License-Identifier: BSD-2-Clause */
/* footprint: what this process and a segment occupy, to be the same before and after. */
#ifndef MPSHM_TESTS_STRESS_FOOTPRINT_H
#define MPSHM_TESTS_STRESS_FOOTPRINT_H

#include <stdbool.h>
#include <stdint.h>

struct mpshm_segment;

struct footprint {
	uint64_t descriptors;
	uint64_t mappings;       /* lines of /proc/self/maps */
	uint64_t anonymous_kib;  /* resident, of no file */
	uint64_t segment_kib;    /* memory of the segment's file */
	uint64_t participants;   /* slots that are not FREE */
	uint64_t cells;          /* cells with an owner */
	uint64_t cells_used;     /* up to the highest that was ever used */
	uint64_t entries;        /* of the directory, not EMPTY */
	uint64_t directory_lock; /* its owner word */
};

void footprint_take(struct footprint *ret, const struct mpshm_segment *segment);

/*
 * Is nothing of it more than before?  What the C library keeps for the next time (pages,
 * stacks of threads) may grow a little.  `cells_used` only tells how many there were at once.
 */
bool footprint_same(const struct footprint *before, const struct footprint *after,
                    uint64_t kib_allowed, uint64_t mappings_allowed);

/* One line. */
void footprint_print(const char *when, const struct footprint *footprint);

#endif
