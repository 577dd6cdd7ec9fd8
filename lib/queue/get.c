/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages on their way out. */
#include "platform/error.h"
#include "queue/queue.h"
#include "ring/copy.h"

struct get_call {
	void *buffer;
	size_t buffer_bytes;
	struct mpshm_message *ret_message; /* or NULL */
};

static void tell(const struct get_call *call, const struct message_shm *slot, uint64_t head,
                 uint64_t position, uint32_t attempt)
{
	if (call->ret_message)
		queue_tell(call->ret_message, head, atomic64_load_relaxed(&slot->tag), position,
		           attempt);
}

static ssize_t skipped(uint64_t position)
{
	return mpshm_i_fail(EBADMSG, "queue: the message at position %llu was corrupt; skipped",
	                    (unsigned long long) position);
}

/*
 * Copy a claimed message out and let its slot go.  The release store is the
 * acknowledgement; a death before it has the message delivered again, one
 * between it and the block's CAS leaves a block that recovery frees.
 */
static ssize_t deliver(struct mpshm_queue *queue, const struct get_call *call,
                       struct frame_shm *frame, uint64_t position, uint32_t attempt)
{
	struct message_shm *slot = mpmc_element(&queue->ring, position);
	/* Relaxed: the acquire load of READY before the claim ordered them. */
	uint64_t head = atomic64_load_relaxed(&slot->head);
	uint32_t bytes = message_bytes(head), block = message_block_plus_1(head);
	const char *payload = mpshm_i_queue_payload(queue, slot, head, position);
	bool good = payload != NULL && bytes <= call->buffer_bytes;

	if (likely(good)) {
		copy_element(call->buffer, payload, bytes);
		tell(call, slot, head, position, attempt);
	}
	mpshm_i_queue_release(queue, frame, position, head, attempt);
	if (block)
		(void) mpshm_i_queue_free_block(queue, block - 1, pool_word_in(position));
	return likely(good) ? (ssize_t) bytes : skipped(position);
}

static ssize_t too_small(const struct get_call *call, uint32_t bytes)
{
	return mpshm_i_fail(EMSGSIZE, "queue: the next message has %u bytes, the buffer %zu", bytes,
	                    call->buffer_bytes);
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

/* A message that a dead consumer left: its length, -EAGAIN: none, -EMSGSIZE. */
static ssize_t get_redelivered(struct mpshm_queue *queue, struct frame_shm *frame,
                               const struct get_call *call)
{
	uint64_t position, too_long;
	uint32_t attempt;

	if (redelivered_is_too_long(queue, call, &too_long))
		return too_small(call, message_bytes(too_long));
	if (!mpshm_i_queue_adopt(queue, frame, &position, &attempt))
		return -EAGAIN;
	const struct message_shm *slot = mpmc_element(&queue->ring, position);
	uint64_t head = atomic64_load_relaxed(&slot->head);
	if (message_bytes(head) <= call->buffer_bytes)
		return deliver(queue, call, frame, position, attempt);
	tell(call, slot, head, position, attempt);
	mpshm_i_mpmc_unadopt(&queue->ring, frame, position);
	return too_small(call, message_bytes(head));
}

/* A message whose lease ended without a commit: its length, -EAGAIN: none, -EMSGSIZE. */
static ssize_t get_returned(struct mpshm_queue *queue, const struct get_call *call)
{
	struct pool *pool = &queue->pool;
	struct mpshm_message told;
	struct lease lease;

	for (;;) {
		if (!mpshm_i_lease_find(pool, &lease))
			return -EAGAIN;
		queue_tell_lease(pool, &lease, &told);
		if (told.bytes <= call->buffer_bytes && mpshm_i_lease_take(pool, &lease))
			break;
		/* Not taken: believed only where it is still BACK. */
		fence_acquire();
		if (told.bytes <= call->buffer_bytes ||
		    atomic64_load_acquire(&pool->descriptors[lease.block].word) != lease.word)
			continue;
		if (call->ret_message)
			*call->ret_message = told;
		return too_small(call, told.bytes);
	}
	queue_tell_lease(pool, &lease, &told);
	const char *payload = mpshm_i_pool_payload(pool, lease.block, told.bytes);
	bool good = payload != NULL && told.bytes <= call->buffer_bytes;
	if (good) {
		copy_element(call->buffer, payload, told.bytes);
		if (call->ret_message)
			*call->ret_message = told;
	}
	/* The acknowledgement. */
	(void) mpshm_i_queue_free_block(queue, lease.block, lease.word);
	(void) atomic64_fetch_add(&queue->ring.shm->redelivered, 1);
	mpshm_i_queue_lease_ended(queue);
	return good ? (ssize_t) told.bytes : skipped(told.position);
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
	if (lease_ever(&queue->pool)) {
		mpshm_i_queue_look_now_and_then(queue);
		ssize_t bytes = get_returned(queue, call);
		if (bytes != -EAGAIN)
			return bytes;
	}
	if (mpmc_has_redelivery(ring)) {
		ssize_t bytes = get_redelivered(queue, frame, call);
		if (bytes != -EAGAIN)
			return bytes;
	}
	struct backoff backoff = backoff_begin((uintptr_t) frame);
	for (;;) {
		error = mpmc_front(ring, frame, &position);
		if (unlikely(error))
			return error == -EAGAIN ? mpshm_i_queue_none(queue) : error;
		const struct message_shm *slot = mpmc_element(ring, position);
		/* Not claimed yet: believed only where the slot is still READY(position). */
		uint64_t head = atomic64_load_relaxed(&slot->head);
		if (unlikely(message_bytes(head) > call->buffer_bytes)) {
			tell(call, slot, head, position, 0);
			fence_acquire();
			if (atomic64_load_acquire(mpmc_word(ring, position)) ==
			            mpmc_word_of(ring, SLOT_READY, position) &&
			    atomic64_load_acquire(&ring->shm->head) == position)
				return too_small(call, message_bytes(head));
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
