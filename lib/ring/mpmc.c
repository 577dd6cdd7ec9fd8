/* SPDX-License-Identifier: BSD-2-Clause */
/* mpmc: the public ring: open, close, one element at a time. */
#include "ring/mpmc_handle.h"

#include <stdlib.h>

#include "platform/error.h"
#include "ring/copy.h"

#define CAPACITY_DEFAULT 1024u
#define CAPACITY_MAX (UINT32_C(1) << 31)
#define ELEMENT_BYTES_MAX 65536u
#define WORDS_BESIDE_MAX 56u /* elements up to this share a line with their word */

static struct mpmc_shm *shm_of(const struct object *object)
{
	return object->bytes >= sizeof(struct mpmc_shm) ? object->shm : NULL;
}

static bool resolve_frame(struct object *object, const struct dead_frame *frame)
{
	struct mpmc ring;
	if (!shm_of(object) || mpshm_i_mpmc_view(&ring, object, shm_of(object)) < 0)
		return true; /* corrupt: nothing to be had from it */
	return mpshm_i_mpmc_resolve_frame(&ring, frame);
}

static void resolve_owner(struct object *object, uint64_t dead_owner)
{
	struct mpmc ring;
	(void) dead_owner;
	if (shm_of(object) && mpshm_i_mpmc_view(&ring, object, shm_of(object)) == 0)
		(void) mpshm_i_mpmc_rebuild_index(&ring);
}

const struct object_class mpshm_i_mpmc_class = {
	.type = OBJECT_MPMC,
	.name = "mpmc ring",
	.resolve_frame = resolve_frame,
	.resolve_owner = resolve_owner,
};

static void lay_out(void *shm, const void *context)
{
	(void) mpshm_i_mpmc_lay_out(shm, context, sizeof(struct mpmc_shm));
}

static int plan_of(const struct mpshm_mpmc_options *options, struct mpmc_plan *ret_plan)
{
	uint32_t capacity = options->capacity ? options->capacity : CAPACITY_DEFAULT;

	if (capacity > CAPACITY_MAX || (capacity & (capacity - 1)) != 0)
		return mpshm_i_fail(EINVAL,
		                    "mpmc ring: capacity %u is not a power of two up to 2^31",
		                    capacity);
	if (options->element_bytes == 0 || options->element_bytes > ELEMENT_BYTES_MAX)
		return mpshm_i_fail(EINVAL, "mpmc ring: element_bytes %u is not 1 to %u",
		                    options->element_bytes, ELEMENT_BYTES_MAX);
	if (options->words > MPSHM_WORDS_APART)
		return mpshm_i_fail(EINVAL, "mpmc ring: words %u is unknown", options->words);
	bool beside = options->words == MPSHM_WORDS_AUTO
	                      ? options->element_bytes <= WORDS_BESIDE_MAX
	                      : options->words == MPSHM_WORDS_BESIDE;
	*ret_plan = (struct mpmc_plan){
		.capacity = capacity,
		.limit = capacity,
		.element_bytes = options->element_bytes,
		.words_beside = beside,
	};
	return 0;
}

static int check_asked(const struct mpshm_mpmc *handle, const struct mpshm_mpmc_options *options)
{
	const struct mpmc *ring = &handle->ring;
	if (!options)
		return 0;
	if ((options->capacity && options->capacity != ring->mask + 1) ||
	    (options->element_bytes && options->element_bytes != ring->element_bytes))
		return mpshm_i_fail(EINVAL,
		                    "mpmc ring: it has capacity %llu of %u bytes, not %u of %u",
		                    (unsigned long long) ring->mask + 1, ring->element_bytes,
		                    options->capacity, options->element_bytes);
	return 0;
}

int mpshm_mpmc_open(struct mpshm_mpmc **ret_ring, struct mpshm_segment *segment, const char *name,
                    unsigned flags, const struct mpshm_mpmc_options *options)
{
	struct object_plan plan = {.lay_out = lay_out};
	struct mpmc_plan geometry;

	int error = mpshm_i_object_arguments(ret_ring, segment, name);
	if (error)
		return error;
	if (flags & ~(MPSHM_CREATE | MPSHM_EXCLUSIVE))
		return mpshm_i_fail(EINVAL, "mpmc ring %s: unknown flag in 0x%x", name, flags);
	if (options)
		for (size_t i = 0; i < sizeof options->reserved / sizeof *options->reserved; i++)
			if (options->reserved[i])
				return mpshm_i_fail(EINVAL,
				                    "mpmc ring %s: a reserved option is set", name);
	if (flags & MPSHM_CREATE) {
		if (!options)
			return mpshm_i_fail(EINVAL, "mpmc ring %s: MPSHM_CREATE wants options",
			                    name);
		error = plan_of(options, &geometry);
		if (error)
			return error;
		struct mpmc_shm scratch = {0};
		plan.bytes =
			sizeof scratch + mpshm_i_mpmc_lay_out(&scratch, &geometry, sizeof scratch);
		plan.context = &geometry;
	}

	struct mpshm_mpmc *handle = aligned_alloc(LAYOUT_LINE, sizeof *handle);
	if (!handle)
		return mpshm_i_fail(ENOMEM, "mpmc ring %s: no memory for a handle", name);
	int created = mpshm_i_object_open(&handle->object, segment, name, flags,
	                                  &mpshm_i_mpmc_class, plan.bytes ? &plan : NULL);
	if (created < 0) {
		free(handle);
		return created;
	}
	error = shm_of(&handle->object)
	                ? mpshm_i_mpmc_view(&handle->ring, &handle->object, handle->object.shm)
	                : mpshm_i_fail(EBADMSG, "mpmc ring %s: its extent is too small", name);
	if (!error && created == MPSHM_ATTACHED)
		error = check_asked(handle, options);
	if (error) {
		(void) mpshm_i_object_close(&handle->object);
		free(handle);
		return error;
	}
	*ret_ring = handle;
	return created;
}

int mpshm_mpmc_close(struct mpshm_mpmc *handle)
{
	if (!handle)
		return mpshm_i_fail(EINVAL, "mpmc ring: no handle");
	if (mpshm_i_mpmc_in_use(&handle->ring))
		return mpshm_i_fail(EBUSY,
		                    "mpmc ring: this process has a span open, or is in a call");
	int error = mpshm_i_object_close(&handle->object);
	if (error)
		return error;
	free(handle);
	return 0;
}

int mpshm_mpmc_try_push(struct mpshm_mpmc *handle, const void *element)
{
	struct mpmc *ring = &handle->ring;
	struct frame_shm *frame;
	uint64_t position;

	int error = mpmc_begin(handle, &frame);
	if (unlikely(error))
		return error;
	error = mpmc_claim_put(ring, frame, &position);
	if (unlikely(error))
		return error;
	copy_element(mpmc_element(ring, position), element, ring->element_bytes);
	mpmc_publish(ring, frame, position);
	return 0;
}

/* An element that a dead consumer left.  true: popped. */
static bool pop_redelivered(struct mpmc *ring, struct frame_shm *frame, void *ret_element)
{
	uint64_t position;
	uint32_t attempt;
	if (!mpshm_i_mpmc_adopt(ring, frame, &position, &attempt))
		return false;
	copy_element(ret_element, mpmc_element(ring, position), ring->element_bytes);
	mpmc_release(ring, frame, position);
	mpshm_i_mpmc_adopted(ring, position);
	return true;
}

int mpshm_mpmc_try_pop(struct mpshm_mpmc *handle, void *ret_element)
{
	struct mpmc *ring = &handle->ring;
	struct frame_shm *frame;
	uint64_t position;

	int error = mpmc_begin(handle, &frame);
	if (unlikely(error))
		return error;
	if (mpmc_has_redelivery(ring) && pop_redelivered(ring, frame, ret_element))
		return 0;
	struct backoff backoff = backoff_begin((uintptr_t) frame);
	for (;;) {
		error = mpmc_front(ring, frame, &position);
		if (unlikely(error)) {
			if (mpmc_has_redelivery(ring) && pop_redelivered(ring, frame, ret_element))
				return 0;
			return error;
		}
		if (likely(mpmc_claim_front(ring, frame, position)))
			break;
		backoff_wait(&backoff);
	}
	copy_element(ret_element, mpmc_element(ring, position), ring->element_bytes);
	mpmc_release(ring, frame, position);
	return 0;
}

size_t mpshm_mpmc_size(const struct mpshm_mpmc *handle)
{
	return mpshm_i_mpmc_size(&handle->ring);
}

size_t mpshm_mpmc_capacity(const struct mpshm_mpmc *handle)
{
	return handle->ring.mask + 1;
}

size_t mpshm_mpmc_element_bytes(const struct mpshm_mpmc *handle)
{
	return handle->ring.element_bytes;
}
