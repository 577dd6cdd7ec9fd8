/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpmc: the shared part of the many-to-many ring, and of a queue's ring.
 *
 * Positions count claims since creation and only grow; position p lies in slot
 * p mod capacity.  Each slot has a state word:
 *
 *    63                              11 10        3 2      0
 *   +----------------------------------+-----------+--------+
 *   | p rounded down to a whole lap:53 | attempt:8 | kind:3 |
 *   +----------------------------------+-----------+--------+
 *
 * Rounded down, since the rest is the slot's own number: so a zeroed ring is an
 * empty one.  A slot's word only moves on, in the order below, and each word
 * occurs once: compare-and-swap on it is free of ABA.
 *
 *   FREE(p) --push--> READY(p) --pop--> FREE(p+N)
 *   FREE(p) --claimed, its producer died--> TOMB(p) --skipped--> FREE(p+N)
 *   READY(p) --claimed, its consumer died--> REDEL(p,0) --adopted--> TAKEN(p,1)
 *            --> FREE(p+N), or --its adopter died--> REDEL(p,1) ...
 *   TOMB(p) --skipper died--> FREE(p+N)
 */
#ifndef MPSHM_LAYOUT_MPMC_H
#define MPSHM_LAYOUT_MPMC_H

#include "layout/object.h"

enum slot_kind {
	SLOT_FREE = 0,
	SLOT_READY = 1,
	SLOT_TOMB = 2,
	SLOT_REDEL = 3,
	SLOT_TAKEN = 4,
};

#define SLOT_ATTEMPT_MAX 255u
#define SLOT_POSITION_SHIFT 11

static inline uint64_t slot_word(enum slot_kind kind, uint32_t attempt, uint64_t lap)
{
	return lap << SLOT_POSITION_SHIFT | (uint64_t) attempt << 3 | (uint64_t) kind;
}

static inline enum slot_kind slot_kind(uint64_t word)
{
	return (enum slot_kind)(word & 7);
}

static inline uint32_t slot_attempt(uint64_t word)
{
	return (uint32_t) (word >> 3) & 0xff;
}

/* The position rounded down to a lap. */
static inline uint64_t slot_lap(uint64_t word)
{
	return word >> SLOT_POSITION_SHIFT;
}

/* Bit 63 of `tail`: no claim succeeds any more (a queue was shut down). */
#define TAIL_CLOSED (UINT64_C(1) << 63)

#define REDELIVERY_ENTRIES 64u

struct mpmc_shm {
	uint32_t capacity; /* slots, a power of two; creator */
	uint32_t element_bytes;
	uint64_t words_at;
	uint64_t elements_at;
	uint32_t word_stride;    /* bytes from one slot's word to the next one's */
	uint32_t element_stride; /* likewise for elements */
	uint32_t limit;          /* at most this many claimed at once; up to capacity */
	uint32_t reserved0;
	uint64_t reserved1[11];

	atomic64 tail; /* producers, CAS +n: the claim; TAIL_CLOSED by shutdown */
	uint64_t reserved2[15];

	atomic64 head; /* consumers, CAS +n: the claim */
	uint64_t reserved3[15];

	/* Mostly read.  Bit i of the map: redelivery[i] names a position + 1 that may
	 * be in REDEL.  A cache: the slot's word is the truth. */
	atomic64 redelivery_map;
	atomic64 recovered;   /* positions of the dead resolved; any, add */
	atomic64 redelivered; /* elements of dead consumers that others got; any, add */
	atomic64 tombstoned;  /* any, add */
	atomic64 dropped;     /* elements whose consumers died SLOT_ATTEMPT_MAX times; any, add */
	/* 1 before TAIL_CLOSED is set: while it is 0, who finds nothing leaves tail's line to
	 * the producers.  A hint: tail is the truth.  Any, store. */
	atomic64 closing;
	uint64_t reserved4[10];
	atomic64 redelivery
		[REDELIVERY_ENTRIES]; /* recoverer, CAS 0 -> p+1; CAS back by who delivers p */
	uint64_t reserved5[16];
};
LAYOUT_SIZE(struct mpmc_shm, 1152);
LAYOUT_AT(struct mpmc_shm, capacity, 0, 4);
LAYOUT_AT(struct mpmc_shm, element_bytes, 4, 4);
LAYOUT_AT(struct mpmc_shm, words_at, 8, 8);
LAYOUT_AT(struct mpmc_shm, elements_at, 16, 8);
LAYOUT_AT(struct mpmc_shm, word_stride, 24, 4);
LAYOUT_AT(struct mpmc_shm, element_stride, 28, 4);
LAYOUT_AT(struct mpmc_shm, limit, 32, 4);
LAYOUT_AT(struct mpmc_shm, tail, 128, 8);
LAYOUT_AT(struct mpmc_shm, head, 256, 8);
LAYOUT_AT(struct mpmc_shm, redelivery_map, 384, 8);
LAYOUT_AT(struct mpmc_shm, recovered, 392, 8);
LAYOUT_AT(struct mpmc_shm, redelivered, 400, 8);
LAYOUT_AT(struct mpmc_shm, tombstoned, 408, 8);
LAYOUT_AT(struct mpmc_shm, dropped, 416, 8);
LAYOUT_AT(struct mpmc_shm, closing, 424, 8);
LAYOUT_AT(struct mpmc_shm, redelivery, 512, 512);

#endif
