/* SPDX-License-Identifier: BSD-2-Clause */
/* Concurrency Kit's ck_ring.  It has no batches. */
#include "ring_loops.h"

#if defined(HAVE_CK_PR_H) && __has_include(<ck_ring.h>)
#include <ck_md.h>
#include <ck_ring.h>

struct line {
	uint64_t word[8];
};
CK_RING_PROTOTYPE(line, line)

/* Offsets only, no pointers: it may lie anywhere. */
struct shared_ring {
	struct ck_ring ring;
	struct line buffer[] __attribute__((aligned(LINE_BYTES)));
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

static void nothing(struct stage *stage, const struct row *row)
{
	(void) stage;
	(void) row;
}

static int attach(struct worker *worker)
{
	worker->end[0] = worker->arena;
	worker->end[1] = worker->arena + ARENA_END_BYTES;
	return 0;
}

/* Its element of 8 bytes is a pointer; ours is a number that looks like one. */
#define CK_CALLS(kind) \
	RING_INLINE bool kind##_push(void *ring, const void *element) \
	{ \
		struct shared_ring *shared = (struct shared_ring *) ring; \
\
		return ck_ring_enqueue_##kind(&shared->ring, \
		                              (struct ck_ring_buffer *) (void *) shared->buffer, \
		                              *(void *const *) element); \
	} \
	RING_INLINE bool kind##_pop(void *ring, void *ret_element) \
	{ \
		struct shared_ring *shared = (struct shared_ring *) ring; \
\
		return ck_ring_dequeue_##kind(&shared->ring, \
		                              (struct ck_ring_buffer *) (void *) shared->buffer, \
		                              (void **) ret_element); \
	} \
	RING_INLINE bool kind##_push_line(void *ring, const void *element) \
	{ \
		struct shared_ring *shared = (struct shared_ring *) ring; \
\
		return CK_RING_ENQUEUE_##kind(line, &shared->ring, shared->buffer, \
		                              (struct line *) (uintptr_t) element); \
	} \
	RING_INLINE bool kind##_pop_line(void *ring, void *ret_element) \
	{ \
		struct shared_ring *shared = (struct shared_ring *) ring; \
\
		return CK_RING_DEQUEUE_##kind(line, &shared->ring, shared->buffer, \
		                              (struct line *) ret_element); \
	} \
	static const struct ring_calls kind##_calls = {kind##_push, kind##_pop, NULL, NULL}; \
	static const struct ring_calls kind##_calls_line = {kind##_push_line, kind##_pop_line, \
	                                                    NULL, NULL}; \
	RING_RUN(kind##_word, &kind##_calls, 1, 1, false) \
	RING_RUN(kind##_line, &kind##_calls_line, 8, 1, false) \
	RING_RUN_TRIP(kind##_trip, &kind##_calls)

#define CK_RING_ENQUEUE_spsc CK_RING_ENQUEUE_SPSC
#define CK_RING_DEQUEUE_spsc CK_RING_DEQUEUE_SPSC
#define CK_RING_ENQUEUE_mpmc CK_RING_ENQUEUE_MPMC
#define CK_RING_DEQUEUE_mpmc CK_RING_DEQUEUE_MPMC
CK_CALLS(spsc)
CK_CALLS(mpmc)
RING_RUN(mpmc_crowd, &mpmc_calls, 1, 1, true)

const struct peer peer_ck_spsc = {
	.name = "ck_ring spsc",
	.create = create,
	.remove = nothing,
	.attach = attach,
	.run = {[SHAPE_WORD] = spsc_word, [SHAPE_LINE] = spsc_line, [SHAPE_WORD_TRIP] = spsc_trip},
};

const struct peer peer_ck_mpmc = {
	.name = "ck_ring mpmc",
	.create = create,
	.remove = nothing,
	.attach = attach,
	.run = {[SHAPE_WORD] = mpmc_word,
                [SHAPE_LINE] = mpmc_line,
                [SHAPE_WORD_CROWD] = mpmc_crowd,
                [SHAPE_WORD_TRIP] = mpmc_trip},
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
