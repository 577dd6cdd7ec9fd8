/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Peers whose element and capacity are parts of a type that holds no pointers: it is laid
 * into the arena, and each worker finds it at an address of its own.
 *
 * A Kind says what the type is and how it is called:
 *     template <class Element, unsigned Capacity> using ring = ...;
 *     push(ring, element), pop(ring, element): done or not
 *     batches: whether it has push_many(ring, elements, count) and pop_many() as well
 */
#ifndef BENCH_SUITE_RING_TYPED_HH
#define BENCH_SUITE_RING_TYPED_HH

#include "ring_loops.h"

#include <cerrno>
#include <new>

struct line {
	uint64_t word[8];
};

template <class Kind, class Element, unsigned Capacity> struct typed_calls {
	using ring_type = typename Kind::template ring<Element, Capacity>;

	RING_INLINE bool push(void *ring, const void *element)
	{
		return Kind::push(*static_cast<ring_type *>(ring),
		                  *static_cast<const Element *>(element));
	}
	RING_INLINE bool pop(void *ring, void *ret_element)
	{
		return Kind::pop(*static_cast<ring_type *>(ring),
		                 *static_cast<Element *>(ret_element));
	}
	RING_INLINE size_t push_many(void *ring, const void *elements, size_t count)
	{
		if constexpr (Kind::batches)
			return Kind::push_many(*static_cast<ring_type *>(ring),
			                       static_cast<const Element *>(elements), count);
		return 0;
	}
	RING_INLINE size_t pop_many(void *ring, void *ret_elements, size_t count)
	{
		if constexpr (Kind::batches)
			return Kind::pop_many(*static_cast<ring_type *>(ring),
			                      static_cast<Element *>(ret_elements), count);
		return 0;
	}
	static constexpr ring_calls all = {push, pop, push_many, pop_many};
};

/* Round trips may be done by another Kind. */
template <class Kind, class TripKind = Kind> struct typed_ring {
	template <class LaidKind, class Element, unsigned Capacity>
	static void lay(struct stage *stage, unsigned ends)
	{
		using ring_type = typename LaidKind::template ring<Element, Capacity>;

		static_assert(sizeof(ring_type) <= ARENA_END_BYTES, "the arena is larger");
		static_assert(alignof(ring_type) <= 4096, "the arena begins with a page");
		for (unsigned i = 0; i < ends; i++)
			new (stage->arena + i * ARENA_END_BYTES) ring_type;
	}

	static int create(struct stage *stage, const struct row *row)
	{
		if (row->shape == SHAPE_WORD_TRIP)
			lay<TripKind, uint64_t, 1024>(stage, 2);
		else if (row->capacity == 1024 && row_words(row) == 1)
			lay<Kind, uint64_t, 1024>(stage, 1);
		else if (row->capacity == 1024 && row_words(row) == 8)
			lay<Kind, line, 1024>(stage, 1);
		else if (row->capacity == Kind::capacity_max && row_words(row) == 1)
			lay<Kind, uint64_t, Kind::capacity_max>(stage, 1);
		else
			return -EINVAL;
		return 0;
	}

	static void nothing(struct stage *, const struct row *) {}

	static int attach(struct worker *worker)
	{
		worker->end[0] = worker->arena;
		worker->end[1] = worker->arena + ARENA_END_BYTES;
		return 0;
	}

	template <unsigned Batch> static void word(struct worker *worker, int64_t duration_ns)
	{
		if (worker->row->capacity == 1024)
			ring_move(worker, &typed_calls<Kind, uint64_t, 1024>::all, 1, Batch, false,
			          duration_ns);
		else
			ring_move(worker, &typed_calls<Kind, uint64_t, Kind::capacity_max>::all, 1,
			          Batch, false, duration_ns);
	}

	template <unsigned Batch> static void whole_line(struct worker *worker, int64_t duration_ns)
	{
		ring_move(worker, &typed_calls<Kind, line, 1024>::all, 8, Batch, false,
		          duration_ns);
	}

	static void crowd(struct worker *worker, int64_t duration_ns)
	{
		ring_move(worker, &typed_calls<Kind, uint64_t, 1024>::all, 1, 1, true, duration_ns);
	}

	static void trip(struct worker *worker, int64_t duration_ns)
	{
		ring_trip(worker, &typed_calls<TripKind, uint64_t, 1024>::all, duration_ns);
	}

	/* `many`: several may push, and several pop. */
	static struct peer make(const char *name, bool many)
	{
		struct peer peer = {};

		peer.name = name;
		peer.create = create;
		peer.remove = nothing;
		peer.attach = attach;
		peer.run[SHAPE_WORD] = word<1>;
		peer.run[SHAPE_LINE] = whole_line<1>;
		if constexpr (Kind::batches) {
			peer.run[SHAPE_WORD_BATCH] = word<BATCH>;
			peer.run[SHAPE_LINE_BATCH] = whole_line<BATCH>;
		}
		if (many)
			peer.run[SHAPE_WORD_CROWD] = crowd;
		peer.run[SHAPE_WORD_TRIP] = trip;
		return peer;
	}
};

#endif
