/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment/abandoned.h"

#include "segment/recovery.h"

#define OPERATION_BITS UINT64_C(0xf)

/* Any operation on the object, or any but puts. */
static bool announces(const struct cell_shm *cell, uint64_t identity, bool puts_too)
{
	for (uint32_t f = 0; f < CELL_FRAMES; f++) {
		if (atomic64_load_acquire(&cell->frames[f].where) == 0)
			continue;
		uint64_t what = atomic64_load_acquire(&cell->frames[f].what);
		if ((what & FRAME_IDENTITY_BITS & ~OPERATION_BITS) == identity &&
		    (puts_too || frame_operation(what) != FRAME_PUT))
			return true;
	}
	return false;
}

static uint64_t identity_of(const struct object *object)
{
	return frame_what(FRAME_PUT, object->index, object->incarnation, 0) & ~OPERATION_BITS;
}

bool mpshm_i_being_taken(const struct object *object)
{
	struct mpshm_segment *segment = object->segment;
	uint32_t cells = mpshm_i_cells_used(segment);

	for (uint32_t i = 0; i < cells; i++)
		if (announces(&segment->cells[i], identity_of(object), false))
			return true;
	return false;
}

bool mpshm_i_abandoned(const struct object *object)
{
	struct mpshm_segment *segment = object->segment;
	uint64_t identity = identity_of(object);
	uint32_t cells = mpshm_i_cells_used(segment);

	for (uint32_t i = 0; i < cells; i++) {
		const struct cell_shm *cell = &segment->cells[i];
		uint64_t owner = atomic64_load_acquire(&cell->owner);
		if (owner == OWNER_NONE || owner == segment->self) /* an orphan of ours differs */
			continue;
		if (!announces(cell, identity, true))
			continue;
		if ((owner & CELL_ORPHAN) || !mpshm_i_owner_alive(segment, owner))
			return true;
	}
	return false;
}
