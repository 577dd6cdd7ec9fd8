/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * moodycamel's ReaderWriterQueue.  It is a list of blocks, linked by pointers and taken
 * from malloc(): it works between processes only where all of them have its blocks at one
 * address, as here, where the parent makes it in memory that the workers inherit, and
 * only try_enqueue(), which takes no further blocks, may be called.
 */
#include "inherited.h"
#include "missing.hh"
#include "ring_loops.h"

#ifdef HAVE_READERWRITERQUEUE
#include <readerwriterqueue/atomicops.h>

#include <cassert>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <new>
#include <stdexcept>
#include <utility>

/* What its constructor allocates from: the rest of the memory that is being laid out. */
static char *rest;
static size_t rest_bytes;

static char *take(size_t bytes)
{
	char *taken = rest;

	bytes = (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
	if (bytes > rest_bytes)
		return nullptr;
	rest += bytes;
	rest_bytes -= bytes;
	return taken;
}

/* It says std::malloc(bytes) and has no other way in; std::launder() gives back what it gets. */
#define malloc(bytes) launder(take(bytes))
#include <readerwriterqueue/readerwriterqueue.h>
#undef malloc

namespace
{

struct line {
	uint64_t word[8];
};

constexpr size_t memory_bytes = 2 << 20;

template <class Element> using queue = moodycamel::ReaderWriterQueue<Element>;

template <class Element> struct calls {
	RING_INLINE bool push(void *ring, const void *element)
	{
		return static_cast<queue<Element> *>(ring)->try_enqueue(
			*static_cast<const Element *>(element));
	}
	RING_INLINE bool pop(void *ring, void *ret_element)
	{
		return static_cast<queue<Element> *>(ring)->try_dequeue(
			*static_cast<Element *>(ret_element));
	}
	static constexpr ring_calls all = {push, pop, nullptr, nullptr};
};

template <class Element> void lay(void *memory, size_t capacity)
{
	rest = static_cast<char *>(memory);
	rest_bytes = memory_bytes;
	new (take(sizeof(queue<Element>))) queue<Element>(capacity);
}

int create(struct stage *stage, const struct row *row)
{
	int error = inherited_create(stage, row, memory_bytes);

	for (unsigned i = 0; error == 0 && i < row_ends(row); i++) {
		try {
			if (row_words(row) == 1)
				lay<uint64_t>(stage->object[i], row->capacity);
			else
				lay<line>(stage->object[i], row->capacity);
		} catch (const std::bad_alloc &) {
			inherited_remove(stage, row);
			error = -ENOMEM;
		}
	}
	rest_bytes = 0;
	return error;
}

RING_RUN(word, &calls<uint64_t>::all, 1, 1, false)
RING_RUN(whole_line, &calls<line>::all, 8, 1, false)
RING_RUN_TRIP(trip, &calls<uint64_t>::all)

struct peer make_peer()
{
	struct peer peer = {};

	peer.name = "readerwriterqueue";
	peer.create = create;
	peer.remove = inherited_remove;
	peer.attach = inherited_attach;
	peer.run[SHAPE_WORD] = word;
	peer.run[SHAPE_LINE] = whole_line;
	peer.run[SHAPE_WORD_TRIP] = trip;
	return peer;
}

} // namespace

const struct peer peer_readerwriterqueue = make_peer();

const char *version_readerwriterqueue(void)
{
	return ""; /* it tells none */
}
#else
const struct peer peer_readerwriterqueue =
	missing_peer("readerwriterqueue", "compiled without readerwriterqueue");

const char *version_readerwriterqueue(void)
{
	return nullptr;
}
#endif
