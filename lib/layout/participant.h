/* SPDX-License-Identifier: BSD-2-Clause */
/* participant: the processes attached to a segment, and what their threads are doing. */
#ifndef MPSHM_LAYOUT_PARTICIPANT_H
#define MPSHM_LAYOUT_PARTICIPANT_H

#include "layout/owner.h"

/*
 * A participant slot's state word: kind:8 | generation:32 (bits 8 to 39).
 *
 *   FREE(g) --register, holding the slot's lock byte--> ACTIVE(g+1)
 *   ACTIVE(g) --leave--> FREE(g)
 *   ACTIVE(g) --somebody proves its death--> DEAD(g) --all it left resolved--> FREE(g)
 *
 * DEAD(g) never becomes ACTIVE(g) again.  Every transition is one CAS.
 */
enum participant_kind {
	PARTICIPANT_FREE = 0,
	PARTICIPANT_ACTIVE = 1,
	PARTICIPANT_DEAD = 2,
};

static inline uint64_t participant_state(enum participant_kind kind, uint32_t generation)
{
	return (uint64_t) generation << 8 | (uint64_t) kind;
}

static inline enum participant_kind participant_state_kind(uint64_t state)
{
	return (enum participant_kind)(state & 0xff);
}

static inline uint32_t participant_state_generation(uint64_t state)
{
	return (uint32_t) (state >> 8);
}

#define PARTICIPANT_COMMAND_BYTES 32
#define PARTICIPANTS_LIMIT 1024u

/* "P" written by the participant itself before ACTIVE and then kept; "any" by anybody. */
struct participant_shm {
	atomic64 state;         /* any, CAS; read with acquire */
	uint32_t pid;           /* P: for people */
	uint32_t uid;           /* P: for people */
	uint64_t pid_namespace; /* P: its inode, for people */
	uint64_t start_ticks;   /* P: for people */
	uint64_t attached_ns;   /* P: CLOCK_REALTIME */
	atomic32 membarrier;    /* P: 1 where it is registered for membarrier */
	uint32_t reserved0;
	char command[PARTICIPANT_COMMAND_BYTES]; /* P: for people */
	uint64_t reserved1[6];

	atomic32 doorbell;         /* reserved: futex word for waits on anything; any, add */
	atomic32 doorbell_waiters; /* reserved */
	atomic64 waiting_on; /* reserved: P: object that it waits for, for a deadlock finder */
	atomic64 waiting_since_ns; /* reserved: P */
	uint64_t reserved2[13];
};
LAYOUT_SIZE(struct participant_shm, 256);
LAYOUT_AT(struct participant_shm, state, 0, 8);
LAYOUT_AT(struct participant_shm, pid, 8, 4);
LAYOUT_AT(struct participant_shm, uid, 12, 4);
LAYOUT_AT(struct participant_shm, pid_namespace, 16, 8);
LAYOUT_AT(struct participant_shm, start_ticks, 24, 8);
LAYOUT_AT(struct participant_shm, attached_ns, 32, 8);
LAYOUT_AT(struct participant_shm, membarrier, 40, 4);
LAYOUT_AT(struct participant_shm, command, 48, 32);
LAYOUT_AT(struct participant_shm, doorbell, 128, 4);
LAYOUT_AT(struct participant_shm, doorbell_waiters, 132, 4);
LAYOUT_AT(struct participant_shm, waiting_on, 136, 8);
LAYOUT_AT(struct participant_shm, waiting_since_ns, 144, 8);

/*
 * A frame announces one claim: "this thread may be about to own, or owns,
 * positions [position, position + count) of that object".  The thread writes
 * `what`, then `where`, before its claiming CAS; it empties `where` after it
 * published (or released), and also when the claim failed.
 *
 *   what:   count:32 | incarnation:16 (low bits) | object:12 | operation:4
 *   where:  busy:1 (bit 63) | position:53; 0: empty
 */
struct frame_shm {
	atomic64 what;
	atomic64 where;
};
LAYOUT_SIZE(struct frame_shm, 16);
LAYOUT_AT(struct frame_shm, what, 0, 8);
LAYOUT_AT(struct frame_shm, where, 8, 8);

enum frame_operation {
	FRAME_PUT = 1,
	FRAME_GET = 2,
	FRAME_ADOPT = 3,
};

#define FRAME_BUSY (UINT64_C(1) << 63)
#define FRAME_POSITION_BITS ((UINT64_C(1) << 53) - 1)

static inline uint64_t frame_what(enum frame_operation operation, uint32_t object,
                                  uint32_t incarnation, uint32_t count)
{
	return (uint64_t) count << 32 | (uint64_t) (incarnation & 0xffff) << 16 |
	       (uint64_t) (object & 0xfff) << 4 | (uint64_t) operation;
}

static inline uint32_t frame_count(uint64_t what)
{
	return (uint32_t) (what >> 32);
}

static inline uint32_t frame_object(uint64_t what)
{
	return (uint32_t) (what >> 4) & 0xfff;
}

static inline enum frame_operation frame_operation(uint64_t what)
{
	return (enum frame_operation)(what & 0xf);
}

/* Operation, object and incarnation: what two frames must share to be of one ring. */
#define FRAME_IDENTITY_BITS UINT64_C(0xffffffff)

/*
 * An intent cell: one thread's frames.  Several, since a signal handler's
 * operation must not overwrite the one that it interrupted, and since a zero-copy
 * span keeps its frame until it is given back.
 */
#define CELL_FRAMES 7u
#define THREADS_LIMIT 65536u

/* In a cell's owner word: its thread has exited, so that its frames announce
 * nothing any more; the process may live on.  Any recovery resolves them. */
#define CELL_ORPHAN (UINT64_C(1) << 48)

struct cell_shm {
	atomic64 owner; /* CAS OWNER_NONE -> self; 0 by the thread, or by who resolved its death */
	atomic32 tid;   /* owner: for people */
	atomic32 reserved;
	struct frame_shm frames[CELL_FRAMES]; /* owner; read by anybody who scans */
};
LAYOUT_SIZE(struct cell_shm, 128);
LAYOUT_AT(struct cell_shm, owner, 0, 8);
LAYOUT_AT(struct cell_shm, tid, 8, 4);
LAYOUT_AT(struct cell_shm, frames, 16, 112);

#endif
