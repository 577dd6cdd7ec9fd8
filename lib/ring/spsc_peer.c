/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc: is anybody at the other side?
 *
 * Asked on the slow ends only, an empty ring's and a full one's, and of the kernel
 * only where a call is stuck at one position for a while.  An owner that was
 * proven dead stays dead, so that is found out once.
 *
 * "Gone, and all it did has been seen" is two words of the ring.  The side's word comes
 * first, the position behind it: an owner that left, or died, moved its position before that,
 * so a position that is still the one that we know means that nothing is left to come from it.
 */
#include "ring/spsc.h"

#include "platform/error.h"

static bool is_somebody(uint64_t owner)
{
	return (owner & OWNER_BITS) != OWNER_NONE;
}

/* Nobody's word: what it comes to. */
static int nobody(uint64_t owner, const char *what)
{
	if (!(owner & SIDE_LEFT))
		return fail_plainly(EAGAIN, "spsc ring: nobody has had that side yet");
	return mpshm_i_fail(EPIPE, "spsc ring: its last %s has closed it", what);
}

static int dead(uint64_t owner, const char *what)
{
	return mpshm_i_fail(EOWNERDEAD, "spsc ring: its %s, participant %u, is dead", what,
	                    owner_participant(owner));
}

/* Proven dead, and nobody took over. */
static bool is_dead(struct mpshm_spsc *ring, const atomic64 *word, uint64_t owner)
{
	return !mpshm_i_owner_alive(ring->object.segment, owner) &&
	       atomic64_load_acquire(word) == owner;
}

int mpshm_i_spsc_lacking(struct mpshm_spsc *ring, struct spsc_side *side)
{
	bool produces = side == &ring->producer;
	const char *what = produces ? "consumer" : "producer";
	const atomic64 *word = produces ? &ring->shm->consumer : &ring->shm->producer;
	const atomic64 *position = produces ? &ring->shm->head : &ring->shm->tail;
	/* [SIDE-A1] pairs with [SIDE-R0] in give_side: where its last owner left the ring */
	uint64_t owner = atomic64_load_acquire(word);

	if (is_somebody(owner) && owner != side->dead) {
		if (!mpshm_i_stalled(&side->stall, side->end.position) ||
		    !is_dead(ring, word, owner))
			return -EAGAIN;
		side->dead = owner;
	}
	uint64_t seen = produces ? side->end.bound - (ring->mask + 1) : side->end.bound;
	if (atomic64_load_acquire(position) != seen)
		return -EAGAIN; /* there is more: the next call finds it */
	return is_somebody(owner) ? dead(owner, what) : nobody(owner, what);
}

int mpshm_spsc_peer(struct mpshm_spsc *ring, unsigned side)
{
	if (side != MPSHM_PRODUCER && side != MPSHM_CONSUMER)
		return mpshm_i_fail(EINVAL, "spsc ring: 0x%x is not one of its sides", side);
	bool producer = side == MPSHM_PRODUCER;
	const char *what = producer ? "producer" : "consumer";
	const atomic64 *word = producer ? &ring->shm->producer : &ring->shm->consumer;
	uint64_t owner = atomic64_load_acquire(word);

	if (!is_somebody(owner))
		return nobody(owner, what);
	return is_dead(ring, word, owner) ? dead(owner, what) : 0;
}
