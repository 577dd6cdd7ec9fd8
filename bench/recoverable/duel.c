/* SPDX-License-Identifier: BSD-2-Clause */
#include "duel.h"

#include "common/clock.h"
#include "common/crew.h"
#include "common/program.h"
#include "suite/canary.h"
#include "suite/median.h"
#include "suite/workers.h"

#include <stdio.h>

#define FAR_FROM_NS 100
#define TRIES_A_PAIR 3
#define OVERHEAD_NS 100000000 /* of a pair: warming up, canaries, forks */

static double ns_of(const struct row *row, const struct sample *sample)
{
	return row->measure == MEASURE_MILLIONS ? 1e3 / sample->figure : sample->figure;
}

/* The same weather before, between and after? */
static bool is_steady(const struct sample *samples)
{
	double first = samples[0].canary_ns[0];
	unsigned i, j;

	for (i = 0; i < BUILDS; i++) {
		if (samples[i].verdict != VERDICT_GOOD)
			return false;
		for (j = 0; j < 2; j++)
			if (canary_differs(samples[i].canary_ns[j], first))
				return false;
	}
	return true;
}

static void note(struct duel *duel, const struct row *row, const struct sample *samples)
{
	double line_ns = samples[0].canary_ns[0];
	enum reach reach = line_ns >= FAR_FROM_NS ? REACH_FAR : REACH_NEAR;
	struct pair *pair = &duel->pairs[reach][duel->count[reach]++];

	pair->line_ns = line_ns;
	pair->ns[BUILD_WITH] = ns_of(row, &samples[BUILD_WITH]);
	pair->ns[BUILD_WITHOUT] = ns_of(row, &samples[BUILD_WITHOUT]);
}

/* Each begins as often as the other.  False: no further pair. */
static bool take_pair(struct duel *duel, const struct trial *trial, struct stage *stage,
                      unsigned number)
{
	struct sample samples[BUILDS];
	unsigned i;

	for (i = 0; i < BUILDS; i++) {
		unsigned build = (i + number) % BUILDS;

		sample_take(stage, &trial->row, trial->row.peers[build], &samples[build]);
		if (samples[build].verdict == VERDICT_STALLED)
			duel->stalled++;
		if (samples[build].verdict == VERDICT_FAILED) {
			fprintf(stderr, "%s: %s, %s: %s\n", program_name, trial->row.name,
			        trial->row.peers[build]->name, samples[build].detail);
			duel->failures++;
			return false;
		}
		duel->ended = samples[build].verdict == VERDICT_ENDED || crew_asked_to_end() != 0;
		if (duel->ended)
			return false;
	}
	if (is_steady(samples))
		note(duel, &trial->row, samples);
	else
		duel->disturbed++;
	return true;
}

void duel_run(struct duel *duel, const struct trial *trial, struct stage *stage, unsigned rounds)
{
	/* As many more on a busy machine, but not where each takes for ever. */
	int64_t patience_ns = rounds * TRIES_A_PAIR * (BUILDS * stage->sample_ns + OVERHEAD_NS);
	int64_t deadline = now_ns() + patience_ns;
	unsigned number;

	*duel = (struct duel){.failures = 0};
	for (number = 0; number < rounds * TRIES_A_PAIR; number++) {
		if (duel->count[REACH_NEAR] + duel->count[REACH_FAR] == rounds ||
		    !take_pair(duel, trial, stage, number) || now_ns() > deadline)
			return;
	}
}

struct range duel_figures(const struct duel *duel, enum reach reach, enum build build)
{
	double ns[PAIRS_MAX];
	unsigned i, count = duel->count[reach];
	struct range range;

	for (i = 0; i < count; i++)
		ns[i] = duel->pairs[reach][i].ns[build];
	range.median = median_of(ns, count); /* sorts */
	range.low = ns[0];
	range.high = ns[count - 1];
	return range;
}

/*
 * How many of the smallest, and of the largest, of `count` values may be left out of a
 * range that holds the true median by 95 %.  A value lies below that with a probability
 * of 1/2, so k or fewer of them do with that of k or fewer heads.
 */
static unsigned outside(unsigned count)
{
	double exactly = 1, at_most = 0;
	unsigned k;

	for (k = 0; k < count; k++)
		exactly /= 2;
	for (k = 0; k < count / 2; k++) {
		at_most += exactly;
		if (at_most > 0.025)
			return k > 0 ? k - 1 : 0;
		exactly *= (double) (count - k) / (k + 1);
	}
	return 0;
}

struct range duel_cost(const struct duel *duel, enum reach reach)
{
	double ns[PAIRS_MAX];
	unsigned i, count = duel->count[reach], out = outside(count);
	struct range range;

	for (i = 0; i < count; i++)
		ns[i] = duel->pairs[reach][i].ns[BUILD_WITH] -
		        duel->pairs[reach][i].ns[BUILD_WITHOUT];
	range.median = median_of(ns, count);
	range.low = ns[out];
	range.high = ns[count - 1 - out];
	return range;
}
