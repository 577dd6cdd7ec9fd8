/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages in the user's hand until they are committed: leases.  See lease.h. */
#include "platform/error.h"
#include "queue/queue.h"
#include "segment/recovery.h"

struct begin_call {
	struct mpshm_lease *ret_lease;
	uint32_t spare_plus_1; /* a block of ours for an inline message; 0: none */
};

static uint64_t owned_by_us(const struct mpshm_queue *queue)
{
	return block_word(BLOCK_OWNED, queue->object.segment->self);
}

/* See to it that an inline message has a block to go to. */
static bool have_spare(struct mpshm_queue *queue, struct begin_call *call)
{
	uint32_t block;

	if (call->spare_plus_1)
		return true;
	int error = mpshm_i_pool_allocate(&queue->pool, queue->inline_bytes, &block);
	if (unlikely(error) && mpshm_i_stalled(&queue->stall_block, STALL_ANYWHERE) &&
	    mpshm_i_recover(queue->object.segment) > 0)
		error = mpshm_i_pool_allocate(&queue->pool, queue->inline_bytes, &block);
	if (error)
		(void) fail_plainly(ENOBUFS, "queue: the next message needs a block, and none of "
		                             "that size is free; end a lease, or get it plainly");
	else
		call->spare_plus_1 = block + 1;
	return !error;
}

static void free_spare(struct mpshm_queue *queue, struct begin_call *call)
{
	if (call->spare_plus_1)
		(void) mpshm_i_queue_free_block(queue, call->spare_plus_1 - 1, owned_by_us(queue));
	call->spare_plus_1 = 0;
}

static ssize_t corrupt(uint64_t position)
{
	return mpshm_i_fail(EBADMSG, "queue: the message at position %llu was corrupt; skipped",
	                    (unsigned long long) position);
}

static ssize_t hand_out(struct mpshm_queue *queue, const struct lease *lease,
                        struct mpshm_lease *ret_lease)
{
	struct mpshm_lease out = {
		.cookie = (uint64_t) queue->number << 32 | (lease->block + 1),
	};
	queue_tell_lease(&queue->pool, lease, &out.message);
	out.data = mpshm_i_pool_payload(&queue->pool, lease->block, out.message.bytes);
	if (unlikely(!out.data)) {
		(void) mpshm_i_queue_free_block(queue, lease->block, lease->word);
		return corrupt(out.message.position);
	}
	*ret_lease = out;
	return (ssize_t) out.message.bytes;
}

/* Out of a claimed slot, with a spare where the message is inline. */
static ssize_t begin_claimed(struct mpshm_queue *queue, struct begin_call *call,
                             struct frame_shm *frame, uint64_t position, uint32_t attempt)
{
	struct message_shm *slot = mpmc_element(&queue->ring, position);
	uint64_t head = atomic64_load_relaxed(&slot->head), moved = head; /* ours since the claim */
	struct lease lease;

	bool good = mpshm_i_queue_payload(queue, slot, head, position) != NULL;
	if (good && message_block_plus_1(head) == 0) {
		moved = mpshm_i_lease_move(&queue->pool, call->spare_plus_1 - 1, slot, position);
		call->spare_plus_1 = 0;
	}
	if (good)
		lease = mpshm_i_lease_start(&queue->pool, slot, moved, position, attempt);
	mpshm_i_queue_release(queue, frame, position, head, attempt);
	if (good)
		return hand_out(queue, &lease, call->ret_lease);
	if (message_block_plus_1(head))
		(void) mpshm_i_queue_free_block(queue, message_block_plus_1(head) - 1,
		                                pool_word_in(position));
	return corrupt(position);
}

/* A message whose lease ended without a commit. */
static ssize_t begin_returned(struct mpshm_queue *queue, const struct begin_call *call)
{
	struct lease lease;
	do {
		if (!mpshm_i_lease_find(&queue->pool, &lease))
			return -EAGAIN;
	} while (!mpshm_i_lease_take(&queue->pool, &lease));
	(void) atomic64_fetch_add(&queue->ring.shm->redelivered, 1);
	return hand_out(queue, &lease, call->ret_lease);
}

static bool is_inline(const struct mpmc *ring, uint64_t position)
{
	const struct message_shm *slot = mpmc_element(ring, position);
	return message_block_plus_1(atomic64_load_relaxed(&slot->head)) == 0;
}

/* A message that a dead getter left in its slot. */
static ssize_t begin_redelivered(struct mpshm_queue *queue, struct begin_call *call,
                                 struct frame_shm *frame)
{
	struct mpmc *ring = &queue->ring;
	uint64_t position;
	uint32_t attempt;

	/* The block before it is taken over, since each time costs one of the attempts that
	 * its word can count. */
	if (mpshm_i_mpmc_redeliverable(ring, 1, &position) == 0)
		return -EAGAIN;
	if (is_inline(ring, position) && !have_spare(queue, call))
		return -ENOBUFS;
	if (!mpshm_i_queue_adopt(queue, frame, &position, &attempt))
		return -EAGAIN;
	if (unlikely(is_inline(ring, position) && !have_spare(queue, call))) {
		mpshm_i_mpmc_unadopt(ring, frame, position); /* another than the one above */
		return -ENOBUFS;
	}
	return begin_claimed(queue, call, frame, position, attempt);
}

static ssize_t begin_next(struct mpshm_queue *queue, struct begin_call *call,
                          struct frame_shm *frame)
{
	struct mpmc *ring = &queue->ring;
	struct backoff backoff = backoff_begin((uintptr_t) frame);
	uint64_t position;

	for (;;) {
		int error = mpmc_front(ring, frame, &position);
		if (unlikely(error))
			return error == -EAGAIN ? mpshm_i_queue_none(queue) : error;
		const struct message_shm *slot = mpmc_element(ring, position);
		/* Not claimed yet: believed only where the slot is still READY(position). */
		uint64_t head = atomic64_load_relaxed(&slot->head);
		if (message_block_plus_1(head) == 0 && !have_spare(queue, call)) {
			fence_acquire();
			if (atomic64_load_acquire(mpmc_word(ring, position)) ==
			            mpmc_word_of(ring, SLOT_READY, position) &&
			    atomic64_load_acquire(&ring->shm->head) == position)
				return -ENOBUFS;
			continue;
		}
		if (likely(mpmc_claim_front(ring, frame, position)))
			return begin_claimed(queue, call, frame, position, 0);
		backoff_wait(&backoff);
	}
}

static ssize_t attempt_begin(struct mpshm_queue *queue, void *context)
{
	struct begin_call *call = context;
	struct frame_shm *frame;
	ssize_t bytes = -EAGAIN;

	int error = queue_begin(queue, &frame);
	if (unlikely(error))
		return error;
	if (lease_ever(&queue->pool)) {
		mpshm_i_queue_look_now_and_then(queue);
		bytes = begin_returned(queue, call);
	}
	if (bytes == -EAGAIN && mpmc_has_redelivery(&queue->ring))
		bytes = begin_redelivered(queue, call, frame);
	if (bytes == -EAGAIN)
		bytes = begin_next(queue, call, frame);
	free_spare(queue, call); /* nobody sleeps on one */
	return bytes;
}

/* For a message, and where that is inline and the pool used up, for a block. */
static ssize_t await_begin(struct mpshm_queue *queue, struct begin_call *call, ssize_t why,
                           int64_t deadline)
{
	while (why == -EAGAIN || why == -ENOBUFS)
		why = mpshm_i_queue_await(
			queue, why == -EAGAIN ? &queue->shm->not_empty : &queue->shm->block_free,
			(int) -why, attempt_begin, call, deadline);
	return why;
}

ssize_t mpshm_queue_get_begin(struct mpshm_queue *queue, struct mpshm_lease *ret_lease,
                              int64_t timeout_ns)
{
	struct begin_call call = {.ret_lease = ret_lease};
	struct frame_shm *frame;

	/* Before anything waits: a lack of frames is no lack of blocks. */
	int error = queue_begin(queue, &frame);
	if (error)
		return error;
	mpshm_i_queue_make_ours(queue);
	(void) atomic32_fetch_add(&queue->leases, 1);
	ssize_t bytes = attempt_begin(queue, &call);
	if (timeout_ns != 0 && (bytes == -EAGAIN || bytes == -ENOBUFS))
		bytes = await_begin(queue, &call, bytes, mpshm_i_deadline(timeout_ns));
	if (bytes < 0)
		(void) atomic32_fetch_add(&queue->leases, UINT32_MAX);
	return bytes;
}

static int no_lease(void)
{
	return mpshm_i_fail(EINVAL, "queue: that is no open lease of this handle in this process");
}

/* Does this process hold the lease, through this handle?  0, -EINVAL, or as registering. */
static int held(struct mpshm_queue *queue, const struct mpshm_lease *lease, struct lease *ret_lease)
{
	uint32_t block = (uint32_t) lease->cookie - 1;

	if (lease->cookie >> 32 != queue->number || block >= queue->pool.blocks)
		return no_lease();
	/* Registers a forked child first: its parent's leases are not its own. */
	int error = mpshm_i_segment_register(queue->object.segment);
	if (error)
		return error;
	mpshm_i_queue_make_ours(queue);
	const struct block_shm *descriptor = &queue->pool.descriptors[block];
	*ret_lease = (struct lease){
		block, block_word_leased(queue->object.segment->self, lease->message.attempt)};
	/* Relaxed: our own stores; the CAS that follows judges the word. */
	if (atomic64_load_relaxed(&descriptor->word) != ret_lease->word ||
	    atomic64_load_relaxed(&descriptor->lease_position) != lease->message.position)
		return no_lease();
	return 0;
}

static int ended(struct mpshm_queue *queue, struct mpshm_lease *lease)
{
	*lease = (struct mpshm_lease){0};
	(void) atomic32_fetch_add(&queue->leases, UINT32_MAX);
	return 0;
}

int mpshm_queue_get_commit(struct mpshm_queue *queue, struct mpshm_lease *lease)
{
	struct lease ours;

	int error = held(queue, lease, &ours);
	if (error)
		return error;
	/* The acknowledgement: the block is free. */
	if (!mpshm_i_queue_free_block(queue, ours.block, ours.word))
		return no_lease(); /* another thread was faster */
	mpshm_i_queue_lease_ended(queue);
	return ended(queue, lease);
}

int mpshm_queue_get_abort(struct mpshm_queue *queue, struct mpshm_lease *lease)
{
	struct lease ours;

	int error = held(queue, lease, &ours);
	if (error)
		return error;
	if (!mpshm_i_lease_give_back(&queue->pool, &ours))
		return no_lease();
	/* A death before the wake: a sleeper looks again within a slice. */
	wait_wake(queue->object.segment, &queue->shm->not_empty, 1);
	return ended(queue, lease);
}
