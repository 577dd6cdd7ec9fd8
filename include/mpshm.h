/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpshm - state shared between processes, by name, through POSIX shared memory.
 *
 * A segment holds named objects: rings, queues, values, counters.  Any process
 * that may open the segment may open its objects.  There is no server; the hot
 * paths make no system call; a process killed at any instruction leaves nothing
 * that others would wait for.
 *
 *     struct mpshm_segment *segment;
 *     struct mpshm_queue *orders;
 *
 *     mpshm_segment_open(&segment, "trading", MPSHM_CREATE, NULL);
 *     mpshm_queue_open(&orders, segment, "orders", MPSHM_CREATE, NULL);
 *     mpshm_queue_put(orders, message, bytes, MPSHM_FOREVER);
 *
 * Conventions of every call
 *   - It returns 0 or a count, or a negative errno; nothing is changed on
 *     failure unless the call says otherwise, and out-parameters (ret_...) are
 *     left alone.  mpshm_error_detail() tells the thread's last failure in words.
 *   - Errors that are told here, and not at each call:
 *       -EINVAL   NULL for a segment, a name, a handle to close, or a place to put a
 *                 handle.  Other pointers are taken as they are, and a handle is what an
 *                 open returned and no close has taken back.
 *       -ENOMEM   of an open, and of a thread's first call on a segment.
 *       -EBADMSG  what the segment holds contradicts itself: somebody wrote over it.
 *       -ESTALE   the segment was unlinked, and the host closed the library's descriptor.
 *                 Of a forked child's first call, which registers it: an object that its
 *                 parent had open is gone; or whatever mpshm_segment_open() returns.
 *   - Timeouts are relative nanoseconds on CLOCK_MONOTONIC: MPSHM_FOREVER (any
 *     negative value) waits without bound, 0 only tries.
 *   - Handles belong to the process that opened them and may be used by all its
 *     threads, unless the call says otherwise.  A forked child may use its
 *     parent's handles: it registers anew, by itself, at its first call.
 */
#ifndef MPSHM_H
#define MPSHM_H

#include <mpshm/base.h>
#include <mpshm/counter.h>
#include <mpshm/inspect.h>
#include <mpshm/mpmc.h>
#include <mpshm/queue.h>
#include <mpshm/segment.h>
#include <mpshm/spsc.h>
#include <mpshm/value.h>

#endif
