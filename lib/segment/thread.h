/* SPDX-License-Identifier: BSD-2-Clause */
/* thread: the calling thread's intent cell in a segment. */
#ifndef MPSHM_SEGMENT_THREAD_H
#define MPSHM_SEGMENT_THREAD_H

#include "platform/process.h"
#include "segment/segment.h"

/*
 * Recently used cells of this thread.  Slot 0 is of the first attachment that comes, and is
 * looked at inline: most threads have no other.  Each further one has slot
 * 1 + its serial mod THREAD_SLOTS.
 */
#define THREAD_SLOTS 8u

struct thread_slot {
	const struct mpshm_segment *segment;
	uint64_t process; /* identity under which the cell was taken: a child's differs */
	struct cell_shm *cell;
	uint32_t serial; /* of the attachment: an address may be used again */
};

extern _Thread_local struct thread_slot mpshm_i_thread_slots[1 + THREAD_SLOTS]
	__attribute__((tls_model("initial-exec")));

/* Take, or find again, the thread's cell.  0; -EUSERS; whatever registering a
 * forked child may meet. */
int mpshm_i_thread_cell_slow(struct mpshm_segment *segment, struct cell_shm **ret_cell)
	__attribute__((cold));

/* An empty frame other than the first, or NULL. */
struct frame_shm *mpshm_i_frame_find_further(struct cell_shm *cell) __attribute__((cold));

/* Called once before the first attachment; 0 or a negative errno. */
int mpshm_i_thread_prepare(void);

/*
 * Leaving: give back what cells this process has in the segment.  false: a frame in one
 * can't be resolved now.
 */
bool mpshm_i_thread_give_all_back(struct mpshm_segment *segment);

/* Is the slot's cell the calling thread's in that attachment? */
static inline bool thread_slot_fits(const struct thread_slot *slot,
                                    const struct mpshm_segment *segment)
{
	return likely(slot->segment == segment) && likely(slot->serial == segment->serial) &&
	       likely(slot->process == *mpshm_i_process);
}

static inline int thread_cell(struct mpshm_segment *segment, struct cell_shm **ret_cell)
{
	const struct thread_slot *slot = &mpshm_i_thread_slots[0];
	struct cell_shm *cell; /* apart, so that *ret_cell can stay in a register */
	if (likely(thread_slot_fits(slot, segment))) {
		compiler_barrier(); /* a signal handler may just have filled the slot */
		*ret_cell = slot->cell;
		return 0;
	}
	int error = mpshm_i_thread_cell_slow(segment, &cell);
	if (!error)
		*ret_cell = cell;
	return error;
}

/*
 * Frames.  The first empty one of the cell; NULL: all are busy.  A signal
 * handler may come between this and frame_announce(): it takes the same frame and
 * leaves it empty.
 */
static inline struct frame_shm *frame_find(struct cell_shm *cell)
{
	if (likely(atomic64_load_relaxed(&cell->frames[0].where) == 0))
		return &cell->frames[0];
	return mpshm_i_frame_find_further(cell);
}

/*
 * Announce a claim: `what` before `where`, and `where` was emptied before `what`
 * changes, so that a scan which reads where, what, where and sees one `where` twice
 * has read a pair that belongs together.
 *
 * [FRAME-R0] pairs with [FRAME-A0] in segment/announce.c: the claiming CAS that follows
 * drains the stores on x86-64; elsewhere the CAS's release half orders them.  Who
 * sees the claim then sees the frame, or a newer one.
 *
 * A signal handler that came between the two stores has used the frame itself and
 * left its own `what`; once `where` is set, handlers take another frame.
 */
static inline void frame_announce(struct frame_shm *frame, uint64_t what, uint64_t position)
{
	for (;;) {
		if (atomic64_load_relaxed(&frame->what) != what)
			atomic64_store_release(&frame->what, what);
		atomic64_store_release(&frame->where, position | FRAME_BUSY); /* [FRAME-R0] */
		compiler_barrier(); /* read it from memory, not from the store above */
		if (likely(atomic64_load_relaxed(&frame->what) == what))
			return;
		atomic64_store_release(&frame->where, 0);
	}
}

/* Is that what the frame announces?  Asked by its own thread. */
static inline bool frame_announces(const struct frame_shm *frame, uint64_t what, uint64_t position)
{
	return atomic64_load_relaxed(&frame->where) == (position | FRAME_BUSY) &&
	       atomic64_load_relaxed(&frame->what) == what;
}

/* Empty it: after the publish, or after the claim failed. */
static inline void frame_empty(struct frame_shm *frame)
{
	atomic64_store_release(&frame->where, 0); /* [FRAME-R0] */
}

#endif
