/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * moodycamel's ConcurrentQueue.  It is a list of blocks for each producer, linked by
 * pointers: the parent makes it, with a token for each producer, in memory that the workers
 * inherit at one address.  Without tokens it knows its producers by their threads' numbers,
 * in memory of their own: that does not work between processes.  Only the calls that
 * allocate nothing are called.
 */
#include "inherited.h"
#include "missing.hh"
#include "ring_loops.h"

#ifdef HAVE_CONCURRENTQUEUE
#include <cerrno>
#include <concurrentqueue/concurrentqueue.h>
#include <new>

#ifndef __clang__ /* gcc thinks that a token's producer may be NULL */
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#endif

namespace
{

struct line {
	uint64_t word[8];
};

constexpr size_t memory_bytes = 4 << 20;

/* What its constructors allocate from: the rest of the memory that is being laid out. */
char *rest;
size_t rest_bytes;

struct from_rest : moodycamel::ConcurrentQueueDefaultTraits {
	static void *malloc(size_t bytes)
	{
		char *taken = rest;

		bytes = (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
		if (bytes > rest_bytes)
			return nullptr;
		rest += bytes;
		rest_bytes -= bytes;
		return taken;
	}
	static void free(void *) {} /* it all goes at once */
};

template <class Element> struct shared {
	using queue_type = moodycamel::ConcurrentQueue<Element, from_rest>;

	queue_type queue;
	moodycamel::ProducerToken *producer[WORKERS_MAX];

	/*
	 * The blocks that make up the capacity belong to all producers at first, and then
	 * for ever to the one that takes them: without a share of its own from the start, a
	 * producer may never find one.
	 */
	shared(const struct row *row) : queue(row->capacity)
	{
		Element element = {};

		for (unsigned i = 0; i < row->producers; i++) {
			producer[i] = new (from_rest::malloc(sizeof(moodycamel::ProducerToken)))
				moodycamel::ProducerToken(queue);
			for (unsigned j = 0; j < row->capacity / row->producers; j++)
				queue.try_enqueue(*producer[i], element);
		}
		while (queue.try_dequeue(element))
			;
	}
};

/* An end, as a worker sees it. */
template <class Element> struct handle {
	typename shared<Element>::queue_type *queue;
	moodycamel::ProducerToken *producer;
	moodycamel::ConsumerToken consumer;

	handle(struct shared<Element> *shared, unsigned number)
		: queue(&shared->queue), producer(shared->producer[number]), consumer(shared->queue)
	{
	}
};

template <class Element> struct calls {
	RING_INLINE bool push(void *ring, const void *element)
	{
		auto *end = static_cast<handle<Element> *>(ring);

		return end->queue->try_enqueue(*end->producer,
		                               *static_cast<const Element *>(element));
	}
	RING_INLINE bool pop(void *ring, void *ret_element)
	{
		auto *end = static_cast<handle<Element> *>(ring);

		return end->queue->try_dequeue(end->consumer, *static_cast<Element *>(ret_element));
	}
	RING_INLINE size_t push_many(void *ring, const void *elements, size_t count)
	{
		auto *end = static_cast<handle<Element> *>(ring);

		/* All of them, or none. */
		return end->queue->try_enqueue_bulk(*end->producer,
		                                    static_cast<const Element *>(elements), count)
		               ? count
		               : 0;
	}
	RING_INLINE size_t pop_many(void *ring, void *ret_elements, size_t count)
	{
		auto *end = static_cast<handle<Element> *>(ring);

		return end->queue->try_dequeue_bulk(end->consumer,
		                                    static_cast<Element *>(ret_elements), count);
	}
	static constexpr ring_calls all = {push, pop, push_many, pop_many};
};

template <class Element> void lay(void *memory, const struct row *row)
{
	rest = static_cast<char *>(memory);
	rest_bytes = memory_bytes;
	new (from_rest::malloc(sizeof(shared<Element>))) shared<Element>(row);
}

int create(struct stage *stage, const struct row *row)
{
	int error = inherited_create(stage, row, memory_bytes);

	for (unsigned i = 0; error == 0 && i < row_ends(row); i++) {
		if (row_words(row) == 1)
			lay<uint64_t>(stage->object[i], row);
		else
			lay<line>(stage->object[i], row);
	}
	rest_bytes = 0;
	return error;
}

int attach(struct worker *worker)
{
	const struct row *row = worker->row;
	unsigned number = worker->index % row->producers; /* consumers don't push */

	inherited_attach(worker);
	for (unsigned i = 0; i < row_ends(row); i++) {
		if (row_words(row) == 1)
			worker->end[i] = new handle<uint64_t>(
				static_cast<shared<uint64_t> *>(worker->end[i]), number);
		else
			worker->end[i] = new handle<line>(
				static_cast<shared<line> *>(worker->end[i]), number);
	}
	return 0;
}

RING_RUN(word, &calls<uint64_t>::all, 1, 1, false)
RING_RUN(word_batch, &calls<uint64_t>::all, 1, BATCH, false)
RING_RUN(whole_line, &calls<line>::all, 8, 1, false)
RING_RUN(whole_line_batch, &calls<line>::all, 8, BATCH, false)
RING_RUN(crowd, &calls<uint64_t>::all, 1, 1, true)
RING_RUN_TRIP(trip, &calls<uint64_t>::all)

struct peer make_peer()
{
	struct peer peer = {};

	peer.name = "concurrentqueue";
	peer.create = create;
	peer.remove = inherited_remove;
	peer.attach = attach;
	peer.run[SHAPE_WORD] = word;
	peer.run[SHAPE_WORD_BATCH] = word_batch;
	peer.run[SHAPE_LINE] = whole_line;
	peer.run[SHAPE_LINE_BATCH] = whole_line_batch;
	peer.run[SHAPE_WORD_CROWD] = crowd;
	peer.run[SHAPE_WORD_TRIP] = trip;
	return peer;
}

} // namespace

const struct peer peer_concurrentqueue = make_peer();

const char *version_concurrentqueue(void)
{
	return ""; /* it tells none */
}
#else
const struct peer peer_concurrentqueue =
	missing_peer("concurrentqueue", "compiled without concurrentqueue");

const char *version_concurrentqueue(void)
{
	return nullptr;
}
#endif
