/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc: a bounded ring from one producer process to one consumer process.
 *
 * Elements are of one size.  Wait-free: no call makes a system call (one that watches
 * its peer does, now and then, while it is stuck) or waits for the other side; one that
 * runs dry, or full, again and again in a fast stream lets the other side get ahead for a
 * moment, of a microsecond at most.  A side belongs to the process that opened it, and to
 * one thread of it at a time; both sides may be one process.
 *
 * Memory order: what a producer wrote before a push or commit is visible to the
 * consumer after the pop or peek that returns the element; what a consumer did
 * before a pop or release returns is visible to the producer that reuses the slot.
 *
 * Crash: an element is in the ring once its push stored the new tail, and gone
 * once its pop stored the new head.  What a dead producer had not published was
 * never visible.  A dead process's side can be opened by a successor, which goes
 * on where the dead one's last completed call left off.
 *
 * A peer that will never come: a handle opened with MPSHM_WATCH_PEER is told.  Its
 * try_ calls return, instead of -EAGAIN,
 *   -EOWNERDEAD  who had the other side died, or ended without closing it
 *   -EPIPE       who had the other side closed it
 * where nobody took over and nothing is left to come: what the other one pushed has been
 * popped (bulk: less than `count` is left, which burst takes), what it popped has been
 * filled again.  As soon as a successor opens that side the ring works again.  A side
 * that was never open is waited for: -EAGAIN.  Death is proven by the kernel; who is
 * only stopped is not dead.  A caller that polls is told within a few milliseconds, one
 * that asks seldom at its 16th call in a row at the latest; mpshm_spsc_peer() at once.
 */
#ifndef MPSHM_SPSC_H
#define MPSHM_SPSC_H

#include <mpshm/base.h>

MPSHM_BEGIN_DECLS

struct mpshm_spsc;

struct mpshm_spsc_options {
	uint32_t capacity;      /* elements, a power of two, up to 2^31; default 1024 */
	uint32_t element_bytes; /* 1 to 65536; no default */
	uint32_t reserved[6];   /* zero */
};

/*
 * Open the ring `name` of the segment.
 *
 * flags: MPSHM_CREATE, MPSHM_EXCLUSIVE, and the sides to take: MPSHM_PRODUCER,
 * MPSHM_CONSUMER, both, or none (to look at its size); with a side, MPSHM_WATCH_PEER:
 * be told when nobody is at the other one any more.  options: needed with
 * MPSHM_CREATE; where the ring exists, element_bytes and capacity must be its
 * own or 0.
 *
 * Returns MPSHM_CREATED or MPSHM_ATTACHED, or
 *   -EINVAL  bad name, flag, capacity or element size, or not those of the ring
 *   -ENOENT, -EEXIST  as open(2)
 *   -EBUSY   a live process (this one included) has the side
 *   -ENOTTY  the name is an object of another type; -EPROTO  made by a later version
 *   -ENOSPC  no room in the segment, its directory or /dev/shm
 *   -EBADMSG the object's geometry failed its check
 */
int mpshm_spsc_open(struct mpshm_spsc **ret_ring, struct mpshm_segment *segment, const char *name,
                    unsigned flags, const struct mpshm_spsc_options *options);

/* Give the handle and its sides back.  -EBUSY while a reservation is open. */
int mpshm_spsc_close(struct mpshm_spsc *ring);

/*
 * Is anybody at that side, MPSHM_PRODUCER or MPSHM_CONSUMER?  0: a live process;
 * -EAGAIN: nobody had it yet; -EPIPE: its last owner closed it; -EOWNERDEAD: its
 * last owner is dead; -EINVAL: that is no side.  Says nothing of what is in the
 * ring.  Any handle, any thread; asks the kernel.
 */
int mpshm_spsc_peer(struct mpshm_spsc *ring, unsigned side);

/*
 * Append, or take, one element.  0; -EAGAIN: full, or empty; -EPERM: not our side;
 * -EBUSY: this side has a span open; -EBADMSG: the peer's position can't be; where the
 * handle watches its peer -EOWNERDEAD, -EPIPE as above.  All but 0 change nothing.
 *
 * Elements of 8 and of 64 bytes move without a call: both names are macros, too, as those
 * of the C library may be.  Where MPSHM_NO_INLINE is defined, and in programs under
 * ThreadSanitizer, which does not see into the library, they are functions only.
 */
int mpshm_spsc_try_push(struct mpshm_spsc *ring, const void *element);
int mpshm_spsc_try_pop(struct mpshm_spsc *ring, void *ret_element);

/*
 * Many at once, made visible by one store.  `..._bulk` moves all `count` or
 * none (-EAGAIN; -EINVAL where count exceeds the capacity); `..._burst` moves as
 * many as fit, at least one (-EAGAIN: none).  Return how many; 0 for count 0; the
 * other errors are those of one element.
 */
ssize_t mpshm_spsc_try_push_bulk(struct mpshm_spsc *ring, const void *elements, size_t count);
ssize_t mpshm_spsc_try_push_burst(struct mpshm_spsc *ring, const void *elements, size_t count);
ssize_t mpshm_spsc_try_pop_bulk(struct mpshm_spsc *ring, void *ret_elements, size_t count);
ssize_t mpshm_spsc_try_pop_burst(struct mpshm_spsc *ring, void *ret_elements, size_t count);

/*
 * Zero-copy.  try_reserve hands out up to `count` free elements to write,
 * commit makes the first `count` of them visible and gives the others back
 * (commit of 0: all of them).  try_peek hands out up to `count` elements to
 * read, release frees the first `count` of them; the others stay.
 *
 * try_ calls return how many they hand out, or an error of one element; -EINVAL for
 * count 0.  commit, release: 0; -EINVAL: no such span is open, or count exceeds it.
 */
ssize_t mpshm_spsc_try_reserve(struct mpshm_spsc *ring, size_t count, struct mpshm_span *ret_span);
int mpshm_spsc_commit(struct mpshm_spsc *ring, struct mpshm_span *span, size_t count);
ssize_t mpshm_spsc_try_peek(struct mpshm_spsc *ring, size_t count, struct mpshm_span *ret_span);
int mpshm_spsc_release(struct mpshm_spsc *ring, struct mpshm_span *span, size_t count);

/* Elements in the ring: exact for its sides, a moment's truth for others. */
size_t mpshm_spsc_size(const struct mpshm_spsc *ring);
size_t mpshm_spsc_capacity(const struct mpshm_spsc *ring);
size_t mpshm_spsc_element_bytes(const struct mpshm_spsc *ring);

MPSHM_END_DECLS

#include <mpshm/spsc_inline.h>

#endif
