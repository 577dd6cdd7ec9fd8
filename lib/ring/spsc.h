/* SPDX-License-Identifier: BSD-2-Clause */
/* The private handle of an spsc ring. */
#ifndef MPSHM_RING_SPSC_H
#define MPSHM_RING_SPSC_H

#include <errno.h>

#include "layout/object.h"
#include "platform/process.h"
#include "segment/object.h"
#include "segment/recovery.h"
#include <mpshm/spsc.h>

/* A side that this handle has: only its one thread touches it. */
struct spsc_side {
	uint64_t position; /* our own: what the shared word holds, never read back */
	uint64_t other;    /* the other side's, as last seen */
	uint64_t open;     /* elements of the open span; 0: none */
	atomic64 ran_out;  /* where it last had to look at the other's */
	uint64_t process;  /* identity that took the side; SIDE_NONE: we don't have it */
	bool watches;      /* MPSHM_WATCH_PEER */

	/* Only where it watches, and the ring is empty, or full. */
	struct stall stall;
	uint64_t dead; /* the other side's owner word that was proven dead; 0: none */
} __attribute__((aligned(LAYOUT_LINE)));

#define SIDE_NONE UINT64_MAX

struct mpshm_spsc {
	struct object object;
	struct spsc_shm *shm;
	char *elements;
	uint64_t mask; /* capacity - 1 */
	size_t element_bytes;
	struct spsc_side producer;
	struct spsc_side consumer;
};

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
