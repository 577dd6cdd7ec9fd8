/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc: Lamport's ring, its positions held privately by each side.
 *
 * Each side keeps its own position and the other's last known one in private
 * memory; it stores to the shared line of its own position only, and reads the
 * other's only when the private copy says full, or empty.
 *
 * Edges:
 *   [SPSC-R0] tail by a push or commit -> [SPSC-A0] tail load by a pop: payload visible
 *   [SPSC-R1] head by a pop or release -> [SPSC-A1] head load by a push: slot was read
 *
 * Crash: the store of tail (head) is the linearization point and acknowledgement;
 * a death before it changed nothing that anybody sees.  A successor starts from
 * the shared positions.
 */
#include "ring/spsc.h"

#include "platform/error.h"
#include "ring/spsc_ahead.h"

/* May this process act for the side?  A forked child may not: 0 or -EPERM. */
static inline int mine(const struct spsc_side *side)
{
	return likely(side->process == *mpshm_i_process) ? 0 : mpshm_i_spsc_not_ours();
}

static inline int has_span(void)
{
	return fail_plainly(EBUSY, "spsc ring: this side has a span open; give it back first");
}

/* There are too few elements, or too little room: for now, or for good? */
static inline int lacking(struct mpshm_spsc *ring, struct spsc_side *side)
{
	int error = unlikely(side->watches) ? mpshm_i_spsc_lacking(ring, side) : -EAGAIN;
	if (likely(error == -EAGAIN))
		return fail_plainly(EAGAIN, side == &ring->producer
		                                    ? "spsc ring: full; try again later"
		                                    : "spsc ring: empty; try again later");
	return error;
}

static inline char *element_at(const struct mpshm_spsc *ring, uint64_t position)
{
	return ring->elements + (position & ring->mask) * ring->element_bytes;
}

/* Free slots, at least `wanted` where there are; fewer: full.  Or -EBADMSG. */
static inline int64_t room(struct mpshm_spsc *ring, uint64_t wanted)
{
	struct spsc_side *side = &ring->producer;
	uint64_t capacity = ring->mask + 1, known = side->end.bound - side->end.position;

	if (known >= wanted)
		return (int64_t) known;
	if (known == 0)
		(void) let_ahead(&side->patience, side->end.position);
	uint64_t head = atomic64_load_acquire(&ring->shm->head); /* [SPSC-A1] */
	uint64_t used = side->end.position - head;
	if (unlikely(used > capacity))
		return mpshm_i_spsc_corrupt(ring); /* and don't keep it */
	side->end.bound = head + capacity;
	if (known == 0)
		let_ahead_brought(&side->patience, capacity - used, capacity, ring->element_bytes);
	return (int64_t) (capacity - used);
}

/* Elements to take, likewise. */
static inline int64_t stock(struct mpshm_spsc *ring, uint64_t wanted)
{
	struct spsc_side *side = &ring->consumer;
	uint64_t capacity = ring->mask + 1, known = side->end.bound - side->end.position;

	if (known >= wanted)
		return (int64_t) known;
	/* Who looks gets the element's line along with the tail's, not after it. */
	if (known == 0) {
		(void) let_ahead(&side->patience, side->end.position);
		__builtin_prefetch(element_at(ring, side->end.position));
	}
	uint64_t tail = atomic64_load_acquire(&ring->shm->tail); /* [SPSC-A0] */
	uint64_t ready = tail - side->end.position;
	if (unlikely(ready > capacity))
		return mpshm_i_spsc_corrupt(ring); /* and don't keep it */
	side->end.bound = tail;
	if (known == 0)
		let_ahead_brought(&side->patience, ready, capacity, ring->element_bytes);
	return (int64_t) ready;
}

static inline void publish(struct mpshm_spsc *ring, uint64_t count)
{
	ring->producer.end.position += count;
	atomic64_store_release(&ring->shm->tail, ring->producer.end.position); /* [SPSC-R0] */
}

static inline void release(struct mpshm_spsc *ring, uint64_t count)
{
	ring->consumer.end.position += count;
	atomic64_store_release(&ring->shm->head, ring->consumer.end.position); /* [SPSC-R1] */
}

int mpshm_spsc_try_push(struct mpshm_spsc *ring, const void *element)
{
	int error = mine(&ring->producer);
	if (unlikely(error))
		return error;
	if (unlikely(ring->producer.open))
		return has_span();
	int64_t free_slots = room(ring, 1);
	if (unlikely(free_slots <= 0))
		return free_slots ? (int) free_slots : lacking(ring, &ring->producer);
	ahead_of_one(ring, &ring->producer, true);
	ahead_copy(ring, &ring->producer, element_at(ring, ring->producer.end.position), element);
	publish(ring, 1);
	return 0;
}

int mpshm_spsc_try_pop(struct mpshm_spsc *ring, void *ret_element)
{
	int error = mine(&ring->consumer);
	if (unlikely(error))
		return error;
	if (unlikely(ring->consumer.open))
		return has_span();
	int64_t ready = stock(ring, 1);
	if (unlikely(ready <= 0))
		return ready ? (int) ready : lacking(ring, &ring->consumer);
	ahead_of_one(ring, &ring->consumer, false);
	ahead_copy(ring, &ring->consumer, ret_element,
	           element_at(ring, ring->consumer.end.position));
	release(ring, 1);
	return 0;
}

/* How many of `most` can be moved: at least `least`, or a negative errno. */
static inline ssize_t how_many(struct mpshm_spsc *ring, struct spsc_side *side, int64_t there,
                               size_t least, size_t most)
{
	if (there < 0)
		return (ssize_t) there;
	if ((uint64_t) there < least)
		return lacking(ring, side);
	return (uint64_t) there < most ? (ssize_t) there : (ssize_t) most;
}

static void copy_run(struct mpshm_spsc *ring, uint64_t position, size_t count, char *packed,
                     bool in)
{
	uint64_t slot = position & ring->mask;
	size_t first = count <= ring->mask + 1 - slot ? count : ring->mask + 1 - slot;
	char *runs[2] = {element_at(ring, position), ring->elements};
	size_t sizes[2] = {first * ring->element_bytes, (count - first) * ring->element_bytes};

	for (int i = 0; i < 2; packed += sizes[i], i++)
		memcpy(in ? runs[i] : packed, in ? packed : runs[i], sizes[i]);
}

static ssize_t push_many(struct mpshm_spsc *ring, const void *elements, size_t least, size_t most)
{
	int error = mine(&ring->producer);
	if (error || ring->producer.open)
		return error ? error : has_span();
	ssize_t count = how_many(ring, &ring->producer, room(ring, most), least, most);
	if (count <= 0)
		return count;
	ahead_of_run(ring, &ring->producer, (uint64_t) count, true);
	copy_run(ring, ring->producer.end.position, (size_t) count, (char *) (uintptr_t) elements,
	         true);
	publish(ring, (uint64_t) count);
	return count;
}

static ssize_t pop_many(struct mpshm_spsc *ring, void *ret_elements, size_t least, size_t most)
{
	int error = mine(&ring->consumer);
	if (error || ring->consumer.open)
		return error ? error : has_span();
	ssize_t count = how_many(ring, &ring->consumer, stock(ring, most), least, most);
	if (count <= 0)
		return count;
	ahead_of_run(ring, &ring->consumer, (uint64_t) count, false);
	copy_run(ring, ring->consumer.end.position, (size_t) count, ret_elements, false);
	release(ring, (uint64_t) count);
	return count;
}

ssize_t mpshm_spsc_try_push_bulk(struct mpshm_spsc *ring, const void *elements, size_t count)
{
	if (count > ring->mask + 1)
		return mpshm_i_spsc_too_many(ring, count);
	return push_many(ring, elements, count, count);
}

ssize_t mpshm_spsc_try_push_burst(struct mpshm_spsc *ring, const void *elements, size_t count)
{
	return push_many(ring, elements, count ? 1 : 0, count);
}

ssize_t mpshm_spsc_try_pop_bulk(struct mpshm_spsc *ring, void *ret_elements, size_t count)
{
	if (count > ring->mask + 1)
		return mpshm_i_spsc_too_many(ring, count);
	return pop_many(ring, ret_elements, count, count);
}

ssize_t mpshm_spsc_try_pop_burst(struct mpshm_spsc *ring, void *ret_elements, size_t count)
{
	return pop_many(ring, ret_elements, count ? 1 : 0, count);
}

static ssize_t open_span(struct mpshm_spsc *ring, struct spsc_side *side, ssize_t count,
                         struct mpshm_span *ret_span)
{
	if (count <= 0)
		return count;
	uint64_t slot = side->end.position & ring->mask;
	size_t first =
		(size_t) count <= ring->mask + 1 - slot ? (size_t) count : ring->mask + 1 - slot;
	spsc_side_open(ring, side, (uint64_t) count);
	*ret_span = (struct mpshm_span){
		.first = element_at(ring, side->end.position),
		.second = ring->elements,
		.first_count = first,
		.count = (size_t) count,
		.stride_bytes = ring->element_bytes,
		.position = side->end.position,
	};
	return count;
}

ssize_t mpshm_spsc_try_reserve(struct mpshm_spsc *ring, size_t count, struct mpshm_span *ret_span)
{
	int error = mine(&ring->producer);
	if (error || ring->producer.open)
		return error ? error : has_span();
	if (count == 0)
		return mpshm_i_spsc_no_span(ring, 0);
	ssize_t ready = how_many(ring, &ring->producer, room(ring, count), 1, count);
	return open_span(ring, &ring->producer, ready, ret_span);
}

ssize_t mpshm_spsc_try_peek(struct mpshm_spsc *ring, size_t count, struct mpshm_span *ret_span)
{
	int error = mine(&ring->consumer);
	if (error || ring->consumer.open)
		return error ? error : has_span();
	if (count == 0)
		return mpshm_i_spsc_no_span(ring, 0);
	ssize_t ready = how_many(ring, &ring->consumer, stock(ring, count), 1, count);
	return open_span(ring, &ring->consumer, ready, ret_span);
}

/* Close the side's span: 0, or -EINVAL where it is not this one. */
static int close_span(struct mpshm_spsc *ring, struct spsc_side *side, struct mpshm_span *span,
                      size_t count)
{
	int error = mine(side);
	if (error)
		return error;
	if (side->open == 0 || side->open != span->count || side->end.position != span->position ||
	    count > span->count)
		return mpshm_i_spsc_no_span(ring, count);
	spsc_side_open(ring, side, 0);
	span->count = 0;
	return 0;
}

int mpshm_spsc_commit(struct mpshm_spsc *ring, struct mpshm_span *span, size_t count)
{
	int error = close_span(ring, &ring->producer, span, count);
	if (!error && count > 0)
		publish(ring, count);
	return error;
}

int mpshm_spsc_release(struct mpshm_spsc *ring, struct mpshm_span *span, size_t count)
{
	int error = close_span(ring, &ring->consumer, span, count);
	if (!error && count > 0)
		release(ring, count);
	return error;
}
