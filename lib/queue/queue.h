/* SPDX-License-Identifier: BSD-2-Clause */
/* The private handle of a queue, and what its files share. */
#ifndef MPSHM_QUEUE_QUEUE_H
#define MPSHM_QUEUE_QUEUE_H

#include "layout/queue.h"
#include "platform/clock.h"
#include "queue/pool.h"
#include "ring/mpmc.h"
#include "sync/wait.h"
#include <mpshm/queue.h>

struct mpshm_queue {
	struct object object;
	struct queue_shm *shm;
	uint32_t inline_bytes;
	uint32_t max_message_bytes;
	struct mpmc ring;
	struct pool pool;
	struct stall stall_block;
	atomic64 looked_ns
		[2];      /* when a waiter last looked for the dead; [1]: who waits for a block */
	uint32_t number;  /* of this handle in this process */
	atomic64 process; /* identity whose counts these are */
	atomic32 reservations; /* open */
	atomic32 waiting;      /* threads inside a wait */
};

/* One try of a blocking call: 0 or more: done; `again`: wait; else: failed. */
typedef ssize_t queue_attempt(struct mpshm_queue *queue, void *call);

/*
 * Try until it is done, at most until the deadline: spin while that can help,
 * then sleep on `wait`.  `again` is the errno that means "wait": EAGAIN or ENOBUFS.
 */
ssize_t mpshm_i_queue_await(struct mpshm_queue *queue, struct wait_shm *wait, int again,
                            queue_attempt *attempt, void *call, int64_t deadline);

/* A message on its way in. */
struct put_call {
	const void *message;
	uint32_t bytes;
	uint32_t block_plus_1; /* it lies in this block already; 0: copy it inline */
	uint64_t tag;
};

/* Claim a slot, fill it in, publish, wake.  0, -EAGAIN, -EPIPE, ... */
int mpshm_i_queue_try_send(struct mpshm_queue *queue, const struct put_call *call);
int mpshm_i_queue_send(struct mpshm_queue *queue, struct put_call *call, int64_t timeout_ns);

/* A block for `bytes`, waiting for one: 0, -ENOBUFS (timeout 0), -ETIMEDOUT, -EPIPE. */
int mpshm_i_queue_block(struct mpshm_queue *queue, uint32_t bytes, uint32_t *ret_block,
                        int64_t timeout_ns);

/* Free a block that was OWNED by us or IN(p), and wake who waits for one. */
void mpshm_i_queue_free_block(struct mpshm_queue *queue, uint32_t block, uint64_t word);

int mpshm_i_queue_too_long(const struct mpshm_queue *queue, size_t bytes);

static inline bool queue_closed(const struct mpshm_queue *queue)
{
	return atomic64_load_acquire(&queue->ring.shm->tail) & TAIL_CLOSED;
}

/* In a forked child: forget its parent's waits and reservations.  Its child's calls that
 * count either begin with it, and run in a process that has an identity. */
void mpshm_i_queue_make_ours(struct mpshm_queue *queue);

/* The thread's next empty frame.  0, -EUSERS, -ENOBUFS... */
static inline int queue_begin(struct mpshm_queue *queue, struct frame_shm **ret_frame)
{
	struct cell_shm *cell;
	int error = thread_cell(queue->object.segment, &cell);
	if (unlikely(error))
		return error;
	*ret_frame = frame_find(cell);
	return likely(*ret_frame != NULL) ? 0 : mpmc_no_frame();
}

#endif
