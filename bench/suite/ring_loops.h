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

#define PRODUCER_SHIFT 56    /* in an element's word: who sent it, and its number */
#define ELEMENTS_A_LOOK 4096 /* between looks at the clock */
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

static FLATTEN void ring_produce(struct worker *worker, const struct ring_calls *calls,
                                 unsigned words, unsigned batch, bool crowd, int64_t deadline)
{
	uint64_t element[BATCH * 8], sum = 0, next = (uint64_t) worker->index << PRODUCER_SHIFT;
	const uint64_t first = next;
	void *ring = worker->end[0];
	unsigned pauses = 0, i, j;
	size_t pushed;

	do {
		for (i = 0; i < ELEMENTS_A_LOOK / batch; i++) {
			for (j = 0; j < batch * words; j++)
				element[j] = next + 1 + j / words;
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
	return batch == 1 ? calls->pop(ring, element) : calls->pop_many(ring, element, batch);
}

static FLATTEN void ring_consume(struct worker *worker, const struct ring_calls *calls,
                                 unsigned words, unsigned batch, bool crowd)
{
	uint64_t element[BATCH * 8];
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
	worker->result.moved = audit.count;
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

/* Worker 0 sends and takes the time, worker 1 sends back. */
static FLATTEN void ring_trip(struct worker *worker, const struct ring_calls *calls,
                              int64_t duration_ns)
{
	void *out = worker->end[worker->index], *in = worker->end[1 - worker->index];
	uint64_t value = 0, answer = 0, disorder = 0;
	int64_t start = now_ns(), before = start, now;
	struct median median;
	unsigned i;

	if (worker->index == 1) {
		while (value != TRIP_END) {
			while (!calls->pop(in, &value))
				;
			while (!calls->push(out, &value))
				;
		}
		return;
	}
	median_begin(&median);
	do {
		for (i = 0; i < TRIPS_A_LOOK; i++) {
			value++;
			while (!calls->push(out, &value))
				;
			while (!calls->pop(in, &answer))
				;
			disorder += answer != value;
		}
		now = now_ns();
		median_add(&median, (double) (now - before) / TRIPS_A_LOOK);
		before = now;
	} while (now - start < duration_ns);
	worker->result.moved = value;
	worker->result.trip_ns = median_end(&median);
	worker->result.disorder += disorder;
	value = TRIP_END;
	while (!calls->push(out, &value))
		;
	while (!calls->pop(in, &answer))
		;
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

#endif
