/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * let_ahead: patience for a side that keeps catching up with the other.
 *
 * There both fight for the same line at every element.  Whoever runs dry (or full) again
 * and again lets the other get ahead for a moment before it looks (or says so).  The
 * moment grows from time to time, until the line's way costs little for each element of a
 * run, and shrinks where runs come near the ring's capacity, which would hold up the other.
 * So a short burst is hardly delayed.  A run of one is a ping-pong, and a look in vain
 * says that nothing streams: both halve the patience, and don't wait.
 */
#ifndef MPSHM_RING_LET_AHEAD_H
#define MPSHM_RING_LET_AHEAD_H

#include <stdbool.h>

#include "platform/atomic.h"
#include "platform/clock.h"

#define RUN_SHORTEST 2u
#define LET_AHEAD_FIRST_NS 60u
#define LET_AHEAD_LONGEST_NS 1000u

/* Relaxed: private to this process, and threads that mix it up only wait in vain. */
struct let_ahead {
	atomic64 at; /* where it last ran dry */
	atomic32 ns; /* how long it then waited; 0: not at all */
};

static inline uint32_t let_ahead_less(uint32_t ns)
{
	return ns <= LET_AHEAD_FIRST_NS ? 0 : ns / 2;
}

static inline uint32_t let_ahead_more(uint32_t ns)
{
	uint32_t more = ns < LET_AHEAD_FIRST_NS ? LET_AHEAD_FIRST_NS : ns + ns / 4;
	return more < LET_AHEAD_LONGEST_NS ? more : LET_AHEAD_LONGEST_NS;
}

/* `at`: where it ran dry; `capacity` of the ring.  true: it waited. */
static inline bool let_ahead(struct let_ahead *patience, uint64_t at, uint64_t capacity)
{
	uint64_t run = at - atomic64_load_relaxed(&patience->at);
	uint32_t ns = atomic32_load_relaxed(&patience->ns);

	if (run == 0 && ns == 0)
		return false; /* who polls writes nothing */
	bool streams = run >= RUN_SHORTEST;
	ns = streams && run <= capacity / 2 ? let_ahead_more(ns) : let_ahead_less(ns);
	atomic32_store_relaxed(&patience->ns, ns);
	atomic64_store_relaxed(&patience->at, at);
	if (!streams || ns == 0)
		return false;
	mpshm_i_clock_spin(ns);
	return true;
}

#endif
