/* SPDX-License-Identifier: BSD-2-Clause */
/* trace: what one full run of the operation looked like. */
#include <stdlib.h>
#include <sys/mman.h>

#include "victim.h"

/* A hit of a breakpoint costs about as much as a few steps. */
#define HIT_STEPS 3u
#define APPROACH_LOOK_BACK 400u

bool trace_make(struct trace *trace, uint32_t room)
{
	*trace = (struct trace){.room = room};
	trace->pc = calloc(room + 1u, sizeof *trace->pc);
	trace->marks = calloc(room + 1u, sizeof *trace->marks);
	trace->hits = calloc(room + 1u, sizeof *trace->hits);
	return trace->pc && trace->marks && trace->hits;
}

void trace_free(struct trace *trace)
{
	free(trace->pc);
	free(trace->marks);
	free(trace->hits);
	*trace = (struct trace){0};
}

/* An open hash table of (pc, how often). */
struct count {
	uint64_t pc;
	uint32_t hits;
};

void trace_count_hits(struct trace *trace)
{
	uint32_t size = 64;
	while (size < trace->steps * 2u + 2u)
		size *= 2;
	struct count *table = calloc(size, sizeof *table);
	for (uint32_t i = 0; table && i <= trace->steps; i++) {
		uint32_t at = (uint32_t) ((trace->pc[i] * UINT64_C(0x9e3779b97f4a7c15)) >> 32);
		while (table[at & (size - 1)].pc && table[at & (size - 1)].pc != trace->pc[i])
			at++;
		struct count *count = &table[at & (size - 1)];
		count->pc = trace->pc[i];
		trace->hits[i] = count->hits++;
	}
	free(table);
}

uint32_t trace_approach(const struct trace *trace, uint32_t k)
{
	uint32_t best = 0, best_cost = k;
	uint32_t lowest = k > APPROACH_LOOK_BACK ? k - APPROACH_LOOK_BACK : 1;

	for (uint32_t i = k; i >= lowest && i > 0; i--) {
		/* The end mark is a trap itself, and the first one lies behind us. */
		if (i + 1 >= trace->steps || trace->pc[i] == trace->pc[0])
			continue;
		uint32_t cost = HIT_STEPS * (trace->hits[i] + 1) + (k - i);
		if (cost < best_cost) {
			best = i;
			best_cost = cost;
		}
	}
	return best;
}
