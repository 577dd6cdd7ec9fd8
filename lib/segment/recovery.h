/* SPDX-License-Identifier: BSD-2-Clause */
/* recovery: who is dead, what did they leave, and who announces what. */
#ifndef MPSHM_SEGMENT_RECOVERY_H
#define MPSHM_SEGMENT_RECOVERY_H

#include "segment/object.h"
#include "segment/segment.h"

/*
 * Does any live participant, in a cell other than `own` (NULL: none), announce
 * `operation` on `position` of the object?  Call it only after the claim of that
 * position was seen (head or tail beyond it, by an acquire load): false then means that nobody
 * alive will ever publish, or release, that position.
 */
bool mpshm_i_announced(const struct object *object, const struct cell_shm *own,
                       enum frame_operation operation, uint64_t position);

/* Is the owner alive?  By proof of the kernel; unknown counts as alive. */
bool mpshm_i_owner_alive(struct mpshm_segment *segment, uint64_t owner);

/*
 * Find the dead among the participants, resolve what they left, free their slots.
 * Returns how many were resolved.
 */
int mpshm_i_recover(struct mpshm_segment *segment);

/*
 * For loops that may be waiting for a dead one.  Call it with what one is stuck
 * at, each time; true: it is the same for over a millisecond since the last true
 * (or the first call), so now is the time to suspect somebody.  Cheap: reads the clock
 * every 64th call at the most often.
 */
struct stall {
	atomic64 at;
	atomic64 since_ns;
	atomic32 calls;
};
bool mpshm_i_stalled(struct stall *stall, uint64_t at);

#endif
