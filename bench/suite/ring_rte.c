/* SPDX-License-Identifier: BSD-2-Clause */
/* DPDK's rte_ring, in plain shared memory, without its environment. */
#include "ring_loops.h"

#ifdef HAVE_RTE
#include <rte_ring.h>
#include <rte_version.h>

static int create_with(struct stage *stage, const struct row *row, unsigned flags)
{
	unsigned i, bytes = row_words(row) * 8;
	int error = 0;

	for (i = 0; i < row_ends(row) && error == 0; i++) {
		struct rte_ring *ring = (void *) (stage->arena + i * ARENA_END_BYTES);

		if (rte_ring_get_memsize_elem(bytes, row->capacity) > (ssize_t) ARENA_END_BYTES)
			return -ENOMEM;
		error = rte_ring_init(ring, stage_end_name(i), row->capacity, flags);
	}
	return error;
}

static int create_spsc(struct stage *stage, const struct row *row)
{
	return create_with(stage, row, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

static int create_mpmc(struct stage *stage, const struct row *row)
{
	return create_with(stage, row, 0);
}

static int create_hts(struct stage *stage, const struct row *row)
{
	return create_with(stage, row, RING_F_MP_HTS_ENQ | RING_F_MC_HTS_DEQ);
}

static int create_rts(struct stage *stage, const struct row *row)
{
	return create_with(stage, row, RING_F_MP_RTS_ENQ | RING_F_MC_RTS_DEQ);
}

static void memory(struct worker *worker, int64_t duration_ns)
{
	(void) duration_ns;
	worker->result.moved = (uint64_t) rte_ring_get_memsize_elem(
		(unsigned) row_bytes(worker->row), worker->row->capacity);
}

/*
 * It copies elements as 32-bit words, whatever they are: the compiler must not think that
 * those are other objects, and move our accesses across its own.
 */
#define TOUCHED() __asm__ volatile("" ::: "memory")

/* The calls that name their kind, which do not look it up in the ring each time. */
#define RTE_CALL(name, type, call, bytes) \
	RING_INLINE unsigned name##_##bytes(void *ring, type *elements, size_t count) \
	{ \
		unsigned done; \
\
		TOUCHED(); \
		done = rte_ring_##call##_elem((struct rte_ring *) ring, elements, bytes, \
		                              (unsigned) count, NULL); \
		TOUCHED(); \
		return done; \
	}

#define RTE_CALLS(kind, in, out, bytes) \
	RTE_CALL(kind##_push_all, const void, in##_enqueue_bulk, bytes) \
	RTE_CALL(kind##_pop_all, void, out##_dequeue_bulk, bytes) \
	RTE_CALL(kind##_push_some, const void, in##_enqueue_burst, bytes) \
	RTE_CALL(kind##_pop_some, void, out##_dequeue_burst, bytes) \
	RING_INLINE bool kind##_push_##bytes(void *ring, const void *element) \
	{ \
		return kind##_push_all_##bytes(ring, element, 1) == 1; \
	} \
	RING_INLINE bool kind##_pop_##bytes(void *ring, void *ret_element) \
	{ \
		return kind##_pop_all_##bytes(ring, ret_element, 1) == 1; \
	} \
	RING_INLINE size_t kind##_push_many_##bytes(void *ring, const void *elements, \
	                                            size_t count) \
	{ \
		return kind##_push_some_##bytes(ring, elements, count); \
	} \
	RING_INLINE size_t kind##_pop_many_##bytes(void *ring, void *ret_elements, size_t count) \
	{ \
		return kind##_pop_some_##bytes(ring, ret_elements, count); \
	} \
	static const struct ring_calls kind##_calls_##bytes = { \
		kind##_push_##bytes, kind##_pop_##bytes, kind##_push_many_##bytes, \
		kind##_pop_many_##bytes};

#define RTE_OF_spsc(bytes) (&spsc_calls_##bytes)
#define RTE_OF_mpmc(bytes) (&mpmc_calls_##bytes)
#define RTE_OF_hts(bytes) (&hts_calls_##bytes)
#define RTE_OF_rts(bytes) (&rts_calls_##bytes)

#define RTE_PEER(kind, in, out, text, make) \
	RTE_CALLS(kind, in, out, 8) \
	RTE_CALLS(kind, in, out, 16) \
	RTE_CALLS(kind, in, out, 24) \
	RTE_CALLS(kind, in, out, 64) \
	RTE_CALLS(kind, in, out, 256) \
	RTE_CALLS(kind, in, out, 1024) \
	RTE_CALLS(kind, in, out, 4096) \
	RTE_CALLS(kind, in, out, 65536) \
	RING_RUN(kind##_word, &kind##_calls_8, 1, 1, false) \
	RING_RUN(kind##_word_batch, &kind##_calls_8, 1, BATCH, false) \
	RING_RUN(kind##_line, &kind##_calls_64, 8, 1, false) \
	RING_RUN(kind##_line_batch, &kind##_calls_64, 8, BATCH, false) \
	RING_RUN(kind##_crowd, &kind##_calls_8, 1, 1, true) \
	RING_RUN_TRIP(kind##_trip, &kind##_calls_8) \
	RING_RUN_ELEMENTS(kind##_elements, RTE_OF_##kind) \
	RING_RUN_PACED(kind##_paced, &kind##_calls_64) \
	const struct peer peer_rte_##kind = { \
		.name = text, \
		.create = make, \
		.remove = arena_remove, \
		.attach = arena_attach, \
		.run = {[SHAPE_WORD] = kind##_word, \
	                [SHAPE_WORD_BATCH] = kind##_word_batch, \
	                [SHAPE_LINE] = kind##_line, \
	                [SHAPE_LINE_BATCH] = kind##_line_batch, \
	                [SHAPE_WORD_CROWD] = kind##_crowd, \
	                [SHAPE_WORD_TRIP] = kind##_trip, \
	                [SHAPE_ELEMENTS] = kind##_elements, \
	                [SHAPE_ELEMENT_TRIP] = kind##_elements_trip, \
	                [SHAPE_PACED_SPIN] = kind##_paced, \
	                [SHAPE_MEMORY] = memory}, \
	}

RTE_PEER(spsc, sp, sc, "rte_ring SP/SC", create_spsc);
RTE_PEER(mpmc, mp, mc, "rte_ring MP/MC", create_mpmc);
RTE_PEER(hts, mp_hts, mc_hts, "rte_ring HTS", create_hts);
RTE_PEER(rts, mp_rts, mc_rts, "rte_ring RTS", create_rts);

const char *version_rte(void)
{
	static char text[32];

	snprintf(text, sizeof(text), "%d.%02d.%d", RTE_VER_YEAR, RTE_VER_MONTH, RTE_VER_MINOR);
	return text;
}
#else
const struct peer peer_rte_spsc = {.name = "rte_ring SP/SC", .missing = "compiled without DPDK"};
const struct peer peer_rte_mpmc = {.name = "rte_ring MP/MC", .missing = "compiled without DPDK"};
const struct peer peer_rte_hts = {.name = "rte_ring HTS", .missing = "compiled without DPDK"};
const struct peer peer_rte_rts = {.name = "rte_ring RTS", .missing = "compiled without DPDK"};

const char *version_rte(void)
{
	return NULL;
}
#endif
