/* SPDX-License-Identifier: BSD-2-Clause */
/* Zero-copy writing: a block that the user fills at leisure, outside the ring. */
#include "platform/error.h"
#include "queue/queue.h"

int mpshm_queue_reserve(struct mpshm_queue *queue, size_t bytes, void **ret_message,
                        int64_t timeout_ns)
{
	uint32_t block;

	if (bytes > queue->max_message_bytes)
		return mpshm_i_queue_too_long(queue, bytes);
	int error = mpshm_i_segment_register(queue->object.segment);
	if (error)
		return error;
	mpshm_i_queue_make_ours(queue);
	if (atomic32_fetch_add(&queue->reservations, 1) >= MPSHM_QUEUE_RESERVATIONS_MAX) {
		(void) atomic32_fetch_add(&queue->reservations, UINT32_MAX);
		return mpshm_i_fail(ENOBUFS, "queue: %d reservations of this handle are open",
		                    MPSHM_QUEUE_RESERVATIONS_MAX);
	}
	error = mpshm_i_queue_block(queue, (uint32_t) bytes, &block, timeout_ns);
	if (error) {
		(void) atomic32_fetch_add(&queue->reservations, UINT32_MAX);
		return error;
	}
	/* Relaxed: read by this process only, whose threads hand the pointer on. */
	atomic64_store_relaxed(&queue->pool.descriptors[block].aside,
	                       (uint64_t) queue->number << 32 | (bytes + 1));
	*ret_message = mpshm_i_pool_payload(&queue->pool, block, (uint32_t) bytes);
	return 0;
}

static int no_reservation(void)
{
	return mpshm_i_fail(EINVAL,
	                    "queue: the pointer is no reservation of this handle in this process");
}

/* Take the reservation away from whoever else might end it.  0, with its bytes + 1; -EINVAL;
 * -EUSERS... */
static int end_reservation(struct mpshm_queue *queue, const void *message, uint32_t *ret_block,
                           uint64_t *ret_reserved)
{
	uint32_t block = mpshm_i_pool_block_at(&queue->pool, message);
	struct cell_shm *cell;

	if (block == UINT32_MAX)
		return no_reservation();
	/* Registers a forked child first: its parent's reservations are not its own. */
	int error = thread_cell(queue->object.segment, &cell);
	if (error)
		return error;
	struct block_shm *descriptor = &queue->pool.descriptors[block];
	if (atomic64_load_acquire(&descriptor->word) !=
	    block_word(BLOCK_OWNED, queue->object.segment->self))
		return no_reservation();
	uint64_t reserved = atomic64_load_relaxed(&descriptor->aside);
	if (reserved == 0 || reserved >> 32 != queue->number ||
	    !atomic64_cas(&descriptor->aside, &reserved, 0))
		return no_reservation();
	*ret_block = block;
	*ret_reserved = reserved & UINT32_MAX;
	return 0;
}

int mpshm_queue_commit(struct mpshm_queue *queue, void *message, size_t bytes, uint64_t tag,
                       int64_t timeout_ns)
{
	uint64_t reserved;
	uint32_t block;

	int error = end_reservation(queue, message, &block, &reserved);
	if (error)
		return error;
	if (bytes >= reserved) {
		error = mpshm_i_fail(EINVAL, "queue: %zu bytes exceed the %llu that were reserved",
		                     bytes, (unsigned long long) reserved - 1);
	} else {
		struct put_call call = {
			.bytes = (uint32_t) bytes,
			.block_plus_1 = block + 1,
			.tag = tag,
		};
		error = mpshm_i_queue_send(queue, &call, timeout_ns);
	}
	if (error)
		/* It stays the caller's. */
		atomic64_store_relaxed(&queue->pool.descriptors[block].aside,
		                       (uint64_t) queue->number << 32 | reserved);
	else
		(void) atomic32_fetch_add(&queue->reservations, UINT32_MAX);
	return error;
}

int mpshm_queue_abort(struct mpshm_queue *queue, void *message)
{
	uint64_t reserved;
	uint32_t block;

	int error = end_reservation(queue, message, &block, &reserved);
	if (error)
		return error;
	(void) mpshm_i_queue_free_block(queue, block,
	                                block_word(BLOCK_OWNED, queue->object.segment->self));
	(void) atomic32_fetch_add(&queue->reservations, UINT32_MAX);
	return 0;
}
