/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What two memcpy() through shared memory carry from one CPU to the other, where nothing is
 * told of an element but only of 64 KiB of them: a limit, no contestant.
 */
#include "ring_loops.h"

#define BLOCK_BYTES 65536
#define BLOCKS 16

struct blocks {
	uint64_t filled __attribute__((aligned(LINE_BYTES)));
	uint64_t emptied __attribute__((aligned(LINE_BYTES)));
	char block[BLOCKS][BLOCK_BYTES] __attribute__((aligned(LINE_BYTES)));
};

static const char *unable(const struct row *row)
{
	return row->element_bytes < 256 || row->element_bytes > 4096 ? "not of this size" : NULL;
}

static int create(struct stage *stage, const struct row *row)
{
	_Static_assert(sizeof(struct blocks) <= ARENA_END_BYTES, "the arena is larger");
	(void) stage; /* it is zero */
	(void) row;
	return 0;
}

static void fill(struct worker *worker, struct blocks *blocks, unsigned bytes, int64_t deadline)
{
	uint64_t element[4096 / 8] = {0}, next = 0, at = blocks->filled;
	unsigned pauses = 0, i;

	do {
		while (at - __atomic_load_n(&blocks->emptied, __ATOMIC_ACQUIRE) == BLOCKS)
			ring_pause(&pauses, false);
		for (i = 0; i < BLOCK_BYTES / bytes; i++) {
			ring_write(element, bytes / 8, 1, ++next);
			memcpy(&blocks->block[at % BLOCKS][i * bytes], element, bytes);
			worker->result.put_sum += next;
		}
		__atomic_store_n(&blocks->filled, ++at, __ATOMIC_RELEASE);
	} while (now_ns() < deadline);
	worker->result.put_count += next;
	__atomic_add_fetch(worker->done, 1, __ATOMIC_ACQ_REL);
}

static bool block_comes(struct worker *worker, struct blocks *blocks, uint64_t at)
{
	unsigned pauses = 0;

	while (__atomic_load_n(&blocks->filled, __ATOMIC_ACQUIRE) == at) {
		if (__atomic_load_n(worker->done, __ATOMIC_ACQUIRE) >= worker->done_target)
			return __atomic_load_n(&blocks->filled, __ATOMIC_ACQUIRE) != at;
		ring_pause(&pauses, false);
	}
	return true;
}

static void empty(struct worker *worker, struct blocks *blocks, unsigned bytes)
{
	uint64_t element[4096 / 8], at = blocks->emptied;
	struct ring_audit audit;
	unsigned i;

	memset(&audit, 0, sizeof(audit));
	while (block_comes(worker, blocks, at)) {
		for (i = 0; i < BLOCK_BYTES / bytes; i++) {
			memcpy(element, &blocks->block[at % BLOCKS][i * bytes], bytes);
			ring_check(&audit, element, bytes / 8, false);
		}
		__atomic_store_n(&blocks->emptied, ++at, __ATOMIC_RELEASE);
	}
	worker->result.moved = audit.count;
	worker->result.got_count += audit.count;
	worker->result.got_sum += audit.sum;
	worker->result.disorder += audit.disorder;
}

static void run(struct worker *worker, int64_t duration_ns)
{
	unsigned bytes = worker->row->element_bytes;

	if (worker->index == 0)
		fill(worker, worker->end[0], bytes, now_ns() + duration_ns);
	else
		empty(worker, worker->end[0], bytes);
}

const struct peer peer_blocks = {.name = "memcpy(), 64 KiB a signal",
                                 .bar = true,
                                 .unable = unable,
                                 .create = create,
                                 .remove = arena_remove,
                                 .attach = arena_attach,
                                 .run = {[SHAPE_ELEMENTS] = run}};
