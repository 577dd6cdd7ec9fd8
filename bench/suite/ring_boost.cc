/* SPDX-License-Identifier: BSD-2-Clause */
/* Boost's lockfree::spsc_queue, laid into shared memory: it holds no pointers. */
#include "ring_loops.h"

#ifdef HAVE_BOOST
#include <boost/lockfree/spsc_queue.hpp>
#include <boost/version.hpp>
#include <new>

namespace
{

struct line {
	uint64_t word[8];
};

template <class Element, unsigned Capacity>
using queue = boost::lockfree::spsc_queue<Element, boost::lockfree::capacity<Capacity>>;

template <class Element, unsigned Capacity> struct calls {
	using ring_type = queue<Element, Capacity>;

	RING_INLINE bool push(void *ring, const void *element)
	{
		return static_cast<ring_type *>(ring)->push(*static_cast<const Element *>(element));
	}
	RING_INLINE bool pop(void *ring, void *ret_element)
	{
		return static_cast<ring_type *>(ring)->pop(*static_cast<Element *>(ret_element));
	}
	RING_INLINE size_t push_many(void *ring, const void *elements, size_t count)
	{
		return static_cast<ring_type *>(ring)->push(static_cast<const Element *>(elements),
		                                            count);
	}
	RING_INLINE size_t pop_many(void *ring, void *ret_elements, size_t count)
	{
		return static_cast<ring_type *>(ring)->pop(static_cast<Element *>(ret_elements),
		                                           count);
	}
	static constexpr ring_calls all = {push, pop, push_many, pop_many};
};

template <class Element, unsigned Capacity> void lay(struct stage *stage, unsigned ends)
{
	static_assert(sizeof(queue<Element, Capacity>) <= ARENA_END_BYTES, "the arena is larger");
	for (unsigned i = 0; i < ends; i++)
		new (stage->arena + i * ARENA_END_BYTES) queue<Element, Capacity>;
}

int create(struct stage *stage, const struct row *row)
{
	if (row->capacity == 1024 && row_words(row) == 1)
		lay<uint64_t, 1024>(stage, row_ends(row));
	else if (row->capacity == 65536 && row_words(row) == 1)
		lay<uint64_t, 65536>(stage, row_ends(row));
	else if (row->capacity == 1024 && row_words(row) == 8)
		lay<line, 1024>(stage, row_ends(row));
	else
		return -EINVAL; /* its capacity is part of its type */
	return 0;
}

void nothing(struct stage *, const struct row *) {}

int attach(struct worker *worker)
{
	worker->end[0] = worker->arena;
	worker->end[1] = worker->arena + ARENA_END_BYTES;
	return 0;
}

template <unsigned Batch> void word(struct worker *worker, int64_t duration_ns)
{
	if (worker->row->capacity == 1024)
		ring_move(worker, &calls<uint64_t, 1024>::all, 1, Batch, false, duration_ns);
	else
		ring_move(worker, &calls<uint64_t, 65536>::all, 1, Batch, false, duration_ns);
}

template <unsigned Batch> void whole_line(struct worker *worker, int64_t duration_ns)
{
	ring_move(worker, &calls<line, 1024>::all, 8, Batch, false, duration_ns);
}

void trip(struct worker *worker, int64_t duration_ns)
{
	ring_trip(worker, &calls<uint64_t, 1024>::all, duration_ns);
}

struct peer make_peer()
{
	struct peer peer = {};

	peer.name = "boost spsc_queue";
	peer.create = create;
	peer.remove = nothing;
	peer.attach = attach;
	peer.run[SHAPE_WORD] = word<1>;
	peer.run[SHAPE_WORD_BATCH] = word<BATCH>;
	peer.run[SHAPE_LINE] = whole_line<1>;
	peer.run[SHAPE_LINE_BATCH] = whole_line<BATCH>;
	peer.run[SHAPE_WORD_TRIP] = trip;
	return peer;
}

} // namespace

const struct peer peer_boost_spsc = make_peer();

const char *version_boost(void)
{
	return BOOST_LIB_VERSION;
}
#else
static struct peer make_missing()
{
	struct peer peer = {};

	peer.name = "boost spsc_queue";
	peer.missing = "compiled without Boost";
	return peer;
}

const struct peer peer_boost_spsc = make_missing();

const char *version_boost(void)
{
	return nullptr;
}
#endif
