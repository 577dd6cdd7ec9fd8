/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backoff: what a claimer does after it lost the race for a position.
 *
 * Retrying at once keeps the line of the claim word bouncing and everybody slow;
 * a short, growing pause lets one side run.  At most BACKOFF_MAX pauses a
 * round, some microseconds, with jitter so that losers part.
 */
#ifndef MPSHM_RING_BACKOFF_H
#define MPSHM_RING_BACKOFF_H

#include <stdint.h>

#include "platform/atomic.h"

#define BACKOFF_MAX 256u

struct backoff {
	uint32_t bound; /* pauses of the next round are up to this */
	uint32_t mix;   /* jitter */
};

static inline struct backoff backoff_begin(uint64_t seed)
{
	return (struct backoff){.bound = 8, .mix = (uint32_t) (seed * 2654435761u) | 1};
}

static inline void backoff_wait(struct backoff *backoff)
{
	backoff->mix ^= backoff->mix << 13;
	backoff->mix ^= backoff->mix >> 17;
	backoff->mix ^= backoff->mix << 5;
	uint32_t pauses = backoff->bound / 2 + backoff->mix % (backoff->bound / 2 + 1);
	for (uint32_t i = 0; i < pauses; i++)
		cpu_relax();
	if (backoff->bound < BACKOFF_MAX)
		backoff->bound *= 2;
}

#endif
