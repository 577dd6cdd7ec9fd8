/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The slot words of a run of positions.  Within a lap all that are in one state are
 * equal, and a run crosses at most one end of a lap: so it is walked in two pieces,
 * in each of which there is nothing to compute.
 */
#ifndef MPSHM_RING_MPMC_WORDS_H
#define MPSHM_RING_MPMC_WORDS_H

#include "ring/mpmc.h"

struct words_piece {
	char *first;
	uint64_t count;
	uint64_t lap;
};

/* As much of the run as lies in position's lap. */
static inline struct words_piece words_piece(const struct mpmc *ring, uint64_t position,
                                             uint64_t count)
{
	uint64_t slot = position & ring->mask;
	uint64_t left = ring->mask + 1 - slot;

	return (struct words_piece){
		.first = ring->words + slot * ring->word_stride,
		.count = count < left ? count : left,
		.lap = position - slot,
	};
}

/* How many words from `position` on, up to `most`, are of that kind; the one after them. */
static inline uint64_t words_leading(const struct mpmc *ring, enum slot_kind kind,
                                     uint64_t position, uint64_t most, uint64_t *ret_other)
{
	uint64_t leading = 0;
	while (leading < most) {
		struct words_piece piece = words_piece(ring, position + leading, most - leading);
		uint64_t expected = slot_word(kind, 0, piece.lap);
		const char *word = piece.first;
		for (uint64_t i = 0; i < piece.count; i++, word += ring->word_stride) {
			/* [MPMC-A0] READY, [MPMC-A1] FREE */
			uint64_t seen =
				atomic64_load_acquire((const atomic64 *) (const void *) word);
			if (seen != expected) {
				*ret_other = seen;
				return leading + i;
			}
		}
		leading += piece.count;
	}
	return leading;
}

/* Set the words of a run: to `kind`, of its own lap or, with `laps` 1, of the next. */
static inline void words_store(const struct mpmc *ring, enum slot_kind kind, uint64_t laps,
                               uint64_t position, uint64_t count)
{
	while (count > 0) {
		struct words_piece piece = words_piece(ring, position, count);
		uint64_t word = slot_word(kind, 0, piece.lap + laps * (ring->mask + 1));
		char *at = piece.first;
		for (uint64_t i = 0; i < piece.count; i++, at += ring->word_stride)
			/* [MPMC-R0] READY, [MPMC-R1] FREE */
			atomic64_store_release((atomic64 *) (void *) at, word);
		position += piece.count;
		count -= piece.count;
	}
}

#endif
