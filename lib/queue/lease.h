/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lease: messages in a getter's hand, outside the ring, in blocks of the pool.
 *
 *   begin   slot claimed.  An inline message moves into a block first, as if it had been put
 *           so: copy; block OWNED(self) -> IN(p); header names it.  Then the block notes the
 *           message; IN(p) -> LEASED(self); slot released.
 *   commit  CAS LEASED(self) -> FREE: the acknowledgement.
 *   abort   CAS LEASED(self) -> BACK(p, attempt + 1); mark the group.
 *   again   whoever gets next: CAS BACK -> LEASED(self), in the same block.
 *
 * A death
 *   before IN names anything       frees an OWNED block.
 *   between IN and the header      the inline message is delivered again, and the block, IN a
 *                                  slot that doesn't name it, is swept up behind that.
 *   between LEASED and release     the slot is the truth: LEASED(dead) -> IN(p), by recovery, or
 *                                  by who adopts p.  It still holds p, or it does not: that
 *                                  can't change while the block is LEASED, for an adopter
 *                                  makes it IN before it lets the slot go.
 *   with the lease                 LEASED(dead) -> BACK, by recovery.
 *   between BACK and the mark      a BACK block without its mark: waiting getters look.
 *   between commit and the bit     a FREE block without its bit, as with any block.
 *
 * A leased message stays in one block, LEASED or BACK, until it is committed: who sweeps the
 * pool once has seen each that was there all along.
 *
 * Edges (stored at -> seen at):
 *   [LEASE-R0] LEASED -> [LEASE-A0] block word: what was noted of the message, and its bytes
 *   [LEASE-R1] BACK   -> [LEASE-A1] CAS BACK -> LEASED: the last holder has let go
 *   [LEASE-R2] BACK, then the group marked | unmarked, then its blocks looked at: RMWs, so
 *              one sees the other
 */
#ifndef MPSHM_QUEUE_LEASE_H
#define MPSHM_QUEUE_LEASE_H

#include "queue/pool.h"

/* A block that is BACK, or LEASED by us. */
struct lease {
	uint32_t block;
	uint64_t word;
};

static inline bool lease_ever(const struct pool *pool)
{
	/* Relaxed: a hint.  Zero for ever in a queue without leases. */
	return unlikely(atomic64_load_relaxed(&pool->shm->leased) != 0);
}

static inline bool lease_returned(const struct pool *pool)
{
	return unlikely(atomic64_load_relaxed(&pool->shm->returned) != 0);
}

/*
 * Move the inline message of a claimed slot into a block that is ours: then the slot
 * names it.  Returns the slot's new header.
 */
uint64_t mpshm_i_lease_move(struct pool *pool, uint32_t block, struct message_shm *slot,
                            uint64_t position);

/*
 * The block that the header of a claimed slot names, made IN(position) where a dead
 * one had got as far as LEASED.  false: it is not that slot's.
 */
bool mpshm_i_lease_undo(struct pool *pool, uint32_t block, uint64_t position);

/* A claimed slot's message, in a block IN(position), becomes ours; then release the slot. */
struct lease mpshm_i_lease_start(struct pool *pool, const struct message_shm *slot, uint64_t head,
                                 uint64_t position, uint32_t attempt);

/* The oldest of those that came back.  false: none. */
bool mpshm_i_lease_find(struct pool *pool, struct lease *ret_lease);
/* BACK -> LEASED(self).  false: another was faster. */
bool mpshm_i_lease_take(struct pool *pool, struct lease *lease);

/* LEASED -> BACK: ours, or a dead one's.  false: it is not that lease any more. */
bool mpshm_i_lease_give_back(struct pool *pool, const struct lease *lease);

/* Recovery: what becomes of the block that a dead one had leased. */
void mpshm_i_lease_resolve(struct pool *pool, const struct mpmc *ring, const struct lease *lease);

/* Mark the group of a block that is BACK. */
void mpshm_i_lease_mark(struct pool *pool, uint32_t block);

/* Is any message leased, or back?  Exact for what was so all along. */
bool mpshm_i_lease_any(const struct pool *pool);

/* Mend the marks; true: the holder of a lease is dead, so it is time to recover. */
bool mpshm_i_lease_look(struct pool *pool);

#endif
