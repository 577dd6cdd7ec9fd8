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

#include "ring/copy.h"
#include "ring/spsc.h"

#define AHEAD_LINE_BYTES 64u
#define AHEAD_BYTES MPSHM_SPSC_AHEAD_BYTES /* one at a time: how far */
#define AHEAD_RUN_BYTES 1024u              /* many at a time, or of many lines: at most so much */
/*
 * Up to this size.  Longer ones are copied by the string move, which asks for many lines itself,
 * and where it writes fetches none of them.
 */
#define AHEAD_WRITE_MOST (LONG_COPY_LEAST - 1u)
#define AHEAD_READ_MOST 2048u
#define AHEAD_NEVER UINT64_MAX

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

/* One element is: ask for one that is some lines away. */
static inline void ahead_of_one(const struct mpshm_spsc *ring, const struct spsc_side *side,
                                bool write)
{
	const struct mpshm_spsc_end *end = &side->end;
	if (end->bound - end->position <= side->ahead)
		return;
	const char *next =
		ring->elements + ((end->position + side->ahead) & ring->mask) * ring->element_bytes;
	for (uint64_t at = 0; at < ring->element_bytes; at += AHEAD_LINE_BYTES)
		ahead_fetch(next + at, write);
}

/* So many elements away, at least one; none of those above `most` bytes. */
static inline uint64_t ahead_elements(uint64_t element_bytes, uint64_t most)
{
	uint64_t bytes = element_bytes > AHEAD_LINE_BYTES ? AHEAD_RUN_BYTES : AHEAD_BYTES;
	if (element_bytes > most)
		return AHEAD_NEVER;
	return element_bytes < bytes ? bytes / element_bytes : 1;
}

/* Of an element that was asked for: by memcpy(), even where it is long. */
static inline void ahead_copy(const struct mpshm_spsc *ring, const struct spsc_side *side, void *to,
                              const void *from)
{
	if (ring->element_bytes > COPY_WORDS_MAX && side->ahead != AHEAD_NEVER)
		memcpy(to, from, ring->element_bytes);
	else
		copy_element(to, from, ring->element_bytes);
}

#endif
