/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the machine does to a schedule of messages by itself: nothing is sent but the time that
 * the newest was due, in one word that the next overwrites.  What is late here no ring has
 * held up: a limit, no contestant.
 */
#include "paced.h"

struct bare_word {
	int64_t newest_ns __attribute__((aligned(LINE_BYTES))); /* 0: none yet */
	int64_t first_ns __attribute__((aligned(LINE_BYTES)));
	int64_t end_ns; /* when the first was due that never went out */
	uint64_t unsent;
};

static int create(struct stage *stage, const struct row *row)
{
	(void) stage; /* the arena is zero */
	(void) row;
	return 0;
}

static int send(void *end, const void *message, size_t bytes)
{
	const struct paced_message *sent = message;
	struct bare_word *word = end;

	(void) bytes;
	if (sent->number == PACED_END) {
		word->end_ns = sent->due_ns;
		word->unsent = sent->unsent;
		return 0;
	}
	if (sent->number == 1)
		word->first_ns = sent->due_ns;
	__atomic_store_n(&word->newest_ns, sent->due_ns, __ATOMIC_RELEASE);
	return 0;
}

/* Those that were overwritten before anybody looked have come by now, too. */
static void look(struct worker *worker, struct bare_word *word, int64_t *last_ns)
{
	int64_t newest = __atomic_load_n(&word->newest_ns, __ATOMIC_ACQUIRE), now = now_ns();
	int64_t period_ns = 1000000000 / worker->row->rate;
	int64_t due = *last_ns ? *last_ns + period_ns : word->first_ns;

	if (newest == *last_ns)
		return;
	for (; due <= newest; due += period_ns) {
		histogram_add(worker->latency, now - due);
		worker->result.moved++;
	}
	*last_ns = newest;
}

static void watch(struct worker *worker, struct bare_word *word)
{
	int64_t last = 0, now;
	uint64_t i;

	memset(worker->latency, 0, sizeof(*worker->latency)); /* the warm-up's don't count */
	while (__atomic_load_n(worker->done, __ATOMIC_ACQUIRE) < worker->done_target)
		look(worker, word, &last);
	look(worker, word, &last);
	now = now_ns();
	for (i = 0; i < word->unsent; i++)
		histogram_add(worker->latency,
		              now - paced_due_ns(word->end_ns, i, worker->row->rate));
	worker->result.unsent = word->unsent;
	word->newest_ns = 0; /* for the next run */
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
