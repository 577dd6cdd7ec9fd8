/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * let_ahead: a moment of patience for a side that keeps catching up with the other.
 *
 * There both fight for the same line at every element.  Whoever just ran dry (or full)
 * after a short run lets the other get ahead for a moment, once, before it looks (or
 * says so).  Never after a run of one: that is a ping-pong, and would be delayed for
 * nothing.
 */
#ifndef MPSHM_RING_LET_AHEAD_H
#define MPSHM_RING_LET_AHEAD_H

#include <stdbool.h>

#include "platform/atomic.h"
#include "platform/clock.h"

#define RUN_SHORTEST 2u
#define RUN_LONGEST 128u
#define LET_AHEAD_NS 300

/* `at`: where it ran dry; `last`: where the time before.  true: it waited. */
static inline bool let_ahead(atomic64 *last, uint64_t at)
{
	/* Relaxed: private to this process, and threads that mix it up only wait in vain. */
	uint64_t run = at - atomic64_load_relaxed(last);
	if (run == 0)
		return false;
	atomic64_store_relaxed(last, at);
	if (run < RUN_SHORTEST || run > RUN_LONGEST)
		return false;
	mpshm_i_clock_spin(LET_AHEAD_NS);
	return true;
}

#endif
