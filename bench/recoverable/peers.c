/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suite's loops over a loaded library.  The parent makes and unlinks the objects
 * through the library that it is linked with: the layout is the same for all three.
 */
#include "peers.h"

#include "library.h"

#include "common/program.h"
#include "suite/channel_loops.h"
#include "suite/ring_loops.h"

#include <stdio.h>

#define ALONE_A_LOOK 1024

static int refused(const char *what, int error)
{
	fprintf(stderr, "%s: %s: %s: %s\n", program_name, what, strerror(-error),
	        library.error_detail());
	return error;
}

static int attach_segment(struct worker *worker, enum build build,
                          struct mpshm_segment **ret_segment)
{
	int error = library_load(build);

	if (error < 0)
		return error;
	error = library.segment_open(ret_segment, worker->stage->own.name, MPSHM_NEW_MAPPING, NULL);
	return error < 0 ? refused("segment", error) : 0;
}

/* --- mpmc ----------------------------------------------------------------------- */

static int mpmc_create(struct stage *stage, const struct row *row)
{
	return peer_mpshm_mpmc.create(stage, row);
}

static void mpmc_remove(struct stage *stage, const struct row *row)
{
	peer_mpshm_mpmc.remove(stage, row);
}

static int mpmc_attach(struct worker *worker, enum build build)
{
	struct mpshm_segment *segment;
	struct mpshm_mpmc *ring;
	unsigned i;
	int error = attach_segment(worker, build, &segment);

	for (i = 0; i < row_ends(worker->row) && error >= 0; i++) {
		error = library.mpmc_open(&ring, segment, stage_end_name(i), 0, NULL);
		if (error < 0)
			return refused("mpmc", error);
		worker->end[i] = ring;
	}
	return error < 0 ? error : 0;
}

static int mpmc_attach_with(struct worker *worker)
{
	return mpmc_attach(worker, BUILD_WITH);
}

static int mpmc_attach_without(struct worker *worker)
{
	return mpmc_attach(worker, BUILD_WITHOUT);
}

static bool mpmc_push(void *ring, const void *element)
{
	return library.mpmc_try_push(ring, element) == 0;
}

static bool mpmc_pop(void *ring, void *ret_element)
{
	return library.mpmc_try_pop(ring, ret_element) == 0;
}

static size_t mpmc_push_many(void *ring, const void *elements, size_t count)
{
	ssize_t pushed = library.mpmc_try_push_burst(ring, elements, count);

	return pushed > 0 ? (size_t) pushed : 0;
}

static size_t mpmc_pop_many(void *ring, void *ret_elements, size_t count)
{
	ssize_t popped = library.mpmc_try_pop_burst(ring, ret_elements, count);

	return popped > 0 ? (size_t) popped : 0;
}

static const struct ring_calls mpmc_calls = {mpmc_push, mpmc_pop, mpmc_push_many, mpmc_pop_many};

RING_RUN(mpmc_word, &mpmc_calls, 1, 1, false)
RING_RUN(mpmc_word_batch, &mpmc_calls, 1, BATCH, false)
RING_RUN(mpmc_line, &mpmc_calls, 8, 1, false)
RING_RUN(mpmc_crowd, &mpmc_calls, 1, 1, true)
RING_RUN_TRIP(mpmc_trip, &mpmc_calls)

/* --- one process, in turn ----------------------------------------------------------- */

/* The median of short runs, so that it does not matter who else wants the CPU.  `put` and
 * `get` are expressions that are true where they succeed. */
#define ALONE_RUN(name, type, words, put, get) \
	static void name(struct worker *worker, int64_t duration_ns) \
	{ \
		uint64_t element[words] = {0}, sum = 0, got_sum = 0, number = 0, got = 0; \
		int64_t start = now_ns(), before = start, now; \
		type *end = worker->end[0]; \
		struct median median; \
		unsigned i; \
\
		median_begin(&median); \
		do { \
			for (i = 0; i < ALONE_A_LOOK; i++) { \
				element[0] = ++number; \
				sum += (put) ? number : 0; \
				got += (get); \
				got_sum += element[0]; \
			} \
			now = now_ns(); \
			median_add(&median, (double) (now - before) / ALONE_A_LOOK); \
			before = now; \
		} while (now - start < duration_ns); \
		worker->result.moved = got; \
		worker->result.trip_ns = median_end(&median); \
		worker->result.put_count += number; \
		worker->result.put_sum += sum; \
		worker->result.got_count += got; \
		worker->result.got_sum += got_sum; \
	}

ALONE_RUN(mpmc_alone, struct mpshm_mpmc, 1, library.mpmc_try_push(end, element) == 0,
          library.mpmc_try_pop(end, element) == 0)
ALONE_RUN(queue_alone, struct mpshm_queue, 8,
          library.queue_put(end, element, sizeof(element), MPSHM_FOREVER) == 0,
          library.queue_get(end, element, sizeof(element), MPSHM_FOREVER) > 0)

/* --- queue ---------------------------------------------------------------------- */

static int queue_create(struct stage *stage, const struct row *row)
{
	return peer_mpshm_queue.create(stage, row);
}

static void queue_remove(struct stage *stage, const struct row *row)
{
	peer_mpshm_queue.remove(stage, row);
}

static int queue_attach(struct worker *worker, enum build build)
{
	struct mpshm_segment *segment;
	struct mpshm_queue *queue;
	unsigned i;
	int error = attach_segment(worker, build, &segment);

	for (i = 0; i < row_ends(worker->row) && error >= 0; i++) {
		error = library.queue_open(&queue, segment, stage_end_name(i), 0, NULL);
		if (error < 0)
			return refused("queue", error);
		worker->end[i] = queue;
	}
	return error < 0 ? error : 0;
}

static int queue_attach_with(struct worker *worker)
{
	return queue_attach(worker, BUILD_WITH);
}

static int queue_attach_without(struct worker *worker)
{
	return queue_attach(worker, BUILD_WITHOUT);
}

static int queue_send(void *channel, const void *message, size_t bytes)
{
	return library.queue_put(channel, message, bytes, MPSHM_FOREVER);
}

static int queue_receive(void *channel, void *buffer, size_t bytes)
{
	ssize_t got = library.queue_get(channel, buffer, bytes, MPSHM_FOREVER);

	return got < 0 ? (int) got : 0;
}

static const struct channel_calls queue_calls = {.send = queue_send, .receive = queue_receive};

static void queue_stream(struct worker *worker, int64_t duration_ns)
{
	channel_stream(worker, &queue_calls, SHORT_BYTES, duration_ns);
}

static void queue_trip(struct worker *worker, int64_t duration_ns)
{
	channel_trip(worker, &queue_calls, duration_ns);
}

/* --- who takes part ----------------------------------------------------------------- */

#define MPMC_PEER(build, title) \
	const struct peer peer_mpmc_##build = {.name = title, \
	                                       .create = mpmc_create, \
	                                       .remove = mpmc_remove, \
	                                       .attach = mpmc_attach_##build, \
	                                       .run = {[SHAPE_WORD] = mpmc_word, \
	                                               [SHAPE_WORD_BATCH] = mpmc_word_batch, \
	                                               [SHAPE_LINE] = mpmc_line, \
	                                               [SHAPE_WORD_CROWD] = mpmc_crowd, \
	                                               [SHAPE_WORD_TRIP] = mpmc_trip, \
	                                               [SHAPE_ALONE] = mpmc_alone}};
#define QUEUE_PEER(build, title) \
	const struct peer peer_queue_##build = {.name = title, \
	                                        .create = queue_create, \
	                                        .remove = queue_remove, \
	                                        .attach = queue_attach_##build, \
	                                        .run = {[SHAPE_STREAM] = queue_stream, \
	                                                [SHAPE_TRIP] = queue_trip, \
	                                                [SHAPE_ALONE] = queue_alone}};

MPMC_PEER(with, "with")
MPMC_PEER(without, "without")
QUEUE_PEER(with, "with")
QUEUE_PEER(without, "without")
