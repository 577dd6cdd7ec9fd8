/* SPDX-License-Identifier: BSD-2-Clause */
/* mpshm-demo: what its files share. */
#ifndef BENCH_DEMO_DEMO_H
#define BENCH_DEMO_DEMO_H

#include "request.h"
#include "text.h"

#include "common/crew.h"
#include "common/own_segment.h"
#include "common/start_line.h"

#include <mpshm.h>
#include <stdint.h>

/* The tag of a line: who sent it, and its number among that producer's, from 1. */
#define TAG_PRODUCER_SHIFT 56
#define TAG_NUMBER_MASK ((UINT64_C(1) << TAG_PRODUCER_SHIFT) - 1)

/* Of a set of lines; no order goes into it, so that it may be added up. */
struct tally {
	uint64_t lines;
	uint64_t bytes;
	uint64_t checksum; /* sum of the lines' hashes */
};

/* What a process tells: its own line of shared memory, read by the parent. */
struct seat {
	_Alignas(64) struct tally tally; /* while it runs: of some time ago */
	uint64_t out_of_order;           /* consumer: not behind its producer's last one */
	uint64_t redelivered;            /* consumer: flagged so */
	int64_t end_ns;
};

struct shared_page {
	struct start_line line;
	struct seat producer[SIDE_MAX];
	struct seat consumer[SIDE_MAX];
};

struct demo {
	struct request request;
	struct text text;
	struct own_segment own;
	struct mpshm_queue *queue;
	struct shared_page *page;
	struct crew crew;
};

/* The sum over a side's processes: exact once they have ended. */
struct tally tally_sum(const struct seat seats[], unsigned count);

void tally_add(struct tally *tally, const void *line, size_t bytes);

/* Make the seat's tally what it is now, for who looks meanwhile. */
void tally_publish(struct seat *seat, const struct tally *tally);

/* Works of the crew. */
int produce(unsigned index, void *demo);
int consume(unsigned index, void *demo);

/*
 * Until all processes have ended: shuts the queue down when the producers are
 * through, tells the progress, and has mpshm-stat look at the segment once.  0;
 * -EINTR: asked to end; -ECHILD: one failed, see crew.failure.
 */
int watch(struct demo *demo);

/* --- mpshm-stat, in the midst of it ------------------------------------------------- */

struct look {
	struct crew crew;
	int64_t started_ns; /* 0: not yet */
};

void look_start(struct look *look, const struct demo *demo);
int look_running(const struct look *look);

/* See whether it has ended; wait up to that long for it. */
void look_follow(struct look *look, const struct demo *demo, int64_t timeout_ns);

#endif
