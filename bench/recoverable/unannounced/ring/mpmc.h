/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stands before lib/ on the include path of the library that is measured without
 * intents, and in the place of lib/ring/mpmc.h: what includes that announces nothing.
 * All else is the library's own source, untouched.
 *
 * What goes: finding the thread's cell and an empty frame in it, announcing, emptying.
 * What stays is the rest of recovery: the slots' words, the look at the redelivery map,
 * the suspicion of who is stuck.  That one must come to nothing, since here whoever
 * claims looks dead.
 */
#ifndef BENCH_RECOVERABLE_UNANNOUNCED_H
#define BENCH_RECOVERABLE_UNANNOUNCED_H

#include "segment/recovery.h"
#include "segment/thread.h"

#if defined(__GNUC__) && !defined(__clang__)
/* With less to do, gcc inlines more, and takes for possible that a failure returns 0. */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

static inline int unannounced_cell(struct mpshm_segment *segment, struct cell_shm **ret_cell)
{
	*ret_cell = segment->cells; /* never looked into */
	return 0;
}

static inline struct frame_shm *unannounced_frame(struct cell_shm *cell)
{
	return cell->frames;
}

static inline void unannounced(struct frame_shm *frame, uint64_t what, uint64_t position)
{
	(void) frame;
	(void) what;
	(void) position;
}

static inline void unannounced_empty(struct frame_shm *frame)
{
	(void) frame;
}

/* A span is its holder's. */
static inline bool unannounced_span(const struct frame_shm *frame, uint64_t what, uint64_t position)
{
	(void) frame;
	(void) what;
	(void) position;
	return true;
}

/* Everybody lives. */
static inline bool unannounced_alive(const struct object *object, enum frame_operation operation,
                                     uint64_t position)
{
	(void) object;
	(void) operation;
	(void) position;
	return true;
}

#define thread_cell unannounced_cell
#define frame_find unannounced_frame
#define frame_announce unannounced
#define frame_announces unannounced_span
#define frame_empty unannounced_empty
#define mpshm_i_announced unannounced_alive

#include_next "ring/mpmc.h"

#endif
