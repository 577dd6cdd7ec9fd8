/* SPDX-License-Identifier: BSD-2-Clause */
/* spsc_world: the spsc ring that its cases share, and what a victim does to it. */
#ifndef MPSHM_TESTS_CRASH_SPSC_WORLD_H
#define MPSHM_TESTS_CRASH_SPSC_WORLD_H

#include "world.h"

#define SPSC_CAPACITY 8u
#define SPSC_BATCH 4u
#define SPSC_BYTES_MOST 64u

/* What the victim finds. */
struct spsc_state {
	uint32_t skipped;  /* elements that went through before */
	uint32_t filled;   /* then so many elements */
	uint32_t bytes;    /* of an element: 8 or 64, which move inline, or 24 */
	bool looks;        /* it knows of none of them */
	unsigned survivor; /* the side that the survivor has; then both watch.  0: none */
};

/* The victim's, until it is dead. */
extern struct mpshm_spsc *spsc_theirs;

/* The ring with these sides, as soon as the dead ones' can be had; NULL: never. */
struct mpshm_spsc *spsc_side(unsigned flags);

/* Its setup, but for the survivor's side. */
void spsc_begin(const struct crash_case *self);

/* By the survivor: put one; get all there is; a drained ring takes what it should. */
void spsc_put_one(int actor, struct mpshm_spsc *ring);
void spsc_put_run_of_one(int actor, struct mpshm_spsc *ring);
void spsc_get_all(struct mpshm_spsc *ring);
void spsc_check_whole(struct mpshm_spsc *producer, struct mpshm_spsc *consumer);

/* The operations, and what comes before each. */
void spsc_before_put(const struct crash_case *self);
void spsc_before_puts(const struct crash_case *self);
void spsc_before_get(const struct crash_case *self);
void spsc_before_gets(const struct crash_case *self);
void spsc_push(const struct crash_case *self);
void spsc_push_bulk(const struct crash_case *self);
void spsc_push_burst(const struct crash_case *self);
void spsc_reserve_commit(const struct crash_case *self);
void spsc_pop(const struct crash_case *self);
void spsc_pop_bulk(const struct crash_case *self);
void spsc_pop_burst(const struct crash_case *self);
void spsc_peek_release(const struct crash_case *self);

#endif
