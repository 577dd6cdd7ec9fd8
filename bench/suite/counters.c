/* SPDX-License-Identifier: BSD-2-Clause */
/* Two processes that count: ours, one word with a locked add, and what must not be done. */
#include "stage.h"

#include "common/clock.h"

#include <mpshm.h>

#define ADDS_A_LOOK 1024

/* `add` is a statement; each worker notes what it has added. */
#define COUNTER_RUN(name, type, add) \
	static void name(struct worker *worker, int64_t duration_ns) \
	{ \
		type *counter = worker->end[0]; \
		int64_t deadline = now_ns() + duration_ns; \
		uint64_t adds = 0; \
		unsigned i; \
\
		do { \
			for (i = 0; i < ADDS_A_LOOK; i++) \
				add; \
			adds += ADDS_A_LOOK; \
		} while (now_ns() < deadline); \
		worker->result.moved = adds; \
		worker->result.put_count += adds; \
		worker->result.put_sum += adds; \
	}

/* --- ours ------------------------------------------------------------------------ */

static int counter_create(struct stage *stage, const struct row *row)
{
	struct mpshm_counter *counter;
	int error = mpshm_counter_open(&counter, stage->own.segment, stage_end_name(0),
	                               MPSHM_CREATE | MPSHM_EXCLUSIVE, NULL);

	(void) row;
	stage->object[0] = counter;
	return error < 0 ? library_refused("counter", error) : 0;
}

static void counter_remove(struct stage *stage, const struct row *row)
{
	(void) row;
	mpshm_counter_close(stage->object[0]);
	mpshm_object_unlink(stage->own.segment, stage_end_name(0));
}

static int64_t counter_total(struct stage *stage)
{
	return mpshm_counter_sum(stage->object[0]);
}

static int attach_segment(struct worker *worker, struct mpshm_segment **ret_segment)
{
	int error =
		mpshm_segment_open(ret_segment, worker->stage->own.name, MPSHM_NEW_MAPPING, NULL);

	return error < 0 ? library_refused("segment", error) : 0;
}

static int counter_attach(struct worker *worker)
{
	struct mpshm_segment *segment;
	struct mpshm_counter *counter;
	int error = attach_segment(worker, &segment);

	if (error == 0)
		error = mpshm_counter_open(&counter, segment, stage_end_name(0), 0, NULL);
	if (error < 0)
		return library_refused("counter", error);
	worker->end[0] = counter;
	return 0;
}

static int stripe_attach(struct worker *worker)
{
	static struct mpshm_counter_stripe stripe; /* a worker is a process: one each */
	int error = counter_attach(worker);

	if (error == 0)
		error = mpshm_counter_bind(worker->end[0], &stripe);
	if (error < 0)
		return library_refused("counter stripe", error);
	worker->end[0] = &stripe;
	return 0;
}

COUNTER_RUN(stripe_run, struct mpshm_counter_stripe, mpshm_counter_stripe_add(counter, 1))
COUNTER_RUN(counter_run, struct mpshm_counter, (void) mpshm_counter_add(counter, 1))

const struct peer peer_mpshm_stripe = {.name = "mpshm_counter_stripe_add",
                                       .ours = true,
                                       .create = counter_create,
                                       .remove = counter_remove,
                                       .attach = stripe_attach,
                                       .total = counter_total,
                                       .run = {[SHAPE_ADD] = stripe_run}};

const struct peer peer_mpshm_counter = {.name = "mpshm_counter_add",
                                        .ours = true,
                                        .create = counter_create,
                                        .remove = counter_remove,
                                        .attach = counter_attach,
                                        .total = counter_total,
                                        .run = {[SHAPE_ADD] = counter_run}};

static int value_create(struct stage *stage, const struct row *row)
{
	struct mpshm_value *value;
	int error = mpshm_value_open(&value, stage->own.segment, stage_end_name(0),
	                             MPSHM_CREATE | MPSHM_EXCLUSIVE, NULL);

	(void) row;
	stage->object[0] = value;
	return error < 0 ? library_refused("value", error) : 0;
}

static void value_remove(struct stage *stage, const struct row *row)
{
	(void) row;
	mpshm_value_close(stage->object[0]);
	mpshm_object_unlink(stage->own.segment, stage_end_name(0));
}

static int64_t value_total(struct stage *stage)
{
	return mpshm_value_load(stage->object[0]);
}

static int value_attach(struct worker *worker)
{
	struct mpshm_segment *segment;
	struct mpshm_value *value;
	int error = attach_segment(worker, &segment);

	if (error == 0)
		error = mpshm_value_open(&value, segment, stage_end_name(0), 0, NULL);
	if (error < 0)
		return library_refused("value", error);
	worker->end[0] = value;
	return 0;
}

COUNTER_RUN(value_run, struct mpshm_value, (void) mpshm_value_add(counter, 1))

const struct peer peer_mpshm_value = {.name = "mpshm_value_add",
                                      .ours = true,
                                      .create = value_create,
                                      .remove = value_remove,
                                      .attach = value_attach,
                                      .total = value_total,
                                      .run = {[SHAPE_ADD] = value_run}};

/* --- one word in shared memory ------------------------------------------------------ */

static int word_create(struct stage *stage, const struct row *row)
{
	(void) stage; /* the arena is zero */
	(void) row;
	return 0;
}

static void word_remove(struct stage *stage, const struct row *row)
{
	(void) stage;
	(void) row;
}

static int64_t word_total(struct stage *stage)
{
	return *(volatile int64_t *) (void *) stage->arena;
}

static int word_attach(struct worker *worker)
{
	worker->end[0] = worker->arena;
	return 0;
}

COUNTER_RUN(locked_run, int64_t, __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED))
COUNTER_RUN(racy_run, volatile int64_t, *counter += 1)

const struct peer peer_locked_add = {.name = "atomic add, one word",
                                     .create = word_create,
                                     .remove = word_remove,
                                     .attach = word_attach,
                                     .total = word_total,
                                     .run = {[SHAPE_ADD] = locked_run}};

const struct peer peer_racy_add = {.name = "racy +=, one word",
                                   .lossy = true,
                                   .create = word_create,
                                   .remove = word_remove,
                                   .attach = word_attach,
                                   .total = word_total,
                                   .run = {[SHAPE_ADD] = racy_run}};
