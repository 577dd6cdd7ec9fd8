/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops around rings: the same for all of them, C and C++.
 *
 * Each is expanded where a ring's calls are known constants, so that those of a
 * header-only peer are inlined into it, as in its users' programs.
 *
 * Who finds a ring full or empty pauses for one instruction; where a CPU has two
 * workers, it lets the other one run after some such pauses.  Round trips don't pause.
 */
#ifndef BENCH_SUITE_RING_LOOPS_H
#define BENCH_SUITE_RING_LOOPS_H

#include "median.h"
#include "paced.h"
#include "stage.h"

#include "common/clock.h"

#include <sched.h>
#include <string.h>

#ifdef __clang__
#define FLATTEN inline __attribute__((always_inline))
#else
#define FLATTEN inline __attribute__((always_inline, flatten))
#endif

/* Of a header-only peer: inlined into the loops, wherever they call it. */
#define RING_INLINE static inline __attribute__((always_inline))

struct ring_calls {
	bool (*push)(void *ring, const void *element);
	bool (*pop)(void *ring, void *ret_element);
	/* Up to `count`; how many.  NULL: it has no such calls. */
	size_t (*push_many)(void *ring, const void *elements, size_t count);
	size_t (*pop_many)(void *ring, void *ret_elements, size_t count);
};

#define PRODUCER_SHIFT 56 /* in an element's word: who sent it, and its number */
#define ELEMENTS_A_LOOK(words) ((words) > 8 ? 128 : 4096) /* between looks at the clock */
#define NEAR_WORDS (BATCH * 8)
#define FAR_WORDS (65536 / 8)
#define PAUSES_A_YIELD 64
#define TRIPS_A_LOOK 16
#define TRIP_END UINT64_MAX

static inline void ring_pause(unsigned *pauses, bool crowd)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#endif
	if (crowd && ++*pauses % PAUSES_A_YIELD == 0)
		sched_yield();
}

/* Someone else may read and write all of it, so that no compiler leaves out a copy's middle. */
RING_INLINE void ring_show(void *elements)
{
	__asm__ volatile("" : : "r"(elements) : "memory");
}

/* An element's words are its number; of long ones the first and the last. */
RING_INLINE void ring_write(uint64_t *elements, unsigned words, unsigned batch, uint64_t first)
{
	unsigned i;

	if (words <= 8)
		for (i = 0; i < batch * words; i++)
			elements[i] = first + i / words;
	else
		for (i = 0; i < batch; i++)
			elements[i * words] = elements[(i + 1) * words - 1] = first + i;
}

static FLATTEN void ring_produce(struct worker *worker, const struct ring_calls *calls,
                                 unsigned words, unsigned batch, bool crowd, int64_t deadline)
{
	static uint64_t far_element[FAR_WORDS];
	uint64_t near_element[NEAR_WORDS], sum = 0;
	uint64_t *element = words * batch > NEAR_WORDS ? far_element : near_element;
	uint64_t next = (uint64_t) worker->index << PRODUCER_SHIFT;
	const uint64_t first = next;
	void *ring = worker->end[0];
	unsigned pauses = 0, i, j;
	size_t pushed;

	do {
		for (i = 0; i < ELEMENTS_A_LOOK(words) / batch; i++) {
			ring_write(element, words, batch, next + 1);
			ring_show(element);
			for (j = 0; j < batch; j++)
				sum += ++next;
			if (batch == 1) {
				while (!calls->push(ring, element))
					ring_pause(&pauses, crowd);
				continue;
			}
			for (pushed = 0; pushed < batch;) {
				size_t more = calls->push_many(ring, element + pushed * words,
				                               batch - pushed);

				pushed += more;
				if (more == 0)
					ring_pause(&pauses, crowd);
			}
		}
	} while (now_ns() < deadline);
	worker->result.turns = next - first;
	worker->result.put_count += next - first;
	worker->result.put_sum += sum;
	__atomic_add_fetch(worker->done, 1, __ATOMIC_ACQ_REL);
}

struct ring_audit {
	uint64_t sum, count, disorder;
	uint64_t last[WORKERS_MAX]; /* of each producer */
};

static FLATTEN void ring_check(struct ring_audit *audit, const uint64_t *element, unsigned words,
                               bool crowd)
{
	uint64_t value = element[0];
	unsigned producer = crowd ? (unsigned) (value >> PRODUCER_SHIFT) % WORKERS_MAX : 0;

	if (crowd) /* another consumer may have taken those between */
		audit->disorder += value <= audit->last[producer];
	else
		audit->disorder += value != audit->last[0] + 1;
	if (words > 1)
		audit->disorder += element[words - 1] != value;
	audit->last[producer] = value;
	audit->sum += value;
	audit->count++;
}

static FLATTEN size_t ring_take(const struct ring_calls *calls, void *ring, uint64_t *element,
                                unsigned batch)
{
	size_t taken =
		batch == 1 ? calls->pop(ring, element) : calls->pop_many(ring, element, batch);

	ring_show(element);
	return taken;
}

static FLATTEN void ring_consume(struct worker *worker, const struct ring_calls *calls,
                                 unsigned words, unsigned batch, bool crowd)
{
	static uint64_t far_element[FAR_WORDS];
	uint64_t near_element[NEAR_WORDS];
	uint64_t *element = words * batch > NEAR_WORDS ? far_element : near_element;
	struct ring_audit audit;
	void *ring = worker->end[0];
	unsigned pauses = 0;
	size_t taken, i;

	memset(&audit, 0, sizeof(audit));
	for (;;) {
		taken = ring_take(calls, ring, element, batch);
		if (taken == 0) {
			uint32_t done = __atomic_load_n(worker->done, __ATOMIC_ACQUIRE);

			if (done < worker->done_target) {
				ring_pause(&pauses, crowd);
				continue;
			}
			/* Nothing is pushed any more: what isn't there now won't come. */
			taken = ring_take(calls, ring, element, batch);
			if (taken == 0)
				break;
		}
		for (i = 0; i < taken; i++)
			ring_check(&audit, element + i * words, words, crowd);
	}
	worker->result.moved = worker->result.turns = audit.count;
	worker->result.got_count += audit.count;
	worker->result.got_sum += audit.sum;
	worker->result.disorder += audit.disorder;
}

static FLATTEN void ring_move(struct worker *worker, const struct ring_calls *calls, unsigned words,
                              unsigned batch, bool crowd, int64_t duration_ns)
{
	if (worker->index < worker->row->producers)
		ring_produce(worker, calls, words, batch, crowd, now_ns() + duration_ns);
	else
		ring_consume(worker, calls, words, batch, crowd);
}

/* Back until the end comes. */
static FLATTEN void ring_echo(void *out, void *in, const struct ring_calls *calls)
{
	uint64_t element[8] = {0};

	while (element[0] != TRIP_END) {
		while (!calls->pop(in, element))
			;
		while (!calls->push(out, element))
			;
	}
}

/* Worker 0 sends and takes the time, worker 1 sends back.  Elements of 8 words at most. */
static FLATTEN void ring_trip_of(struct worker *worker, const struct ring_calls *calls,
                                 unsigned words, int64_t duration_ns)
{
	void *out = worker->end[worker->index], *in = worker->end[1 - worker->index];
	uint64_t element[8] = {0}, answer[8] = {0}, value = 0, disorder = 0;
	int64_t start = now_ns(), before = start, now;
	struct median median;
	unsigned i;

	if (worker->index == 1) {
		ring_echo(out, in, calls);
		return;
	}
	median_begin(&median);
	do {
		for (i = 0; i < TRIPS_A_LOOK; i++) {
			ring_write(element, words, 1, ++value);
			ring_show(element);
			while (!calls->push(out, element))
				;
			while (!calls->pop(in, answer))
				;
			ring_show(answer);
			disorder += answer[0] != value || answer[words - 1] != value;
		}
		now = now_ns();
		median_add(&median, (double) (now - before) / TRIPS_A_LOOK);
		before = now;
	} while (now - start < duration_ns);
	worker->result.moved = value;
	worker->result.trip_ns = median_end(&median);
	worker->result.disorder += disorder;
	element[0] = TRIP_END;
	while (!calls->push(out, element))
		;
	while (!calls->pop(in, answer))
		;
}

static FLATTEN void ring_trip(struct worker *worker, const struct ring_calls *calls,
                              int64_t duration_ns)
{
	ring_trip_of(worker, calls, 1, duration_ns);
}

/* Define NAME_SHAPE(), the runs of a ring whose calls are `calls`, for struct peer. */
#define RING_RUN(name, calls, words, batch, crowd) \
	static void name(struct worker *worker, int64_t duration_ns) \
	{ \
		ring_move(worker, calls, words, batch, crowd, duration_ns); \
	}
#define RING_RUN_TRIP(name, calls) \
	static void name(struct worker *worker, int64_t duration_ns) \
	{ \
		ring_trip(worker, calls, duration_ns); \
	}

/*
 * The sizes of SHAPE_ELEMENTS and SHAPE_ELEMENT_TRIP.  Only elements of 8 bytes are moved
 * in batches.
 */
#define RING_EACH_SIZE(X) X(8) X(16) X(24) X(64) X(256) X(1024) X(4096) X(65536)

/* Define NAME and NAME_trip, the runs of these two shapes; CALLS(8) and so on are the calls. */
#define RING_RUN_ELEMENTS(name, calls) \
	static void name(struct worker *worker, int64_t duration_ns) \
	{ \
		switch (worker->row->element_bytes) { \
		case 8: \
			if (row_batch(worker->row) == 1) \
				ring_move(worker, calls(8), 1, 1, false, duration_ns); \
			else \
				ring_move(worker, calls(8), 1, row_batch(worker->row), false, \
				          duration_ns); \
			break; \
			RING_CASE(calls, 16) \
			RING_CASE(calls, 256) \
			RING_CASE(calls, 1024) \
			RING_CASE(calls, 4096) \
			RING_CASE(calls, 65536) \
		} \
	} \
	static void name##_trip(struct worker *worker, int64_t duration_ns) \
	{ \
		if (worker->row->element_bytes == 24) \
			ring_trip_of(worker, calls(24), 3, duration_ns); \
		else \
			ring_trip_of(worker, calls(64), 8, duration_ns); \
	}
#define RING_CASE(calls, bytes) \
	case bytes: \
		ring_move(worker, calls(bytes), bytes / 8, 1, false, duration_ns); \
		break;

/* Define NAME, the run of SHAPE_PACED_SPIN; `calls` are those of elements of SHORT_BYTES. */
#define RING_RUN_PACED(name, calls) \
	static int name##_send(void *ring, const void *message, size_t bytes) \
	{ \
		(void) bytes; \
		while (!(calls)->push(ring, message)) \
			; \
		return 0; \
	} \
	static int name##_receive(void *ring, void *buffer, size_t bytes) \
	{ \
		(void) bytes; \
		while (!(calls)->pop(ring, buffer)) \
			; \
		return 0; \
	} \
	static void name(struct worker *worker, int64_t duration_ns) \
	{ \
		paced_run(worker, name##_send, name##_receive, duration_ns); \
	}

#endif
