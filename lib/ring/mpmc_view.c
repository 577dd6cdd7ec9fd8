/* SPDX-License-Identifier: BSD-2-Clause */
/* Geometry of mpmc rings: laid out once, checked at each open. */
#include "ring/mpmc.h"

#include "platform/error.h"

#define ELEMENT_BYTES_MAX 65536u
#define MACHINE_LINE_BYTES 64u
#define CAPACITY_MAX (UINT32_C(1) << 31)

static uint64_t round_up(uint64_t bytes, uint64_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

uint64_t mpshm_i_mpmc_lay_out(struct mpmc_shm *ret_shm, const struct mpmc_plan *plan,
                              uint64_t start)
{
	uint64_t words_at = round_up(start, LAYOUT_LINE);
	uint64_t end;

	ret_shm->capacity = plan->capacity;
	ret_shm->limit = plan->limit;
	ret_shm->element_bytes = plan->element_bytes;
	ret_shm->words_at = words_at;
	if (plan->words_beside) {
		uint32_t slot = plan->slot_bytes;
		if (slot == 0)
			slot = (uint32_t) (sizeof(atomic64) + round_up(plan->element_bytes, 8));
		ret_shm->word_stride = slot;
		ret_shm->element_stride = slot;
		ret_shm->elements_at = words_at + sizeof(atomic64);
		end = words_at + (uint64_t) plan->capacity * slot;
	} else {
		ret_shm->word_stride = sizeof(atomic64);
		ret_shm->element_stride = plan->element_bytes;
		ret_shm->elements_at = round_up(
			words_at + (uint64_t) plan->capacity * sizeof(atomic64), LAYOUT_LINE);
		end = ret_shm->elements_at + (uint64_t) plan->capacity * plan->element_bytes;
	}
	return end - start;
}

/* Do `count` things of `bytes` bytes, `stride` apart, from `at` on, fit into `room`? */
static bool fits(uint64_t at, uint64_t count, uint64_t stride, uint64_t bytes, uint64_t room)
{
	if (stride < bytes || at > room)
		return false;
	return (count - 1) * stride + bytes <= room - at; /* < 2^31 * 2^17: can't wrap */
}

int mpshm_i_mpmc_view(struct mpmc *ring, struct object *object, struct mpmc_shm *shm)
{
	/* One reading: what a peer writes later changes nothing. */
	const struct mpmc_shm *volatile stable = shm;
	uint32_t capacity = stable->capacity, limit = stable->limit;
	uint32_t element_bytes = stable->element_bytes;
	uint32_t word_stride = stable->word_stride, element_stride = stable->element_stride;
	uint64_t words_at = stable->words_at, elements_at = stable->elements_at;

	compiler_barrier();
	if (capacity == 0 || capacity > CAPACITY_MAX || (capacity & (capacity - 1)) != 0 ||
	    limit == 0 || limit > capacity || element_bytes == 0 ||
	    element_bytes > ELEMENT_BYTES_MAX || word_stride % sizeof(atomic64) != 0 ||
	    words_at % sizeof(atomic64) != 0 || word_stride > 2 * ELEMENT_BYTES_MAX ||
	    element_stride > 2 * ELEMENT_BYTES_MAX ||
	    !fits(words_at, capacity, word_stride, sizeof(atomic64), object->bytes) ||
	    !fits(elements_at, capacity, element_stride, element_bytes, object->bytes))
		return mpshm_i_fail(EBADMSG,
		                    "segment %s: object %u: its ring's geometry is corrupt",
		                    object->segment->name, object->index);

	uint32_t index = object->index, incarnation = object->incarnation;
	*ring = (struct mpmc){
		.object = object,
		.shm = shm,
		.words = (char *) object->shm + words_at,
		.elements = (char *) object->shm + elements_at,
		.mask = capacity - 1,
		.limit = limit,
		.word_stride = word_stride,
		.element_stride = element_stride,
		.element_bytes = element_bytes,
		.rest_at = element_bytes <= 2 * MACHINE_LINE_BYTES ? element_bytes - 1 : 0,
		.identity_put = (uint32_t) frame_what(FRAME_PUT, index, incarnation, 0),
		.identity_get = (uint32_t) frame_what(FRAME_GET, index, incarnation, 0),
		.identity_adopt = (uint32_t) frame_what(FRAME_ADOPT, index, incarnation, 0),
	};
	return 0;
}

uint64_t mpshm_i_mpmc_size(const struct mpmc *ring)
{
	/*
	 * head, tail, head again: where both heads are equal, both ends had these
	 * values when tail was read.  Where consumers never pause, the second head
	 * is a bound from below, and the clamp keeps a crossing from wrapping.
	 */
	uint64_t head = atomic64_load_acquire(&ring->shm->head); /* [MPMC-A3] */
	uint64_t tail = 0;
	for (int i = 0; i < 64; i++) {
		tail = atomic64_load_acquire(&ring->shm->tail) & ~TAIL_CLOSED;
		uint64_t again = atomic64_load_acquire(&ring->shm->head);
		if (again == head)
			break;
		head = again;
	}
	if ((int64_t) (tail - head) <= 0)
		return 0;
	return tail - head > ring->limit ? ring->limit : tail - head;
}

bool mpshm_i_mpmc_in_use(const struct mpmc *ring)
{
	const struct mpshm_segment *segment = ring->object->segment;
	const uint32_t identities[] = {ring->identity_put, ring->identity_get,
	                               ring->identity_adopt};

	if (segment->process != *mpshm_i_process)
		return false; /* a forked child that has done nothing yet */
	for (uint32_t i = 0; i < segment->threads_max; i++) {
		struct cell_shm *cell = &segment->cells[i];
		if (atomic64_load_acquire(&cell->owner) != segment->self)
			continue;
		for (uint32_t f = 0; f < CELL_FRAMES; f++) {
			if (atomic64_load_acquire(&cell->frames[f].where) == 0)
				continue;
			uint32_t what = (uint32_t) atomic64_load_relaxed(&cell->frames[f].what);
			for (int k = 0; k < 3; k++)
				if (what == identities[k])
					return true;
		}
	}
	return false;
}
