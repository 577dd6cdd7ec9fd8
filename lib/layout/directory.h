/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directory: the named objects of a segment, and at the same time its
 * allocator: an extent is taken where an entry says so, free where none does.
 */
#ifndef MPSHM_LAYOUT_DIRECTORY_H
#define MPSHM_LAYOUT_DIRECTORY_H

#include "layout/owner.h"
#include "layout/participant.h"

/*
 * An entry's state word: kind:8 | incarnation:32 (bits 8 to 39).  All
 * transitions happen under the segment's directory lock.
 *
 *   EMPTY(n) -> CREATING(n+1)  the extent is noted, then given memory, then laid out
 *   CREATING(n) -> READY(n)    release: the object is whole
 *   READY(n) -> UNLINKED(n)    the name is gone; who has it open goes on
 *   UNLINKED(n) -> EMPTY(n)    no live participant has it open: memory punched out
 *   CREATING(n) -> EMPTY(n)    its creator failed or died: memory punched out
 */
enum entry_kind {
	ENTRY_EMPTY = 0,
	ENTRY_CREATING = 1,
	ENTRY_READY = 2,
	ENTRY_UNLINKED = 3,
};

static inline uint64_t entry_state(enum entry_kind kind, uint32_t incarnation)
{
	return (uint64_t) incarnation << 8 | (uint64_t) kind;
}

static inline enum entry_kind entry_state_kind(uint64_t state)
{
	return (enum entry_kind)(state & 0xff);
}

static inline uint32_t entry_state_incarnation(uint64_t state)
{
	return (uint32_t) (state >> 8);
}

enum object_type {
	OBJECT_SPSC = 1,
	OBJECT_MPMC = 2,
	OBJECT_QUEUE = 3,
	OBJECT_VALUE = 4,
	OBJECT_COUNTER = 5,
	/* Reserved: never give these numbers to anything else. */
	OBJECT_DICT = 16,
	OBJECT_LIST = 17,
	OBJECT_POOL = 18,
	OBJECT_BROADCAST = 19,
	OBJECT_PRIORITY_QUEUE = 20,
	OBJECT_OVERWRITE_QUEUE = 21,
	OBJECT_LOCK = 32,
	OBJECT_RLOCK = 33,
	OBJECT_SEMAPHORE = 34,
	OBJECT_CONDITION = 35,
	OBJECT_EVENT = 36,
	OBJECT_BARRIER = 37,
	OBJECT_ARRAY = 38,
	OBJECT_HISTOGRAM = 39,
};

struct extent_shm {
	uint64_t offset; /* from the segment's start; a multiple of LAYOUT_PAGE */
	uint64_t bytes;  /* likewise; 0: none */
};
LAYOUT_SIZE(struct extent_shm, 16);
LAYOUT_AT(struct extent_shm, offset, 0, 8);
LAYOUT_AT(struct extent_shm, bytes, 8, 8);

#define ENTRY_EXTENTS 4u
#define ENTRY_NAME_BYTES 208u
#define DIRECTORY_LIMIT 4096u

struct entry_shm {
	atomic64 state;      /* under the lock; read by anybody with acquire */
	uint32_t type;       /* creator, before READY */
	uint32_t features;   /* creator: per-object feature bits; unknown ones: refuse */
	uint64_t created_ns; /* creator: CLOCK_REALTIME */
	uint64_t creator;    /* creator: owner word */
	struct extent_shm extents[ENTRY_EXTENTS]; /* under the lock; [1..] reserved for growth */
	uint64_t reserved0[4];
	char name[ENTRY_NAME_BYTES]; /* creator: NUL-terminated */
	atomic64 peer_deaths;        /* participants that died with it open; under the lock, add */
	uint64_t reserved1[5];
	/* Bit i: participant i has it open.  Set and cleared by it under the lock, or
	 * by who resolves its death.  An unlinked object's memory waits for these. */
	atomic64 openers[PARTICIPANTS_LIMIT / 64];
};
LAYOUT_SIZE(struct entry_shm, 512);
LAYOUT_AT(struct entry_shm, state, 0, 8);
LAYOUT_AT(struct entry_shm, type, 8, 4);
LAYOUT_AT(struct entry_shm, features, 12, 4);
LAYOUT_AT(struct entry_shm, created_ns, 16, 8);
LAYOUT_AT(struct entry_shm, creator, 24, 8);
LAYOUT_AT(struct entry_shm, extents, 32, 64);
LAYOUT_AT(struct entry_shm, name, 128, 208);
LAYOUT_AT(struct entry_shm, peer_deaths, 336, 8);
LAYOUT_AT(struct entry_shm, openers, 384, 128);

#endif
