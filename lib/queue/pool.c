/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/error.h"
#include "queue/lease.h"

static const struct pool_class *class_of(const struct pool *pool, uint32_t block)
{
	for (uint32_t c = 0; c < pool->classes; c++)
		if (block - pool->class_table[c].first_block < pool->class_table[c].count)
			return &pool->class_table[c];
	return NULL;
}

static void set_free_bit(const struct pool_class *class, uint32_t number)
{
	(void) atomic64_fetch_or(&class->free_map[number / 64], UINT64_C(1) << number % 64);
}

/* Claim one of the blocks that a word of the map calls free, and `among`. */
static bool claim_in_word(struct pool *pool, struct pool_class *class, uint32_t word,
                          uint64_t among, uint32_t *ret_block)
{
	uint64_t bits = atomic64_load_relaxed(&class->free_map[word]) & among; /* a hint */
	for (; bits != 0; bits &= bits - 1) {
		uint64_t bit = bits & -bits;
		uint32_t number = word * 64 + (uint32_t) __builtin_ctzll(bits);
		if (number >= class->count)
			return false;
		if (!(atomic64_fetch_and(&class->free_map[word], ~bit) & bit))
			continue; /* another took it */
		uint32_t block = class->first_block + number;
		uint64_t expected = block_word(BLOCK_FREE, 0);
		/* [POOL-A0] pairs with [POOL-R0] in mpshm_i_pool_free: who freed it had read it. */
		if (atomic64_cas(&pool->descriptors[block].word, &expected,
		                 block_word(BLOCK_OWNED, pool->object->segment->self))) {
			/* Relaxed: for this process only.  A lease may have left a tag there. */
			atomic64_store_relaxed(&pool->descriptors[block].aside, 0);
			if (class->turn > 0)
				atomic32_store_relaxed(&class->next,
				                       number + 1 < class->turn ? number + 1 : 0);
			*ret_block = block;
			return true;
		}
	}
	return false;
}

static bool claim_in_class(struct pool *pool, struct pool_class *class, uint32_t *ret_block)
{
	uint32_t words = (class->count + 63) / 64;
	uint32_t next = atomic32_load_relaxed(&class->next);
	uint32_t start = next / 64 % words;
	uint64_t behind = UINT64_MAX << next % 64;

	if (claim_in_word(pool, class, start, behind, ret_block))
		return true;
	for (uint32_t i = 1; i < words; i++)
		if (claim_in_word(pool, class, (start + i) % words, UINT64_MAX, ret_block))
			return true;
	return claim_in_word(pool, class, start, ~behind, ret_block);
}

int mpshm_i_pool_allocate(struct pool *pool, uint32_t bytes, uint32_t *ret_block)
{
	uint32_t c = 0;
	while (c < pool->classes && pool->class_table[c].block_bytes < bytes)
		c++;
	if (c == pool->classes)
		return -EMSGSIZE;
	if (claim_in_class(pool, &pool->class_table[c], ret_block))
		return 0;
	/* One size up, but never the largest: those are for who needs them. */
	if (c + 2 < pool->classes && claim_in_class(pool, &pool->class_table[c + 1], ret_block))
		return 0;
	return fail_plainly(ENOBUFS, "queue: no block of that size is free; try again once a "
	                             "message was taken, or a lease ended");
}

bool mpshm_i_pool_free(struct pool *pool, uint32_t block, uint64_t word)
{
	const struct pool_class *class = class_of(pool, block);
	uint64_t expected = word;

	if (!class)
		return false;
	/* [POOL-R0] pairs with [POOL-A0].  A CAS, since a recoverer may have freed it before
	 * us, and somebody else may own it by now. */
	if (!atomic64_cas(&pool->descriptors[block].word, &expected, block_word(BLOCK_FREE, 0)))
		return false;
	set_free_bit(class, block - class->first_block);
	return true;
}

uint32_t mpshm_i_pool_block_at(const struct pool *pool, const void *address)
{
	const char *payload = address;
	for (uint32_t c = 0; c < pool->classes; c++) {
		const struct pool_class *class = &pool->class_table[c];
		uint64_t offset =
			(uint64_t) (uintptr_t) payload - (uint64_t) (uintptr_t) class->blocks;
		if (offset < (uint64_t) class->count * class->block_bytes)
			return offset % class->block_bytes == 0
			               ? class->first_block +
			                         (uint32_t) (offset / class->block_bytes)
			               : UINT32_MAX;
	}
	return UINT32_MAX;
}

char *mpshm_i_pool_payload(const struct pool *pool, uint32_t block, uint32_t bytes)
{
	const struct pool_class *class = class_of(pool, block);
	if (!class || bytes > class->block_bytes)
		return NULL;
	return class->blocks + (uint64_t) (block - class->first_block) * class->block_bytes;
}

/* Has the slot moved on from `position`, or will it never be read? */
static bool slot_done(const struct mpmc *ring, uint64_t position)
{
	uint64_t word = atomic64_load_acquire(mpmc_word(ring, position));
	uint64_t free_word = slot_word(SLOT_FREE, 0, position & ~ring->mask);
	return slot_lap(word) != slot_lap(free_word) || slot_kind(word) == SLOT_TOMB;
}

void mpshm_i_pool_resolve(struct pool *pool, const struct mpmc *ring, uint64_t dead_owner)
{
	for (uint32_t c = 0; c < pool->classes; c++) {
		const struct pool_class *class = &pool->class_table[c];
		for (uint32_t number = 0; number < class->count; number++) {
			uint32_t block = class->first_block + number;
			uint64_t word = atomic64_load_acquire(&pool->descriptors[block].word);
			switch (block_kind(word)) {
			case BLOCK_FREE:
				/* Perhaps without its bit; one too many costs a look. */
				set_free_bit(class, number);
				break;
			case BLOCK_OWNED:
				if (block_payload(word) == dead_owner)
					(void) mpshm_i_pool_free(pool, block, word);
				break;
			case BLOCK_IN:
				if (slot_done(ring, block_payload(word)))
					(void) mpshm_i_pool_free(pool, block, word);
				break;
			case BLOCK_LEASED:
				if (block_lease_owner(word) == dead_owner)
					mpshm_i_lease_resolve(pool, ring,
					                      &(struct lease){block, word});
				break;
			case BLOCK_BACK:
				mpshm_i_lease_mark(pool, block); /* perhaps without its mark */
				break;
			}
		}
	}
}
