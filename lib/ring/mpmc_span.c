/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpmc: zero-copy.  A span is a claim that outlives the call: its frame stays
 * announced until it is given back, so nobody takes its positions for a dead one's.
 */
#include "ring/mpmc_batch.h"

#include "platform/error.h"

/* span->cookie: the frame's number in the thread's cell, and whether it was adopted. */
#define COOKIE_ADOPTED 0x100u

static void fill_span(const struct mpmc *ring, uint64_t position, uint64_t count, uint64_t cookie,
                      struct mpshm_span *ret_span)
{
	uint64_t slot = position & ring->mask;
	uint64_t first = count <= ring->mask + 1 - slot ? count : ring->mask + 1 - slot;

	*ret_span = (struct mpshm_span){
		.first = mpmc_element(ring, position),
		.second = ring->elements,
		.first_count = first,
		.count = count,
		.stride_bytes = ring->element_stride,
		.position = position,
		.cookie = cookie,
	};
}

/* A frame for a span: the first ones of the cell only, so that calls keep some. */
static int begin(struct mpshm_mpmc *handle, size_t count, struct frame_shm **ret_frame,
                 uint64_t *ret_cookie)
{
	struct cell_shm *cell;
	int error = thread_cell(handle->object.segment, &cell);
	if (error)
		return error;
	if (count == 0)
		return mpshm_i_fail(EINVAL, "mpmc ring: a span of no elements");
	struct frame_shm *frame = frame_find(cell);
	if (!frame || frame - cell->frames >= MPSHM_MPMC_SPANS_MAX)
		return mpshm_i_fail(ENOBUFS, "mpmc ring: this thread has %d spans open",
		                    MPSHM_MPMC_SPANS_MAX);
	*ret_frame = frame;
	*ret_cookie = (uint64_t) (frame - cell->frames);
	return 0;
}

/* The frame that announces the span, where the span is this thread's and open. */
static struct frame_shm *frame_of(struct mpshm_mpmc *handle, const struct mpshm_span *span,
                                  uint32_t identity)
{
	struct cell_shm *cell;
	uint64_t number = span->cookie & ~(uint64_t) COOKIE_ADOPTED;

	if (number >= MPSHM_MPMC_SPANS_MAX || thread_cell(handle->object.segment, &cell) != 0)
		return NULL;
	struct frame_shm *frame = &cell->frames[number];
	return frame_announces(frame, mpmc_what(identity, span->count), span->position) ? frame
	                                                                                : NULL;
}

ssize_t mpshm_mpmc_try_reserve(struct mpshm_mpmc *handle, size_t count, struct mpshm_span *ret_span)
{
	struct frame_shm *frame;
	struct mpmc_run run;
	uint64_t cookie;

	int error = begin(handle, count, &frame, &cookie);
	if (!error)
		error = mpshm_i_mpmc_claim_put_many(&handle->ring, frame, 1,
		                                    mpmc_at_most(&handle->ring, count), &run);
	if (error)
		return error;
	fill_span(&handle->ring, run.position, run.length, cookie, ret_span);
	return (ssize_t) run.length;
}

int mpshm_mpmc_commit(struct mpshm_mpmc *handle, struct mpshm_span *span, size_t count)
{
	struct mpmc *ring = &handle->ring;
	struct frame_shm *frame = frame_of(handle, span, ring->identity_put);

	if (!frame || count > span->count)
		return mpshm_i_fail(EINVAL, "mpmc ring: no such span of %zu elements is open",
		                    count);
	mpshm_i_mpmc_publish_many(ring, NULL, span->position, count, SLOT_READY);
	mpshm_i_mpmc_publish_many(ring, frame, span->position + count, span->count - count,
	                          SLOT_TOMB);
	span->count = 0;
	return 0;
}

ssize_t mpshm_mpmc_try_peek(struct mpshm_mpmc *handle, size_t count, struct mpshm_span *ret_span)
{
	struct mpmc *ring = &handle->ring;
	struct frame_shm *frame;
	struct mpmc_run run;
	uint64_t cookie, position;
	uint32_t attempt;

	int error = begin(handle, count, &frame, &cookie);
	if (error)
		return error;
	if (mpmc_has_redelivery(ring) && mpshm_i_mpmc_adopt(ring, frame, &position, &attempt)) {
		fill_span(ring, position, 1, cookie | COOKIE_ADOPTED, ret_span);
		return 1;
	}
	error = mpshm_i_mpmc_claim_get_many(ring, frame, 1, mpmc_at_most(ring, count), true, &run);
	if (error)
		return error;
	fill_span(ring, run.position, run.length, cookie, ret_span);
	return (ssize_t) run.length;
}

int mpshm_mpmc_release(struct mpshm_mpmc *handle, struct mpshm_span *span)
{
	struct mpmc *ring = &handle->ring;
	bool adopted = span->cookie & COOKIE_ADOPTED;
	struct frame_shm *frame =
		frame_of(handle, span, adopted ? ring->identity_adopt : ring->identity_get);

	if (!frame)
		return mpshm_i_fail(EINVAL, "mpmc ring: no such span is open");
	mpshm_i_mpmc_release_many(ring, frame, span->position, span->count);
	if (adopted)
		mpshm_i_mpmc_adopted(ring, span->position);
	span->count = 0;
	return 0;
}
