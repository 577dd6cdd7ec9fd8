/* SPDX-License-Identifier: BSD-2-Clause */
/* The loops around blocking channels of messages: the same for all of them. */
#ifndef BENCH_SUITE_CHANNEL_LOOPS_H
#define BENCH_SUITE_CHANNEL_LOOPS_H

#include "median.h"
#include "paced.h"
#include "stage.h"

#include "common/clock.h"

#include <errno.h>

#define MESSAGE_END UINT64_MAX
#define MESSAGES_A_LOOK(bytes) ((bytes) > SHORT_BYTES ? 8 : 256)

/* Both block.  0 or a negative errno. */
struct channel_calls {
	int (*send)(void *channel, const void *message, size_t bytes);
	int (*receive)(void *channel, void *buffer, size_t bytes);
	/* Blocks that long without a message. */
	int (*wait)(void *channel, void *buffer, size_t bytes, int64_t timeout_ns);
};

#define CHANNEL_INLINE static inline __attribute__((always_inline))

/* The first and the last word of a message are its number. */
CHANNEL_INLINE int channel_put(void *channel, const struct channel_calls *calls, uint64_t *message,
                               size_t bytes, uint64_t number)
{
	message[0] = message[bytes / 8 - 1] = number;
	return calls->send(channel, message, bytes);
}

CHANNEL_INLINE int channel_produce(struct worker *worker, const struct channel_calls *calls,
                                   uint64_t *message, size_t bytes, int64_t duration_ns)
{
	int64_t deadline = now_ns() + duration_ns;
	uint64_t next = 0;
	unsigned i;
	int error = 0;

	do {
		for (i = 0; i < MESSAGES_A_LOOK(bytes) && error == 0; i++) {
			error = channel_put(worker->end[0], calls, message, bytes, ++next);
			worker->result.put_sum += next;
		}
	} while (error == 0 && now_ns() < deadline);
	worker->result.put_count += next;
	return error < 0 ? error : channel_put(worker->end[0], calls, message, bytes, MESSAGE_END);
}

/* Note a message, and read a word of each of its lines. */
static inline void channel_read(struct worker *worker, const uint64_t *message, size_t bytes,
                                uint64_t *last)
{
	size_t i;

	for (i = 0; i < bytes / 8; i += 8)
		(void) *(const volatile uint64_t *) &message[i];
	worker->result.disorder += message[0] != *last + 1 || message[bytes / 8 - 1] != message[0];
	*last = message[0];
	worker->result.got_count++;
	worker->result.got_sum += *last;
	worker->result.moved++;
}

CHANNEL_INLINE int channel_consume_and_read(struct worker *worker,
                                            const struct channel_calls *calls, uint64_t *message,
                                            size_t bytes)
{
	uint64_t last = 0;
	int error;

	for (;;) {
		error = calls->receive(worker->end[0], message, bytes);
		if (error < 0 || message[0] == MESSAGE_END)
			return error;
		channel_read(worker, message, bytes, &last);
	}
}

CHANNEL_INLINE int channel_consume(struct worker *worker, const struct channel_calls *calls,
                                   uint64_t *message, size_t bytes)
{
	uint64_t sum = 0, last = 0, disorder = 0;
	int error;

	for (;;) {
		error = calls->receive(worker->end[0], message, bytes);
		if (error < 0 || message[0] == MESSAGE_END)
			break;
		disorder += message[0] != last + 1 || message[bytes / 8 - 1] != message[0];
		last = message[0];
		sum += last;
		worker->result.moved++;
	}
	worker->result.got_count += worker->result.moved;
	worker->result.got_sum += sum;
	worker->result.disorder += disorder;
	return error;
}

CHANNEL_INLINE void channel_stream(struct worker *worker, const struct channel_calls *calls,
                                   size_t bytes, int64_t duration_ns)
{
	static uint64_t message[LONG_BYTES_MAX / 8];
	int error = worker->index < worker->row->producers
	                    ? channel_produce(worker, calls, message, bytes, duration_ns)
	                    : channel_consume(worker, calls, message, bytes);

	if (error < 0)
		worker->result.error = error;
}

/* Many to many: the number holds the producer's, and each producer's come in order. */
#define CROWD_SHIFT 56

CHANNEL_INLINE int channel_crowd_produce(struct worker *worker, const struct channel_calls *calls,
                                         int64_t duration_ns)
{
	const uint64_t first = (uint64_t) worker->index << CROWD_SHIFT;
	unsigned consumers = worker->row->workers - worker->row->producers;
	int64_t deadline = now_ns() + duration_ns;
	uint64_t message[SHORT_BYTES / 8] = {0}, next = first;
	int error = 0;

	while (error == 0 && now_ns() < deadline) {
		error = channel_put(worker->end[0], calls, message, SHORT_BYTES, ++next);
		worker->result.put_sum += next;
	}
	worker->result.turns = next - first;
	worker->result.put_count += next - first;
	/* The last to end tells each consumer, behind all that was sent. */
	if (__atomic_add_fetch(worker->done, 1, __ATOMIC_ACQ_REL) == worker->done_target)
		for (; error == 0 && consumers > 0; consumers--)
			error = channel_put(worker->end[0], calls, message, SHORT_BYTES,
			                    MESSAGE_END);
	return error;
}

CHANNEL_INLINE int channel_crowd_consume(struct worker *worker, const struct channel_calls *calls)
{
	uint64_t message[SHORT_BYTES / 8] = {0}, last[WORKERS_MAX] = {0}, number;
	int error;

	for (;;) {
		error = calls->receive(worker->end[0], message, SHORT_BYTES);
		number = message[0];
		if (error < 0 || number == MESSAGE_END)
			break;
		worker->result.disorder += number <= last[(number >> CROWD_SHIFT) % WORKERS_MAX] ||
		                           message[SHORT_BYTES / 8 - 1] != number;
		last[(number >> CROWD_SHIFT) % WORKERS_MAX] = number;
		worker->result.got_sum += number;
		worker->result.moved++;
	}
	worker->result.turns = worker->result.moved;
	worker->result.got_count += worker->result.moved;
	return error;
}

/* Worker 0 sends and takes the time, worker 1 sends back. */
CHANNEL_INLINE void channel_trip(struct worker *worker, const struct channel_calls *calls,
                                 int64_t duration_ns)
{
	void *out = worker->end[worker->index], *in = worker->end[1 - worker->index];
	uint64_t message[SHORT_BYTES / 8] = {0}, number = 0;
	int64_t start = now_ns(), before = start, now = start;
	struct median median;
	int error = 0;

	if (worker->index == 1) {
		while (error == 0 && message[0] != MESSAGE_END) {
			error = calls->receive(in, message, SHORT_BYTES);
			if (error == 0)
				error = calls->send(out, message, SHORT_BYTES);
		}
		worker->result.error = error;
		return;
	}
	median_begin(&median);
	while (error == 0 && now - start < duration_ns) {
		error = channel_put(out, calls, message, SHORT_BYTES, ++number);
		if (error == 0)
			error = calls->receive(in, message, SHORT_BYTES);
		worker->result.disorder += message[0] != number;
		now = now_ns();
		median_add(&median, (double) (now - before));
		before = now;
	}
	worker->result.moved = number;
	worker->result.trip_ns = median_end(&median);
	if (error == 0)
		error = channel_put(out, calls, message, SHORT_BYTES, MESSAGE_END);
	if (error == 0)
		error = calls->receive(in, message, SHORT_BYTES);
	worker->result.error = error;
}

/* Define NAME_SHAPE(), the runs of a channel whose calls are NAME_calls, for struct peer. */
#define CHANNEL_RUNS(name) \
	static void name##_stream(struct worker *worker, int64_t duration_ns) \
	{ \
		channel_stream(worker, &name##_calls, SHORT_BYTES, duration_ns); \
	} \
	static void name##_stream_long(struct worker *worker, int64_t duration_ns) \
	{ \
		channel_stream(worker, &name##_calls, worker->row->long_bytes, duration_ns); \
	} \
	static void name##_trip(struct worker *worker, int64_t duration_ns) \
	{ \
		channel_trip(worker, &name##_calls, duration_ns); \
	} \
	static void name##_idle(struct worker *worker, int64_t duration_ns) \
	{ \
		char buffer[SHORT_BYTES]; \
\
		worker->result.error = \
			name##_calls.wait(worker->end[0], buffer, sizeof(buffer), duration_ns); \
	}

/* Likewise, for those that many may put into and get from. */
#define CHANNEL_RUN_CROWD(name) \
	static void name##_crowd(struct worker *worker, int64_t duration_ns) \
	{ \
		worker->result.error = \
			worker->index < worker->row->producers \
				? channel_crowd_produce(worker, &name##_calls, duration_ns) \
				: channel_crowd_consume(worker, &name##_calls); \
	}

/* Long messages that are read. */
#define CHANNEL_RUN_READ(name) \
	static void name##_read(struct worker *worker, int64_t duration_ns) \
	{ \
		static uint64_t message[LONG_BYTES_MAX / 8]; \
		size_t bytes = worker->row->long_bytes; \
\
		worker->result.error = \
			worker->index < worker->row->producers \
				? channel_produce(worker, &name##_calls, message, bytes, \
		                                  duration_ns) \
				: channel_consume_and_read(worker, &name##_calls, message, bytes); \
	}

/* At a fixed rate; the second, whose attempt(channel, buffer, bytes) may return -EAGAIN. */
#define CHANNEL_RUN_PACED(name) \
	static void name##_paced(struct worker *worker, int64_t duration_ns) \
	{ \
		paced_run(worker, name##_calls.send, name##_calls.receive, duration_ns); \
	}
#define CHANNEL_RUN_PACED_SPIN(name, attempt) \
	static int name##_spin(void *channel, void *buffer, size_t bytes) \
	{ \
		int error; \
\
		do \
			error = attempt(channel, buffer, bytes); \
		while (error == -EAGAIN); \
		return error; \
	} \
	static void name##_paced_spin(struct worker *worker, int64_t duration_ns) \
	{ \
		paced_run(worker, name##_calls.send, name##_spin, duration_ns); \
	}

/* Capacity in messages, equal for all that have one. */
static inline uint32_t channel_capacity(const struct row *row)
{
	return row->long_bytes > 0 ? 16 : row->capacity;
}

#endif
