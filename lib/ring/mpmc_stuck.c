/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a push or pop does that can't claim: tell "full" and "empty" from "somebody
 * was faster", "somebody is at it" and "somebody died at it".
 *
 * Helping is by elimination: a position is claimed (head or tail lies beyond
 * it), its slot has not moved on, and no live thread announces it: then nobody
 * alive will ever move it, and one idempotent CAS does.  Who helps needs no
 * identity, and may itself die anywhere.
 */
#include "platform/error.h"
#include "ring/mpmc.h"
#include "segment/abandoned.h"

/* At the heels of a producer the next element comes sooner. */
#define POLLS_OF_A_TRIP 8u

/* For now.  Rings and queues alike. */
static int say_full(void)
{
	return fail_plainly(EAGAIN, "full: no slot is free; try again once something was taken");
}

static int say_empty(void)
{
	return fail_plainly(EAGAIN, "empty, or the next one is not published yet; try again later");
}

static int contradiction(const struct mpmc *ring, uint64_t position)
{
	struct segment_shm *shm = ring->object->segment->shm;
	atomic32_store_relaxed(&shm->corrupt, 1);
	return mpshm_i_fail(
		EBADMSG, "segment %s: object %u: slot of position %llu contradicts the ring",
		ring->object->segment->name, ring->object->index, (unsigned long long) position);
}

/*
 * FREE(position), claimed by a push: tomb it where nobody alive announces it.  Who died
 * there may have claimed more behind it: recovery does all of that at once, where it
 * can be had without waiting; else each position costs whoever is stuck another stall.
 */
static bool help_put(struct mpmc *ring, uint64_t position)
{
	uint64_t tail = atomic64_load_acquire(&ring->shm->tail) & ~TAIL_CLOSED; /* [MPMC-A2] */
	if ((int64_t) (tail - position) <= 0)
		return true;
	if (mpshm_i_announced(ring->object, FRAME_PUT, position))
		return false;
	uint64_t expected = mpmc_word_of(ring, SLOT_FREE, position);
	if (atomic64_cas(mpmc_word(ring, position), &expected,
	                 mpmc_word_of(ring, SLOT_TOMB, position))) {
		(void) atomic64_fetch_add(&ring->shm->recovered, 1);
		(void) atomic64_fetch_add(&ring->shm->tombstoned, 1);
		(void) mpshm_i_recover(ring->object->segment);
	}
	return true; /* ours, another's, or published after all: look again */
}

/* Same lap as position's, the 53 bits that a word keeps? */
static bool same_lap(const struct mpmc *ring, uint64_t word, uint64_t position)
{
	return slot_lap(word) == slot_lap(slot_word(SLOT_FREE, 0, position & ~ring->mask));
}

/* No slot tells how many there are: what the last wait brought shows when they are gone. */
static bool let_it_ahead(const struct mpmc *ring, struct let_ahead *patience, uint64_t at)
{
	int64_t run = (int64_t) (at - atomic64_load_relaxed(&patience->at));
	if (run <= 0)
		return false; /* it was here; or another thread was further on */
	let_ahead_brought(patience, (uint64_t) run, ring->limit, ring->element_bytes);
	return let_ahead(patience, at);
}

int mpshm_i_mpmc_full(struct mpmc *ring, uint64_t tail, uint64_t at, uint64_t word)
{
	if (tail & TAIL_CLOSED)
		return fail_plainly(EPIPE, "shut down: nothing more can be put");
	uint64_t before = at - (ring->mask + 1); /* whose slot it was a lap ago */
	if (!same_lap(ring, word, before)) {
		/* Moved on to `at` or further: then tail was moved before, and the word's
		 * acquire load lets us see it. */
		if (atomic64_load_acquire(&ring->shm->tail) != tail)
			return 0;
		return contradiction(ring, at);
	}
	/* A lap old: full. */
	if (at == tail && let_it_ahead(ring, &ring->full, at))
		return 0;
	/* Somebody dead may be why. */
	if (!mpshm_i_stalled(&ring->stall_put, STALL_ANYWHERE))
		return say_full();
	if (slot_kind(word) == SLOT_FREE)
		return help_put(ring, before) ? 0 : say_full();
	return mpshm_i_mpmc_help_get(ring, before) ? 0 : say_full();
}

/*
 * Who spins here must not touch `tail`: its line is the producers', and each look would
 * have them fetch it back for their next claim.  So it is looked at after a stall only.
 */
int mpshm_i_mpmc_empty(struct mpmc *ring, uint64_t head, uint64_t at, uint64_t word)
{
	bool free = word == mpmc_word_of(ring, SLOT_FREE, at);
	if (!free && !same_lap(ring, word, at - (ring->mask + 1))) {
		/* Claimed by another pop since head was read; as above. */
		if (atomic64_load_acquire(&ring->shm->head) != head)
			return 0;
		return contradiction(ring, at);
	}
	if (at != atomic64_load_relaxed(&ring->dry.at))
		atomic32_store_relaxed(&ring->polls, 0);
	if (at == head && let_it_ahead(ring, &ring->dry, at))
		return 0;
	/* Who polls, and not at a producer's heels, gets the rest of the element along with its
	 * word, not after it. */
	uint32_t polls = atomic32_load_relaxed(&ring->polls);
	if (polls < POLLS_OF_A_TRIP)
		atomic32_store_relaxed(&ring->polls, polls + 1);
	else
		__builtin_prefetch((char *) mpmc_element(ring, at) + ring->rest_at);
	if (!mpshm_i_stalled(&ring->stall_get, STALL_ANYWHERE))
		return say_empty();
	/* Claimed, and not published all this time? */
	uint64_t tail = atomic64_load_acquire(&ring->shm->tail) & ~TAIL_CLOSED;
	if (free && (int64_t) (tail - at) > 0 && help_put(ring, at))
		return 0;
	/* Empty, or held up by a living one.  A pop that died with its claim leaves an
	 * element that nobody is stuck at: look for one now and then. */
	if (mpshm_i_abandoned(ring->object))
		(void) mpshm_i_recover(ring->object->segment);
	(void) mpshm_i_mpmc_rebuild_index(ring); /* who died between entry and bit has no frame */
	return mpmc_has_redelivery(ring) ? 0 : say_empty();
}

int mpshm_i_mpmc_over_limit(struct mpmc *ring, uint64_t tail)
{
	/* head only grows, so an old reading can only say "full" too early. */
	uint64_t head = atomic64_load_relaxed(&ring->head_seen);
	if (tail - head < ring->limit)
		return 0;
	head = atomic64_load_acquire(&ring->shm->head);
	atomic64_store_relaxed(&ring->head_seen, head);
	/* Another push may have moved tail beyond a head that was read later. */
	return (int64_t) (tail - head) < (int64_t) ring->limit ? 0 : say_full();
}

void mpshm_i_mpmc_skip_tombs(struct mpmc *ring, struct frame_shm *frame, uint64_t head)
{
	uint64_t count = 1;
	while (count <= ring->mask && atomic64_load_acquire(mpmc_word(ring, head + count)) ==
	                                      mpmc_word_of(ring, SLOT_TOMB, head + count))
		count++;

	frame_announce(frame, mpmc_what(ring->identity_get, count), head);
	uint64_t expected = head;
	if (atomic64_cas(&ring->shm->head, &expected, head + count)) { /* [MPMC-R3] */
		/* A death from here on: TOMBs behind head; a survivor frees each. */
		for (uint64_t i = 0; i < count; i++)
			atomic64_store_release(mpmc_word(ring, head + i),
			                       mpmc_word_released(ring, head + i));
		atomic32_store_relaxed(&ring->skipped, 1); /* private: for whoever can wake */
	}
	frame_empty(frame);
}
