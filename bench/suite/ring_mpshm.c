/* SPDX-License-Identifier: BSD-2-Clause */
/* Our rings, through the shared library as any user calls them. */
#include "ring_loops.h"

#include <mpshm.h>

/* --- spsc ----------------------------------------------------------------------- */

static bool spsc_push(void *ring, const void *element)
{
	return mpshm_spsc_try_push(ring, element) == 0;
}

static bool spsc_pop(void *ring, void *ret_element)
{
	return mpshm_spsc_try_pop(ring, ret_element) == 0;
}

static size_t spsc_push_many(void *ring, const void *elements, size_t count)
{
	ssize_t pushed = mpshm_spsc_try_push_burst(ring, elements, count);

	return pushed > 0 ? (size_t) pushed : 0;
}

static size_t spsc_pop_many(void *ring, void *ret_elements, size_t count)
{
	ssize_t popped = mpshm_spsc_try_pop_burst(ring, ret_elements, count);

	return popped > 0 ? (size_t) popped : 0;
}

static int spsc_create(struct stage *stage, const struct row *row)
{
	struct mpshm_spsc_options options = {.capacity = row->capacity,
	                                     .element_bytes = row_words(row) * 8};
	struct mpshm_spsc *ring;
	unsigned i;
	int error = 0;

	for (i = 0; i < row_ends(row) && error >= 0; i++) {
		error = mpshm_spsc_open(&ring, stage->own.segment, stage_end_name(i),
		                        MPSHM_CREATE | MPSHM_EXCLUSIVE, &options);
		if (error >= 0)
			mpshm_spsc_close(ring);
	}
	return error < 0 ? library_refused("spsc", error) : 0;
}

static void objects_remove(struct stage *stage, const struct row *row)
{
	unsigned i;

	for (i = 0; i < row_ends(row); i++)
		mpshm_object_unlink(stage->own.segment, stage_end_name(i));
}

/* What the directory says of it. */
static void objects_memory(struct worker *worker, int64_t duration_ns)
{
	struct mpshm_inspect *inspect;
	struct mpshm_object_info info;
	uint32_t cursor = 0;
	int error = mpshm_inspect_open(&inspect, worker->stage->own.name, NULL);

	(void) duration_ns;
	if (error == 0) {
		while (mpshm_inspect_object(inspect, &cursor, &info) > 0)
			if (!info.unlinked && strcmp(info.name, stage_end_name(0)) == 0)
				worker->result.moved = info.memory_bytes;
		mpshm_inspect_close(inspect);
	}
	worker->result.error = error < 0 ? error : 0;
}

/* Another mapping than the one that came by fork: at an address of its own. */
static int attach_segment(struct worker *worker, struct mpshm_segment **ret_segment)
{
	int error =
		mpshm_segment_open(ret_segment, worker->stage->own.name, MPSHM_NEW_MAPPING, NULL);

	return error < 0 ? library_refused("segment", error) : 0;
}

static int spsc_attach(struct worker *worker)
{
	struct mpshm_segment *segment;
	struct mpshm_spsc *ring;
	unsigned i;
	int error = attach_segment(worker, &segment);

	for (i = 0; i < row_ends(worker->row) && error >= 0; i++) {
		unsigned side = worker->index == i ? MPSHM_PRODUCER : MPSHM_CONSUMER;

		error = mpshm_spsc_open(&ring, segment, stage_end_name(i), side, NULL);
		if (error < 0)
			return library_refused("spsc", error);
		worker->end[i] = ring;
	}
	return error < 0 ? error : 0;
}

static const struct ring_calls spsc_calls = {spsc_push, spsc_pop, spsc_push_many, spsc_pop_many};

RING_RUN(spsc_word, &spsc_calls, 1, 1, false)
RING_RUN(spsc_word_batch, &spsc_calls, 1, BATCH, false)
RING_RUN(spsc_line, &spsc_calls, 8, 1, false)
RING_RUN(spsc_line_batch, &spsc_calls, 8, BATCH, false)
RING_RUN_TRIP(spsc_trip, &spsc_calls)
#define SPSC_CALLS(bytes) (&spsc_calls) /* of any size */
RING_RUN_ELEMENTS(spsc_elements, SPSC_CALLS)
RING_RUN_PACED(spsc_paced, &spsc_calls)

const struct peer peer_mpshm_spsc = {
	.name = "mpshm spsc",
	.ours = true,
	.create = spsc_create,
	.remove = objects_remove,
	.attach = spsc_attach,
	.run = {[SHAPE_WORD] = spsc_word,
                [SHAPE_WORD_BATCH] = spsc_word_batch,
                [SHAPE_LINE] = spsc_line,
                [SHAPE_LINE_BATCH] = spsc_line_batch,
                [SHAPE_WORD_TRIP] = spsc_trip,
                [SHAPE_ELEMENTS] = spsc_elements,
                [SHAPE_ELEMENT_TRIP] = spsc_elements_trip,
                [SHAPE_PACED_SPIN] = spsc_paced,
                [SHAPE_MEMORY] = objects_memory},
};

/* --- mpmc ----------------------------------------------------------------------- */

static bool mpmc_push(void *ring, const void *element)
{
	return mpshm_mpmc_try_push(ring, element) == 0;
}

static bool mpmc_pop(void *ring, void *ret_element)
{
	return mpshm_mpmc_try_pop(ring, ret_element) == 0;
}

static size_t mpmc_push_many(void *ring, const void *elements, size_t count)
{
	ssize_t pushed = mpshm_mpmc_try_push_burst(ring, elements, count);

	return pushed > 0 ? (size_t) pushed : 0;
}

static size_t mpmc_pop_many(void *ring, void *ret_elements, size_t count)
{
	ssize_t popped = mpshm_mpmc_try_pop_burst(ring, ret_elements, count);

	return popped > 0 ? (size_t) popped : 0;
}

/* Who moves batches asks for the words that suit them; all else is the default. */
static int mpmc_create(struct stage *stage, const struct row *row)
{
	bool batch = row_batch(row) > 1;
	struct mpshm_mpmc_options options = {.capacity = row->capacity,
	                                     .element_bytes = row_words(row) * 8,
	                                     .words = batch ? MPSHM_WORDS_APART : MPSHM_WORDS_AUTO};
	struct mpshm_mpmc *ring;
	unsigned i;
	int error = 0;

	for (i = 0; i < row_ends(row) && error >= 0; i++) {
		error = mpshm_mpmc_open(&ring, stage->own.segment, stage_end_name(i),
		                        MPSHM_CREATE | MPSHM_EXCLUSIVE, &options);
		if (error >= 0)
			mpshm_mpmc_close(ring);
	}
	return error < 0 ? library_refused("mpmc", error) : 0;
}

static int mpmc_attach(struct worker *worker)
{
	struct mpshm_segment *segment;
	struct mpshm_mpmc *ring;
	unsigned i;
	int error = attach_segment(worker, &segment);

	for (i = 0; i < row_ends(worker->row) && error >= 0; i++) {
		error = mpshm_mpmc_open(&ring, segment, stage_end_name(i), 0, NULL);
		if (error < 0)
			return library_refused("mpmc", error);
		worker->end[i] = ring;
	}
	return error < 0 ? error : 0;
}

static const struct ring_calls mpmc_calls = {mpmc_push, mpmc_pop, mpmc_push_many, mpmc_pop_many};

RING_RUN(mpmc_word, &mpmc_calls, 1, 1, false)
RING_RUN(mpmc_word_batch, &mpmc_calls, 1, BATCH, false)
RING_RUN(mpmc_line, &mpmc_calls, 8, 1, false)
RING_RUN(mpmc_line_batch, &mpmc_calls, 8, BATCH, false)
RING_RUN(mpmc_crowd, &mpmc_calls, 1, 1, true)
RING_RUN_TRIP(mpmc_trip, &mpmc_calls)
#define MPMC_CALLS(bytes) (&mpmc_calls) /* of any size */
RING_RUN_ELEMENTS(mpmc_elements, MPMC_CALLS)
RING_RUN_PACED(mpmc_paced, &mpmc_calls)

const struct peer peer_mpshm_mpmc = {
	.name = "mpshm mpmc",
	.ours = true,
	.create = mpmc_create,
	.remove = objects_remove,
	.attach = mpmc_attach,
	.run = {[SHAPE_WORD] = mpmc_word,
                [SHAPE_WORD_BATCH] = mpmc_word_batch,
                [SHAPE_LINE] = mpmc_line,
                [SHAPE_LINE_BATCH] = mpmc_line_batch,
                [SHAPE_WORD_CROWD] = mpmc_crowd,
                [SHAPE_WORD_TRIP] = mpmc_trip,
                [SHAPE_ELEMENTS] = mpmc_elements,
                [SHAPE_ELEMENT_TRIP] = mpmc_elements_trip,
                [SHAPE_PACED_SPIN] = mpmc_paced,
                [SHAPE_MEMORY] = objects_memory},
};
