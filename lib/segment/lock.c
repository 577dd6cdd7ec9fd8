/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock: mutual exclusion between processes, with take-over from the dead.
 *
 * The owner word is the lock.  An owner names one process for ever (its slot's
 * generation grows), so the take-over is one CAS deadOwner -> self: of many who
 * saw the same death one succeeds, and none can hit a later holder.
 */
#include "segment/lock.h"

#include <errno.h>

#include "platform/clock.h"
#include "platform/futex.h"
#include "segment/recovery.h"

#define LOCK_SPINS 100
#define LOCK_SLICE_NS 10000000
#define LOCK_NAP_NS 200000 /* where futexes don't work */

int mpshm_i_lock_try(struct mpshm_segment *segment, struct lock_shm *lock, uint64_t self)
{
	uint64_t holder = OWNER_NONE;

	/* [LOCK-A1] pairs with [LOCK-R1]: what the last holder did is visible. */
	if (atomic64_cas(&lock->owner, &holder, self))
		return 0;

	/* The mutex is ours, so nobody of this process is inside: a word that names us
	 * was left by a thread that was thrown out of a call, or by a hostile peer. */
	if ((holder & OWNER_BITS) != self && mpshm_i_owner_alive_locked(segment, holder))
		return -EAGAIN;

	/* The dead one's stores came before the kernel gave up its liveness lock, which
	 * we have seen.  A death of ours behind this CAS leaves another dead owner. */
	if (!atomic64_cas(&lock->owner, &holder, self))
		return -EAGAIN;
	(void) atomic64_fetch_add(&segment->shm->recoveries, 1);
	return 1;
}

/* Sleep until the lock is given up, or a slice of time has passed. */
static void wait_slice(struct lock_shm *lock)
{
	uint32_t seen = atomic32_load_acquire(&lock->wait);

	/* [LOCK-S1] pairs with [LOCK-W1]: full fence between flag and word; either the
	 * holder sees the flag, or we see the lock free.  One wake-up may be lost where
	 * a waker clears the flag just set, or dies: the slice's end makes up for it. */
	(void) atomic32_exchange(&lock->waiters, 1);
	if (atomic64_load_acquire(&lock->owner) == OWNER_NONE)
		return;
	int ret = mpshm_i_futex_wait(&lock->wait, seen, LOCK_SLICE_NS);
	if (ret < 0 && ret != -ETIMEDOUT && ret != -EINTR)
		mpshm_i_clock_nap(LOCK_NAP_NS);
}

int mpshm_i_lock_acquire(struct mpshm_segment *segment, struct lock_shm *lock, uint64_t self)
{
	for (int i = 0; i < LOCK_SPINS; i++) {
		/* Relaxed: only a hint when to try. */
		if (atomic64_load_relaxed(&lock->owner) == OWNER_NONE)
			break;
		cpu_relax();
	}
	for (;;) {
		int got = mpshm_i_lock_try(segment, lock, self);
		if (got != -EAGAIN)
			return got;
		wait_slice(lock);
	}
}

void mpshm_i_lock_release(struct mpshm_segment *segment, struct lock_shm *lock, uint64_t self)
{
	uint64_t holder = self;

	/* [LOCK-R1] pairs with [LOCK-A1]; [LOCK-W1] pairs with [LOCK-S1]: the CAS is a full
	 * fence before the flag is read.  A death behind it: sleepers wake by slice. */
	if (!atomic64_cas(&lock->owner, &holder, OWNER_NONE)) {
		/* Nobody takes a lock from the living: somebody wrote over the word. */
		atomic32_store_relaxed(&segment->shm->corrupt, 1);
		return;
	}
	(void) atomic32_fetch_add(&lock->wait, 1);
	if (atomic32_load_acquire(&lock->waiters) != 0 && mpshm_i_futex_wake(&lock->wait, 1) <= 0)
		atomic32_store_release(&lock->waiters, 0);
}
