/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue: messages of any length, many producers, many consumers, blocking.
 *
 * A bounded ring of slots; a message that fits a slot travels in it, a longer
 * one in a block of the queue's pool, written and read at its owner's pace.
 * Waiting is by futex: no system call while nobody waits; a waiter spins only
 * where its peer runs on another CPU, then sleeps.
 *
 * Any thread may call anything.  Order: first in, first out per producer, among
 * messages delivered for the first time.  put is synchronous: when it returns,
 * any process's get sees the message.
 *
 * Memory order: what a producer wrote before put or commit is visible to the
 * consumer whose get returns the message.
 *
 * Crash: a message whose put returned is delivered exactly once to a get that
 * returns; one whose put was cut off, once or not at all, never torn.  One whose
 * get was cut off before it released the slot is delivered again, flagged
 * MPSHM_MESSAGE_REDELIVERED; after 255 getters died with it in that state, it is dropped
 * (leased messages never are).  Who must not lose what it got when it dies while it works
 * on it takes a lease: mpshm_queue_get_begin().
 */
#ifndef MPSHM_QUEUE_H
#define MPSHM_QUEUE_H

#include <mpshm/base.h>

MPSHM_BEGIN_DECLS

struct mpshm_queue;

struct mpshm_queue_options {
	uint32_t capacity;          /* messages, 1 to 2^26; default 1024 */
	uint32_t max_message_bytes; /* 0 to 16 MiB; default 64 KiB (0 means the default) */
	uint32_t slot_bytes;        /* 64, 128, 256 ... 4096; default 128.  A message of up to
	                             * slot_bytes - 24 travels in its slot */
	uint32_t reserved0;         /* zero */
	uint64_t pool_bytes;        /* memory for longer messages; default: by max_message_bytes */
	uint32_t reserved[8];       /* zero */
};

/* What is known of a message beside its bytes. */
struct mpshm_message {
	uint64_t tag;      /* the producer's, see mpshm_queue_put_tagged() */
	uint64_t position; /* in the queue since its creation: with the segment's UUID and the
	                    * object's name a unique, stable id */
	uint32_t bytes;    /* its length, also where it did not fit the caller's buffer */
	uint32_t flags;    /* MPSHM_MESSAGE_... */
	uint32_t attempt;  /* deliveries before this one; stays at 255 */
	uint32_t producer; /* participant number of the sender */
};

#define MPSHM_MESSAGE_REDELIVERED 0x1u /* an earlier getter died, or aborted, before it was done */

/*
 * Open the queue `name` of the segment.  flags: MPSHM_CREATE, MPSHM_EXCLUSIVE.
 * options: NULL or zero fields for defaults; where the queue exists, non-zero
 * capacity and max_message_bytes must be its own.
 *
 * Returns MPSHM_CREATED or MPSHM_ATTACHED, or -EINVAL, -ENOENT, -EEXIST, -ENOTTY,
 * -ENOSPC, -EBADMSG, -EPROTO as mpshm_spsc_open().
 */
int mpshm_queue_open(struct mpshm_queue **ret_queue, struct mpshm_segment *segment,
                     const char *name, unsigned flags, const struct mpshm_queue_options *options);

/* Give the handle back.  0, or -EBUSY: a reservation or a lease is open, or a thread is in a
 * call on it. */
int mpshm_queue_close(struct mpshm_queue *queue);

/*
 * Append a message of `bytes` bytes; `message` may be NULL where bytes is 0.
 *
 * Returns 0, or
 *   -EMSGSIZE  longer than max_message_bytes
 *   -EPIPE     the queue was shut down
 *   -EAGAIN    timeout 0: full            -ENOBUFS  timeout 0: no block of that size is free
 *   -ETIMEDOUT full, or no block, for all that time
 *   -EUSERS    no cell left for this thread
 *   -ENOBUFS   also: spans and interrupted calls take all of this thread's frames
 *
 * try_put is put with timeout 0 and may be called from signal handlers (see
 * mpshm_thread_attach()).  put_tagged sends 64 bits of the caller's with it.
 */
int mpshm_queue_put(struct mpshm_queue *queue, const void *message, size_t bytes,
                    int64_t timeout_ns);
int mpshm_queue_try_put(struct mpshm_queue *queue, const void *message, size_t bytes);
int mpshm_queue_put_tagged(struct mpshm_queue *queue, const void *message, size_t bytes,
                           uint64_t tag, int64_t timeout_ns);

/*
 * Take the next message.  Returns its length, or
 *   -EAGAIN    timeout 0: empty, or the next message is not yet published
 *   -ETIMEDOUT none came in that time
 *   -EMSGSIZE  it is longer than buffer_bytes; it stays the next message, and
 *              mpshm_queue_receive() tells its length
 *   -EPIPE     shut down, and all messages were taken, and no lease is open
 *   -EUSERS, -ENOBUFS  as put
 *   -EBADMSG   somebody wrote over it; it is skipped
 *
 * receive is get that also tells what is known of the message; ret_message may
 * be NULL, and on -EMSGSIZE it is filled too.
 */
ssize_t mpshm_queue_get(struct mpshm_queue *queue, void *buffer, size_t buffer_bytes,
                        int64_t timeout_ns);
ssize_t mpshm_queue_try_get(struct mpshm_queue *queue, void *buffer, size_t buffer_bytes);
ssize_t mpshm_queue_receive(struct mpshm_queue *queue, void *buffer, size_t buffer_bytes,
                            struct mpshm_message *ret_message, int64_t timeout_ns);

/* A message that is leased. */
struct mpshm_lease {
	const void *data;             /* message.bytes bytes, at a multiple of 64; not to be
	                               * written to, for they may be delivered again */
	struct mpshm_message message; /* what is known of it */
	uint64_t cookie;              /* the library's own */
};

/*
 * Take the next message and keep it until it is done with: commit ends it for good; abort,
 * or the death of this process at any moment before commit, gives it to the next getter,
 * leasing or not, flagged MPSHM_MESSAGE_REDELIVERED.  Messages that came back are delivered
 * before new ones, the oldest first; one that nobody can stand is never dropped, but keeps
 * coming: look at message.attempt.
 *
 * The message leaves the ring at once: however long a lease is held, no producer and no
 * other getter waits for it, and mpshm_queue_size() does not count it.  It takes a block
 * of the pool until it ends, also where it came in its slot, so pool_bytes bounds how many
 * leases there can be.  Nothing else does: a thread may hold many.  A lease belongs to the
 * process; any of its threads may end it, through the handle that began it.  A forked
 * child holds none.
 *
 * get_begin returns the message's length, or as get, but never -EMSGSIZE; and
 *   -ENOBUFS   timeout 0: the next message needs a block, and none of that size is free;
 *              mpshm_queue_get() needs none
 * It fills *ret_lease on success only.  commit and abort return 0 and clear *lease, or
 *   -EINVAL    not an open lease of this handle in this process
 *   -EUSERS    a forked child: as many processes are attached as can be
 * and never wait.
 *
 * After a shutdown leases are ended as ever, and getters get -EPIPE only when none is open
 * any more, since an abort, or a death, brings a message back.  So do not wait without end for
 * another message with the last leases in one's own hand.
 *
 * Memory order: what a holder did before abort, or a dead one had done, is visible to the next.
 */
ssize_t mpshm_queue_get_begin(struct mpshm_queue *queue, struct mpshm_lease *ret_lease,
                              int64_t timeout_ns);
int mpshm_queue_get_commit(struct mpshm_queue *queue, struct mpshm_lease *lease);
int mpshm_queue_get_abort(struct mpshm_queue *queue, struct mpshm_lease *lease);

/*
 * Zero-copy writing.  reserve hands out a block for a message of up to `bytes`
 * bytes, outside the ring: however long it is held, nobody waits behind it.
 * commit sends its first `bytes` bytes, waiting for a slot as put does; where
 * that fails the block stays the caller's.  abort gives it back unsent.  Any
 * thread of the process may commit or abort.  A handle has at most
 * MPSHM_QUEUE_RESERVATIONS_MAX open.
 *
 * reserve: 0, or as put, but never -EAGAIN; -ENOBUFS also where too many are open.
 * commit: as put, but never -EMSGSIZE; -EINVAL: not a reservation of this handle, or
 * bytes exceeds what was reserved.  abort: 0, -EINVAL, -EUSERS.
 */
#define MPSHM_QUEUE_RESERVATIONS_MAX 64
int mpshm_queue_reserve(struct mpshm_queue *queue, size_t bytes, void **ret_message,
                        int64_t timeout_ns);
int mpshm_queue_commit(struct mpshm_queue *queue, void *message, size_t bytes, uint64_t tag,
                       int64_t timeout_ns);
int mpshm_queue_abort(struct mpshm_queue *queue, void *message);

/*
 * End it for all: every put from now on, waiting ones included, gets -EPIPE;
 * gets drain what was put before and then get -EPIPE.  0, however often.
 */
int mpshm_queue_shutdown(struct mpshm_queue *queue);

/*
 * Messages in the queue, by one reading of both claim positions: empty is size
 * 0, full is size capacity, and they agree with what a put or get would meet,
 * except that a put under way counts as put.  A message that a getter has taken, leased or
 * died with is not in it, nor is one that waits to be delivered again.
 */
size_t mpshm_queue_size(const struct mpshm_queue *queue);
size_t mpshm_queue_capacity(const struct mpshm_queue *queue);
size_t mpshm_queue_max_message_bytes(const struct mpshm_queue *queue);

MPSHM_END_DECLS
#endif
