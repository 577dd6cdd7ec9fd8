/* SPDX-License-Identifier: BSD-2-Clause */
/* Concurrency Kit's ck_ring.  It has no batches. */
#include "ring_loops.h"

#if defined(HAVE_CK_PR_H) && __has_include(<ck_ring.h>)
#include <ck_md.h>
#include <ck_ring.h>

/* Its element is a type. */
#define CK_ELEMENT(bytes) \
	struct element_##bytes { \
		uint64_t word[bytes / 8]; \
	}; \
	CK_RING_PROTOTYPE(element_##bytes, element_##bytes)

CK_ELEMENT(16)
CK_ELEMENT(24)
CK_ELEMENT(64)
CK_ELEMENT(256)
CK_ELEMENT(1024)
CK_ELEMENT(4096)
CK_ELEMENT(65536)

/* Offsets only, no pointers: it may lie anywhere. */
struct shared_ring {
	struct ck_ring ring;
	struct element_64 buffer[] __attribute__((aligned(LINE_BYTES)));
};

static int create(struct stage *stage, const struct row *row)
{
	unsigned i;

	for (i = 0; i < row_ends(row); i++) {
		char *memory = stage->arena + i * ARENA_END_BYTES;

		ck_ring_init(&((struct shared_ring *) (void *) memory)->ring, row->capacity);
	}
	return 0;
}

#define CK_CALLS(kind, bytes) \
	RING_INLINE bool kind##_push_##bytes(void *ring, const void *element) \
	{ \
		struct shared_ring *shared = (struct shared_ring *) ring; \
\
		return CK_RING_ENQUEUE_##kind(element_##bytes, &shared->ring, \
		                              (struct element_##bytes *) (void *) shared->buffer, \
		                              (struct element_##bytes *) (uintptr_t) element); \
	} \
	RING_INLINE bool kind##_pop_##bytes(void *ring, void *ret_element) \
	{ \
		struct shared_ring *shared = (struct shared_ring *) ring; \
\
		return CK_RING_DEQUEUE_##kind(element_##bytes, &shared->ring, \
		                              (struct element_##bytes *) (void *) shared->buffer, \
		                              (struct element_##bytes *) ret_element); \
	} \
	static const struct ring_calls kind##_calls_##bytes = {kind##_push_##bytes, \
	                                                       kind##_pop_##bytes, NULL, NULL};

/* Its element of 8 bytes is a pointer; ours is a number that looks like one. */
#define CK_RUNS(kind) \
	RING_INLINE bool kind##_push(void *ring, const void *element) \
	{ \
		struct shared_ring *shared = (struct shared_ring *) ring; \
		void *pointer; \
\
		memcpy(&pointer, element, sizeof(pointer)); \
		return ck_ring_enqueue_##kind(&shared->ring, \
		                              (struct ck_ring_buffer *) (void *) shared->buffer, \
		                              pointer); \
	} \
	RING_INLINE bool kind##_pop(void *ring, void *ret_element) \
	{ \
		struct shared_ring *shared = (struct shared_ring *) ring; \
		void *pointer; \
		bool there = ck_ring_dequeue_##kind( \
			&shared->ring, (struct ck_ring_buffer *) (void *) shared->buffer, \
			&pointer); \
\
		if (there) \
			memcpy(ret_element, &pointer, sizeof(pointer)); \
		return there; \
	} \
	static const struct ring_calls kind##_calls_8 = {kind##_push, kind##_pop, NULL, NULL}; \
	CK_CALLS(kind, 16) \
	CK_CALLS(kind, 24) \
	CK_CALLS(kind, 64) \
	CK_CALLS(kind, 256) \
	CK_CALLS(kind, 1024) \
	CK_CALLS(kind, 4096) \
	CK_CALLS(kind, 65536) \
	RING_RUN(kind##_word, &kind##_calls_8, 1, 1, false) \
	RING_RUN(kind##_line, &kind##_calls_64, 8, 1, false) \
	RING_RUN_TRIP(kind##_trip, &kind##_calls_8) \
	RING_RUN_ELEMENTS(kind##_elements, CK_OF_##kind)

#define CK_OF_spsc(bytes) (&spsc_calls_##bytes)
#define CK_OF_mpmc(bytes) (&mpmc_calls_##bytes)
#define CK_RING_ENQUEUE_spsc CK_RING_ENQUEUE_SPSC
#define CK_RING_DEQUEUE_spsc CK_RING_DEQUEUE_SPSC
#define CK_RING_ENQUEUE_mpmc CK_RING_ENQUEUE_MPMC
#define CK_RING_DEQUEUE_mpmc CK_RING_DEQUEUE_MPMC
CK_RUNS(spsc)
CK_RUNS(mpmc)
RING_RUN(mpmc_crowd, &mpmc_calls_8, 1, 1, true)

static void memory(struct worker *worker, int64_t duration_ns)
{
	(void) duration_ns;
	worker->result.moved =
		sizeof(struct shared_ring) + row_bytes(worker->row) * worker->row->capacity;
}

static const char *unable(const struct row *row)
{
	return row_batch(row) > 1 ? "it has no such call" : NULL;
}

const struct peer peer_ck_spsc = {
	.name = "ck_ring spsc",
	.unable = unable,
	.create = create,
	.remove = arena_remove,
	.attach = arena_attach,
	.run = {[SHAPE_WORD] = spsc_word,
                [SHAPE_LINE] = spsc_line,
                [SHAPE_WORD_TRIP] = spsc_trip,
                [SHAPE_ELEMENTS] = spsc_elements,
                [SHAPE_ELEMENT_TRIP] = spsc_elements_trip,
                [SHAPE_MEMORY] = memory},
};

const struct peer peer_ck_mpmc = {
	.name = "ck_ring mpmc",
	.unable = unable,
	.create = create,
	.remove = arena_remove,
	.attach = arena_attach,
	.run = {[SHAPE_WORD] = mpmc_word,
                [SHAPE_LINE] = mpmc_line,
                [SHAPE_WORD_CROWD] = mpmc_crowd,
                [SHAPE_WORD_TRIP] = mpmc_trip,
                [SHAPE_ELEMENTS] = mpmc_elements,
                [SHAPE_ELEMENT_TRIP] = mpmc_elements_trip,
                [SHAPE_MEMORY] = memory},
};

const char *version_ck(void)
{
	return CK_VERSION;
}
#else
const struct peer peer_ck_spsc = {.name = "ck_ring spsc", .missing = "compiled without ck"};
const struct peer peer_ck_mpmc = {.name = "ck_ring mpmc", .missing = "compiled without ck"};

const char *version_ck(void)
{
	return NULL;
}
#endif
