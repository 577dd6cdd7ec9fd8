/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * announce: does any live participant announce a position?
 *
 * Takes no lock and waits for nobody: a stopped process that holds the directory
 * lock stops no helper.
 */
#include "segment/recovery.h"

/* How often a frame that changes under our eyes is read again. */
#define FRAME_TRIES 4

/* Does (what, where) announce the position for this operation, object and incarnation? */
static bool pair_matches(uint64_t what, uint64_t where, uint64_t identity, uint64_t position)
{
	if (((what ^ identity) & FRAME_IDENTITY_BITS) != 0)
		return false;
	return ((position - where) & FRAME_POSITION_BITS) < frame_count(what);
}

/*
 * The announcer stores `what`, then `where`, both with release, and had emptied
 * `where` before it changed `what`.  So one and the same busy `where` before and
 * after `what` means a pair that stood together, or one of which the first half is
 * already outdated: its owner has published and gone on.  A frame that won't
 * hold still counts as announced: saying so too often only delays.
 */
static bool frame_matches(const struct frame_shm *frame, uint64_t identity, uint64_t position)
{
	for (int i = 0; i < FRAME_TRIES; i++) {
		/* [FRAME-A0] pairs with [FRAME-R0] in segment/thread.h: our caller saw the claim
		 * by an acquire load, so we see its frame, or a newer state of it; and
		 * a newer state comes after the publish, which we then see as well. */
		uint64_t where = atomic64_load_acquire(&frame->where);
		if ((where & FRAME_BUSY) == 0)
			return false;
		uint64_t what = atomic64_load_acquire(&frame->what);
		if (atomic64_load_acquire(&frame->where) == where)
			return pair_matches(what, where, identity, position);
	}
	return true;
}

static bool cell_announces(const struct cell_shm *cell, uint64_t identity, uint64_t position)
{
	for (uint32_t i = 0; i < CELL_FRAMES; i++)
		if (frame_matches(&cell->frames[i], identity, position))
			return true;
	return false;
}

bool mpshm_i_announced(const struct object *object, enum frame_operation operation,
                       uint64_t position)
{
	struct mpshm_segment *segment = object->segment;
	uint64_t identity = frame_what(operation, object->index, object->incarnation, 0);
	uint32_t cells = mpshm_i_cells_used(segment);

	for (uint32_t i = 0; i < cells; i++) {
		const struct cell_shm *cell = &segment->cells[i];
		if (!cell_announces(cell, identity, position))
			continue;

		/* After the frame: a cell changes hands only with its frames empty, so this is
		 * who wrote the frame, or a later one, which at worst delays.  And liveness
		 * last, for the claim was seen before: a look from before it proves nothing. */
		uint64_t owner = atomic64_load_acquire(&cell->owner);
		if ((owner & CELL_ORPHAN) == 0 && mpshm_i_owner_alive(segment, owner))
			return true;
	}
	return false;
}
