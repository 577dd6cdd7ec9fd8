/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpmc: a bounded ring from any number of producers to any number of consumers.
 *
 * Elements are of one size.  Lock-free: a claim is one compare-and-swap, and some
 * thread's always succeeds.  No producer waits for another producer's publish and
 * no consumer for another's release, until the ring has gone once round; a
 * consumer does wait (-EAGAIN) for the publish of the element that is next.
 * No system call, except that who tries in vain looks, once a millisecond at the most
 * often, whether one who is in a call on it is dead.
 *
 * Any thread may call anything.  Order: first in, first out, by claim.
 * Memory order: as for spsc, from the push of an element to the pop that gets it,
 * and from its release to the push that reuses its slot.
 *
 * Crash: an element is in the ring once its push published it; a push cut off
 * before that never was, and its slot is skipped.  An element is gone once its pop
 * released the slot; a pop cut off before that is undone: the element is
 * delivered again, possibly after later ones; one whose consumers died 255 times is
 * dropped.  A batch is one claim, but each of its elements is published by itself: of
 * a batch cut off, any subset may come, each element whole.
 */
#ifndef MPSHM_MPMC_H
#define MPSHM_MPMC_H

#include <mpshm/base.h>

MPSHM_BEGIN_DECLS

struct mpshm_mpmc;

/* Where the slots' state words lie: it decides speed, nothing else. */
enum mpshm_mpmc_words {
	MPSHM_WORDS_AUTO = 0,   /* beside for elements up to 56 bytes, else apart */
	MPSHM_WORDS_BESIDE = 1, /* each before its element: best for single operations */
	MPSHM_WORDS_APART = 2,  /* in an array of their own: best for batches */
};

struct mpshm_mpmc_options {
	uint32_t capacity;      /* elements, a power of two, up to 2^31; default 1024 */
	uint32_t element_bytes; /* 1 to 65536; no default */
	uint32_t words;         /* enum mpshm_mpmc_words */
	uint32_t reserved[5];   /* zero */
};

/*
 * Open the ring `name` of the segment.  flags: MPSHM_CREATE, MPSHM_EXCLUSIVE.
 * options and results as mpshm_spsc_open(), without sides (no -EBUSY).
 */
int mpshm_mpmc_open(struct mpshm_mpmc **ret_ring, struct mpshm_segment *segment, const char *name,
                    unsigned flags, const struct mpshm_mpmc_options *options);

/* Give the handle back.  0, or -EBUSY: this process has a span of it open, or is in a call. */
int mpshm_mpmc_close(struct mpshm_mpmc *ring);

/*
 * Append, or take, one element.  0; -EAGAIN: full, empty, or the next element is
 * claimed and not yet published; -EUSERS: no cell left for this thread; -ENOBUFS: this
 * thread's spans and interrupted calls take all its frames.
 */
int mpshm_mpmc_try_push(struct mpshm_mpmc *ring, const void *element);
int mpshm_mpmc_try_pop(struct mpshm_mpmc *ring, void *ret_element);

/*
 * Many by one claim.  `..._bulk`: all `count` or none (-EAGAIN; -EINVAL where
 * count exceeds the capacity).  `..._burst`: as many as fit, at least one
 * (-EAGAIN: none).  Return how many; 0 for count 0.  -EUSERS, -ENOBUFS as above.
 *
 * The slot of a push that was cut off, or of an abandoned reservation, takes room until
 * it is skipped; where such slots lie among the elements of a full ring, a bulk
 * pop of all its capacity waits in vain: ask for less, or use burst.
 */
ssize_t mpshm_mpmc_try_push_bulk(struct mpshm_mpmc *ring, const void *elements, size_t count);
ssize_t mpshm_mpmc_try_push_burst(struct mpshm_mpmc *ring, const void *elements, size_t count);
ssize_t mpshm_mpmc_try_pop_bulk(struct mpshm_mpmc *ring, void *ret_elements, size_t count);
ssize_t mpshm_mpmc_try_pop_burst(struct mpshm_mpmc *ring, void *ret_elements, size_t count);

/*
 * Zero-copy, by claim: try_reserve claims up to `count` free slots to write,
 * commit publishes the first `count` of them and abandons the rest; try_peek
 * claims up to `count` elements to read, release consumes all of them.
 *
 * An open reservation is never revoked while its thread lives and holds back
 * every consumer behind it: keep it short.  Only the thread that claimed may
 * commit or release.  A thread holds at most MPSHM_MPMC_SPANS_MAX spans.
 *
 * try_ calls return how many they hand out, or -EAGAIN, -EUSERS; -ENOBUFS: too many
 * spans; -EINVAL: a count of 0.  commit, release: 0; -EINVAL: this thread has no such
 * span open, or count exceeds it.
 */
#define MPSHM_MPMC_SPANS_MAX 4
ssize_t mpshm_mpmc_try_reserve(struct mpshm_mpmc *ring, size_t count, struct mpshm_span *ret_span);
int mpshm_mpmc_commit(struct mpshm_mpmc *ring, struct mpshm_span *span, size_t count);
ssize_t mpshm_mpmc_try_peek(struct mpshm_mpmc *ring, size_t count, struct mpshm_span *ret_span);
int mpshm_mpmc_release(struct mpshm_mpmc *ring, struct mpshm_span *span);

/* Claimed positions not yet claimed by a consumer: one reading of both ends. */
size_t mpshm_mpmc_size(const struct mpshm_mpmc *ring);
size_t mpshm_mpmc_capacity(const struct mpshm_mpmc *ring);
size_t mpshm_mpmc_element_bytes(const struct mpshm_mpmc *ring);

MPSHM_END_DECLS
#endif
