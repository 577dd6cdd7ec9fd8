/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of one lease: see lease.h for what a death between them leaves. */
#include "queue/lease.h"

#include "ring/copy.h"

uint64_t mpshm_i_lease_move(struct pool *pool, uint32_t block, struct message_shm *slot,
                            uint64_t position)
{
	/* Relaxed: ours since the claim. */
	uint64_t head = atomic64_load_relaxed(&slot->head);
	uint32_t bytes = message_bytes(head);
	uint64_t moved =
		message_head(bytes, block + 1, message_producer(head), message_flags(head));

	memcpy(mpshm_i_pool_payload(pool, block, bytes), slot + 1, bytes);
	atomic64_store_release(&pool->descriptors[block].word, pool_word_in(position));
	/* A death here: IN a slot that does not name it. */
	atomic64_store_release(&slot->head, moved);
	return moved;
}

bool mpshm_i_lease_undo(struct pool *pool, uint32_t block, uint64_t position)
{
	struct block_shm *descriptor = &pool->descriptors[block];
	uint64_t in = pool_word_in(position);
	uint64_t word = atomic64_load_acquire(&descriptor->word); /* [LEASE-A0] */

	if (likely(word == in))
		return true;
	/* We have the slot, so whoever leased the block never released it, and is dead. */
	if (block_kind(word) != BLOCK_LEASED ||
	    atomic64_load_relaxed(&descriptor->lease_position) != position)
		return false;
	return atomic64_cas(&descriptor->word, &word, in) || word == in;
}

static uint64_t group_bit(const struct pool *pool, uint32_t block)
{
	return UINT64_C(1) << block / pool->group_blocks;
}

struct lease mpshm_i_lease_start(struct pool *pool, const struct message_shm *slot, uint64_t head,
                                 uint64_t position, uint32_t attempt)
{
	struct lease lease = {
		.block = message_block_plus_1(head) - 1,
		.word = block_word_leased(pool->object->segment->self, attempt),
	};
	struct block_shm *descriptor = &pool->descriptors[lease.block];
	uint64_t bit = group_bit(pool, lease.block);

	/* Relaxed: published by LEASED. */
	atomic64_store_relaxed(&descriptor->lease_position, position);
	atomic64_store_relaxed(&descriptor->lease_head, head);
	atomic64_store_relaxed(&descriptor->aside, atomic64_load_relaxed(&slot->tag));
	/* Never cleared, so who saw it set need not look again. */
	if ((atomic64_load_relaxed(&pool->shm->leased) & bit) == 0)
		(void) atomic64_fetch_or(&pool->shm->leased, bit);
	/* [LEASE-R0] pairs with [LEASE-A0].  A death behind it, before the slot is released:
	 * the slot is the truth. */
	atomic64_store_release(&descriptor->word, lease.word);
	return lease;
}

bool mpshm_i_lease_take(struct pool *pool, struct lease *lease)
{
	uint64_t expected = lease->word;
	uint64_t word = block_word_leased(pool->object->segment->self, block_attempt(lease->word));

	/* [LEASE-A1] pairs with [LEASE-R1].  Position and attempt stand in the word: free of
	 * ABA.  A death behind it: the lease of a dead one. */
	if (!atomic64_cas(&pool->descriptors[lease->block].word, &expected, word))
		return false;
	lease->word = word;
	return true;
}

void mpshm_i_lease_mark(struct pool *pool, uint32_t block)
{
	(void) atomic64_fetch_or(&pool->shm->returned, group_bit(pool, block));
}

bool mpshm_i_lease_give_back(struct pool *pool, const struct lease *lease)
{
	struct block_shm *descriptor = &pool->descriptors[lease->block];
	uint64_t position = atomic64_load_relaxed(&descriptor->lease_position);
	uint32_t attempt = block_attempt(lease->word);
	uint64_t expected = lease->word;

	if (attempt < BLOCK_ATTEMPT_MAX)
		attempt++;
	/* [LEASE-R1] pairs with [LEASE-A1].  A death behind it: a block without its mark. */
	if (!atomic64_cas(&descriptor->word, &expected, block_word_back(position, attempt)))
		return false;
	mpshm_i_lease_mark(pool, lease->block); /* [LEASE-R2] pairs with [LEASE-A2] */
	return true;
}

/* Does the slot still hold that message, for whoever adopts it? */
static bool slot_holds(const struct mpmc *ring, uint64_t position)
{
	uint64_t word = atomic64_load_acquire(mpmc_word(ring, position));
	uint64_t lap = slot_lap(slot_word(SLOT_FREE, 0, position & ~ring->mask));
	enum slot_kind kind = slot_kind(word);
	return slot_lap(word) == lap &&
	       (kind == SLOT_READY || kind == SLOT_REDEL || kind == SLOT_TAKEN);
}

void mpshm_i_lease_resolve(struct pool *pool, const struct mpmc *ring, const struct lease *lease)
{
	struct block_shm *descriptor = &pool->descriptors[lease->block];
	uint64_t position = atomic64_load_relaxed(&descriptor->lease_position); /* [LEASE-A0] */
	uint64_t expected = lease->word;

	if (slot_holds(ring, position)) {
		/* Fails where an adopter was faster. */
		(void) atomic64_cas(&descriptor->word, &expected, pool_word_in(position));
		return;
	}
	if (mpshm_i_lease_give_back(pool, lease))
		(void) atomic64_fetch_add(&ring->shm->recovered, 1);
}
