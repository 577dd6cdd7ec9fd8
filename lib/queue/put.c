/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages on their way in: inline in a slot, or in a block that the slot names. */
#include "platform/error.h"
#include "queue/queue.h"
#include "ring/copy.h"

int mpshm_i_queue_too_long(const struct mpshm_queue *queue, size_t bytes)
{
	return mpshm_i_fail(EMSGSIZE, "queue: a message of %zu bytes exceeds max_message_bytes %u",
	                    bytes, queue->max_message_bytes);
}

int mpshm_i_queue_try_send(struct mpshm_queue *queue, const struct put_call *call)
{
	struct mpmc *ring = &queue->ring;
	struct mpshm_segment *segment = queue->object.segment;
	struct frame_shm *frame;
	uint64_t position;

	int error = queue_begin(queue, &frame);
	if (unlikely(error))
		return error;
	error = mpmc_claim_put(ring, frame, &position);
	if (unlikely(error))
		return error;
	struct message_shm *slot = mpmc_element(ring, position);
	if (call->block_plus_1)
		/* Ours until READY; a death in between frees it, see pool.h. */
		atomic64_store_release(&queue->pool.descriptors[call->block_plus_1 - 1].word,
		                       pool_word_in(position));
	else
		copy_element(slot + 1, call->message, call->bytes);
	/* Relaxed: published with the slot's word. */
	atomic64_store_relaxed(&slot->tag, call->tag);
	atomic64_store_relaxed(&slot->head, message_head(call->bytes, call->block_plus_1,
	                                                 segment->participant, 0));
	mpmc_publish(ring, frame, position);
	wait_note_cpu(&queue->shm->not_empty, position);
	/* A death before the wake: a sleeper looks again within a slice. */
	wait_wake(segment, &queue->shm->not_empty, 1);
	return 0;
}

static ssize_t attempt_send(struct mpshm_queue *queue, void *call)
{
	return mpshm_i_queue_try_send(queue, call);
}

int mpshm_i_queue_send(struct mpshm_queue *queue, struct put_call *call, int64_t timeout_ns)
{
	int error = mpshm_i_queue_try_send(queue, call);
	if (likely(error != -EAGAIN) || timeout_ns == 0)
		return error;
	return (int) mpshm_i_queue_await(queue, &queue->shm->not_full, EAGAIN, attempt_send, call,
	                                 mpshm_i_deadline(timeout_ns));
}

struct block_call {
	uint32_t bytes;
	uint32_t block;
};

static ssize_t attempt_block(struct mpshm_queue *queue, void *context)
{
	struct block_call *call = context;
	if (queue_closed(queue))
		return fail_plainly(EPIPE, "shut down: nothing more can be put");
	int error = mpshm_i_pool_allocate(&queue->pool, call->bytes, &call->block);
	if (unlikely(error == -ENOBUFS) && mpshm_i_stalled(&queue->stall_block, STALL_ANYWHERE) &&
	    mpshm_i_recover(queue->object.segment) > 0)
		error = mpshm_i_pool_allocate(&queue->pool, call->bytes, &call->block);
	return error;
}

int mpshm_i_queue_block(struct mpshm_queue *queue, uint32_t bytes, uint32_t *ret_block,
                        int64_t timeout_ns)
{
	struct block_call call = {.bytes = bytes};
	struct cell_shm *cell;

	/* Registers a forked child: the block must be its own. */
	int error = thread_cell(queue->object.segment, &cell);
	if (error)
		return error;
	ssize_t done = attempt_block(queue, &call);
	if (done == -ENOBUFS && timeout_ns != 0)
		done = mpshm_i_queue_await(queue, &queue->shm->block_free, ENOBUFS, attempt_block,
		                           &call, mpshm_i_deadline(timeout_ns));
	if (done == 0)
		*ret_block = call.block;
	return (int) done;
}

bool mpshm_i_queue_free_block(struct mpshm_queue *queue, uint32_t block, uint64_t word)
{
	if (!mpshm_i_pool_free(&queue->pool, block, word))
		return false;
	wait_wake(queue->object.segment, &queue->shm->block_free, WAIT_ALL);
	return true;
}

static int put_by_block(struct mpshm_queue *queue, struct put_call *call, int64_t timeout_ns)
{
	int64_t deadline = mpshm_i_deadline(timeout_ns);
	uint32_t block;

	int error = mpshm_i_queue_block(queue, call->bytes, &block, timeout_ns);
	if (error)
		return error;
	copy_element(mpshm_i_pool_payload(&queue->pool, block, call->bytes), call->message,
	             call->bytes);
	call->block_plus_1 = block + 1;
	error = mpshm_i_queue_try_send(queue, call);
	if (error == -EAGAIN && timeout_ns != 0)
		error = (int) mpshm_i_queue_await(queue, &queue->shm->not_full, EAGAIN,
		                                  attempt_send, call, deadline);
	if (error)
		(void) mpshm_i_queue_free_block(
			queue, block, block_word(BLOCK_OWNED, queue->object.segment->self));
	return error;
}

int mpshm_queue_put_tagged(struct mpshm_queue *queue, const void *message, size_t bytes,
                           uint64_t tag, int64_t timeout_ns)
{
	struct put_call call = {.message = message, .bytes = (uint32_t) bytes, .tag = tag};

	if (likely(bytes <= queue->inline_bytes))
		return mpshm_i_queue_send(queue, &call, timeout_ns);
	if (bytes > queue->max_message_bytes)
		return mpshm_i_queue_too_long(queue, bytes);
	return put_by_block(queue, &call, timeout_ns);
}

int mpshm_queue_put(struct mpshm_queue *queue, const void *message, size_t bytes,
                    int64_t timeout_ns)
{
	return mpshm_queue_put_tagged(queue, message, bytes, 0, timeout_ns);
}

int mpshm_queue_try_put(struct mpshm_queue *queue, const void *message, size_t bytes)
{
	return mpshm_queue_put_tagged(queue, message, bytes, 0, 0);
}
