/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc, ahead: lines are asked for before it is their turn, so that they come side by side.
 *
 * A processor looks some hundred instructions ahead, which is a line or two of small
 * elements; and stores leave it one after the other, each of which waits for its line.  The
 * bound says how far all lines are this side's: one beyond it would be taken away from
 * the other side, who is still at it.
 */
#ifndef MPSHM_RING_SPSC_AHEAD_H
#define MPSHM_RING_SPSC_AHEAD_H

#include "ring/spsc.h"

#define AHEAD_LINE_BYTES 64u
#define AHEAD_BYTES MPSHM_SPSC_AHEAD_BYTES /* one at a time: how far */
#define AHEAD_RUN_BYTES 1024u              /* many at a time: at most so much */

static inline void ahead_fetch(const void *line, bool write)
{
	if (write)
		mpshm_spsc_fetch_to_write(line);
	else
		__builtin_prefetch(line);
}

/* `count` elements are about to be moved: ask for the lines of as many behind them. */
static inline void ahead_of_run(const struct mpshm_spsc *ring, const struct spsc_side *side,
                                uint64_t count, bool write)
{
	const struct mpshm_spsc_end *end = &side->end;
	if (end->bound - end->position < 2 * count)
		return;
	uint64_t slot = (end->position + count) & ring->mask;
	uint64_t bytes = (ring->mask + 1 - slot) * ring->element_bytes; /* the wrap ends it */
	const char *next = ring->elements + slot * ring->element_bytes;
	if (bytes > count * ring->element_bytes)
		bytes = count * ring->element_bytes;
	if (bytes > AHEAD_RUN_BYTES)
		bytes = AHEAD_RUN_BYTES;
	for (uint64_t at = 0; at < bytes; at += AHEAD_LINE_BYTES)
		ahead_fetch(next + at, write);
}

/* One element is: ask for the line of one that is some lines away.  Long ones are copied
 * by what asks for many lines itself. */
static inline void ahead_of_one(const struct mpshm_spsc *ring, const struct spsc_side *side,
                                bool write)
{
	const struct mpshm_spsc_end *end = &side->end;
	if (end->bound - end->position > ring->ahead)
		ahead_fetch(ring->elements + ((end->position + ring->ahead) & ring->mask) *
		                                     ring->element_bytes,
		            write);
}

#endif
