/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment/abandoned.h"

#include "segment/recovery.h"

static bool announces(const struct cell_shm *cell, uint64_t identity)
{
	for (uint32_t f = 0; f < CELL_FRAMES; f++) {
		if (atomic64_load_acquire(&cell->frames[f].where) == 0)
			continue;
		/* Any operation on the object. */
		uint64_t what = atomic64_load_acquire(&cell->frames[f].what);
		if ((what & FRAME_IDENTITY_BITS & ~UINT64_C(0xf)) == identity)
			return true;
	}
	return false;
}

bool mpshm_i_abandoned(const struct object *object)
{
	struct mpshm_segment *segment = object->segment;
	uint64_t identity =
		frame_what(FRAME_PUT, object->index, object->incarnation, 0) & ~UINT64_C(0xf);
	uint32_t high = atomic32_load_acquire(&segment->shm->cells_high);

	if (high > segment->threads_max)
		high = segment->threads_max;
	for (uint32_t i = 0; i < high; i++) {
		const struct cell_shm *cell = &segment->cells[i];
		uint64_t owner = atomic64_load_acquire(&cell->owner);
		if (owner == OWNER_NONE || owner == segment->self) /* an orphan of ours differs */
			continue;
		if (!announces(cell, identity))
			continue;
		if ((owner & CELL_ORPHAN) || !mpshm_i_owner_alive(segment, owner))
			return true;
	}
	return false;
}
