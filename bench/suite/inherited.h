/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that the parent maps and the workers inherit: at the same address in all of them,
 * as peers with pointers need it, and as large as it is wanted.
 */
#ifndef BENCH_SUITE_INHERITED_H
#define BENCH_SUITE_INHERITED_H

#include "stage.h"

#ifdef __cplusplus
extern "C" {
#endif

/* stage->object[i], zero, for each of the row's ends.  0 or a negative errno. */
int inherited_create(struct stage *stage, const struct row *row, size_t bytes);

/* These two may stand in a struct peer as they are. */
void inherited_remove(struct stage *stage, const struct row *row);
int inherited_attach(struct worker *worker); /* worker->end[i] = stage->object[i] */

#ifdef __cplusplus
}
#endif
#endif
