/* SPDX-License-Identifier: BSD-2-Clause */
#include "sync/wait.h"

#include <errno.h>

#include "platform/clock.h"
#include "platform/futex.h"
#include "platform/membarrier.h"

#define WAIT_NAP_NS 200000

uint32_t mpshm_i_wait_prepare(struct mpshm_segment *segment, struct wait_shm *wait)
{
	uint32_t key = atomic32_load_relaxed(&wait->word);
	/* [WAIT-F0] pairs with [WAIT-F1] in wait_wake: a locked instruction even where
	 * the flag is set already, so that the look that follows comes after it. */
	while (!atomic32_cas(&wait->word, &key, key | WAIT_SLEEPERS))
		;
	key |= WAIT_SLEEPERS;
	/* A death here leaves the flag: one wake too many, which clears it. */
	if (!segment->membarrier || !mpshm_i_membarrier()) {
		/* Wakers that went without a fence until now: the slice covers them. */
		atomic32_store_relaxed(&segment->shm->fence_required, 1);
		fence_full();
	}
	return key;
}

int mpshm_i_wait_sleep(struct wait_shm *wait, uint32_t key, int64_t deadline)
{
	int64_t slice = WAIT_SLICE_NS;
	if (deadline != DEADLINE_NEVER) {
		int64_t left = deadline - mpshm_i_clock_now();
		if (left <= 0)
			return -ETIMEDOUT;
		if (left < slice)
			slice = left;
	}
	int woken = mpshm_i_futex_wait(&wait->word, key, slice);
	if (woken == -ETIMEDOUT)
		return 1;
	if (woken < 0 && woken != -EINTR)
		mpshm_i_clock_nap(WAIT_NAP_NS); /* no futexes here: a sandbox, an emulator */
	return 0;
}

void mpshm_i_wait_wake_slow(struct wait_shm *wait, int32_t count)
{
	/* The epoch first: who prepared but does not sleep yet will not. */
	(void) atomic32_fetch_add(&wait->word, WAIT_EPOCH);
	if (mpshm_i_futex_wake(&wait->word, count) > 0)
		return;
	/*
	 * Nobody slept.  Clear the flag, moving the epoch so that who prepared in
	 * between does not go to sleep on the old word, and wake who already did.
	 */
	uint32_t word = atomic32_load_relaxed(&wait->word);
	while (word & WAIT_SLEEPERS)
		if (atomic32_cas(&wait->word, &word, (word & ~WAIT_SLEEPERS) + WAIT_EPOCH))
			break;
	(void) mpshm_i_futex_wake(&wait->word, WAIT_ALL);
}

int64_t mpshm_i_wait_spin_until(const struct wait_shm *wait, int64_t now)
{
	if (mpshm_i_cpu_count() < 2)
		return now;
	uint32_t peer = atomic32_load_relaxed(&wait->cpu);
	if (peer != 0 && peer == mpshm_i_cpu_current() + 1)
		return now;
	return now + WAIT_SPIN_NS;
}
