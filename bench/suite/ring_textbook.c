/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The spsc ring of the textbooks, at its best: each side keeps a copy of the other's index
 * and looks at the original only when the copy says full or empty.  Whoever dies in it
 * leaves nothing to repair, but nobody learns of it either; nothing is checked.
 */
#include "ring_loops.h"

#include <errno.h>

struct textbook {
	/* the producer's line */
	uint64_t tail __attribute__((aligned(LINE_BYTES)));
	uint64_t head_seen;
	/* the consumer's line */
	uint64_t head __attribute__((aligned(LINE_BYTES)));
	uint64_t tail_seen;
	/* the elements, and what nobody writes */
	uint64_t capacity __attribute__((aligned(LINE_BYTES)));
	uint64_t element[] __attribute__((aligned(LINE_BYTES)));
};

static int create(struct stage *stage, const struct row *row)
{
	unsigned i;

	if (sizeof(struct textbook) + row->capacity * row_words(row) * 8ul > ARENA_END_BYTES)
		return -ENOMEM;
	for (i = 0; i < row_ends(row); i++) {
		struct textbook *ring = (void *) (stage->arena + i * ARENA_END_BYTES);

		ring->capacity = row->capacity; /* a power of two */
	}
	return 0;
}

/* Copy `count` elements between the ring, from the index on, and `outside`. */
RING_INLINE void copy(struct textbook *ring, uint64_t index, void *outside, size_t count,
                      unsigned words, bool in)
{
	size_t at = index & (ring->capacity - 1), first = ring->capacity - at;
	uint64_t *inside = ring->element + at * words, *rest = (uint64_t *) outside + first * words;

	first = count < first ? count : first;
	if (in) {
		memcpy(inside, outside, first * words * 8);
		if (first < count)
			memcpy(ring->element, rest, (count - first) * words * 8);
	} else {
		memcpy(outside, inside, first * words * 8);
		if (first < count)
			memcpy(rest, ring->element, (count - first) * words * 8);
	}
}

RING_INLINE size_t push_up_to(struct textbook *ring, const void *elements, size_t count,
                              unsigned words)
{
	uint64_t tail = ring->tail, free = ring->head_seen + ring->capacity - tail;

	if (free < count) {
		ring->head_seen = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
		free = ring->head_seen + ring->capacity - tail;
		if (free < count)
			count = free;
		if (count == 0)
			return 0;
	}
	copy(ring, tail, (void *) (uintptr_t) elements, count, words, true);
	__atomic_store_n(&ring->tail, tail + count, __ATOMIC_RELEASE);
	return count;
}

RING_INLINE size_t pop_up_to(struct textbook *ring, void *ret_elements, size_t count,
                             unsigned words)
{
	uint64_t head = ring->head, used = ring->tail_seen - head;

	if (used < count) {
		ring->tail_seen = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
		used = ring->tail_seen - head;
		if (used < count)
			count = used;
		if (count == 0)
			return 0;
	}
	copy(ring, head, ret_elements, count, words, false);
	__atomic_store_n(&ring->head, head + count, __ATOMIC_RELEASE);
	return count;
}

#define TEXTBOOK_CALLS(name, words) \
	RING_INLINE bool name##_push(void *ring, const void *element) \
	{ \
		return push_up_to((struct textbook *) ring, element, 1, words) == 1; \
	} \
	RING_INLINE bool name##_pop(void *ring, void *ret_element) \
	{ \
		return pop_up_to((struct textbook *) ring, ret_element, 1, words) == 1; \
	} \
	RING_INLINE size_t name##_push_many(void *ring, const void *elements, size_t count) \
	{ \
		return push_up_to((struct textbook *) ring, elements, count, words); \
	} \
	RING_INLINE size_t name##_pop_many(void *ring, void *ret_elements, size_t count) \
	{ \
		return pop_up_to((struct textbook *) ring, ret_elements, count, words); \
	} \
	static const struct ring_calls name##_calls = {name##_push, name##_pop, name##_push_many, \
	                                               name##_pop_many};

TEXTBOOK_CALLS(word, 1)
TEXTBOOK_CALLS(line, 8)
TEXTBOOK_CALLS(of_16, 2)
TEXTBOOK_CALLS(of_24, 3)
TEXTBOOK_CALLS(of_256, 32)
TEXTBOOK_CALLS(of_1024, 128)
TEXTBOOK_CALLS(of_4096, 512)
TEXTBOOK_CALLS(of_65536, 8192)
#define of_8_calls word_calls
#define of_64_calls line_calls
#define TEXTBOOK_OF(bytes) (&of_##bytes##_calls)
RING_RUN(word, &word_calls, 1, 1, false)
RING_RUN(word_batch, &word_calls, 1, BATCH, false)
RING_RUN(line, &line_calls, 8, 1, false)
RING_RUN(line_batch, &line_calls, 8, BATCH, false)
RING_RUN_TRIP(trip, &word_calls)
RING_RUN_ELEMENTS(elements, TEXTBOOK_OF)
RING_RUN_PACED(paced, &line_calls)

static void memory(struct worker *worker, int64_t duration_ns)
{
	(void) duration_ns;
	worker->result.moved =
		sizeof(struct textbook) + row_bytes(worker->row) * worker->row->capacity;
}

const struct peer peer_textbook = {
	.name = "textbook ring",
	.create = create,
	.remove = arena_remove,
	.attach = arena_attach,
	.run = {[SHAPE_WORD] = word,
                [SHAPE_WORD_BATCH] = word_batch,
                [SHAPE_LINE] = line,
                [SHAPE_LINE_BATCH] = line_batch,
                [SHAPE_WORD_TRIP] = trip,
                [SHAPE_ELEMENTS] = elements,
                [SHAPE_ELEMENT_TRIP] = elements_trip,
                [SHAPE_PACED_SPIN] = paced,
                [SHAPE_MEMORY] = memory},
};
