/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: kill_storm [ring|spsc|queue] [--seconds S] [--producers P] [--consumers C]
 *                   [--every-us U] [--ids N] [--seed N]
 *
 * Producers and consumers are SIGKILLed every U microseconds on average, and reborn, or
 * stopped for up to 10 ms, on an mpmc ring, an spsc ring (one of each) and a queue, S
 * seconds together (60), for as long as one likes; the whole history is checked, N messages
 * a round: see storm.h.
 */
#include "storm.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int one(const char *name, const struct storm_plan *plan)
{
	struct storm_result r;
	(void) printf("kill_storm: %s, %u producers, %u consumers, %lld s, seed %llu\n", name,
	              plan->producers, plan->consumers, (long long) (plan->span_ns / MPSHM_SECOND),
	              (unsigned long long) plan->seed);
	int ret = storm_run(plan, &r);
	(void) printf(
		"%s: %llu rounds, %llu kills, %llu stops, %llu busy, %llu sent, %llu acknowledged, %llu delivered, "
		"%llu in a dead hand, %llu maybe; "
		"lost %llu, doubled %llu, phantom %llu, torn %llu, disordered %llu, "
		"leaked %llu, stalled %llu, late %llu%s%s\n",
		name, (unsigned long long) r.rounds, (unsigned long long) r.kills,
		(unsigned long long) r.stops, (unsigned long long) r.busy,
		(unsigned long long) r.sent, (unsigned long long) r.acked,
		(unsigned long long) r.got, (unsigned long long) r.in_hand,
		(unsigned long long) r.maybe, (unsigned long long) r.lost,
		(unsigned long long) r.doubled, (unsigned long long) r.phantom,
		(unsigned long long) r.torn, (unsigned long long) r.disordered,
		(unsigned long long) r.leaked, (unsigned long long) r.stalled,
		(unsigned long long) r.late, r.why[0] ? "; " : "", r.why);
	return ret;
}

static int usage(void)
{
	(void) fprintf(stderr, "usage: kill_storm [ring|spsc|queue] [--seconds S] [--producers P] "
	                       "[--consumers C] [--every-us U] [--ids N] [--seed N]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"seconds", required_argument, NULL, 's'},
	                                        {"producers", required_argument, NULL, 'p'},
	                                        {"consumers", required_argument, NULL, 'c'},
	                                        {"every-us", required_argument, NULL, 'u'},
	                                        {"ids", required_argument, NULL, 'i'},
	                                        {"seed", required_argument, NULL, 'r'},
	                                        {NULL, 0, NULL, 0}};
	struct storm_plan plan = {.producers = 3,
	                          .consumers = 3,
	                          .span_ns = 60 * MPSHM_SECOND,
	                          .kill_every_us = 3000,
	                          .seed = (uint64_t) time(NULL),
	                          .progress = true};
	int option, ret = 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 's')
			plan.span_ns = (int64_t) (atof(optarg) * (double) MPSHM_SECOND);
		else if (option == 'p')
			plan.producers = (unsigned) atoi(optarg);
		else if (option == 'c')
			plan.consumers = (unsigned) atoi(optarg);
		else if (option == 'u')
			plan.kill_every_us = (unsigned) atoi(optarg);
		else if (option == 'i')
			plan.ids = (uint32_t) strtoul(optarg, NULL, 0);
		else if (option == 'r')
			plan.seed = strtoull(optarg, NULL, 0);
		else
			return usage();
	}
	static const char *const names[] = {
		[STORM_MPMC] = "ring", [STORM_SPSC] = "spsc", [STORM_QUEUE] = "queue"};
	const char *only = optind < argc ? argv[optind] : NULL;
	unsigned storms = 0;
	for (unsigned kind = STORM_MPMC; kind <= STORM_QUEUE; kind++)
		storms += !only || strcmp(only, names[kind]) == 0;
	if (storms == 0 || plan.producers == 0 || plan.consumers == 0 || plan.kill_every_us == 0)
		return usage();
	plan.span_ns /= storms;
	for (unsigned kind = STORM_MPMC; kind <= STORM_QUEUE; kind++) {
		struct storm_plan this = plan;
		this.kind = kind;
		if (kind == STORM_SPSC)
			this.producers = this.consumers = 1;
		if (!only || strcmp(only, names[kind]) == 0)
			ret |= one(names[kind], &this);
	}
	(void) printf("kill_storm: %s\n", ret == 0 ? "held" : "FAILED");
	return ret == 0 ? 0 : 1;
}
