/* SPDX-License-Identifier: BSD-2-Clause */
/* ring_world: the ring that its cases share, and how survivors check it. */
#ifndef MPSHM_TESTS_CRASH_RING_WORLD_H
#define MPSHM_TESTS_CRASH_RING_WORLD_H

#include "world.h"

#define RING_CAPACITY 16u
#define RING_ELEMENT_BYTES 24u

/* What the victim finds. */
struct ring_state {
	const char *name;
	uint32_t skipped; /* elements that went through before */
	uint32_t tombs;   /* then so many tombstones */
	uint32_t taken;   /* then so many elements that a dead consumer had claimed */
	uint32_t filled;  /* then so many elements */
	bool recovered;   /* the dead one was */
	bool apart;       /* words apart from elements */
};

extern struct mpshm_mpmc *world_ring;

void ring_setup(const struct crash_case *self);
void ring_check(const struct crash_case *self);
void ring_poke(const struct crash_case *self);
/* In a victim: a child that lives until ring_clean(). */
void ring_beget(void);
void ring_clean(const struct crash_case *self);

#endif
