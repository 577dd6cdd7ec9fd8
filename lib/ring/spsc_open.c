/* SPDX-License-Identifier: BSD-2-Clause */
/* spsc: open and close; geometry; failures in words. */
#include "ring/spsc_ahead.h"

#include <stdlib.h>

#include "platform/error.h"

#define CAPACITY_DEFAULT 1024u
#define CAPACITY_MAX (UINT32_C(1) << 31)
#define ELEMENT_BYTES_MAX 65536u
#define SIDES (MPSHM_PRODUCER | MPSHM_CONSUMER)

const struct object_class mpshm_i_spsc_class = {
	.type = OBJECT_SPSC,
	.name = "spsc ring",
};

int mpshm_i_spsc_not_ours(void)
{
	return mpshm_i_fail(EPERM,
	                    "spsc ring: this handle does not have that side in this process");
}

int mpshm_i_spsc_corrupt(const struct mpshm_spsc *ring)
{
	atomic32_store_relaxed(&ring->object.segment->shm->corrupt, 1);
	return mpshm_i_fail(
		EBADMSG, "segment %s: object %u: its positions lie further apart than its capacity",
		ring->object.segment->name, ring->object.index);
}

int mpshm_i_spsc_too_many(const struct mpshm_spsc *ring, size_t count)
{
	return mpshm_i_fail(EINVAL, "spsc ring: %zu elements at once exceed its capacity %llu",
	                    count, (unsigned long long) ring->mask + 1);
}

int mpshm_i_spsc_no_span(const struct mpshm_spsc *ring, size_t count)
{
	return mpshm_i_fail(EINVAL, "spsc ring of %llu: no span with %zu elements is open",
	                    (unsigned long long) ring->mask + 1, count);
}

static void lay_out(void *memory, const void *context)
{
	const struct mpshm_spsc_options *options = context;
	struct spsc_shm *shm = memory;

	shm->capacity = options->capacity;
	shm->element_bytes = options->element_bytes;
	shm->elements_at = sizeof *shm;
}

/* The options with defaults filled in, checked.  Without MPSHM_CREATE zeros stay. */
static int check_options(const char *name, unsigned flags, const struct mpshm_spsc_options *given,
                         struct mpshm_spsc_options *ret_options)
{
	if (flags & ~(MPSHM_CREATE | MPSHM_EXCLUSIVE | SIDES | MPSHM_WATCH_PEER))
		return mpshm_i_fail(EINVAL, "spsc ring %s: unknown flag in 0x%x", name, flags);
	if ((flags & MPSHM_WATCH_PEER) && !(flags & SIDES))
		return mpshm_i_fail(EINVAL, "spsc ring %s: MPSHM_WATCH_PEER goes with a side",
		                    name);
	*ret_options = given ? *given : (struct mpshm_spsc_options){0};
	for (size_t i = 0; i < sizeof given->reserved / sizeof *given->reserved; i++)
		if (ret_options->reserved[i])
			return mpshm_i_fail(EINVAL, "spsc ring %s: a reserved option is set", name);
	if (!(flags & MPSHM_CREATE))
		return 0;
	if (!given)
		return mpshm_i_fail(EINVAL, "spsc ring %s: MPSHM_CREATE wants options", name);
	if (ret_options->capacity == 0)
		ret_options->capacity = CAPACITY_DEFAULT;
	if (ret_options->capacity > CAPACITY_MAX ||
	    (ret_options->capacity & (ret_options->capacity - 1)) != 0)
		return mpshm_i_fail(EINVAL,
		                    "spsc ring %s: capacity %u is not a power of two up to 2^31",
		                    name, ret_options->capacity);
	if (ret_options->element_bytes == 0 || ret_options->element_bytes > ELEMENT_BYTES_MAX)
		return mpshm_i_fail(EINVAL, "spsc ring %s: element_bytes %u is not 1 to %u", name,
		                    ret_options->element_bytes, ELEMENT_BYTES_MAX);
	return 0;
}

/* What the inline calls want to know; they may use it once the side is taken. */
static void lay_open(struct mpshm_spsc *ring, struct spsc_side *side, atomic64 *published)
{
	side->end = (struct mpshm_spsc_end){
		.mask = ring->mask,
		.elements = ring->elements,
		.published = &published->raw,
		.process = mpshm_i_process,
		.inline_for = SIDE_NONE,
		.element_bytes = ring->element_bytes,
	};
}

/* Check the shared geometry and keep it. */
static int view(struct mpshm_spsc *ring, const char *name, const struct mpshm_spsc_options *asked)
{
	const volatile struct spsc_shm *shm = ring->object.shm;
	uint64_t bytes = ring->object.bytes;

	if (bytes < sizeof *ring->shm)
		return mpshm_i_fail(EBADMSG, "spsc ring %s: its extent is too small", name);
	uint64_t capacity = shm->capacity, element_bytes = shm->element_bytes,
		 at = shm->elements_at;
	if (capacity == 0 || capacity > CAPACITY_MAX || (capacity & (capacity - 1)) != 0 ||
	    element_bytes == 0 || element_bytes > ELEMENT_BYTES_MAX || at > bytes ||
	    capacity * element_bytes > bytes - at)
		return mpshm_i_fail(EBADMSG, "spsc ring %s: its geometry is corrupt", name);
	if ((asked->capacity && asked->capacity != capacity) ||
	    (asked->element_bytes && asked->element_bytes != element_bytes))
		return mpshm_i_fail(
			EINVAL, "spsc ring %s: it has capacity %llu of %llu bytes, not %u of %u",
			name, (unsigned long long) capacity, (unsigned long long) element_bytes,
			asked->capacity, asked->element_bytes);
	ring->shm = ring->object.shm;
	ring->elements = (char *) ring->object.shm + at;
	ring->mask = capacity - 1;
	ring->element_bytes = element_bytes;
	ring->producer.ahead = ahead_elements(element_bytes, AHEAD_WRITE_MOST);
	ring->consumer.ahead = ahead_elements(element_bytes, AHEAD_READ_MOST);
	lay_open(ring, &ring->producer, &ring->shm->tail);
	lay_open(ring, &ring->consumer, &ring->shm->head);
	return 0;
}

int mpshm_spsc_open(struct mpshm_spsc **ret_ring, struct mpshm_segment *segment, const char *name,
                    unsigned flags, const struct mpshm_spsc_options *options)
{
	struct mpshm_spsc_options asked;
	int error = mpshm_i_object_arguments(ret_ring, segment, name);
	if (!error)
		error = check_options(name, flags, options, &asked);
	if (error)
		return error;

	struct mpshm_spsc *ring = aligned_alloc(MPSHM_SPSC_END_BYTES, sizeof *ring);
	if (!ring)
		return mpshm_i_fail(ENOMEM, "spsc ring %s: no memory for a handle", name);
	*ring = (struct mpshm_spsc){.producer.process = SIDE_NONE, .consumer.process = SIDE_NONE};

	struct object_plan plan = {
		.bytes = sizeof(struct spsc_shm) + (uint64_t) asked.capacity * asked.element_bytes,
		.lay_out = lay_out,
		.context = &asked,
	};
	int created = mpshm_i_object_open(&ring->object, segment, name,
	                                  flags & (MPSHM_CREATE | MPSHM_EXCLUSIVE),
	                                  &mpshm_i_spsc_class, flags & MPSHM_CREATE ? &plan : NULL);
	if (created < 0) {
		free(ring);
		return created;
	}
	const struct mpshm_spsc_options none = {0};
	error = view(ring, name, options ? (created ? &asked : options) : &none);
	if (!error)
		error = mpshm_i_spsc_take_sides(ring, flags);
	if (error) {
		(void) mpshm_i_object_close(&ring->object);
		free(ring);
		return error;
	}
	*ret_ring = ring;
	return created;
}

/* What a forked child inherited is its parent's. */
static bool has_span(const struct spsc_side *side)
{
	return side->open != 0 && side->process == *mpshm_i_process;
}

int mpshm_spsc_close(struct mpshm_spsc *ring)
{
	if (!ring)
		return mpshm_i_fail(EINVAL, "spsc ring: no handle");
	if (has_span(&ring->producer) || has_span(&ring->consumer))
		return mpshm_i_fail(EBUSY, "spsc ring: a span is open");
	mpshm_i_spsc_give_sides(ring);
	int error = mpshm_i_object_close(&ring->object);
	if (error)
		return error;
	free(ring);
	return 0;
}

size_t mpshm_spsc_size(const struct mpshm_spsc *ring)
{
	/* head first: tail can only be ahead of it then, by more than a lap if head
	 * is old, hence the clamp. */
	uint64_t head = atomic64_load_acquire(&ring->shm->head);
	uint64_t tail = atomic64_load_acquire(&ring->shm->tail);
	uint64_t size = tail - head;
	return size > ring->mask + 1 ? ring->mask + 1 : size;
}

size_t mpshm_spsc_capacity(const struct mpshm_spsc *ring)
{
	return ring->mask + 1;
}

size_t mpshm_spsc_element_bytes(const struct mpshm_spsc *ring)
{
	return ring->element_bytes;
}
