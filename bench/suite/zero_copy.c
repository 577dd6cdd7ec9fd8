/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Long messages that are read where they lie: written into a reservation, read in a lease.
 * Beside it one memcpy() of the message, which is what is left.
 */
#include "channel_loops.h"
#include "inherited.h"

#include <mpshm.h>
#include <string.h>
#include <unistd.h>

static int queue_create(struct stage *stage, const struct row *row)
{
	return peer_mpshm_queue.create(stage, row);
}

static void queue_remove(struct stage *stage, const struct row *row)
{
	peer_mpshm_queue.remove(stage, row);
}

static int queue_attach(struct worker *worker)
{
	return peer_mpshm_queue.attach(worker);
}

/* The message comes to be in the block: by a copy here, by the caller's own work elsewhere. */
static int write_in_place(void *channel, const void *message, size_t bytes)
{
	void *block;
	int error = mpshm_queue_reserve(channel, bytes, &block, MPSHM_FOREVER);

	if (error < 0)
		return error;
	memcpy(block, message, bytes);
	return mpshm_queue_commit(channel, block, bytes, 0, MPSHM_FOREVER);
}

static int read_in_place(struct worker *worker, size_t bytes)
{
	struct mpshm_queue *queue = worker->end[0];
	struct mpshm_lease lease;
	uint64_t last = 0;

	for (;;) {
		ssize_t got = mpshm_queue_get_begin(queue, &lease, MPSHM_FOREVER);
		const uint64_t *message = lease.data;
		uint64_t number;

		if (got < 0)
			return (int) got;
		number = message[0];
		if (number != MESSAGE_END)
			channel_read(worker, message, bytes, &last);
		mpshm_queue_get_commit(queue, &lease);
		if (number == MESSAGE_END)
			return 0;
	}
}

static const struct channel_calls in_place_calls = {.send = write_in_place};

static void in_place_run(struct worker *worker, int64_t duration_ns)
{
	static uint64_t message[LONG_BYTES_MAX / 8];
	size_t bytes = worker->row->long_bytes;

	worker->result.error =
		worker->index < worker->row->producers
			? channel_produce(worker, &in_place_calls, message, bytes, duration_ns)
			: read_in_place(worker, bytes);
}

const struct peer peer_mpshm_zero_copy = {.name = "mpshm queue, in place",
                                          .ours = true,
                                          .create = queue_create,
                                          .remove = queue_remove,
                                          .attach = queue_attach,
                                          .run = {[SHAPE_STREAM_READ] = in_place_run}};

/* --- one memcpy() ------------------------------------------------------------------------- */

static int copy_create(struct stage *stage, const struct row *row)
{
	(void) stage;
	(void) row;
	return 0;
}

static void copy_remove(struct stage *stage, const struct row *row)
{
	(void) stage;
	(void) row;
}

static int copy_attach(struct worker *worker)
{
	(void) worker;
	return 0;
}

/* By the producer alone; the other one waits until that is done. */
static void copy_run(struct worker *worker, int64_t duration_ns)
{
	static uint64_t from[LONG_BYTES_MAX / 8], to[LONG_BYTES_MAX / 8];
	int64_t deadline = now_ns() + duration_ns;
	size_t bytes = worker->row->long_bytes;

	if (worker->index >= worker->row->producers) {
		while (__atomic_load_n(worker->done, __ATOMIC_ACQUIRE) < worker->done_target)
			usleep(100);
		return;
	}
	do {
		from[0] = ++worker->result.moved;
		memcpy(to, from, bytes);
		__asm__ volatile("" ::"r"(to) : "memory");
	} while (now_ns() < deadline);
	__atomic_add_fetch(worker->done, 1, __ATOMIC_ACQ_REL);
}

const struct peer peer_one_memcpy = {.name = "one memcpy()",
                                     .bar = true,
                                     .create = copy_create,
                                     .remove = copy_remove,
                                     .attach = copy_attach,
                                     .run = {[SHAPE_STREAM_READ] = copy_run}};

/* --- one memcpy() from CPU to CPU --------------------------------------------------------- */

/*
 * What crosses: a message is copied into the next of some blocks by one process, and each line
 * of it read by the other, who is told by a bare word and spins.
 */
#define CROSSING_BLOCKS 4

struct crossing {
	uint64_t filled __attribute__((aligned(LINE_BYTES)));
	uint64_t emptied __attribute__((aligned(LINE_BYTES)));
	uint64_t block[CROSSING_BLOCKS][LONG_BYTES_MAX / 8] __attribute__((aligned(4096)));
};

static int crossing_create(struct stage *stage, const struct row *row)
{
	return inherited_create(stage, row, sizeof(struct crossing));
}

/* Until a word is `wanted`. */
static void await_word(const uint64_t *word, uint64_t wanted)
{
	while ((int64_t) (__atomic_load_n(word, __ATOMIC_ACQUIRE) - wanted) < 0)
		;
}

static int crossing_put(void *channel, const void *message, size_t bytes)
{
	struct crossing *crossing = channel;
	uint64_t at = crossing->filled;

	if (at >= CROSSING_BLOCKS)
		await_word(&crossing->emptied, at - CROSSING_BLOCKS + 1);
	memcpy(crossing->block[at % CROSSING_BLOCKS], message, bytes);
	__atomic_store_n(&crossing->filled, at + 1, __ATOMIC_RELEASE);
	return 0;
}

static int crossing_read(struct worker *worker, size_t bytes)
{
	struct crossing *crossing = worker->end[0];
	uint64_t last = 0, at = crossing->emptied;

	for (;; at++) {
		const uint64_t *message = crossing->block[at % CROSSING_BLOCKS];
		uint64_t number;

		await_word(&crossing->filled, at + 1);
		number = message[0];
		if (number != MESSAGE_END)
			channel_read(worker, message, bytes, &last);
		__atomic_store_n(&crossing->emptied, at + 1, __ATOMIC_RELEASE);
		if (number == MESSAGE_END)
			return 0;
	}
}

static const struct channel_calls crossing_calls = {.send = crossing_put};

static void crossing_run(struct worker *worker, int64_t duration_ns)
{
	static uint64_t message[LONG_BYTES_MAX / 8];
	size_t bytes = worker->row->long_bytes;

	worker->result.error =
		worker->index < worker->row->producers
			? channel_produce(worker, &crossing_calls, message, bytes, duration_ns)
			: crossing_read(worker, bytes);
}

const struct peer peer_crossing_memcpy = {.name = "one memcpy(), CPU to CPU",
                                          .bar = true,
                                          .create = crossing_create,
                                          .remove = inherited_remove,
                                          .attach = inherited_attach,
                                          .run = {[SHAPE_STREAM_READ] = crossing_run}};
