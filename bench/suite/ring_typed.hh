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

#include <initializer_list>
#include <new>

template <unsigned Bytes> struct element {
	uint64_t word[Bytes / 8];
};
using line = element<64>;

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

/* What is laid, and done, for elements of a length in a ring of a capacity. */
struct typed_size {
	size_t bytes;
	unsigned capacity;
	size_t memory_bytes;
	void (*lay)(struct stage *stage, unsigned ends);
	void (*move)(struct worker *worker, int64_t duration_ns);
	void (*lay_trip)(struct stage *stage, unsigned ends);
	void (*trip)(struct worker *worker, int64_t duration_ns);
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

	template <class Element, unsigned Capacity>
	static void move(struct worker *worker, int64_t duration_ns)
	{
		constexpr const ring_calls &all = typed_calls<Kind, Element, Capacity>::all;
		constexpr unsigned words = sizeof(Element) / 8;
		unsigned batch = row_batch(worker->row);

		if (batch == 1)
			ring_move(worker, &all, words, 1, false, duration_ns);
		else if (Kind::batches && batch == BATCH && words <= 8)
			ring_move(worker, &all, words, BATCH, false, duration_ns);
		else if (Kind::batches && words == 1)
			ring_move(worker, &all, words, batch, false, duration_ns);
	}

	template <class Element, unsigned Capacity>
	static void trip(struct worker *worker, int64_t duration_ns)
	{
		ring_trip_of(worker, &typed_calls<TripKind, Element, Capacity>::all,
		             sizeof(Element) / 8, duration_ns);
	}

	template <class Element, unsigned Capacity> static constexpr struct typed_size size()
	{
		struct typed_size size = {};

		if constexpr (Capacity <= Kind::capacity_max) {
			size.bytes = sizeof(Element);
			size.capacity = Capacity;
			size.memory_bytes = sizeof(typename Kind::template ring<Element, Capacity>);
			size.lay = lay<Kind, Element, Capacity>;
			size.move = move<Element, Capacity>;
			if constexpr (sizeof(Element) <= 64 && Capacity == 1024) {
				size.lay_trip = lay<TripKind, Element, Capacity>;
				size.trip = trip<Element, Capacity>;
			}
		}
		return size;
	}

	static const struct typed_size *size_for(const struct row *row)
	{
		static constexpr struct typed_size sizes[] = {
			size<uint64_t, 64>(),        size<uint64_t, 256>(),
			size<uint64_t, 1024>(),      size<uint64_t, 65536>(),
			size<element<16>, 1024>(),   size<element<24>, 1024>(),
			size<line, 1024>(),          size<element<256>, 1024>(),
			size<element<1024>, 1024>(), size<element<4096>, 256>(),
			size<element<65536>, 16>(),
		};

		for (const auto &one : sizes)
			if (one.bytes == row_words(row) * 8 && one.capacity == row->capacity)
				return &one;
		return nullptr;
	}

	static const char *unable(const struct row *row)
	{
		if (!Kind::batches && row_batch(row) > 1)
			return "it has no such call";
		return size_for(row) ? nullptr : "not compiled for this size";
	}

	static int create(struct stage *stage, const struct row *row)
	{
		const struct typed_size *size = size_for(row);

		(row_ends(row) == 2 ? size->lay_trip : size->lay)(stage, row_ends(row));
		return 0;
	}

	static void move_any(struct worker *worker, int64_t duration_ns)
	{
		size_for(worker->row)->move(worker, duration_ns);
	}

	static void trip_any(struct worker *worker, int64_t duration_ns)
	{
		size_for(worker->row)->trip(worker, duration_ns);
	}

	static void memory(struct worker *worker, int64_t)
	{
		worker->result.moved = size_for(worker->row)->memory_bytes;
	}

	static void crowd(struct worker *worker, int64_t duration_ns)
	{
		ring_move(worker, &typed_calls<Kind, uint64_t, 1024>::all, 1, 1, true, duration_ns);
	}

	RING_RUN_PACED(paced, (&typed_calls<Kind, line, 1024>::all))

	/* `many`: several may push, and several pop. */
	static struct peer make(const char *name, bool many)
	{
		struct peer peer = {};

		peer.name = name;
		peer.unable = unable;
		peer.create = create;
		peer.remove = arena_remove;
		peer.attach = arena_attach;
		for (auto shape : {SHAPE_WORD, SHAPE_LINE, SHAPE_ELEMENTS})
			peer.run[shape] = move_any;
		if (Kind::batches)
			peer.run[SHAPE_WORD_BATCH] = peer.run[SHAPE_LINE_BATCH] = move_any;
		if (many)
			peer.run[SHAPE_WORD_CROWD] = crowd;
		peer.run[SHAPE_WORD_TRIP] = peer.run[SHAPE_ELEMENT_TRIP] = trip_any;
		peer.run[SHAPE_PACED_SPIN] = paced;
		peer.run[SHAPE_MEMORY] = memory;
		return peer;
	}
};

#endif
