/* SPDX-License-Identifier: BSD-2-Clause */
/* The processes of one sample: forked, pinned, released at once, bounded in time. */
#ifndef BENCH_SUITE_WORKERS_H
#define BENCH_SUITE_WORKERS_H

#include "stage.h"

enum verdict {
	VERDICT_GOOD,
	VERDICT_REGIME,  /* the canary changed during the sample, or is not the row's */
	VERDICT_CROWDED, /* somebody else ran on our CPUs */
	VERDICT_STALLED, /* not done long after its time: killed */
	VERDICT_FAILED,  /* lost, doubled or disordered something, or a process died */
	VERDICT_ENDED,   /* the program was asked to end */
};

struct sample {
	enum verdict verdict;
	double figure;       /* in the row's unit */
	double canary_ns[2]; /* before and after; 0: not measured */
	double cpu_share;    /* of the more disturbed of the two CPUs: 1 is all of it */
	double lost;         /* lossy peers: the part of the adds that vanished */
	uint64_t disorder;   /* elements that came out of order */
	double carried;      /* at a fixed rate: the part of the messages that went out in time */
	int64_t elapsed_ns;
	unsigned round;
	char detail[200]; /* what failed, or "" */
};

#ifdef __cplusplus
extern "C" {
#endif

/* Of a row at a fixed rate the times stay in stage_latency() until the next sample. */
void sample_take(struct stage *stage, const struct row *row, const struct peer *peer,
                 struct sample *sample);
const struct histogram *stage_latency(const struct stage *stage);
const char *verdict_name(enum verdict verdict);

/* Some rows want longer samples than others. */
static inline int64_t row_duration_ns(const struct stage *stage, const struct row *row)
{
	return stage->sample_ns > row->least_ns ? stage->sample_ns : row->least_ns;
}

/* Both CPUs take part: the canary can be measured, and has a meaning. */
static inline bool row_has_canary(const struct stage *stage, const struct row *row)
{
	return stage->cpus == 2 && row->workers > 1;
}

#ifdef __cplusplus
}
#endif
#endif
