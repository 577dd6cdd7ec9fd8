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
	if (woken < 0 && woken != -ETIMEDOUT && woken != -EINTR)
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

/* Does who wakes these waiters run on this CPU?  As far as it noted: a hint. */
static bool waker_is_here(const struct wait_shm *wait)
{
	uint32_t waker = atomic32_load_relaxed(&wait->cpu);
	return mpshm_i_cpu_count() < 2 || (waker != 0 && waker == mpshm_i_cpu_current() + 1);
}

int64_t mpshm_i_wait_spin_until(const struct wait_shm *wait, int64_t now)
{
	return waker_is_here(wait) ? now : now + WAIT_SPIN_NS;
}

/*
 * A yield is half the price of a sleep while the waker does little and waits in turn.
 * But who slept is put back on the CPU when it is woken, and who yielded is not: where
 * others want the CPU too, or the waker goes on working, it costs a time slice.  So
 * yields are timed, and where they take long on average this thread keeps from the next
 * so many.  One alone says nothing, unless it took a time slice: an interrupt, or the host
 * of a virtual machine, takes tens of microseconds now and then.
 */
#define YIELD_LONG_NS (25 * MPSHM_MICROSECOND)
#define YIELD_COUNTED_NS (16 * YIELD_LONG_NS) /* a time slice alone is too long */
#define YIELD_WEIGHT 16                       /* of the average before, to one of the newest */
#define ABSTAIN_LEAST 64u
#define ABSTAIN_MOST 65536u

static _Thread_local struct {
	int64_t average_ns;
	uint32_t abstain; /* from so many yields still */
	uint32_t penalty; /* for so many the next time */
} yields;

static void note_yield(int64_t took_ns)
{
	int64_t counted = took_ns < YIELD_COUNTED_NS ? took_ns : YIELD_COUNTED_NS;

	yields.average_ns += (counted - yields.average_ns) / YIELD_WEIGHT;
	if (yields.average_ns < YIELD_LONG_NS) {
		yields.penalty -= yields.penalty > 0;
		return;
	}
	yields.average_ns = 0;
	if (yields.penalty < ABSTAIN_MOST)
		yields.penalty = yields.penalty ? yields.penalty * 2 : ABSTAIN_LEAST;
	yields.abstain = yields.penalty;
}

bool mpshm_i_wait_yield(const struct wait_shm *wait)
{
	if (!waker_is_here(wait))
		return false;
	if (yields.abstain > 0) {
		yields.abstain--;
		return false;
	}
	int64_t before = mpshm_i_clock_now();
	mpshm_i_cpu_yield();
	note_yield(mpshm_i_clock_now() - before);
	return true;
}
