/* SPDX-License-Identifier: BSD-2-Clause */
/* mpmc: many elements by one claim. */
#include "ring/mpmc_batch.h"

#include "platform/error.h"
#include "ring/copy.h"
#include "ring/mpmc_words.h"

int mpshm_i_mpmc_claim_put_many(struct mpmc *ring, struct frame_shm *frame, uint64_t least,
                                uint64_t most, struct mpmc_run *ret_run)
{
	struct backoff backoff = backoff_begin((uintptr_t) frame);
	for (;;) {
		uint64_t tail = atomic64_load_relaxed(&ring->shm->tail); /* the CAS confirms it */
		uint64_t word = 0;
		uint64_t count = words_leading(ring, SLOT_FREE, tail, most, &word); /* [MPMC-A1] */
		if (unlikely(count < least || tail & TAIL_CLOSED)) {
			int error = mpshm_i_mpmc_full(ring, tail, tail + count, word);
			if (error)
				return error;
			continue;
		}
		frame_announce(frame, mpmc_what(ring->identity_put, count), tail);
		uint64_t expected = tail;
		if (likely(atomic64_cas(&ring->shm->tail, &expected,
		                        tail + count))) { /* [MPMC-R2] */
			/* A death from here on: each position still FREE becomes TOMB. */
			*ret_run = (struct mpmc_run){tail, count, count};
			return 0;
		}
		frame_empty(frame);
		backoff_wait(&backoff);
	}
}

/*
 * What can be taken from `head` on: a run of READY and TOMB with up to `most` READY, or,
 * where it is to be whole, of READY alone.  *ret_other: the word that ended it.
 */
static struct mpmc_run look(const struct mpmc *ring, uint64_t head, uint64_t most, bool whole,
                            uint64_t *ret_other)
{
	struct mpmc_run run = {.position = head};
	for (;;) {
		uint64_t left = ring->mask + 1 - run.length;
		uint64_t wanted = most - run.ready;
		uint64_t ready =
			words_leading(ring, SLOT_READY, head + run.length,
		                      wanted < left ? wanted : left, ret_other); /* [MPMC-A0] */
		run.ready += ready;
		run.length += ready;
		/* The word that ended it is judged as it was seen: by now it may be READY. */
		if (run.ready == most || whole || run.length > ring->mask ||
		    *ret_other != mpmc_word_of(ring, SLOT_TOMB, head + run.length))
			return run;
		run.length += words_leading(ring, SLOT_TOMB, head + run.length,
		                            ring->mask + 1 - run.length, ret_other);
	}
}

int mpshm_i_mpmc_claim_get_many(struct mpmc *ring, struct frame_shm *frame, uint64_t least,
                                uint64_t most, bool whole, struct mpmc_run *ret_run)
{
	struct backoff backoff = backoff_begin((uintptr_t) frame);
	for (;;) {
		uint64_t head = atomic64_load_relaxed(&ring->shm->head); /* the CAS confirms it */
		uint64_t word = 0;
		struct mpmc_run run = look(ring, head, most, whole, &word);
		if (unlikely(run.ready < least)) {
			if (mpmc_is_tomb(ring, head)) {
				/* They may be what takes the room of the elements that we lack. */
				mpshm_i_mpmc_skip_tombs(ring, frame, head);
				continue;
			}
			if (run.length > ring->mask)
				return fail_plainly(EAGAIN, /* all slots looked at */
				                    "slots of puts cut off lie among the "
				                    "elements: ask for fewer, or by burst");
			int error = mpshm_i_mpmc_empty(ring, head, head + run.length, word);
			if (error)
				return error;
			continue;
		}
		/* READY and TOMB words behind head stay as they are until they are claimed. */
		frame_announce(frame, mpmc_what(ring->identity_get, run.length), head);
		uint64_t expected = head;
		if (likely(atomic64_cas(&ring->shm->head, &expected,
		                        head + run.length))) { /* [MPMC-R3] */
			/* A death from here on: each READY becomes REDEL, each TOMB is freed. */
			*ret_run = run;
			return 0;
		}
		frame_empty(frame);
		backoff_wait(&backoff);
	}
}

/* Elements `stride` apart to or from packed memory.  Inlined for a size that is known. */
static inline __attribute__((always_inline)) void copy_each(char *element, size_t stride,
                                                            char *packed, size_t bytes,
                                                            uint64_t count, bool in)
{
	for (uint64_t i = 0; i < count; i++, element += stride, packed += bytes)
		copy_element(in ? element : packed, in ? packed : element, bytes);
}

static void copy_strided(char *element, size_t stride, char *packed, size_t bytes, uint64_t count,
                         bool in)
{
	if (bytes == 8 && in)
		copy_each(element, stride, packed, 8, count, true);
	else if (bytes == 8)
		copy_each(element, stride, packed, 8, count, false);
	else
		copy_each(element, stride, packed, bytes, count, in);
}

/* Copy a run of `count` elements between the ring and packed memory. */
static void copy_run(const struct mpmc *ring, uint64_t position, uint64_t count, char *packed,
                     bool in)
{
	size_t bytes = ring->element_bytes;
	if (ring->element_stride == ring->element_bytes) {
		uint64_t slot = position & ring->mask;
		uint64_t first = count <= ring->mask + 1 - slot ? count : ring->mask + 1 - slot;
		char *runs[2] = {mpmc_element(ring, position), ring->elements};
		size_t sizes[2] = {first * bytes, (count - first) * bytes};
		for (int i = 0; i < 2; packed += sizes[i], i++)
			memcpy(in ? runs[i] : packed, in ? packed : runs[i], sizes[i]);
		return;
	}
	while (count > 0) {
		uint64_t slot = position & ring->mask;
		uint64_t piece = count <= ring->mask + 1 - slot ? count : ring->mask + 1 - slot;
		copy_strided(mpmc_element(ring, position), ring->element_stride, packed, bytes,
		             piece, in);
		packed += piece * bytes;
		position += piece;
		count -= piece;
	}
}

/* Copy the READY elements of a claimed run out. */
static void copy_out(const struct mpmc *ring, const struct mpmc_run *run, char *packed)
{
	if (likely(run->ready == run->length)) {
		copy_run(ring, run->position, run->length, packed, false);
		return;
	}
	for (uint64_t i = 0; i < run->length; i++) {
		uint64_t position = run->position + i;
		/* Relaxed: the claim's acquire load saw the same word. */
		if (atomic64_load_relaxed(mpmc_word(ring, position)) !=
		    mpmc_word_of(ring, SLOT_READY, position))
			continue;
		copy_element(packed, mpmc_element(ring, position), ring->element_bytes);
		packed += ring->element_bytes;
	}
}

void mpshm_i_mpmc_publish_many(struct mpmc *ring, struct frame_shm *frame, uint64_t position,
                               uint64_t count, enum slot_kind kind)
{
	words_store(ring, kind, 0, position, count); /* [MPMC-R0] */
	if (frame)
		frame_empty(frame);
}

void mpshm_i_mpmc_release_many(struct mpmc *ring, struct frame_shm *frame, uint64_t position,
                               uint64_t count)
{
	words_store(ring, SLOT_FREE, 1, position, count); /* [MPMC-R1] */
	frame_empty(frame);
}

static ssize_t push_many(struct mpshm_mpmc *handle, const void *elements, size_t least, size_t most)
{
	struct mpmc *ring = &handle->ring;
	struct frame_shm *frame;
	struct mpmc_run run;

	int error = mpmc_begin(handle, &frame);
	if (!error)
		error = mpshm_i_mpmc_claim_put_many(ring, frame, least, most, &run);
	if (unlikely(error))
		return error;
	copy_run(ring, run.position, run.length, (char *) (uintptr_t) elements, true);
	mpshm_i_mpmc_publish_many(ring, frame, run.position, run.length, SLOT_READY);
	return (ssize_t) run.length;
}

/* Are there `least` elements at the head, as it looks? */
static bool has_ready(const struct mpmc *ring, uint64_t least)
{
	uint64_t head = atomic64_load_acquire(&ring->shm->head);
	uint64_t ready = 0;
	for (uint64_t i = 0; ready < least && i <= ring->mask; i++) {
		uint64_t word = atomic64_load_acquire(mpmc_word(ring, head + i));
		if (word == mpmc_word_of(ring, SLOT_READY, head + i))
			ready++;
		else if (word != mpmc_word_of(ring, SLOT_TOMB, head + i))
			break;
	}
	return ready >= least;
}

/*
 * Elements that are delivered again come first.  They are taken over only where the call
 * can succeed: each time costs one of the attempts that a word can count.
 */
struct adopted {
	struct frame_shm *frame;
	uint64_t count;
	uint64_t positions[REDELIVERY_ENTRIES];
};

static void adopt(struct mpmc *ring, struct cell_shm *cell, size_t least, size_t most,
                  struct adopted *ret_adopted)
{
	uint64_t count = mpshm_i_mpmc_redeliverable(
		ring, most < REDELIVERY_ENTRIES ? most : REDELIVERY_ENTRIES,
		ret_adopted->positions);
	if (count == 0 || (count < least && !has_ready(ring, least - count)))
		return;
	ret_adopted->frame = frame_find(cell);
	if (ret_adopted->frame)
		ret_adopted->count = mpshm_i_mpmc_adopt_many(ring, ret_adopted->frame, count,
		                                             ret_adopted->positions);
}

/* Somebody was faster at the rest of a bulk. */
static void unadopt(struct mpmc *ring, const struct adopted *adopted)
{
	for (uint64_t i = 0; i < adopted->count; i++)
		mpshm_i_mpmc_unadopt(ring, NULL, adopted->positions[i]);
	if (adopted->count > 0)
		frame_empty(adopted->frame);
}

/* Copy them out, and let them go. */
static void take_adopted(struct mpmc *ring, const struct adopted *adopted, char *packed)
{
	size_t bytes = ring->element_bytes;
	for (uint64_t i = 0; i < adopted->count; i++) {
		uint64_t position = adopted->positions[i];
		copy_element(packed + i * bytes, mpmc_element(ring, position), bytes);
		atomic64_store_release(mpmc_word(ring, position),
		                       mpmc_word_released(ring, position)); /* [MPMC-R1] */
	}
	if (adopted->count > 0)
		frame_empty(adopted->frame);
	for (uint64_t i = 0; i < adopted->count; i++)
		mpshm_i_mpmc_adopted(ring, adopted->positions[i]);
}

static ssize_t pop_many(struct mpshm_mpmc *handle, char *packed, size_t least, size_t most)
{
	struct mpmc *ring = &handle->ring;
	struct mpmc_run run = {0};
	struct adopted again;
	struct cell_shm *cell;

	int error = thread_cell(handle->object.segment, &cell);
	if (unlikely(error))
		return error;
	again.count = 0;
	if (mpmc_has_redelivery(ring))
		adopt(ring, cell, least, most, &again);
	if (again.count < most) {
		struct frame_shm *frame = frame_find(cell);
		size_t wanted = least > again.count ? least - again.count : 0;
		error = frame ? mpshm_i_mpmc_claim_get_many(ring, frame, wanted ? wanted : 1,
		                                            most - again.count, false, &run)
		              : mpmc_no_frame();
		if (error && wanted) {
			unadopt(ring, &again);
			return error;
		}
		if (!error) {
			copy_out(ring, &run, packed + again.count * ring->element_bytes);
			mpshm_i_mpmc_release_many(ring, frame, run.position, run.length);
		}
	}
	if (unlikely(again.count > 0))
		take_adopted(ring, &again, packed);
	return (ssize_t) (again.count + run.ready);
}

static int check_count(const struct mpmc *ring, size_t count)
{
	if (count > ring->mask + 1)
		return mpshm_i_fail(EINVAL,
		                    "mpmc ring: %zu elements at once exceed its capacity %llu",
		                    count, (unsigned long long) ring->mask + 1);
	return 0;
}

ssize_t mpshm_mpmc_try_push_bulk(struct mpshm_mpmc *handle, const void *elements, size_t count)
{
	int error = check_count(&handle->ring, count);
	return error || count == 0 ? error : push_many(handle, elements, count, count);
}

ssize_t mpshm_mpmc_try_push_burst(struct mpshm_mpmc *handle, const void *elements, size_t count)
{
	return count == 0 ? 0 : push_many(handle, elements, 1, mpmc_at_most(&handle->ring, count));
}

ssize_t mpshm_mpmc_try_pop_bulk(struct mpshm_mpmc *handle, void *ret_elements, size_t count)
{
	int error = check_count(&handle->ring, count);
	return error || count == 0 ? error : pop_many(handle, ret_elements, count, count);
}

ssize_t mpshm_mpmc_try_pop_burst(struct mpshm_mpmc *handle, void *ret_elements, size_t count)
{
	return count == 0 ? 0
	                  : pop_many(handle, ret_elements, 1, mpmc_at_most(&handle->ring, count));
}
