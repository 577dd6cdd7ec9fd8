/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the first write to each page of a ring costs a process that has just opened it:
 * by default, and with what it may ask for when it attaches.
 */
#include "median.h"
#include "stage.h"

#include "common/clock.h"

#include <mpshm.h>
#include <unistd.h>

static int ring_create(struct stage *stage, const struct row *row)
{
	return peer_mpshm_spsc.create(stage, row);
}

static void ring_remove(struct stage *stage, const struct row *row)
{
	peer_mpshm_spsc.remove(stage, row);
}

static int nothing(struct worker *worker)
{
	(void) worker;
	return 0;
}

/* The whole ring as one reservation, a byte of each page. */
static int touch(struct mpshm_spsc *ring, uint64_t *ret_pages)
{
	const size_t page = (size_t) sysconf(_SC_PAGESIZE);
	struct mpshm_span span;
	ssize_t count = mpshm_spsc_try_reserve(ring, mpshm_spsc_capacity(ring), &span);
	size_t bytes = count > 0 ? span.first_count * span.stride_bytes : 0, at;

	for (at = 0; at < bytes; at += page)
		((volatile char *) span.first)[at] = 1;
	*ret_pages = bytes / page;
	return count > 0 ? mpshm_spsc_commit(ring, &span, 0) : (int) count;
}

static int once(struct worker *worker, unsigned flags, struct median *median)
{
	struct mpshm_segment *segment;
	struct mpshm_spsc *ring;
	uint64_t pages = 1;
	int64_t before;
	int error = mpshm_segment_open(&segment, worker->stage->own.name, MPSHM_NEW_MAPPING | flags,
	                               NULL);

	if (error >= 0)
		error = mpshm_spsc_open(&ring, segment, stage_end_name(0), MPSHM_PRODUCER, NULL);
	if (error < 0)
		return library_refused("attaching", error);
	before = now_ns();
	error = touch(ring, &pages);
	median_add(median, (double) (now_ns() - before) / (double) pages);
	worker->result.moved += pages;
	mpshm_spsc_close(ring);
	mpshm_segment_close(segment);
	return error < 0 ? library_refused("touching", error) : 0;
}

static void touch_run(struct worker *worker, int64_t duration_ns, unsigned flags)
{
	int64_t start = now_ns();
	struct median median;
	int error = 0;

	median_begin(&median);
	while (error == 0 && now_ns() - start < duration_ns)
		error = once(worker, flags, &median);
	worker->result.trip_ns = median_end(&median);
	worker->result.error = error;
}

#define TOUCH(suffix, flags, text) \
	static void run_##suffix(struct worker *worker, int64_t duration_ns) \
	{ \
		touch_run(worker, duration_ns, flags); \
	} \
	const struct peer peer_touch_##suffix = {.name = text, \
	                                         .ours = true, \
	                                         .create = ring_create, \
	                                         .remove = ring_remove, \
	                                         .attach = nothing, \
	                                         .run = {[SHAPE_FIRST_TOUCH] = run_##suffix}};

TOUCH(prefault, MPSHM_PREFAULT, "MPSHM_PREFAULT")
TOUCH(huge, MPSHM_HUGE_PAGES, "MPSHM_HUGE_PAGES")
TOUCH(plain, 0, "by default")
