/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * owner: who holds a thing, in one word that a compare-and-swap can claim.
 *
 *    63        48 47                         16 15           0
 *   +------------+-----------------------------+--------------+
 *   | the word's | participant's generation    | its number+1 |
 *   +------------+-----------------------------+--------------+
 *
 * 0 is nobody.  A participant slot's generation grows with each use, so an owner
 * names one process for ever: once it is dead it stays dead.
 */
#ifndef MPSHM_LAYOUT_OWNER_H
#define MPSHM_LAYOUT_OWNER_H

#include "layout/check.h"
#include "platform/atomic.h"

#define OWNER_NONE UINT64_C(0)
#define OWNER_BITS UINT64_C(0x0000ffffffffffff)

static inline uint64_t owner_make(uint32_t participant, uint32_t generation)
{
	return (uint64_t) generation << 16 | (participant + 1);
}

static inline uint32_t owner_participant(uint64_t owner)
{
	return (uint32_t) (owner & 0xffff) - 1;
}

static inline uint32_t owner_generation(uint64_t owner)
{
	return (uint32_t) (owner >> 16);
}

/*
 * A lock inside the library: an owner word, and a futex word to sleep on.  Held
 * for rare work only (open, create, unlink, recovery).  The next in line who finds
 * the owner dead takes the lock over and mends what it guards.
 */
struct lock_shm {
	atomic64
		owner; /* CAS OWNER_NONE -> self (acquire), back by CAS (release); any: dead owner -> self */
	atomic32 wait;    /* raised by each release; sleepers wait on it in slices */
	atomic32 waiters; /* 1: somebody may sleep; cleared by a waker who woke nobody */
};
LAYOUT_SIZE(struct lock_shm, 16);
LAYOUT_AT(struct lock_shm, owner, 0, 8);
LAYOUT_AT(struct lock_shm, wait, 8, 4);
LAYOUT_AT(struct lock_shm, waiters, 12, 4);

#endif
