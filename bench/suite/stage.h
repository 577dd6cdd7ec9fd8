/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parent holds for the workers: memory, a segment, names, descriptors. */
#ifndef BENCH_SUITE_STAGE_H
#define BENCH_SUITE_STAGE_H

#include "suite.h"

#ifdef __cplusplus
extern "C" {
#endif
#include "common/own_segment.h"
#ifdef __cplusplus
}
#endif

#define ARENA_BYTES ((size_t) 4 << 20)
#define ARENA_END_BYTES (ARENA_BYTES / 2) /* for each of a round trip's two rings */

struct stage {
	int memory_fd;          /* the board, then the arena */
	struct board *board;    /* the parent's mapping */
	char *arena;            /* the parent's mapping; zero when a peer's create() is called */
	struct own_segment own; /* mpshm's objects */
	int fd[2][2];           /* of a create(): [end][0 read, 1 write] */
	void *object[2];        /* handles of a create(), for its remove() and total() */
	size_t object_bytes;    /* inherited.c: length of each */
	unsigned cpu[2];        /* the pair of CPUs */
	unsigned cpus;          /* how many of them there are: 1 or 2 */
	int64_t warm_ns, sample_ns;
};

#ifdef __cplusplus
extern "C" {
#endif

/* 0 or a negative errno, told on stderr. */
int stage_open(struct stage *stage);
int stage_close(struct stage *stage);

/* Map the stage's memory for this process, at an address of its own.  NULL: failed. */
struct board *stage_map(const struct stage *stage, char **ret_arena);

/* For a struct peer whose rings lie in the arena, one at each end. */
int arena_attach(struct worker *worker); /* worker->end[i] */
void arena_remove(struct stage *stage, const struct row *row);

/* The names of a row's shared objects: "a" and "b". */
const char *stage_end_name(unsigned end);

#ifdef __cplusplus
}
#endif
#endif
