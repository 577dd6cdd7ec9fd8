/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc: the two sides and who has them.
 *
 *   0 --take--> owner --close--> SIDE_LEFT --take--> owner ...
 *               owner, dead --take--> its successor
 *
 * What a dead owner had published counts; what it had not never was.
 */
#include "ring/spsc.h"

#include "platform/error.h"

/*
 * The CAS takes the side; a death right after it leaves a dead owner for the next one.
 * *ret_before: what the word was.
 */
static int take_side(struct mpshm_spsc *ring, atomic64 *word, struct spsc_side *side,
                     const char *what, uint64_t *ret_before)
{
	struct mpshm_segment *segment = ring->object.segment;
	/* [SIDE-A0] pairs with [SIDE-R0] in give_side: the last owner's positions */
	uint64_t owner = atomic64_load_acquire(word);

	do {
		if (mpshm_i_owner_alive(segment, owner))
			return mpshm_i_fail(EBUSY, "spsc ring: participant %u has the %s's side",
			                    owner_participant(owner), what);
		*ret_before = owner;
	} while (!atomic64_cas(word, &owner, segment->self));
	side->process = *mpshm_i_process;
	return 0;
}

/* `left`: what the word is from now on.  A death before the CAS: a dead owner. */
static void give_side(struct mpshm_spsc *ring, atomic64 *word, struct spsc_side *side,
                      uint64_t left)
{
	uint64_t self = ring->object.segment->self;

	if (side->process == *mpshm_i_process)
		/* [SIDE-R0] pairs with [SIDE-A0], [SIDE-A1]: our positions */
		(void) atomic64_cas(word, &self, left);
	side->process = side->end.inline_for = SIDE_NONE;
}

/*
 * Our own position is what the last of our side stored, and stands still; the other's may
 * be behind what it is, and is looked up when it matters.  Both are read once: what was
 * checked is what is kept, whatever a peer stores meanwhile.
 */
static int start_positions(struct mpshm_spsc *ring)
{
	uint64_t tail = atomic64_load_acquire(&ring->shm->tail);
	uint64_t head = atomic64_load_acquire(&ring->shm->head);

	ring->producer.end.position = tail;
	ring->producer.end.bound = head + ring->mask + 1;
	ring->consumer.end.position = head;
	ring->consumer.end.bound = tail;
	return tail - head > ring->mask + 1 ? mpshm_i_spsc_corrupt(ring) : 0;
}

int mpshm_i_spsc_take_sides(struct mpshm_spsc *ring, unsigned flags)
{
	uint64_t producer = OWNER_NONE, consumer = OWNER_NONE; /* who had them */
	int error = 0;

	if (!(flags & (MPSHM_PRODUCER | MPSHM_CONSUMER)))
		return 0;
	if (flags & MPSHM_PRODUCER)
		error = take_side(ring, &ring->shm->producer, &ring->producer, "producer",
		                  &producer);
	if (!error && flags & MPSHM_CONSUMER)
		error = take_side(ring, &ring->shm->consumer, &ring->consumer, "consumer",
		                  &consumer);
	if (!error)
		error = start_positions(ring);
	if (error) {
		/* As if we had never been there, so that nobody waits for us. */
		give_side(ring, &ring->shm->producer, &ring->producer, producer);
		give_side(ring, &ring->shm->consumer, &ring->consumer, consumer);
		return error;
	}
	for (int i = 0; i < 2; i++)
		spsc_side_open(ring, i ? &ring->consumer : &ring->producer, 0);
	ring->producer.watches = ring->consumer.watches = flags & MPSHM_WATCH_PEER;
	uint64_t from_dead =
		((producer & OWNER_BITS) != OWNER_NONE) + ((consumer & OWNER_BITS) != OWNER_NONE);
	if (from_dead > 0) /* a death before this: the count for people lacks it */
		(void) atomic64_fetch_add(&ring->shm->take_overs, from_dead);
	return 0;
}

void mpshm_i_spsc_give_sides(struct mpshm_spsc *ring)
{
	give_side(ring, &ring->shm->producer, &ring->producer, SIDE_LEFT);
	give_side(ring, &ring->shm->consumer, &ring->consumer, SIDE_LEFT);
}
