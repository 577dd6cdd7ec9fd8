/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * edges: where a trace comes by labelled memory-order edges, so that at least one kill
 * can be shown to fall between every two of them.
 */
#ifndef MPSHM_TESTS_CRASH_EDGES_H
#define MPSHM_TESTS_CRASH_EDGES_H

#include "victim.h"

/* The statement of one edge, run once: steps first to last. */
struct edge {
	uint32_t first, last;
	char name[60]; /* its labels */
};

struct edges {
	struct edge *edge; /* in the order in which they were run */
	uint32_t count;
	uint32_t *gap; /* of step i: killed there, edges below gap[i] are done; or EDGES_INSIDE */
};

#define EDGES_INSIDE UINT32_MAX

/* false: nobody can tell, for want of addr2line, of a line table, or of memory. */
bool edges_find(const struct trace *trace, struct edges *ret_edges);

#endif
