/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait: sleep until another process changed something; an eventcount.
 *
 *   waiter                                  waker
 *   key = wait_prepare()                    change the thing (publish)
 *     flag set, [WAIT-F0] fence             wait_wake()
 *   look at the thing once more               [WAIT-F1] fence
 *   wait_sleep(key), a slice at most          flag set?  epoch up, FUTEX_WAKE
 *
 * Of the two fences at least one side sees the other: the waiter the change, or the
 * waker the flag.  The waker's is paid by the waiter, as a membarrier, where the waker's
 * process is registered for it: then a wake of nobody costs one load.
 *
 * The flag is sticky and says "somebody may sleep": a count would leak when a
 * waiter dies.  Only a waker whose FUTEX_WAKE found nobody clears it, and wakes
 * once more after that, for who came between.  Lost wakes that remain are those of
 * the dead: a waker that dies between change and FUTEX_WAKE, a woken waiter that
 * dies before it acts, room or an end that only their recovery makes visible.  The
 * slice repairs them.
 */
#ifndef MPSHM_SYNC_WAIT_H
#define MPSHM_SYNC_WAIT_H

#include "layout/object.h"
#include "platform/cpu.h"
#include "segment/segment.h"

#define WAIT_SLICE_NS (90 * MPSHM_MILLISECOND) /* so that the dead are noticed within 100 ms */
#define WAIT_SLEEPERS 1u
#define WAIT_EPOCH 2u
#define WAIT_ALL INT32_MAX

/* Announce a sleeper; afterwards look once more before wait_sleep(). */
uint32_t mpshm_i_wait_prepare(struct mpshm_segment *segment, struct wait_shm *wait);

/*
 * Sleep unless something happened since prepare; until woken, or the deadline, or
 * for a slice.  0: look again; -ETIMEDOUT: the deadline had passed before.
 */
int mpshm_i_wait_sleep(struct wait_shm *wait, uint32_t key, int64_t deadline);

void mpshm_i_wait_wake_slow(struct wait_shm *wait, int32_t count);

/* After a change: wake up to `count` sleepers, if there are any. */
static inline void wait_wake(const struct mpshm_segment *segment, struct wait_shm *wait,
                             int32_t count)
{
	if (likely(segment->membarrier) &&
	    likely(atomic32_load_relaxed(&segment->shm->fence_required) == 0))
		compiler_barrier(); /* [WAIT-F1] pairs with the membarrier of [WAIT-F0] */
	else
		fence_full(); /* [WAIT-F1] pairs with [WAIT-F0] in wait_prepare */
	if (unlikely(atomic32_load_relaxed(&wait->word) & WAIT_SLEEPERS))
		mpshm_i_wait_wake_slow(wait, count);
}

/*
 * Spinning helps only where who will wake us runs on another CPU.  Wakers leave
 * theirs in the wait's line, now and then: with every 32nd position.
 */
static inline void wait_note_cpu(struct wait_shm *wait, uint64_t position)
{
	if (unlikely(position % 32 == 0)) {
		uint32_t cpu = mpshm_i_cpu_current() + 1;
		if (atomic32_load_relaxed(&wait->cpu) != cpu)
			atomic32_store_relaxed(&wait->cpu, cpu);
	}
}

/* About what it costs to sleep and be woken: who spins longer has lost either way. */
#define WAIT_SPIN_NS (25 * MPSHM_MICROSECOND)

/*
 * When to stop spinning for a change that began to be awaited at `now`: a moment
 * of mpshm_i_clock_now(), or `now` itself where spinning can't help.
 */
int64_t mpshm_i_wait_spin_until(const struct wait_shm *wait, int64_t now);

/*
 * Where who will wake us runs on this very CPU: give it up for once, without the two
 * system calls of a sleep and a wake.  true: done, look again; false: no use.
 */
bool mpshm_i_wait_yield(const struct wait_shm *wait);

#endif
