/* SPDX-License-Identifier: BSD-2-Clause */
/* Pairs of samples, one of each build, and what a row of them says. */
#ifndef BENCH_RECOVERABLE_DUEL_H
#define BENCH_RECOVERABLE_DUEL_H

#include "trials.h"

#include "suite/stage.h"

#define PAIRS_MAX 999

/* One sample of each build, taken one right after the other; in the trial's unit. */
struct pair {
	double ns[BUILDS];
	double line_ns; /* the canary's; 0: the row has none */
};

/* A line takes about 30 to 60 ns from one core to a near one, and 150 to 250 to a far one. */
enum reach { REACH_NEAR, REACH_FAR, REACHES };

struct duel {
	struct pair pairs[REACHES][PAIRS_MAX];
	unsigned count[REACHES];
	unsigned disturbed; /* pairs that were taken and don't count */
	unsigned stalled;   /* samples in them that had not ended long after their time */
	unsigned failures;  /* something was lost */
	bool ended;         /* the program is asked to end */
};

/* Take pairs until `rounds` count, but not for ever. */
void duel_run(struct duel *duel, const struct trial *trial, struct stage *stage, unsigned rounds);

struct range {
	double median, low, high;
};

/* Of the pairs of one reach: each build's figures, least to most. */
struct range duel_figures(const struct duel *duel, enum reach reach, enum build build);

/* with - without, pair by pair.  low and high: the true median lies between them with a
 * probability of 95 % at least; both are the extremes where six pairs are not there. */
struct range duel_cost(const struct duel *duel, enum reach reach);

#endif
