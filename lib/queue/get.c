/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages on their way out. */
#include "platform/error.h"
#include "queue/queue.h"
#include "ring/copy.h"
#include "segment/abandoned.h"

struct get_call {
	void *buffer;
	size_t buffer_bytes;
	struct mpshm_message *ret_message; /* or NULL */
};

static void tell(const struct get_call *call, const struct message_shm *slot, uint64_t head,
                 uint64_t position, uint32_t attempt)
{
	if (!call->ret_message)
		return;
	*call->ret_message = (struct mpshm_message){
		.tag = atomic64_load_relaxed(&slot->tag),
		.position = position,
		.bytes = message_bytes(head),
		.flags = attempt ? MPSHM_MESSAGE_REDELIVERED : 0,
		.attempt = attempt,
		.producer = message_producer(head),
	};
}

/*
 * Where the bytes of a claimed message lie, or NULL: the header contradicts the pool.
 * A block must say that it is IN this position.
 */
static const char *payload_of(struct mpshm_queue *queue, const struct message_shm *slot,
                              uint64_t head, uint64_t position)
{
	uint32_t block = message_block_plus_1(head);
	if (block == 0)
		return message_bytes(head) <= queue->inline_bytes ? (const char *) (slot + 1)
		                                                  : NULL;
	const char *payload = mpshm_i_pool_payload(&queue->pool, block - 1, message_bytes(head));
	if (payload && atomic64_load_acquire(&queue->pool.descriptors[block - 1].word) !=
	                       pool_word_in(position))
		return NULL;
	return payload;
}

/*
 * Copy a claimed message out and let its slot go.  The release store is the
 * acknowledgement; a death before it has the message delivered again, one
 * between it and the block's CAS leaves a block that recovery frees.
 */
static ssize_t deliver(struct mpshm_queue *queue, const struct get_call *call,
                       struct frame_shm *frame, uint64_t position, uint32_t attempt)
{
	struct mpmc *ring = &queue->ring;
	struct message_shm *slot = mpmc_element(ring, position);
	/* Relaxed: the acquire load of READY before the claim ordered them. */
	uint64_t head = atomic64_load_relaxed(&slot->head);
	uint32_t bytes = message_bytes(head), block = message_block_plus_1(head);
	const char *payload = payload_of(queue, slot, head, position);
	bool good = payload != NULL && bytes <= call->buffer_bytes;

	if (likely(good)) {
		if (bytes <= COPY_WORDS_MAX)
			copy_element(call->buffer, payload, bytes);
		else
			memcpy(call->buffer, payload, bytes);
		tell(call, slot, head, position, attempt);
	}
	mpmc_release(ring, frame, position);
	if (unlikely(attempt))
		mpshm_i_mpmc_adopted(ring, position);
	if (block)
		mpshm_i_queue_free_block(queue, block - 1, pool_word_in(position));
	wait_note_cpu(&queue->shm->not_full, position);
	wait_wake(queue->object.segment, &queue->shm->not_full, 1);
	if (unlikely(!good))
		return mpshm_i_fail(EBADMSG,
		                    "queue: the message at position %llu was corrupt; skipped",
		                    (unsigned long long) position);
	return (ssize_t) bytes;
}

static ssize_t too_small(const struct get_call *call, uint64_t head)
{
	return mpshm_i_fail(EMSGSIZE, "queue: the next message has %u bytes, the buffer %zu",
	                    message_bytes(head), call->buffer_bytes);
}

/*
 * Is the message that a dead consumer left too long for the buffer?  Asked before it is
 * taken over, since each time costs one of the attempts that its word can count.
 */
static bool redelivered_is_too_long(struct mpshm_queue *queue, const struct get_call *call,
                                    uint64_t *ret_head)
{
	const struct mpmc *ring = &queue->ring;
	uint64_t position;

	if (mpshm_i_mpmc_redeliverable(ring, 1, &position) == 0)
		return false;
	const atomic64 *slot_word_at = mpmc_word(ring, position);
	uint64_t word = atomic64_load_acquire(slot_word_at);
	const struct message_shm *slot = mpmc_element(ring, position);
	*ret_head = atomic64_load_relaxed(&slot->head); /* believed only where the word stays */
	if (slot_kind(word) != SLOT_REDEL || message_bytes(*ret_head) <= call->buffer_bytes)
		return false;
	tell(call, slot, *ret_head, position, slot_attempt(word) + 1);
	fence_acquire();
	return atomic64_load_acquire(slot_word_at) == word;
}

/* As mpshm_i_mpmc_adopt(); a message that it dropped leaves its block, and room. */
static bool adopt(struct mpshm_queue *queue, struct frame_shm *frame, uint64_t *ret_position,
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

/* A message that a dead consumer left: its length, -EAGAIN: none, -EMSGSIZE. */
static ssize_t get_redelivered(struct mpshm_queue *queue, struct frame_shm *frame,
                               const struct get_call *call)
{
	uint64_t position, too_long;
	uint32_t attempt;

	if (redelivered_is_too_long(queue, call, &too_long))
		return too_small(call, too_long);
	if (!adopt(queue, frame, &position, &attempt))
		return -EAGAIN;
	const struct message_shm *slot = mpmc_element(&queue->ring, position);
	uint64_t head = atomic64_load_relaxed(&slot->head);
	if (message_bytes(head) <= call->buffer_bytes)
		return deliver(queue, call, frame, position, attempt);
	tell(call, slot, head, position, attempt);
	mpshm_i_mpmc_unadopt(&queue->ring, frame, position);
	return too_small(call, head);
}

/* Empty: for now, or for good? */
static ssize_t none(struct mpshm_queue *queue)
{
	struct mpmc *ring = &queue->ring;
	/* A death before the wake: a sleeper looks again within a slice. */
	if (unlikely(atomic32_load_relaxed(&ring->skipped) != 0)) {
		atomic32_store_relaxed(&ring->skipped, 0);
		wait_wake(queue->object.segment, &queue->shm->not_full, WAIT_ALL);
	}
	uint64_t tail = atomic64_load_acquire(&ring->shm->tail);
	if (!(tail & TAIL_CLOSED) || mpmc_has_redelivery(ring))
		return -EAGAIN;
	if (atomic64_load_acquire(&ring->shm->head) != (tail & ~TAIL_CLOSED))
		return -EAGAIN;
	/* All were taken, but by the dead perhaps: then there is more to come. */
	if (mpshm_i_abandoned(&queue->object)) {
		(void) mpshm_i_recover(queue->object.segment);
		return -EAGAIN;
	}
	/* The index after the frames, for what a frame leads to is in it before the frame is
	 * emptied; and its entries, for a bit may be out for a moment. */
	if (mpshm_i_mpmc_rebuild_index(&queue->ring))
		return -EAGAIN;
	return fail_plainly(EPIPE, "shut down, and all messages were taken");
}

static ssize_t attempt_get(struct mpshm_queue *queue, void *context)
{
	const struct get_call *call = context;
	struct mpmc *ring = &queue->ring;
	struct frame_shm *frame;
	uint64_t position;

	int error = queue_begin(queue, &frame);
	if (unlikely(error))
		return error;
	if (mpmc_has_redelivery(ring)) {
		ssize_t bytes = get_redelivered(queue, frame, call);
		if (bytes != -EAGAIN)
			return bytes;
	}
	struct backoff backoff = backoff_begin((uintptr_t) frame);
	for (;;) {
		error = mpmc_front(ring, frame, &position);
		if (unlikely(error))
			return error == -EAGAIN ? none(queue) : error;
		const struct message_shm *slot = mpmc_element(ring, position);
		/* Not claimed yet: believed only where the slot is still READY(position). */
		uint64_t head = atomic64_load_relaxed(&slot->head);
		if (unlikely(message_bytes(head) > call->buffer_bytes)) {
			tell(call, slot, head, position, 0);
			fence_acquire();
			if (atomic64_load_acquire(mpmc_word(ring, position)) ==
			            mpmc_word_of(ring, SLOT_READY, position) &&
			    atomic64_load_acquire(&ring->shm->head) == position)
				return too_small(call, head);
			continue;
		}
		if (likely(mpmc_claim_front(ring, frame, position)))
			return deliver(queue, call, frame, position, 0);
		backoff_wait(&backoff);
	}
}

ssize_t mpshm_queue_receive(struct mpshm_queue *queue, void *buffer, size_t buffer_bytes,
                            struct mpshm_message *ret_message, int64_t timeout_ns)
{
	struct get_call call = {buffer, buffer_bytes, ret_message};

	ssize_t bytes = attempt_get(queue, &call);
	if (likely(bytes != -EAGAIN) || timeout_ns == 0)
		return bytes;
	return mpshm_i_queue_await(queue, &queue->shm->not_empty, EAGAIN, attempt_get, &call,
	                           mpshm_i_deadline(timeout_ns));
}

ssize_t mpshm_queue_get(struct mpshm_queue *queue, void *buffer, size_t buffer_bytes,
                        int64_t timeout_ns)
{
	return mpshm_queue_receive(queue, buffer, buffer_bytes, NULL, timeout_ns);
}

ssize_t mpshm_queue_try_get(struct mpshm_queue *queue, void *buffer, size_t buffer_bytes)
{
	return mpshm_queue_receive(queue, buffer, buffer_bytes, NULL, 0);
}
