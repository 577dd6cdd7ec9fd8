/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "layout/object.h"
#include "platform/error.h"
#include "segment/object.h"
#include "segment/thread.h"
#include <mpshm/counter.h>

struct mpshm_counter {
	struct object object;
	char *stripes;
	uint32_t count;
	uint32_t stripe_bytes;
};

const struct object_class mpshm_i_counter_class = {
	.type = OBJECT_COUNTER,
	.name = "counter",
};

static void lay_out(void *memory, const void *context)
{
	struct counter_shm *shm = memory;
	shm->stripes_at = sizeof *shm;
	shm->stripe_bytes = sizeof(struct stripe_shm);
	shm->stripes = *(const uint32_t *) context;
}

/* Check the shared geometry and keep it. */
static int view(struct mpshm_counter *counter, const char *name)
{
	const volatile struct counter_shm *shm = counter->object.shm;
	uint64_t bytes = counter->object.bytes;

	if (bytes < sizeof *shm)
		return mpshm_i_fail(EBADMSG, "counter %s: its extent is too small", name);
	uint64_t at = shm->stripes_at, stripe = shm->stripe_bytes, count = shm->stripes;
	uint64_t lane = shm->lane_at;
	if (at % sizeof(atomic64) != 0 || lane % sizeof(atomic64) != 0 ||
	    stripe % sizeof(atomic64) != 0 || stripe < sizeof(atomic64) ||
	    lane > stripe - sizeof(atomic64) || at > bytes || count * stripe > bytes - at ||
	    count < counter->object.segment->threads_max)
		return mpshm_i_fail(EBADMSG, "counter %s: its geometry is corrupt", name);
	counter->stripes = (char *) counter->object.shm + at + lane;
	counter->stripe_bytes = (uint32_t) stripe;
	counter->count = (uint32_t) count;
	return 0;
}

int mpshm_counter_open(struct mpshm_counter **ret_counter, struct mpshm_segment *segment,
                       const char *name, unsigned flags,
                       const struct mpshm_counter_options *options)
{
	int error = mpshm_i_object_arguments(ret_counter, segment, name);
	if (error)
		return error;
	if (flags & ~(MPSHM_CREATE | MPSHM_EXCLUSIVE))
		return mpshm_i_fail(EINVAL, "counter %s: unknown flag in 0x%x", name, flags);
	if (options)
		for (size_t i = 0; i < sizeof options->reserved / sizeof *options->reserved; i++)
			if (options->reserved[i])
				return mpshm_i_fail(EINVAL, "counter %s: a reserved option is set",
				                    name);

	struct mpshm_counter *counter = malloc(sizeof *counter);
	if (!counter)
		return mpshm_i_fail(ENOMEM, "counter %s: no memory for a handle", name);
	const struct object_plan plan = {
		.bytes = sizeof(struct counter_shm) +
	                 (uint64_t) segment->threads_max * sizeof(struct stripe_shm),
		.lay_out = lay_out,
		.context = &segment->threads_max,
	};
	int created =
		mpshm_i_object_open(&counter->object, segment, name, flags, &mpshm_i_counter_class,
	                            flags & MPSHM_CREATE ? &plan : NULL);
	error = created < 0 ? created : view(counter, name);
	if (error) {
		if (created >= 0)
			(void) mpshm_i_object_close(&counter->object);
		free(counter);
		return error;
	}
	*ret_counter = counter;
	return created;
}

int mpshm_counter_close(struct mpshm_counter *counter)
{
	if (!counter)
		return mpshm_i_fail(EINVAL, "counter: no handle");
	int error = mpshm_i_object_close(&counter->object);
	if (error)
		return error;
	free(counter);
	return 0;
}

static atomic64 *stripe_at(const struct mpshm_counter *counter, uint32_t thread)
{
	return (atomic64 *) (void *) (counter->stripes + (uint64_t) thread * counter->stripe_bytes);
}

int mpshm_counter_bind(struct mpshm_counter *counter, struct mpshm_counter_stripe *ret_stripe)
{
	struct mpshm_segment *segment = counter->object.segment;
	struct cell_shm *cell;

	int error = thread_cell(segment, &cell);
	if (error)
		return error;
	*ret_stripe = (struct mpshm_counter_stripe){
		.cell = (int64_t *) &stripe_at(counter, (uint32_t) (cell - segment->cells))->raw,
		.process = (const uint64_t *) mpshm_i_process,
		.bound = *mpshm_i_process,
		.counter = counter,
	};
	return 0;
}

int mpshm_counter_add(struct mpshm_counter *counter, int64_t addend)
{
	struct mpshm_counter_stripe stripe;
	int error = mpshm_counter_bind(counter, &stripe);
	if (!error)
		mpshm_counter_stripe_add(&stripe, addend);
	return error;
}

int64_t mpshm_counter_sum(const struct mpshm_counter *counter)
{
	uint64_t sum = 0;
	/* Relaxed: each stripe is a number of its own; who knows by other means that a
	 * writer has stopped sees all that it added. */
	for (uint32_t i = 0; i < counter->count; i++)
		sum += atomic64_load_relaxed(stripe_at(counter, i));
	return (int64_t) sum;
}
