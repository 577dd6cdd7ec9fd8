/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool: blocks for messages that don't fit a slot, in size classes.
 *
 * A block's word is the truth about it: see layout/queue.h.  The free map is a
 * hint for finding one: a bit that is set too many costs a look, one set too
 * few is set again when a dead participant is resolved.
 *
 *   allocate  clear a bit; CAS FREE -> OWNED(self).   A death between: a FREE block
 *             without its bit; after: a block OWNED by the dead.
 *   send      slot claimed; OWNED -> IN(p); slot READY(p).  A death between: a block IN(p)
 *             whose slot becomes a tombstone.
 *   free      slot released; CAS IN(p) -> FREE; set the bit.  A death between: a
 *             block IN(p) whose slot has moved on.
 * All of these mpshm_i_pool_resolve() mends.  For blocks that are leased see lease.h.
 */
#ifndef MPSHM_QUEUE_POOL_H
#define MPSHM_QUEUE_POOL_H

#include "layout/queue.h"
#include "ring/mpmc.h"

/* One class, checked, in private memory. */
struct pool_class {
	char *blocks;
	atomic64 *free_map;
	uint32_t block_bytes;
	uint32_t count;
	uint32_t first_block;
	uint32_t turn; /* so many blocks are taken in turn; 0: lowest first */
	/* Where this process looks first.  Relaxed: a hint, and threads may mix it up. */
	atomic32 next;
};

struct pool {
	struct object *object;
	struct pool_shm *shm; /* for its marks; the geometry is below */
	struct block_shm *descriptors;
	uint32_t classes;
	uint32_t blocks;
	uint32_t group_blocks; /* a 64th, rounded up: what one bit of a mark stands for */
	struct pool_class class_table[POOL_CLASSES];
};

/* Plan the pool of a new queue: fills in the shared geometry; returns the bytes it
 * takes from offset `start` of the object on, or 0: pool_bytes is too small. */
uint64_t mpshm_i_pool_lay_out(struct pool_shm *ret_shm, uint32_t max_message_bytes,
                              uint64_t pool_bytes, uint64_t start);

/* All blocks free: set the maps of a pool laid out in `object_shm`. */
void mpshm_i_pool_fill(const struct pool_shm *shm, void *object_shm);

int mpshm_i_pool_view(struct pool *pool, struct object *object, struct pool_shm *shm);

/* A block for `bytes` bytes, OWNED by this process.  0, or -ENOBUFS. */
int mpshm_i_pool_allocate(struct pool *pool, uint32_t bytes, uint32_t *ret_block);

/* Free a block that has `word`; false: it has it no more. */
bool mpshm_i_pool_free(struct pool *pool, uint32_t block, uint64_t word);

/* The block whose payload starts at `address`, or UINT32_MAX. */
uint32_t mpshm_i_pool_block_at(const struct pool *pool, const void *address);

/* Its payload, or NULL where there is no such block or it has no room for `bytes`. */
char *mpshm_i_pool_payload(const struct pool *pool, uint32_t block, uint32_t bytes);

/*
 * Give back what nobody alive has: blocks of `dead_owner`, its leases, blocks IN a slot that
 * has moved on.  Takes no lock, and disturbs nobody.
 */
void mpshm_i_pool_resolve(struct pool *pool, const struct mpmc *ring, uint64_t dead_owner);

static inline uint64_t pool_word_in(uint64_t position)
{
	return block_word(BLOCK_IN, position & FRAME_POSITION_BITS);
}

#endif
