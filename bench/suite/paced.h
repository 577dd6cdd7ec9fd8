/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages at a fixed rate: how long each takes from when it was due to when its receiver
 * has it.
 *
 * Who is held up does not delay the schedule: a message that goes out late has waited since
 * its time, and those that were due and never went out have waited until the end.  All of
 * them count, or the worst times would be left out just because they were bad.
 */
#ifndef BENCH_SUITE_PACED_H
#define BENCH_SUITE_PACED_H

#include "stage.h"

#include "common/clock.h"
#include "common/histogram.h"

#include <string.h>

#define PACED_INLINE static inline __attribute__((always_inline))
#define PACED_END UINT64_MAX

/* Both return when it is done: 0 or a negative errno. */
typedef int paced_sender(void *end, const void *message, size_t bytes);
typedef int paced_receiver(void *end, void *buffer, size_t bytes);

struct paced_message {
	uint64_t number; /* or PACED_END */
	int64_t due_ns;
	uint64_t unsent; /* at the end: those that were due and never went out */
	uint64_t filler[4];
	uint64_t number_again;
};

static inline int64_t paced_due_ns(int64_t start_ns, uint64_t number, uint32_t rate)
{
	return start_ns + (int64_t) (number * UINT64_C(1000000000) / rate);
}

PACED_INLINE int paced_produce(struct worker *worker, paced_sender *send, int64_t duration_ns)
{
	int64_t start = now_ns();
	uint64_t all = (uint64_t) duration_ns * worker->row->rate / 1000000000, number;
	struct paced_message message;
	int error = 0;

	memset(&message, 0, sizeof(message));
	for (number = 1; number <= all && error == 0 && now_ns() - start < duration_ns; number++) {
		message.due_ns = paced_due_ns(start, number - 1, worker->row->rate);
		while (now_ns() < message.due_ns)
			;
		message.number = message.number_again = number;
		error = send(worker->end[0], &message, sizeof(message));
		worker->result.put_count++;
		worker->result.put_sum += number;
	}
	message.due_ns = paced_due_ns(start, number - 1, worker->row->rate);
	message.number = PACED_END;
	message.unsent = all - (number - 1);
	return error < 0 ? error : send(worker->end[0], &message, sizeof(message));
}

PACED_INLINE int paced_consume(struct worker *worker, paced_receiver *receive)
{
	struct histogram *latency = worker->latency;
	struct paced_message message;
	uint64_t last = 0, i;
	int64_t now;
	int error;

	memset(latency, 0, sizeof(*latency)); /* the warm-up's times don't count */
	for (;;) {
		error = receive(worker->end[0], &message, sizeof(message));
		now = now_ns();
		if (error < 0 || message.number == PACED_END)
			break;
		histogram_add(latency, now - message.due_ns);
		worker->result.disorder +=
			message.number != last + 1 || message.number_again != message.number;
		last = message.number;
		worker->result.got_count++;
		worker->result.got_sum += last;
		worker->result.moved++;
	}
	for (i = 0; error == 0 && i < message.unsent; i++)
		histogram_add(latency, now - paced_due_ns(message.due_ns, i, worker->row->rate));
	worker->result.unsent = message.unsent;
	return error;
}

PACED_INLINE void paced_run(struct worker *worker, paced_sender *send, paced_receiver *receive,
                            int64_t duration_ns)
{
	worker->result.error = worker->index < worker->row->producers
	                               ? paced_produce(worker, send, duration_ns)
	                               : paced_consume(worker, receive);
}

#endif
