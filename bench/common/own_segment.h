/* SPDX-License-Identifier: BSD-2-Clause */
/* A segment of this run's own, and what to say when the library refuses. */
#ifndef BENCH_COMMON_OWN_SEGMENT_H
#define BENCH_COMMON_OWN_SEGMENT_H

#include <mpshm.h>

struct own_segment {
	struct mpshm_segment *segment;
	char name[64]; /* PROGRAM.PID, or PROGRAM.PID.N where that is taken */
};

/* Create it.  0, or a negative errno that was told on stderr. */
int own_segment_create(struct own_segment *own);

/* Close and unlink it.  0, or the first negative errno, told on stderr. */
int own_segment_remove(struct own_segment *own);

/* Tell on stderr that `what` failed, in the library's words; returns `error`. */
int library_refused(const char *what, int error);

#endif
