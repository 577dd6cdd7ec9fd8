/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims of many positions, for batches and zero-copy spans. */
#ifndef MPSHM_RING_MPMC_BATCH_H
#define MPSHM_RING_MPMC_BATCH_H

#include "ring/mpmc_handle.h"

/* Claimed positions [position, position + length), of which `ready` hold elements;
 * the others are tombstones. */
struct mpmc_run {
	uint64_t position;
	uint64_t length;
	uint64_t ready;
};

/* Claim `least` to `most` positions to push to.  0, announced, or as mpmc_claim_put(). */
int mpshm_i_mpmc_claim_put_many(struct mpmc *ring, struct frame_shm *frame, uint64_t least,
                                uint64_t most, struct mpmc_run *ret_run);

/* Claim `least` to `most` elements, and tombstones among them; whole: none among them. */
int mpshm_i_mpmc_claim_get_many(struct mpmc *ring, struct frame_shm *frame, uint64_t least,
                                uint64_t most, bool whole, struct mpmc_run *ret_run);

/* Publish claimed positions as READY, or as TOMB; the frame, where given, is emptied after. */
void mpshm_i_mpmc_publish_many(struct mpmc *ring, struct frame_shm *frame, uint64_t position,
                               uint64_t count, enum slot_kind kind);
void mpshm_i_mpmc_release_many(struct mpmc *ring, struct frame_shm *frame, uint64_t position,
                               uint64_t count);

static inline uint64_t mpmc_at_most(const struct mpmc *ring, uint64_t count)
{
	return count <= ring->mask + 1 ? count : ring->mask + 1;
}

#endif
