/* SPDX-License-Identifier: BSD-2-Clause */
/* recovery: who is dead, what did they leave, and who announces what. */
#ifndef MPSHM_SEGMENT_RECOVERY_H
#define MPSHM_SEGMENT_RECOVERY_H

#include "segment/object.h"
#include "segment/segment.h"

/*
 * Does any live thread, the caller included (an open span of its own, or the call
 * that a signal handler interrupted), announce `operation` on `position` of the
 * object?  The caller's present call must announce nothing when it asks.  Call it only after the claim of that
 * position was seen (head or tail beyond it, by an acquire load): false then means that nobody
 * alive will ever publish, or release, that position.
 */
bool mpshm_i_announced(const struct object *object, enum frame_operation operation,
                       uint64_t position);

/*
 * Is the owner alive?  By proof of the kernel; unknown counts as alive.  Any
 * thread may ask.  The second form is for who holds segment->mutex: it can obtain
 * the descriptor anew where the host closed it.
 */
bool mpshm_i_owner_alive(struct mpshm_segment *segment, uint64_t owner);
bool mpshm_i_owner_alive_locked(struct mpshm_segment *segment, uint64_t owner);

/* How many cells a scan has to look at. */
uint32_t mpshm_i_cells_used(const struct mpshm_segment *segment);

/*
 * Find the dead among the participants, resolve what they left, free their slots;
 * and the cells of threads that exited holding frames.  Returns how many slots
 * and cells were freed.
 *
 * Call it without locks.  It never waits, so that stuck try_ calls, signal
 * handlers' too, may call it: where a thread of this process has segment->mutex,
 * or a live process the directory lock, it returns 0, and the next call tries again.
 */
int mpshm_i_recover(struct mpshm_segment *segment);

/* The same, with segment->mutex and the directory lock held. */
int mpshm_i_recover_held(struct mpshm_segment *segment);

/*
 * Resolve the frames of a cell whose thread has exited while its process lives
 * on, and free the cell.  Without locks, and without waiting.  false: not all could
 * be resolved now; the cell is marked as an orphan, whose frames announce nothing
 * any more, and any later recovery goes on with it.
 */
bool mpshm_i_resolve_cell(struct mpshm_segment *segment, struct cell_shm *cell);

/*
 * For loops that may be waiting for a dead one.  Call it with what one is stuck
 * at, each time; true: it is the same for over a millisecond since the last true
 * (or the first call), so now is the time to suspect somebody.  Cheap: reads the clock
 * every 8th call at the most often.
 *
 * STALL_ANYWHERE, each time: true once a millisecond, whatever succeeded in between.  For
 * where the dead may have left something beside a stream that goes on.
 */
#define STALL_ANYWHERE UINT64_C(0)

struct stall {
	atomic64 at;
	atomic64 since_ns;
	atomic32 calls;
};
bool mpshm_i_stalled(struct stall *stall, uint64_t at);

#endif
