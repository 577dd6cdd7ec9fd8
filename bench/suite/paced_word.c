/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine does to a schedule of messages by itself: nothing is sent but the time that
 * the newest was due, in one word that the next overwrites.  What is late here no ring has
 * held up: a limit, no contestant.
 */
#include "paced.h"

static int create(struct stage *stage, const struct row *row)
{
	(void) stage; /* the arena is zero */
	(void) row;
	return 0;
}

static int send(void *end, const void *message, size_t bytes)
{
	const struct paced_message *sent = message;

	(void) bytes;
	if (sent->number != PACED_END)
		__atomic_store_n((int64_t *) end, sent->due_ns, __ATOMIC_RELEASE);
	return 0;
}

/* Those that were overwritten before anybody looked have come by now, too. */
static void note(struct worker *worker, int64_t last_ns, int64_t due_ns, int64_t now)
{
	int64_t period_ns = 1000000000 / worker->row->rate;

	do {
		histogram_add(worker->latency, now - due_ns);
		worker->result.moved++;
		due_ns -= period_ns;
	} while (due_ns > last_ns);
}

static void watch(struct worker *worker, const int64_t *word)
{
	int64_t last = __atomic_load_n(word, __ATOMIC_ACQUIRE), due;
	int64_t start = now_ns(); /* what was due before belongs to the warm-up */

	memset(worker->latency, 0, sizeof(*worker->latency));
	while (__atomic_load_n(worker->done, __ATOMIC_ACQUIRE) < worker->done_target) {
		due = __atomic_load_n(word, __ATOMIC_ACQUIRE);
		if (due == last)
			continue;
		note(worker, last > start ? last : start, due, now_ns());
		last = due;
	}
}

static void run(struct worker *worker, int64_t duration_ns)
{
	if (worker->index >= worker->row->producers) {
		watch(worker, worker->end[0]);
		return;
	}
	worker->result.error = paced_produce(worker, send, duration_ns);
	worker->result.put_count = worker->result.put_sum = 0; /* nobody gets all of them */
	__atomic_add_fetch(worker->done, 1, __ATOMIC_ACQ_REL);
}

const struct peer peer_bare_word = {.name = "a bare word",
                                    .bar = true,
                                    .create = create,
                                    .remove = arena_remove,
                                    .attach = arena_attach,
                                    .run = {[SHAPE_PACED_SPIN] = run}};
