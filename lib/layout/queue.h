/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: the shared part of a queue: its ring, its pool of blocks, its waits. */
#ifndef MPSHM_LAYOUT_QUEUE_H
#define MPSHM_LAYOUT_QUEUE_H

#include "layout/mpmc.h"

/*
 * What a slot of a queue's ring holds behind its word: this header, then the
 * message, or nothing where it lies in a block.  Written by who claimed the slot as
 * producer; read by who claimed it as consumer, and, length and all, by who only
 * thinks of claiming it: hence atomic, and believed only where the claim succeeds.
 */
struct message_shm {
	atomic64 head; /* flags:4 | producer:11 | block+1:24 (0: inline) | bytes:25 */
	atomic64 tag;  /* the user's */
};
LAYOUT_SIZE(struct message_shm, 16);
LAYOUT_AT(struct message_shm, head, 0, 8);
LAYOUT_AT(struct message_shm, tag, 8, 8);

#define MESSAGE_BLOCKS_LIMIT (UINT32_C(1) << 24) /* a pool has fewer */

#define MESSAGE_FLAG_STAMPED 0x1u /* reserved: the payload begins with an 8-byte time */

static inline uint64_t message_head(uint32_t bytes, uint32_t block_plus_1, uint32_t producer,
                                    uint32_t flags)
{
	return (uint64_t) bytes | (uint64_t) block_plus_1 << 25 | (uint64_t) producer << 49 |
	       (uint64_t) flags << 60;
}

static inline uint32_t message_bytes(uint64_t head)
{
	return (uint32_t) head & 0x1ffffff;
}

static inline uint32_t message_block_plus_1(uint64_t head)
{
	return (uint32_t) (head >> 25) & 0xffffff;
}

static inline uint32_t message_producer(uint64_t head)
{
	return (uint32_t) (head >> 49) & 0x7ff;
}

static inline uint32_t message_flags(uint64_t head)
{
	return (uint32_t) (head >> 60);
}

/*
 * A block's word says whose it is.
 *
 *   kind:3 | payload:61
 *   FREE                    nobody's
 *   OWNED(owner)            a put, or a reservation, of that participant writes in it
 *   IN(position)            the slot at that position names it; free as soon as the slot
 *                           has moved on from that position or is a tombstone
 *   LEASED(owner, attempt)  that participant has the message in hand, outside the ring
 *   BACK(position, attempt) nobody has it any more: to be delivered again, for the
 *                           attempt-th time after the first
 *
 * As long as the slot still holds the position that a LEASED block notes, the slot is
 * the truth, and the block as good as IN; after that the block is the message.
 */
enum block_kind {
	BLOCK_FREE = 0,
	BLOCK_OWNED = 1,
	BLOCK_IN = 2,
	BLOCK_LEASED = 3,
	BLOCK_BACK = 4,
};

static inline uint64_t block_word(enum block_kind kind, uint64_t payload)
{
	return payload << 3 | (uint64_t) kind;
}

static inline enum block_kind block_kind(uint64_t word)
{
	return (enum block_kind)(word & 7);
}

static inline uint64_t block_payload(uint64_t word)
{
	return word >> 3;
}

#define BLOCK_ATTEMPT_MAX 255u /* it stays there: a message is never dropped for it */
#define BLOCK_LEASED_ATTEMPT_SHIFT 48
#define BLOCK_BACK_ATTEMPT_SHIFT 53

static inline uint64_t block_word_leased(uint64_t owner, uint32_t attempt)
{
	return block_word(BLOCK_LEASED, (uint64_t) attempt << BLOCK_LEASED_ATTEMPT_SHIFT | owner);
}

static inline uint64_t block_lease_owner(uint64_t word)
{
	return block_payload(word) & OWNER_BITS;
}

static inline uint64_t block_word_back(uint64_t position, uint32_t attempt)
{
	return block_word(BLOCK_BACK, (uint64_t) attempt << BLOCK_BACK_ATTEMPT_SHIFT |
	                                      (position & FRAME_POSITION_BITS));
}

/* Of a word LEASED or BACK. */
static inline uint32_t block_attempt(uint64_t word)
{
	return (uint32_t) (block_payload(word) >> (block_kind(word) == BLOCK_BACK
	                                                   ? BLOCK_BACK_ATTEMPT_SHIFT
	                                                   : BLOCK_LEASED_ATTEMPT_SHIFT)) &
	       0xff;
}

/*
 * lease_*: written by who leases the message out of its slot, before LEASED; they stay
 * until the block is FREE.  Read by who saw LEASED or BACK.
 */
struct block_shm {
	atomic64 word;  /* any, CAS; but by a plain release store from its live owner */
	atomic64 aside; /* OWNED: its handle:32 | bytes + 1:32 while the user has it, else 0;
	                   * LEASED, BACK: the message's tag */
	atomic64 lease_position;
	atomic64 lease_head; /* the message's header */
};
LAYOUT_SIZE(struct block_shm, 32);
LAYOUT_AT(struct block_shm, word, 0, 8);
LAYOUT_AT(struct block_shm, aside, 8, 8);
LAYOUT_AT(struct block_shm, lease_position, 16, 8);
LAYOUT_AT(struct block_shm, lease_head, 24, 8);

/* Size classes double.  Block b of the pool belongs to the class with
 * first_block <= b < first_block + blocks. */
struct class_shm {
	uint64_t blocks_at;   /* the payloads, block_bytes apart */
	uint32_t block_bytes; /* a multiple of 64 */
	uint32_t blocks;
	uint32_t first_block;
	uint32_t reserved;
	uint64_t free_map_at; /* atomic64 bitmap: 1 = probably free; the word is the truth */
};
LAYOUT_SIZE(struct class_shm, 32);
LAYOUT_AT(struct class_shm, blocks_at, 0, 8);
LAYOUT_AT(struct class_shm, block_bytes, 8, 4);
LAYOUT_AT(struct class_shm, blocks, 12, 4);
LAYOUT_AT(struct class_shm, first_block, 16, 4);
LAYOUT_AT(struct class_shm, free_map_at, 24, 8);

#define POOL_CLASSES 24u

struct pool_shm {
	uint32_t classes;
	uint32_t blocks;         /* of all classes */
	uint64_t descriptors_at; /* struct block_shm [blocks] */
	uint64_t pool_bytes;     /* of all payloads */

	/* Bit g: of the g-th 64th of all blocks ... */
	atomic64 leased;   /* one was leased at some time: only ever set, before its LEASED */
	atomic64 returned; /* one may be BACK: a hint, mended by who waits for messages */
	uint64_t reserved[11];
	struct class_shm class_table[POOL_CLASSES];
};
LAYOUT_SIZE(struct pool_shm, 896);
LAYOUT_AT(struct pool_shm, classes, 0, 4);
LAYOUT_AT(struct pool_shm, blocks, 4, 4);
LAYOUT_AT(struct pool_shm, descriptors_at, 8, 8);
LAYOUT_AT(struct pool_shm, pool_bytes, 16, 8);
LAYOUT_AT(struct pool_shm, leased, 24, 8);
LAYOUT_AT(struct pool_shm, returned, 32, 8);
LAYOUT_AT(struct pool_shm, class_table, 128, 768);

/* Reserved for an exactly-once bridge: how far a source has been taken over. */
struct cursor_shm {
	uint64_t source;
	uint64_t sequence;
	uint64_t position;
	atomic64 current; /* which of the pair A/B is valid */
};
LAYOUT_SIZE(struct cursor_shm, 32);
LAYOUT_AT(struct cursor_shm, source, 0, 8);
LAYOUT_AT(struct cursor_shm, sequence, 8, 8);
LAYOUT_AT(struct cursor_shm, position, 16, 8);
LAYOUT_AT(struct cursor_shm, current, 24, 8);

struct queue_shm {
	struct mpmc_shm ring; /* its elements: struct message_shm and the inline bytes */
	uint32_t slot_bytes;  /* word, header and inline bytes */
	uint32_t inline_bytes;
	uint32_t max_message_bytes;
	uint32_t reserved0;
	uint64_t reserved1[14];
	struct wait_shm not_empty;  /* getters wait, putters wake */
	struct wait_shm not_full;   /* putters wait for a slot, getters wake one */
	struct wait_shm block_free; /* putters wait for a block, getters wake all: sizes differ */
	struct pool_shm pool;
	struct cursor_shm cursors[16][2]; /* reserved */
};
LAYOUT_SIZE(struct queue_shm, 3968);
LAYOUT_AT(struct queue_shm, ring, 0, 1152);
LAYOUT_AT(struct queue_shm, slot_bytes, 1152, 4);
LAYOUT_AT(struct queue_shm, inline_bytes, 1156, 4);
LAYOUT_AT(struct queue_shm, max_message_bytes, 1160, 4);
LAYOUT_AT(struct queue_shm, not_empty, 1280, 256);
LAYOUT_AT(struct queue_shm, not_full, 1536, 256);
LAYOUT_AT(struct queue_shm, block_free, 1792, 256);
LAYOUT_AT(struct queue_shm, pool, 2048, 896);
LAYOUT_AT(struct queue_shm, cursors, 2944, 1024);

#endif
