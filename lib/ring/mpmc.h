/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpmc: claims on the many-to-many ring; the core of mpmc rings and of queues.
 *
 * See layout/mpmc.h for the slot words and doc/RECOVERY.md for why it holds.
 *
 *   push:  see FREE(t) at tail t; announce; CAS tail t -> t+n; write; READY(t)
 *   pop:   see READY(h) at head h; announce; CAS head h -> h+n; read; FREE(h+N)
 *
 * The publish of READY is a push's linearization point and acknowledgement; the
 * CAS of head orders pops, the release FREE acknowledges one.
 *
 * Edges (stored at -> seen at):
 *   [MPMC-R0] READY by publish     -> [MPMC-A0] word load before a pop's claim: payload visible
 *   [MPMC-R1] FREE by release      -> [MPMC-A1] word load before a push's claim: slot was read
 *   [MPMC-R2] claiming CAS of tail -> [MPMC-A2] tail load of who suspects a dead producer
 *   [MPMC-R3] claiming CAS of head -> [MPMC-A3] head load of who suspects a dead consumer
 */
#ifndef MPSHM_RING_MPMC_H
#define MPSHM_RING_MPMC_H

#include <errno.h>

#include "layout/mpmc.h"
#include "platform/error.h"
#include "ring/backoff.h"
#include "ring/let_ahead.h"
#include "segment/object.h"
#include "segment/recovery.h"
#include "segment/thread.h"

/* A ring as this process sees it: geometry checked once, in private memory. */
struct mpmc {
	struct object *object;
	struct mpmc_shm *shm;
	char *words;
	char *elements;
	uint64_t mask; /* capacity - 1 */
	uint64_t limit;
	uint32_t word_stride;
	uint32_t element_stride;
	uint32_t element_bytes;
	uint32_t rest_at; /* in an element: in the line that comes with its word, or behind it */
	uint32_t identity_put, identity_get, identity_adopt; /* frame_what() without count */

	/* Who is stuck where, for suspecting the dead; shared by this process's threads. */
	struct stall stall_put __attribute__((aligned(LAYOUT_LINE)));
	struct stall stall_get;
	struct let_ahead dry, full; /* where a pop last ran dry, a push full */
	atomic64 head_seen;         /* a lower bound of head, where limit < capacity */
	atomic32 polls;             /* in vain, since a pop last ran dry elsewhere */
	atomic32 skipped;           /* slots of tombstones were freed, and nobody told */
};

/* Geometry of a new ring, from what its creator asked for. */
struct mpmc_plan {
	uint32_t capacity; /* slots, a power of two */
	uint32_t limit;
	uint32_t element_bytes;
	bool words_beside;   /* the element's */
	uint32_t slot_bytes; /* words_beside: from one slot to the next; 0: as small as can be */
};

/* Bytes behind `start` that its words and elements take; fills in ret_shm's geometry.
 * Offsets count from the object's start. */
uint64_t mpshm_i_mpmc_lay_out(struct mpmc_shm *ret_shm, const struct mpmc_plan *plan,
                              uint64_t start);

/* Check the geometry of `shm`, a part of `object`, and fill in the view.  0 or -EBADMSG. */
int mpshm_i_mpmc_view(struct mpmc *ring, struct object *object, struct mpmc_shm *shm);

static inline atomic64 *mpmc_word(const struct mpmc *ring, uint64_t position)
{
	return (atomic64 *) (void *) (ring->words + (position & ring->mask) * ring->word_stride);
}

static inline void *mpmc_element(const struct mpmc *ring, uint64_t position)
{
	return ring->elements + (position & ring->mask) * ring->element_stride;
}

/* Words that position p's slot can have; FREE of the next lap is its release. */
static inline uint64_t mpmc_word_of(const struct mpmc *ring, enum slot_kind kind, uint64_t position)
{
	return slot_word(kind, 0, position & ~ring->mask);
}

static inline uint64_t mpmc_word_released(const struct mpmc *ring, uint64_t position)
{
	return slot_word(SLOT_FREE, 0, (position & ~ring->mask) + ring->mask + 1);
}

/* Frame words of a claim of `count` positions. */
static inline uint64_t mpmc_what(uint32_t identity, uint64_t count)
{
	return count << 32 | identity;
}

/*
 * Slow ends of the claims, in ring/mpmc_stuck.c.  Each returns 0: look again;
 * -EAGAIN: it is so; -EPIPE (push) shut down; -EBADMSG: the ring contradicts itself.
 *
 * full: position `at` can't be claimed by a push, since its slot held `word`.
 * empty: position `at` can't be claimed by a pop.
 */
int mpshm_i_mpmc_full(struct mpmc *ring, uint64_t tail, uint64_t at, uint64_t word);
int mpshm_i_mpmc_empty(struct mpmc *ring, uint64_t head, uint64_t at, uint64_t word);
int mpshm_i_mpmc_over_limit(struct mpmc *ring, uint64_t tail);

/* All of the thread's frames are busy. */
static inline int mpmc_no_frame(void)
{
	return fail_plainly(ENOBUFS,
	                    "this thread's spans and interrupted calls take all its frames");
}

static inline bool mpmc_is_tomb(const struct mpmc *ring, uint64_t position)
{
	return atomic64_load_acquire(mpmc_word(ring, position)) ==
	       mpmc_word_of(ring, SLOT_TOMB, position);
}

/* Skip the run of tombstones that begins at `head`.  Uses the frame. */
void mpshm_i_mpmc_skip_tombs(struct mpmc *ring, struct frame_shm *frame, uint64_t head);

/*
 * Take over an element whose consumer died.  true: *ret_position is ours, announced in the
 * frame, in state TAKEN with *ret_attempt; release it as any other.
 */
bool mpshm_i_mpmc_adopt(struct mpmc *ring, struct frame_shm *frame, uint64_t *ret_position,
                        uint32_t *ret_attempt);
/* Not after all: TAKEN back to REDEL, for whoever comes next.  Its attempt stays counted, and
 * only so many can be: not for what a caller may do again and again.  The frame, where
 * given, is emptied. */
void mpshm_i_mpmc_unadopt(struct mpmc *ring, struct frame_shm *frame, uint64_t position);
/*
 * For many at once: positions that wait to be adopted, up to `most`; and adopt those, by one
 * frame that announces them and all between them, which delays others at the most.
 * Returns how many are ours, moved to the front; 0: the frame is empty.
 */
uint64_t mpshm_i_mpmc_redeliverable(const struct mpmc *ring, uint64_t most,
                                    uint64_t *ret_positions);
uint64_t mpshm_i_mpmc_adopt_many(struct mpmc *ring, struct frame_shm *frame, uint64_t count,
                                 uint64_t *positions);
/* After an adopted position was released: take it out of the index. */
void mpshm_i_mpmc_adopted(struct mpmc *ring, uint64_t position);

/* Resolve a position that a pop claimed, if its claimer is dead; ring/mpmc_redeliver.c. */
bool mpshm_i_mpmc_help_get(struct mpmc *ring, uint64_t position);

static inline bool mpmc_has_redelivery(const struct mpmc *ring)
{
	/* Relaxed: a hint; a bit seen late is seen at the next pop. */
	return unlikely(atomic64_load_relaxed(&ring->shm->redelivery_map) != 0);
}

/* object_class functions of anything that holds a ring. */
bool mpshm_i_mpmc_resolve_frame(struct mpmc *ring, const struct dead_frame *frame);
/* Sets the bits of the index anew.  Is there anything in it, whatever its bits say? */
bool mpshm_i_mpmc_rebuild_index(struct mpmc *ring);

/* Does a cell of this process announce something on the ring?  Then it is in use. */
bool mpshm_i_mpmc_in_use(const struct mpmc *ring);

/* Size by one reading of both claim positions. */
uint64_t mpshm_i_mpmc_size(const struct mpmc *ring);

/*
 * Claim one position to push to.  0 with *ret_position announced in the frame, or
 * -EAGAIN, -EPIPE, -EBADMSG with the frame empty.
 */
static inline int mpmc_claim_put(struct mpmc *ring, struct frame_shm *frame, uint64_t *ret_position)
{
	struct backoff backoff = backoff_begin((uintptr_t) frame);
	for (;;) {
		uint64_t tail = atomic64_load_relaxed(&ring->shm->tail); /* the CAS confirms it */
		uint64_t word = atomic64_load_acquire(mpmc_word(ring, tail)); /* [MPMC-A1] */
		if (unlikely(word != mpmc_word_of(ring, SLOT_FREE, tail) || tail & TAIL_CLOSED)) {
			int error = mpshm_i_mpmc_full(ring, tail, tail, word);
			if (error)
				return error;
			continue;
		}
		if (unlikely(ring->limit <= ring->mask)) {
			int error = mpshm_i_mpmc_over_limit(ring, tail);
			if (error)
				return error;
		}
		frame_announce(frame, mpmc_what(ring->identity_put, 1), tail);
		/* A death up to here left a frame that names nothing claimed. */
		uint64_t expected = tail;
		if (likely(atomic64_cas(&ring->shm->tail, &expected, tail + 1))) { /* [MPMC-R2] */
			/* A death from here to the publish: FREE(tail), tail beyond it, and no
			 * live frame; a survivor makes it TOMB. */
			*ret_position = tail;
			return 0;
		}
		frame_empty(frame);
		backoff_wait(&backoff);
	}
}

/* Make a claimed position visible: the push's acknowledgement. */
static inline void mpmc_publish(struct mpmc *ring, struct frame_shm *frame, uint64_t position)
{
	atomic64_store_release(mpmc_word(ring, position),
	                       mpmc_word_of(ring, SLOT_READY, position)); /* [MPMC-R0] */
	/* A death here leaves a frame whose position has moved on: recovery empties it. */
	frame_empty(frame);
}

/*
 * Look at the element that is next.  0 with *ret_position READY, -EAGAIN, -EBADMSG.
 * Skips tombstones, with the frame.
 */
static inline int mpmc_front(struct mpmc *ring, struct frame_shm *frame, uint64_t *ret_position)
{
	for (;;) {
		uint64_t head = atomic64_load_relaxed(&ring->shm->head); /* the CAS confirms it */
		uint64_t word = atomic64_load_acquire(mpmc_word(ring, head)); /* [MPMC-A0] */
		if (likely(word == mpmc_word_of(ring, SLOT_READY, head))) {
			*ret_position = head;
			return 0;
		}
		if (word == mpmc_word_of(ring, SLOT_TOMB, head)) {
			mpshm_i_mpmc_skip_tombs(ring, frame, head);
			continue;
		}
		int error = mpshm_i_mpmc_empty(ring, head, head, word);
		if (error)
			return error;
	}
}

/* Claim what mpmc_front() showed.  false: another was faster; the frame is empty. */
static inline bool mpmc_claim_front(struct mpmc *ring, struct frame_shm *frame, uint64_t position)
{
	frame_announce(frame, mpmc_what(ring->identity_get, 1), position);
	uint64_t expected = position;
	if (likely(atomic64_cas(&ring->shm->head, &expected, position + 1))) /* [MPMC-R3] */
		/* A death from here to the release: READY(position), head beyond it, no
		 * live frame; a survivor makes it REDEL, and it is delivered again. */
		return true;
	frame_empty(frame);
	return false;
}

/* Give a claimed, read slot back: the pop's acknowledgement. */
static inline void mpmc_release(struct mpmc *ring, struct frame_shm *frame, uint64_t position)
{
	atomic64_store_release(mpmc_word(ring, position),
	                       mpmc_word_released(ring, position)); /* [MPMC-R1] */
	frame_empty(frame);
}

#endif
