/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding leases without sweeping the pool: two words of 64 bits, each bit a group of
 * neighbouring blocks.  `leased` says where there was ever a lease, `returned` where one may
 * be BACK.  The blocks' words are the truth; a bit too many costs a look.
 */
#include "queue/lease.h"
#include "segment/recovery.h"

/* The block's word where it is BACK or LEASED, else 0. */
static uint64_t lease_word(const struct pool *pool, uint32_t block)
{
	uint64_t word = atomic64_load_acquire(&pool->descriptors[block].word); /* [LEASE-A0] */
	return block_kind(word) == BLOCK_LEASED || block_kind(word) == BLOCK_BACK ? word : 0;
}

static uint32_t group_end(const struct pool *pool, uint32_t group)
{
	uint64_t end = (uint64_t) (group + 1) * pool->group_blocks;
	return end < pool->blocks ? (uint32_t) end : pool->blocks;
}

/* Is `a` older than `b`?  Both kept 53 bits. */
static bool is_older(uint64_t a, uint64_t b)
{
	return ((a - b) & FRAME_POSITION_BITS) > FRAME_POSITION_BITS / 2;
}

/* The oldest of the group that is BACK, where older than what `lease` has.  false: none is. */
static bool find_in_group(const struct pool *pool, uint32_t group, struct lease *lease)
{
	bool any = false;
	for (uint32_t b = group * pool->group_blocks; b < group_end(pool, group); b++) {
		uint64_t word = lease_word(pool, b);
		if (block_kind(word) != BLOCK_BACK)
			continue;
		any = true;
		if (lease->word == 0 || is_older(block_payload(word), block_payload(lease->word)))
			*lease = (struct lease){b, word};
	}
	return any;
}

bool mpshm_i_lease_find(struct pool *pool, struct lease *ret_lease)
{
	struct lease oldest = {0};
	uint64_t map = atomic64_load_acquire(&pool->shm->returned);
	for (; map != 0; map &= map - 1) {
		uint32_t group = (uint32_t) __builtin_ctzll(map);
		if (find_in_group(pool, group, &oldest))
			continue;
		/*
		 * [LEASE-A2] pairs with [LEASE-R2]: unmarked, and looked at once more: who
		 * marks does so after BACK, so either we see that, or the mark comes after ours.
		 * A death between: who waits mends it.
		 */
		(void) atomic64_fetch_and(&pool->shm->returned, ~(UINT64_C(1) << group));
		if (find_in_group(pool, group, &oldest))
			(void) atomic64_fetch_or(&pool->shm->returned, UINT64_C(1) << group);
	}
	*ret_lease = oldest;
	return oldest.word != 0;
}

bool mpshm_i_lease_any(const struct pool *pool)
{
	uint64_t map = atomic64_load_acquire(&pool->shm->leased);
	for (; map != 0; map &= map - 1) {
		uint32_t group = (uint32_t) __builtin_ctzll(map);
		for (uint32_t b = group * pool->group_blocks; b < group_end(pool, group); b++)
			if (lease_word(pool, b) != 0)
				return true;
	}
	return false;
}

bool mpshm_i_lease_look(struct pool *pool)
{
	struct mpshm_segment *segment = pool->object->segment;
	uint64_t alive = segment->self; /* mostly few owners: ask the kernel once for each run */
	uint64_t map = atomic64_load_acquire(&pool->shm->leased);
	for (; map != 0; map &= map - 1) {
		uint32_t group = (uint32_t) __builtin_ctzll(map);
		for (uint32_t b = group * pool->group_blocks; b < group_end(pool, group); b++) {
			uint64_t word = lease_word(pool, b), owner = block_lease_owner(word);
			if (block_kind(word) == BLOCK_BACK)
				mpshm_i_lease_mark(pool, b);
			if (block_kind(word) != BLOCK_LEASED || owner == alive)
				continue;
			if (!mpshm_i_owner_alive(segment, owner))
				return true;
			alive = owner;
		}
	}
	return false;
}
