/* SPDX-License-Identifier: BSD-2-Clause */
/* The private handle of an spsc ring. */
#ifndef MPSHM_RING_SPSC_H
#define MPSHM_RING_SPSC_H

#include <errno.h>

#include "layout/object.h"
#include "platform/process.h"
#include "ring/let_ahead.h"
#include "segment/object.h"
#include "segment/recovery.h"
#include <mpshm/spsc.h>
#include <mpshm/spsc_inline.h>
#undef mpshm_spsc_try_push
#undef mpshm_spsc_try_pop

#define SIDE_NONE UINT64_MAX

/*
 * A side that this handle has: only its one thread touches it.  Its own position is what the
 * shared word holds, and never read back; the bound is where the other side's position,
 * as last seen, lets it go to.
 */
struct spsc_side {
	struct mpshm_spsc_end end; /* as the inline calls see it */

	uint64_t open;    /* elements of the open span; 0: none */
	uint64_t ahead;   /* how many elements away one is asked for; UINT64_MAX: never */
	uint64_t process; /* identity that took the side; SIDE_NONE: we don't have it */
	struct let_ahead patience;
	bool watches; /* MPSHM_WATCH_PEER */

	/* Only where it watches, and the ring is empty, or full. */
	struct stall stall;
	uint64_t dead; /* the other side's owner word that was proven dead; 0: none */
} __attribute__((aligned(MPSHM_SPSC_END_BYTES)));

struct mpshm_spsc {
	struct spsc_side producer; /* both where the inline calls find them */
	struct spsc_side consumer;
	struct object object;
	struct spsc_shm *shm;
	char *elements;
	uint64_t mask; /* capacity - 1 */
	size_t element_bytes;
};
/* Programs were compiled with these numbers. */
#define END_AT(field, at) \
	_Static_assert(offsetof(struct mpshm_spsc_end, field) == (at), "ABI: " #field)
END_AT(position, 0);
END_AT(bound, 8);
END_AT(mask, 16);
END_AT(elements, 24);
END_AT(published, 32);
END_AT(process, 40);
END_AT(inline_for, 48);
END_AT(element_bytes, 56);
_Static_assert(sizeof(struct mpshm_spsc_end) == 64, "ABI: the end is a line of its side");
_Static_assert(MPSHM_SPSC_END_BYTES == 256, "ABI: where the consumer's end is");
_Static_assert(MPSHM_SPSC_CALLED == UINT64_MAX, "ABI: what bars the inline calls");
_Static_assert(offsetof(struct mpshm_spsc, producer) == 0 &&
                       offsetof(struct mpshm_spsc, consumer) == MPSHM_SPSC_END_BYTES,
               "the ends are where the inline calls look for them");
_Static_assert(SIDE_NONE == MPSHM_SPSC_CALLED, "nobody's process");

/* May inline calls use the side?  Not while it has a span open, nor for other elements than
 * theirs. */
static inline void spsc_side_open(struct mpshm_spsc *ring, struct spsc_side *side, uint64_t span)
{
	bool of_theirs = ring->element_bytes == MPSHM_SPSC_WORD_BYTES ||
	                 ring->element_bytes == MPSHM_SPSC_LINE_BYTES;

	side->open = span;
	side->end.inline_for = span == 0 && of_theirs ? side->process : SIDE_NONE;
}

/* Take the sides that `flags` name, all or none, and start at the shared positions.
 * 0, -EBUSY, -EBADMSG. */
int mpshm_i_spsc_take_sides(struct mpshm_spsc *ring, unsigned flags);
/* Give back what this process has of them. */
void mpshm_i_spsc_give_sides(struct mpshm_spsc *ring);

/*
 * For a side that watches and lacks elements, or room, as far as it read the other's
 * position: -EAGAIN, -EPIPE, -EOWNERDEAD.
 */
int mpshm_i_spsc_lacking(struct mpshm_spsc *ring, struct spsc_side *side);

/* Failures in words, off the fast paths: each returns its negative errno. */
int mpshm_i_spsc_not_ours(void);
int mpshm_i_spsc_corrupt(const struct mpshm_spsc *ring);
int mpshm_i_spsc_too_many(const struct mpshm_spsc *ring, size_t count);
int mpshm_i_spsc_no_span(const struct mpshm_spsc *ring, size_t count);

#endif
