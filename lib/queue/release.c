/* SPDX-License-Identifier: BSD-2-Clause */
/* What every way to take a message out of its slot has in common, and how the queue ends. */
#include "platform/error.h"
#include "queue/queue.h"
#include "segment/abandoned.h"
#include "segment/recovery.h"

char *mpshm_i_queue_payload(struct mpshm_queue *queue, struct message_shm *slot, uint64_t head,
                            uint64_t position)
{
	uint32_t block = message_block_plus_1(head), bytes = message_bytes(head);

	if (block == 0)
		return bytes <= queue->inline_bytes ? (char *) (slot + 1) : NULL;
	char *payload = mpshm_i_pool_payload(&queue->pool, block - 1, bytes);
	return payload && mpshm_i_lease_undo(&queue->pool, block - 1, position) ? payload : NULL;
}

bool mpshm_i_queue_adopt(struct mpshm_queue *queue, struct frame_shm *frame, uint64_t *ret_position,
                         uint32_t *ret_attempt)
{
	const atomic64 *dropped = &queue->ring.shm->dropped;
	/* Relaxed: ours are seen; another's only cost a look at the pool. */
	uint64_t before = atomic64_load_relaxed(dropped);

	bool adopted = mpshm_i_mpmc_adopt(&queue->ring, frame, ret_position, ret_attempt);
	if (unlikely(atomic64_load_relaxed(dropped) != before)) {
		/* A death before this: our own, and recovery does it. */
		mpshm_i_pool_resolve(&queue->pool, &queue->ring, OWNER_NONE);
		wait_wake(queue->object.segment, &queue->shm->not_full, WAIT_ALL);
		wait_wake(queue->object.segment, &queue->shm->block_free, WAIT_ALL);
	}
	return adopted;
}

void mpshm_i_queue_release(struct mpshm_queue *queue, struct frame_shm *frame, uint64_t position,
                           uint64_t head, uint32_t attempt)
{
	mpmc_release(&queue->ring, frame, position);
	if (unlikely(attempt)) {
		mpshm_i_mpmc_adopted(&queue->ring, position);
		/* Who died may have been about to move it into a block, which then is IN a slot
		 * that never named it. */
		if (message_block_plus_1(head) == 0)
			mpshm_i_pool_resolve(&queue->pool, &queue->ring, OWNER_NONE);
	}
	wait_note_cpu(&queue->shm->not_full, position);
	wait_wake(queue->object.segment, &queue->shm->not_full, 1);
}

void mpshm_i_queue_lease_ended(struct mpshm_queue *queue)
{
	if (queue_closed(queue))
		wait_wake(queue->object.segment, &queue->shm->not_empty, WAIT_ALL);
}

void mpshm_i_queue_look_now_and_then(struct mpshm_queue *queue)
{
	if (mpshm_i_stalled(&queue->stall_leases, STALL_ANYWHERE) &&
	    mpshm_i_lease_look(&queue->pool))
		(void) mpshm_i_recover(queue->object.segment);
}

/*
 * Shut down, and every position claimed: by the living, who may yet die or abort, by the
 * dead, or long delivered?  In this order, for so a message goes: while its claimer
 * announces it, out of its slot, into the index or into a lease; out of the index, which
 * keeps it until its slot is released, into a lease; and out of a lease nowhere else.
 */
static bool all_delivered(struct mpshm_queue *queue)
{
	if (mpshm_i_abandoned(&queue->object)) {
		(void) mpshm_i_recover(queue->object.segment);
		return false;
	}
	if (mpshm_i_being_taken(&queue->object))
		return false;
	/* Its entries, for a bit may be out for a moment. */
	if (mpshm_i_mpmc_rebuild_index(&queue->ring))
		return false;
	return !lease_ever(&queue->pool) || !mpshm_i_lease_any(&queue->pool);
}

ssize_t mpshm_i_queue_none(struct mpshm_queue *queue)
{
	struct mpmc *ring = &queue->ring;
	/* A death before the wake: a sleeper looks again within a slice. */
	if (unlikely(atomic32_load_relaxed(&ring->skipped) != 0)) {
		atomic32_store_relaxed(&ring->skipped, 0);
		wait_wake(queue->object.segment, &queue->shm->not_full, WAIT_ALL);
	}
	/* Relaxed: a shutdown wakes sleepers after it, and who polls sees it in time. */
	if (likely(atomic64_load_relaxed(&ring->shm->closing) == 0))
		return -EAGAIN;
	uint64_t tail = atomic64_load_acquire(&ring->shm->tail);
	if (!(tail & TAIL_CLOSED) || mpmc_has_redelivery(ring))
		return -EAGAIN;
	if (atomic64_load_acquire(&ring->shm->head) != (tail & ~TAIL_CLOSED))
		return -EAGAIN;
	return all_delivered(queue) ? fail_plainly(EPIPE, "shut down, and all messages were taken")
	                            : -EAGAIN;
}
