/* SPDX-License-Identifier: BSD-2-Clause */
/* The private handle of a queue, and what its files share. */
#ifndef MPSHM_QUEUE_QUEUE_H
#define MPSHM_QUEUE_QUEUE_H

#include "layout/queue.h"
#include "platform/clock.h"
#include "queue/lease.h"
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
	struct stall stall_leases;
	atomic64 looked_ns
		[2];      /* when a waiter last looked for the dead; [1]: who waits for a block */
	uint32_t number;  /* of this handle in this process */
	atomic64 process; /* identity whose counts these are */
	atomic32 reservations; /* open */
	atomic32 leases;       /* open */
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

/* Free a block that has this word, and wake who waits for one.  false: it has it no more. */
bool mpshm_i_queue_free_block(struct mpshm_queue *queue, uint32_t block, uint64_t word);

int mpshm_i_queue_too_long(const struct mpshm_queue *queue, size_t bytes);

/* Where the bytes of a claimed message lie, or NULL: the header contradicts the pool. */
char *mpshm_i_queue_payload(struct mpshm_queue *queue, struct message_shm *slot, uint64_t head,
                            uint64_t position);

/* As mpshm_i_mpmc_adopt(); a message that it dropped leaves its block, and room. */
bool mpshm_i_queue_adopt(struct mpshm_queue *queue, struct frame_shm *frame, uint64_t *ret_position,
                         uint32_t *ret_attempt);

/*
 * A claimed slot was read: let it go, and do what follows from that.  The release is the
 * acknowledgement, or what makes a lease the truth.
 */
void mpshm_i_queue_release(struct mpshm_queue *queue, struct frame_shm *frame, uint64_t position,
                           uint64_t head, uint32_t attempt);

/* After a lease's last step: who waits for the end of a queue that was shut down? */
void mpshm_i_queue_lease_ended(struct mpshm_queue *queue);

/* Nothing to take: -EAGAIN, or -EPIPE where nothing will come any more. */
ssize_t mpshm_i_queue_none(struct mpshm_queue *queue);

/* Where there are leases, once a millisecond at the most: did a holder die?  Then recover. */
void mpshm_i_queue_look_now_and_then(struct mpshm_queue *queue);

static inline void queue_tell(struct mpshm_message *ret_message, uint64_t head, uint64_t tag,
                              uint64_t position, uint32_t attempt)
{
	*ret_message = (struct mpshm_message){
		.tag = tag,
		.position = position,
		.bytes = message_bytes(head),
		.flags = attempt ? MPSHM_MESSAGE_REDELIVERED : 0,
		.attempt = attempt,
		.producer = message_producer(head),
	};
}

/* Of a lease, BACK or ours. */
static inline void queue_tell_lease(const struct pool *pool, const struct lease *lease,
                                    struct mpshm_message *ret_message)
{
	const struct block_shm *descriptor = &pool->descriptors[lease->block];
	/* Relaxed: behind LEASED or BACK, by [LEASE-A0]. */
	queue_tell(ret_message, atomic64_load_relaxed(&descriptor->lease_head),
	           atomic64_load_relaxed(&descriptor->aside),
	           atomic64_load_relaxed(&descriptor->lease_position), block_attempt(lease->word));
}

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
