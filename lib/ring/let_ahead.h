/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * let_ahead: patience for a side that keeps catching up with the other.
 *
 * There both fight for the same line at every element.  Whoever runs dry (or full) again
 * and again in a flood lets the other get ahead for a moment before it looks (or says so).
 * The moment grows while each time brings more than one element and less than enough, and
 * shrinks where it brings one, which is a ping-pong; where it brings few for its length, for
 * then nobody fights; and where it brings half of what the ring holds, for then the other
 * may be held up.  So neither a short burst nor a stream that trickles is delayed by much.
 */
#ifndef MPSHM_RING_LET_AHEAD_H
#define MPSHM_RING_LET_AHEAD_H

#include <stdbool.h>

#include "platform/atomic.h"
#include "platform/clock.h"

#define FLOOD_LEAST 2u
#define FLOOD_ENOUGH 512u
/* In a flood an element comes at least so often: it is copied on its way. */
#define FLOOD_ELEMENT_NS(bytes) (32u + (bytes) / 2)
#define LET_AHEAD_FIRST_NS 60u
#define LET_AHEAD_MOST_NS 1000u

/* Relaxed: private to this process, and threads that mix it up only wait in vain. */
struct let_ahead {
	atomic64 at; /* where it last ran dry */
	atomic32 ns; /* how long it waits there; 0: not at all */
};

static inline uint32_t let_ahead_more(uint32_t ns)
{
	uint32_t more = ns < LET_AHEAD_FIRST_NS ? LET_AHEAD_FIRST_NS : ns + ns / 4;
	return more < LET_AHEAD_MOST_NS ? more : LET_AHEAD_MOST_NS;
}

static inline uint32_t let_ahead_less(uint32_t ns)
{
	return ns <= LET_AHEAD_FIRST_NS ? 0 : ns / 2;
}

/* So many elements of that size it brought, in a ring of that capacity. */
static inline void let_ahead_brought(struct let_ahead *patience, uint64_t elements,
                                     uint64_t capacity, uint64_t element_bytes)
{
	uint32_t ns = atomic32_load_relaxed(&patience->ns), next = ns;

	if (elements < FLOOD_LEAST || elements > capacity / 2 ||
	    elements * FLOOD_ELEMENT_NS(element_bytes) < ns)
		next = let_ahead_less(ns);
	else if (elements < FLOOD_ENOUGH)
		next = let_ahead_more(ns);
	if (next != ns)
		atomic32_store_relaxed(&patience->ns, next);
}

/* It ran dry at `at`: wait, but once there.  true: it waited. */
static inline bool let_ahead(struct let_ahead *patience, uint64_t at)
{
	if (atomic64_load_relaxed(&patience->at) == at)
		return false;
	atomic64_store_relaxed(&patience->at, at);
	uint32_t ns = atomic32_load_relaxed(&patience->ns);
	if (ns == 0)
		return false;
	mpshm_i_clock_spin(ns);
	return true;
}

#endif
