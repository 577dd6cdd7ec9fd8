/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Elements whose consumer died: from READY(p) behind head to REDEL(p), into a small
 * index, and out of it again by adoption.
 *
 * The index is a cache of positions, so that no pop ever sweeps the ring.  A
 * position enters it before its slot becomes REDEL, and leaves it after the slot
 * has moved on; while it is full, what the dead left stays as it is, and the
 * dead one's frame with it.
 */
#include "ring/mpmc.h"

/* Has the slot moved on from `position`, so that nobody will read it any more? */
static bool moved_on(const struct mpmc *ring, uint64_t position)
{
	uint64_t lap = slot_word(SLOT_FREE, 0, position & ~ring->mask);
	uint64_t word = atomic64_load_acquire(mpmc_word(ring, position));
	return slot_lap(word) != slot_lap(lap);
}

static bool index_add(struct mpmc *ring, uint64_t position)
{
	atomic64 *entries = ring->shm->redelivery;
	for (uint32_t i = 0; i < REDELIVERY_ENTRIES; i++)
		if (atomic64_load_acquire(&entries[i]) == position + 1) {
			(void) atomic64_fetch_or(&ring->shm->redelivery_map, UINT64_C(1) << i);
			return true;
		}
	for (uint32_t i = 0; i < REDELIVERY_ENTRIES; i++) {
		uint64_t held = atomic64_load_acquire(&entries[i]);
		if (held != 0 && !moved_on(ring, held - 1))
			continue;
		if (atomic64_cas(&entries[i], &held, position + 1)) {
			/* A death here: an entry without its bit; mpshm_i_mpmc_rebuild_index(). */
			(void) atomic64_fetch_or(&ring->shm->redelivery_map, UINT64_C(1) << i);
			return true;
		}
	}
	return false;
}

/*
 * Take entry i, which held `position + 1`, out.  The bit first, then the entry; and
 * where the entry was used anew in between, its bit is set again: a bit without an
 * entry costs a look, an entry without a bit would cost a message.
 */
static void index_remove(struct mpmc *ring, uint32_t i, uint64_t position)
{
	atomic64 *entry = &ring->shm->redelivery[i];
	uint64_t bit = UINT64_C(1) << i;
	uint64_t expected = position + 1;

	(void) atomic64_fetch_and(&ring->shm->redelivery_map, ~bit);
	if (!atomic64_cas(entry, &expected, 0) && expected != 0)
		(void) atomic64_fetch_or(&ring->shm->redelivery_map, bit);
}

/*
 * A bit without an entry: one of them is being added or removed, or a bit was set
 * again just when its entry went.  Who adds sets the bit after the entry, so either we
 * see the entry, or the bit comes after our look.
 */
static void forget_bit(struct mpmc *ring, uint32_t i)
{
	uint64_t bit = UINT64_C(1) << i;
	(void) atomic64_fetch_and(&ring->shm->redelivery_map, ~bit);
	if (atomic64_load_acquire(&ring->shm->redelivery[i]) != 0)
		(void) atomic64_fetch_or(&ring->shm->redelivery_map, bit);
}

bool mpshm_i_mpmc_rebuild_index(struct mpmc *ring)
{
	bool any = false;
	for (uint32_t i = 0; i < REDELIVERY_ENTRIES; i++)
		if (atomic64_load_acquire(&ring->shm->redelivery[i]) != 0) {
			(void) atomic64_fetch_or(&ring->shm->redelivery_map, UINT64_C(1) << i);
			any = true;
		}
	return any;
}

/*
 * `position` was claimed by a pop (head lies beyond it).  Where nobody alive
 * announces it: READY -> REDEL, TOMB -> FREE, TAKEN -> REDEL.  true: look again, it
 * may have changed; false: a live one has it, or the index is full.
 */
bool mpshm_i_mpmc_help_get(struct mpmc *ring, uint64_t position)
{
	atomic64 *slot = mpmc_word(ring, position);
	uint64_t head = atomic64_load_acquire(&ring->shm->head); /* [MPMC-A3] */
	uint64_t word = atomic64_load_acquire(slot);
	uint64_t lap = position & ~ring->mask;

	if (slot_lap(word) != slot_lap(slot_word(SLOT_FREE, 0, lap)))
		return true; /* released meanwhile */
	switch (slot_kind(word)) {
	case SLOT_READY:
	case SLOT_TOMB:
		if ((int64_t) (head - position) <= 0)
			return false; /* not claimed: plainly full */
		if (mpshm_i_announced(ring->object, FRAME_GET, position))
			return false;
		break;
	case SLOT_TAKEN:
		if (mpshm_i_announced(ring->object, FRAME_ADOPT, position))
			return false;
		break;
	default:
		(void) index_add(ring, position); /* REDEL: make sure that it is found */
		return false;
	}

	uint64_t next;
	if (slot_kind(word) == SLOT_TOMB) {
		next = mpmc_word_released(ring, position);
	} else {
		if (!index_add(ring, position))
			return false;
		next = slot_word(SLOT_REDEL, slot_attempt(word), lap);
	}
	/* A death before this CAS leaves at most an entry too many. */
	if (atomic64_cas(slot, &word, next))
		(void) atomic64_fetch_add(&ring->shm->recovered, 1);
	return true;
}

/*
 * REDEL(p, a) -> TAKEN(p, a + 1); the caller has announced p.  The attempt makes the CAS
 * free of ABA.
 */
static bool take(struct mpmc *ring, uint64_t position, uint64_t word, uint32_t *ret_attempt)
{
	uint64_t lap = position & ~ring->mask;
	uint32_t attempt = slot_attempt(word);

	if (attempt >= SLOT_ATTEMPT_MAX) {
		/* Its consumers died as often as can be counted: a message that kills. */
		if (atomic64_cas(mpmc_word(ring, position), &word,
		                 mpmc_word_released(ring, position)))
			(void) atomic64_fetch_add(&ring->shm->dropped, 1);
	} else if (atomic64_cas(mpmc_word(ring, position), &word,
	                        slot_word(SLOT_TAKEN, attempt + 1, lap))) {
		/* A death from here to the release: TAKEN without a live frame -> REDEL. */
		*ret_attempt = attempt + 1;
		return true;
	}
	return false;
}

bool mpshm_i_mpmc_adopt(struct mpmc *ring, struct frame_shm *frame, uint64_t *ret_position,
                        uint32_t *ret_attempt)
{
	uint64_t map = atomic64_load_acquire(&ring->shm->redelivery_map);
	for (; map != 0; map &= map - 1) {
		uint32_t i = (uint32_t) __builtin_ctzll(map);
		uint64_t entry = atomic64_load_acquire(&ring->shm->redelivery[i]);
		if (entry == 0) {
			forget_bit(ring, i);
			continue;
		}
		uint64_t position = entry - 1;
		uint64_t word = atomic64_load_acquire(mpmc_word(ring, position));
		if (moved_on(ring, position)) {
			index_remove(ring, i, position);
			continue;
		}
		if (slot_kind(word) != SLOT_REDEL)
			continue;
		frame_announce(frame, mpmc_what(ring->identity_adopt, 1), position);
		if (take(ring, position, word, ret_attempt)) {
			*ret_position = position;
			return true;
		}
		frame_empty(frame);
	}
	return false;
}

void mpshm_i_mpmc_unadopt(struct mpmc *ring, struct frame_shm *frame, uint64_t position)
{
	atomic64 *slot = mpmc_word(ring, position);
	uint32_t attempt = slot_attempt(atomic64_load_relaxed(slot)); /* ours: nobody else stores */
	atomic64_store_release(slot, slot_word(SLOT_REDEL, attempt, position & ~ring->mask));
	if (frame)
		frame_empty(frame);
}

uint64_t mpshm_i_mpmc_redeliverable(const struct mpmc *ring, uint64_t most, uint64_t *ret_positions)
{
	uint64_t map = atomic64_load_acquire(&ring->shm->redelivery_map);
	uint64_t count = 0;
	for (; map != 0 && count < most; map &= map - 1) {
		uint64_t entry =
			atomic64_load_acquire(&ring->shm->redelivery[__builtin_ctzll(map)]);
		if (entry != 0 && !moved_on(ring, entry - 1) &&
		    slot_kind(atomic64_load_acquire(mpmc_word(ring, entry - 1))) == SLOT_REDEL)
			ret_positions[count++] = entry - 1;
	}
	return count;
}

uint64_t mpshm_i_mpmc_adopt_many(struct mpmc *ring, struct frame_shm *frame, uint64_t count,
                                 uint64_t *positions)
{
	uint64_t low = positions[0], high = positions[0], adopted = 0;
	for (uint64_t i = 1; i < count; i++) {
		if ((int64_t) (positions[i] - low) < 0)
			low = positions[i];
		if ((int64_t) (positions[i] - high) > 0)
			high = positions[i];
	}
	if (high - low > ring->mask)
		high = low; /* a hostile index: the rest is left to others */
	frame_announce(frame, mpmc_what(ring->identity_adopt, high - low + 1), low);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t word = atomic64_load_acquire(mpmc_word(ring, positions[i]));
		uint32_t attempt;
		if (positions[i] - low <= high - low && !moved_on(ring, positions[i]) &&
		    slot_kind(word) == SLOT_REDEL && take(ring, positions[i], word, &attempt))
			positions[adopted++] = positions[i];
	}
	if (adopted == 0)
		frame_empty(frame);
	return adopted;
}

void mpshm_i_mpmc_adopted(struct mpmc *ring, uint64_t position)
{
	(void) atomic64_fetch_add(&ring->shm->redelivered, 1);
	for (uint32_t i = 0; i < REDELIVERY_ENTRIES; i++)
		if (atomic64_load_relaxed(&ring->shm->redelivery[i]) == position + 1)
			index_remove(ring, i, position);
}

/* One position of a dead frame: true when it has moved on or was never claimed; false:
 * the frame must stay, and this be asked again. */
static bool resolve_position(struct mpmc *ring, enum frame_operation operation, uint64_t position)
{
	atomic64 *slot = mpmc_word(ring, position);

	if (operation == FRAME_PUT) {
		uint64_t tail =
			atomic64_load_acquire(&ring->shm->tail) & ~TAIL_CLOSED; /* [MPMC-A2] */
		if ((int64_t) (tail - position) <= 0)
			return true;
		if (atomic64_load_acquire(slot) != mpmc_word_of(ring, SLOT_FREE, position))
			return true;
		/* Announced by somebody alive: who won the claim, or who only lost it and
		 * will empty its frame.  Which, nobody can tell; ask again. */
		if (mpshm_i_announced(ring->object, FRAME_PUT, position))
			return false;
		uint64_t expected = mpmc_word_of(ring, SLOT_FREE, position);
		if (atomic64_cas(slot, &expected, mpmc_word_of(ring, SLOT_TOMB, position))) {
			(void) atomic64_fetch_add(&ring->shm->recovered, 1);
			(void) atomic64_fetch_add(&ring->shm->tombstoned, 1);
		}
		return true;
	}

	uint64_t head = atomic64_load_acquire(&ring->shm->head); /* [MPMC-A3] */
	if ((int64_t) (head - position) <= 0 || moved_on(ring, position))
		return true;
	if (slot_kind(atomic64_load_acquire(slot)) == SLOT_REDEL)
		return index_add(ring, position);
	return mpshm_i_mpmc_help_get(ring,
	                             position); /* false too where somebody alive announces it */
}

/* The position of which a frame kept 53 bits: the one that is nearest to tail. */
static uint64_t whole_position(const struct mpmc *ring, uint64_t kept)
{
	uint64_t tail = atomic64_load_acquire(&ring->shm->tail) & ~TAIL_CLOSED;
	uint64_t half = (FRAME_POSITION_BITS + 1) / 2;
	return tail - half + ((kept - tail + half) & FRAME_POSITION_BITS);
}

bool mpshm_i_mpmc_resolve_frame(struct mpmc *ring, const struct dead_frame *frame)
{
	bool resolved = true;
	uint64_t position = whole_position(ring, frame->position);
	for (uint64_t i = 0; i < frame->count && i <= ring->mask; i++)
		resolved &= resolve_position(ring, frame->operation, position + i);
	return resolved;
}
