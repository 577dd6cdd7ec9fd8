/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter: a statistic that many processes raise.
 *
 * Each thread adds to a stripe of its own by a plain add; a reader sums the
 * stripes.  What a thread or process added stays when it dies.  The sum is exact
 * once writers have stopped (and their stop is known to the reader); while they
 * run it lies between what it was at the call's start and at its end, for adds
 * of one sign.
 */
#ifndef MPSHM_COUNTER_H
#define MPSHM_COUNTER_H

#include <mpshm/base.h>

MPSHM_BEGIN_DECLS

struct mpshm_counter;

/* Options: none yet; pass NULL. */
struct mpshm_counter_options {
	uint32_t reserved[8]; /* zero */
};

/*
 * Open the counter `name`.  flags: MPSHM_CREATE, MPSHM_EXCLUSIVE.  Returns
 * MPSHM_CREATED or MPSHM_ATTACHED, or -EINVAL, -ENOENT, -EEXIST, -ENOTTY, -ENOSPC,
 * -EBADMSG, -EPROTO as mpshm_spsc_open().  Takes 64 bytes for each of the segment's
 * threads_max.
 */
int mpshm_counter_open(struct mpshm_counter **ret_counter, struct mpshm_segment *segment,
                       const char *name, unsigned flags,
                       const struct mpshm_counter_options *options);
int mpshm_counter_close(struct mpshm_counter *counter);

/*
 * Add to the calling thread's stripe.  0; -EUSERS: no cell left for this thread.
 * Wait-free; no locked instruction.  From signal handlers: see
 * mpshm_thread_attach().
 */
int mpshm_counter_add(struct mpshm_counter *counter, int64_t addend);

/* The sum of all stripes.  Relaxed: it orders nothing else. */
int64_t mpshm_counter_sum(const struct mpshm_counter *counter);

/*
 * The inline form, for whoever adds often: bind once per thread, then add at the
 * price of one load and one add.  A bound stripe belongs to its thread, until
 * the counter is closed or the thread detaches.  A forked child's add through a
 * stripe bound by its parent is noticed and goes to the child's own.
 */
struct mpshm_counter_stripe {
	int64_t *cell;
	const uint64_t *process; /* the process's identity: zero in a forked child */
	uint64_t bound;          /* what it was when the stripe was bound */
	struct mpshm_counter *counter;
};

/* Results as mpshm_counter_add(). */
int mpshm_counter_bind(struct mpshm_counter *counter, struct mpshm_counter_stripe *ret_stripe);

static inline void mpshm_counter_stripe_add(struct mpshm_counter_stripe *stripe, int64_t addend)
{
	if (__builtin_expect(*stripe->process != stripe->bound, 0)) {
		(void) mpshm_counter_add(stripe->counter, addend);
		return;
	}
#if defined(__x86_64__) && !defined(MPSHM_TSAN)
	/* One instruction: a signal handler's add can't fall between load and store. */
	__asm__ volatile("addq %1, %0" : "+m"(*stripe->cell) : "er"(addend) : "cc");
#else
	(void) __atomic_fetch_add(stripe->cell, addend, __ATOMIC_RELAXED);
#endif
}

MPSHM_END_DECLS
#endif
