/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: open, close, shut down, size; what recovery needs of it. */
#include "queue/queue.h"

#include <stdlib.h>

#include "platform/error.h"
#include "segment/registry.h"

#define CAPACITY_DEFAULT 1024u
#define CAPACITY_MAX (UINT32_C(1) << 26)
#define MESSAGE_BYTES_DEFAULT (64u * 1024)
#define MESSAGE_BYTES_MAX (16u * 1024 * 1024)
#define SLOT_BYTES_DEFAULT 128u
#define SLOT_BYTES_MIN 64u
#define SLOT_BYTES_MAX 4096u

/* Check the shared geometry and make the handle's private view of it. */
static int view(struct mpshm_queue *queue)
{
	struct object *object = &queue->object;
	if (object->bytes < sizeof(struct queue_shm))
		return mpshm_i_fail(EBADMSG, "segment %s: object %u: a queue's extent is too small",
		                    object->segment->name, object->index);
	queue->shm = object->shm;
	int error = mpshm_i_mpmc_view(&queue->ring, object, &queue->shm->ring);
	if (!error)
		error = mpshm_i_pool_view(&queue->pool, object, &queue->shm->pool);
	if (error)
		return error;

	const volatile struct queue_shm *shm = queue->shm;
	uint32_t inline_bytes = shm->inline_bytes, max_message_bytes = shm->max_message_bytes;
	if (queue->ring.element_bytes < sizeof(struct message_shm) ||
	    inline_bytes != queue->ring.element_bytes - sizeof(struct message_shm) ||
	    max_message_bytes > MESSAGE_BYTES_MAX ||
	    max_message_bytes > queue->pool.class_table[queue->pool.classes - 1].block_bytes)
		return mpshm_i_fail(EBADMSG, "segment %s: object %u: a queue's geometry is corrupt",
		                    object->segment->name, object->index);
	queue->inline_bytes = inline_bytes < max_message_bytes ? inline_bytes : max_message_bytes;
	queue->max_message_bytes = max_message_bytes;
	return 0;
}

static void wake_all(struct mpshm_queue *queue)
{
	struct mpshm_segment *segment = queue->object.segment;
	wait_wake(segment, &queue->shm->not_empty, WAIT_ALL);
	wait_wake(segment, &queue->shm->not_full, WAIT_ALL);
	wait_wake(segment, &queue->shm->block_free, WAIT_ALL);
}

static bool resolve_frame(struct object *object, const struct dead_frame *frame)
{
	struct mpshm_queue queue = {.object = *object};
	if (view(&queue) < 0)
		return true; /* corrupt: nothing to be had from it */
	bool resolved = mpshm_i_mpmc_resolve_frame(&queue.ring, frame);
	/* A put cut off behind IN(p): its slot is a tombstone by now. */
	if (resolved && frame->operation == FRAME_PUT)
		mpshm_i_pool_resolve(&queue.pool, &queue.ring, OWNER_NONE);
	wake_all(&queue);
	return resolved;
}

static void resolve_owner(struct object *object, uint64_t dead_owner)
{
	struct mpshm_queue queue = {.object = *object};
	if (view(&queue) < 0)
		return;
	(void) mpshm_i_mpmc_rebuild_index(&queue.ring);
	mpshm_i_pool_resolve(&queue.pool, &queue.ring, dead_owner);
	wake_all(&queue);
}

const struct object_class mpshm_i_queue_class = {
	.type = OBJECT_QUEUE,
	.name = "queue",
	.resolve_frame = resolve_frame,
	.resolve_owner = resolve_owner,
};

/* Fill in `shm` for a queue of these options; returns the bytes it takes, or 0: its
 * pool does not fit pool_bytes. */
static uint64_t plan(struct queue_shm *shm, const struct mpshm_queue_options *options)
{
	uint32_t slots = 1;
	while (slots < options->capacity)
		slots *= 2;
	const struct mpmc_plan ring = {
		.capacity = slots,
		.limit = options->capacity,
		.element_bytes = options->slot_bytes - (uint32_t) sizeof(atomic64),
		.words_beside = true,
		.slot_bytes = options->slot_bytes,
	};
	shm->slot_bytes = options->slot_bytes;
	shm->inline_bytes = ring.element_bytes - (uint32_t) sizeof(struct message_shm);
	shm->max_message_bytes = options->max_message_bytes;
	uint64_t bytes = sizeof *shm;
	bytes += mpshm_i_mpmc_lay_out(&shm->ring, &ring, bytes);
	uint64_t pool = mpshm_i_pool_lay_out(&shm->pool, options->max_message_bytes,
	                                     options->pool_bytes, bytes);
	return pool ? bytes + pool : 0;
}

static void lay_out(void *memory, const void *context)
{
	struct queue_shm *shm = memory;
	(void) plan(shm, context);
	mpshm_i_pool_fill(&shm->pool, memory);
}

static int check_options(const char *name, unsigned flags, struct mpshm_queue_options *options)
{
	if (flags & ~(MPSHM_CREATE | MPSHM_EXCLUSIVE))
		return mpshm_i_fail(EINVAL, "queue %s: unknown flag in 0x%x", name, flags);
	for (size_t i = 0; i < sizeof options->reserved / sizeof *options->reserved; i++)
		if (options->reserved[i] || options->reserved0)
			return mpshm_i_fail(EINVAL, "queue %s: a reserved option is set", name);
	if (!(flags & MPSHM_CREATE))
		return 0;
	if (options->capacity == 0)
		options->capacity = CAPACITY_DEFAULT;
	if (options->max_message_bytes == 0)
		options->max_message_bytes = MESSAGE_BYTES_DEFAULT;
	if (options->slot_bytes == 0)
		options->slot_bytes = SLOT_BYTES_DEFAULT;
	uint32_t slot = options->slot_bytes;
	if (options->capacity > CAPACITY_MAX)
		return mpshm_i_fail(EINVAL, "queue %s: capacity %u exceeds %u", name,
		                    options->capacity, CAPACITY_MAX);
	if (options->max_message_bytes > MESSAGE_BYTES_MAX)
		return mpshm_i_fail(EINVAL, "queue %s: max_message_bytes %u exceeds %u", name,
		                    options->max_message_bytes, MESSAGE_BYTES_MAX);
	if (slot < SLOT_BYTES_MIN || slot > SLOT_BYTES_MAX || (slot & (slot - 1)) != 0)
		return mpshm_i_fail(EINVAL,
		                    "queue %s: slot_bytes %u is not a power of two from %u to %u",
		                    name, slot, SLOT_BYTES_MIN, SLOT_BYTES_MAX);
	return 0;
}

static int check_asked(const struct mpshm_queue *queue, const char *name,
                       const struct mpshm_queue_options *options)
{
	if (options && ((options->capacity && options->capacity != queue->ring.limit) ||
	                (options->max_message_bytes &&
	                 options->max_message_bytes != queue->max_message_bytes)))
		return mpshm_i_fail(
			EINVAL,
			"queue %s: it has capacity %llu and max_message_bytes %u, not %u and %u",
			name, (unsigned long long) queue->ring.limit, queue->max_message_bytes,
			options->capacity, options->max_message_bytes);
	return 0;
}

/* How to create it.  0 or -EINVAL. */
static int plan_object(const char *name, const struct mpshm_queue_options *options,
                       struct object_plan *ret_plan)
{
	struct queue_shm scratch = {0};
	*ret_plan = (struct object_plan){
		.bytes = plan(&scratch, options),
		.lay_out = lay_out,
		.context = options,
	};
	if (ret_plan->bytes == 0)
		return mpshm_i_fail(
			EINVAL,
			"queue %s: pool_bytes %llu can't hold a block of each size up to %u", name,
			(unsigned long long) options->pool_bytes, options->max_message_bytes);
	return 0;
}

/* Handles are numbered, so that a reservation names the one it was made through. */
static uint32_t next_number(void)
{
	static atomic32 last;
	return atomic32_fetch_add(&last, 1) + 1; /* wraps after 2^32 opens: a check less sharp */
}

int mpshm_queue_open(struct mpshm_queue **ret_queue, struct mpshm_segment *segment,
                     const char *name, unsigned flags, const struct mpshm_queue_options *options)
{
	struct mpshm_queue_options asked = options ? *options : (struct mpshm_queue_options){0};
	struct object_plan how;
	int error = mpshm_i_object_arguments(ret_queue, segment, name);
	if (!error)
		error = check_options(name, flags, &asked);
	if (!error && flags & MPSHM_CREATE)
		error = plan_object(name, &asked, &how);
	if (error)
		return error;

	struct mpshm_queue *queue = aligned_alloc(LAYOUT_LINE, sizeof *queue);
	if (!queue)
		return mpshm_i_fail(ENOMEM, "queue %s: no memory for a handle", name);
	*queue = (struct mpshm_queue){0};
	int created = mpshm_i_object_open(&queue->object, segment, name, flags,
	                                  &mpshm_i_queue_class, flags & MPSHM_CREATE ? &how : NULL);
	if (created < 0) {
		free(queue);
		return created;
	}
	atomic64_store_relaxed(&queue->process, *mpshm_i_process);
	queue->number = next_number();
	error = view(queue);
	if (!error)
		error = check_asked(queue, name, options);
	if (error) {
		(void) mpshm_i_object_close(&queue->object);
		free(queue);
		return error;
	}
	*ret_queue = queue;
	return created;
}

void mpshm_i_queue_make_ours(struct mpshm_queue *queue)
{
	uint64_t process = mpshm_i_registry_process(); /* a forked child has none before this */
	uint64_t before = atomic64_load_acquire(&queue->process);

	if (likely(before == process) || process == 0)
		return;
	/* What a forked child inherited of waits, reservations and leases is its parent's.  One thread
	 * of the child clears it; the others wait, for the two stores that takes. */
	if (before != 0 && atomic64_cas(&queue->process, &before, 0)) {
		atomic32_store_relaxed(&queue->waiting, 0);
		atomic32_store_relaxed(&queue->reservations, 0);
		atomic32_store_relaxed(&queue->leases, 0);
		atomic64_store_release(&queue->process, process);
	}
	while (atomic64_load_acquire(&queue->process) == 0)
		cpu_relax();
}

int mpshm_queue_close(struct mpshm_queue *queue)
{
	if (!queue)
		return mpshm_i_fail(EINVAL, "queue: no handle");
	mpshm_i_queue_make_ours(queue);
	if (atomic32_load_acquire(&queue->waiting) || mpshm_i_mpmc_in_use(&queue->ring))
		return mpshm_i_fail(EBUSY, "queue: a thread of this process is in a call on it");
	if (atomic32_load_acquire(&queue->reservations))
		return mpshm_i_fail(EBUSY, "queue: a reservation is open");
	if (atomic32_load_acquire(&queue->leases))
		return mpshm_i_fail(EBUSY, "queue: a lease is open");
	int error = mpshm_i_object_close(&queue->object);
	if (error)
		return error;
	free(queue);
	return 0;
}

int mpshm_queue_shutdown(struct mpshm_queue *queue)
{
	/* A forked child finds out first whether the queue is still there. */
	int error = mpshm_i_segment_register(queue->object.segment);
	if (error)
		return error;
	/* The hint first; relaxed, for the swap of tail releases it.  A death between: getters
	 * look at tail in vain, and at each poll. */
	atomic64_store_relaxed(&queue->ring.shm->closing, 1);
	/* In the claim word itself: no put claims after it, and what was claimed before
	 * is drained. */
	(void) atomic64_fetch_or(&queue->ring.shm->tail, TAIL_CLOSED);
	wake_all(queue);
	return 0;
}

size_t mpshm_queue_size(const struct mpshm_queue *queue)
{
	return mpshm_i_mpmc_size(&queue->ring);
}

size_t mpshm_queue_capacity(const struct mpshm_queue *queue)
{
	return queue->ring.limit;
}

size_t mpshm_queue_max_message_bytes(const struct mpshm_queue *queue)
{
	return queue->max_message_bytes;
}
