/* SPDX-License-Identifier: BSD-2-Clause */
/* How a blocking call waits: spin where it can help, then sleep, slice by slice. */
#include "platform/error.h"
#include "queue/queue.h"
#include "segment/abandoned.h"

/* Between looks at the clock while spinning. */
#define SPINS_PER_LOOK 16
/* The first lets a waker on this CPU run; the second, one who had to wait behind others. */
#define YIELDS 2

static ssize_t spin(struct mpshm_queue *queue, const struct wait_shm *wait, int again,
                    queue_attempt *attempt, void *call, int64_t deadline)
{
	int64_t now = mpshm_i_clock_now();
	int64_t until = mpshm_i_wait_spin_until(wait, now);
	if (until > deadline)
		until = deadline;
	ssize_t done = -again;
	while (now < until) {
		for (int i = 0; i < SPINS_PER_LOOK; i++) {
			cpu_relax();
			done = attempt(queue, call);
			if (done != -again)
				return done;
		}
		now = mpshm_i_clock_now();
	}
	for (int i = 0; i < YIELDS && done == -again && now < deadline; i++) {
		if (!mpshm_i_wait_yield(wait))
			break;
		done = attempt(queue, call);
	}
	return done;
}

/*
 * Is somebody dead?  Looked for once a slice, however often we are woken: what the dead left
 * may lie beside a stream of messages that goes on.  Returns when to look again.
 */
static int64_t look_for_the_dead(struct mpshm_queue *queue, int again)
{
	atomic64 *looked_at = &queue->looked_ns[again == ENOBUFS];
	/* Relaxed: private to this process, of whose threads one looks for all. */
	uint64_t looked = atomic64_load_relaxed(looked_at);
	uint64_t now = (uint64_t) mpshm_i_clock_now();

	if (now - looked >= WAIT_SLICE_NS && atomic64_cas(looked_at, &looked, now)) {
		(void) mpshm_i_mpmc_rebuild_index(&queue->ring);
		/* A block of the dead has no frame to see, and a lease only its block; anything
		 * else has one. */
		if (again == ENOBUFS || mpshm_i_abandoned(&queue->object) ||
		    mpshm_i_lease_look(&queue->pool))
			(void) mpshm_i_recover(queue->object.segment);
		looked = now;
	}
	return (int64_t) looked + WAIT_SLICE_NS;
}

static int timed_out(const struct mpshm_queue *queue, const struct wait_shm *wait)
{
	if (wait == &queue->shm->not_empty)
		return fail_plainly(ETIMEDOUT, "queue: no message came in that time");
	return fail_plainly(ETIMEDOUT, wait == &queue->shm->not_full
	                                       ? "queue: full for all that time"
	                                       : "queue: no block got free in that time");
}

static ssize_t sleep_until(struct mpshm_queue *queue, struct wait_shm *wait, int again,
                           queue_attempt *attempt, void *call, int64_t deadline)
{
	struct mpshm_segment *segment = queue->object.segment;
	for (;;) {
		int64_t until = look_for_the_dead(queue, again);
		if (until > deadline)
			until = deadline;
		uint32_t key = mpshm_i_wait_prepare(segment, wait);
		ssize_t done = attempt(queue, call);
		if (done != -again)
			return done;
		if (mpshm_i_wait_sleep(wait, key, until) == -ETIMEDOUT && until == deadline)
			return timed_out(queue, wait);
		/* Again without preparing: mostly there is work now. */
		done = attempt(queue, call);
		if (done != -again)
			return done;
	}
}

/*
 * Who slept may have been woken for more than it took, or the other woken one may have died:
 * where there is more to be had, wake the next.
 */
static void pass_on(struct mpshm_queue *queue, struct wait_shm *wait)
{
	if (queue_closed(queue)) {
		wait_wake(queue->object.segment, wait, WAIT_ALL); /* for their -EPIPE */
		return;
	}
	uint64_t size = mpshm_i_mpmc_size(&queue->ring);
	if (wait == &queue->shm->not_empty
	            ? size > 0 || lease_returned(&queue->pool)
	            : size < queue->ring.limit || wait == &queue->shm->block_free)
		wait_wake(queue->object.segment, wait, 1);
}

ssize_t mpshm_i_queue_await(struct mpshm_queue *queue, struct wait_shm *wait, int again,
                            queue_attempt *attempt, void *call, int64_t deadline)
{
	mpshm_i_queue_make_ours(queue);
	(void) atomic32_fetch_add(&queue->waiting, 1);
	ssize_t done = spin(queue, wait, again, attempt, call, deadline);
	if (done == -again) {
		done = sleep_until(queue, wait, again, attempt, call, deadline);
		pass_on(queue, wait);
	}
	(void) atomic32_fetch_add(&queue->waiting, UINT32_MAX);
	return done;
}
