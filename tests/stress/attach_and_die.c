/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: attach_and_die [--lives N] [--seed N]
 *
 * N processes (100,000), one after the other, attach, work, and are SIGKILLed at a random
 * moment; nothing may grow, and nobody be refused: see mortals.h.
 */
#include "mortals.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
	static const struct option options[] = {{"lives", required_argument, NULL, 'l'},
	                                        {"seed", required_argument, NULL, 'r'},
	                                        {NULL, 0, NULL, 0}};
	struct mortals_plan plan = {
		.lives = 100000, .seed = (uint64_t) time(NULL), .progress = true};
	struct mortals_result result;
	int option;

	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'l')
			plan.lives = strtoull(optarg, NULL, 0);
		else if (option == 'r')
			plan.seed = strtoull(optarg, NULL, 0);
		else
			return 2;
	}
	(void) printf("attach_and_die: %" PRIu64 " lives, seed %" PRIu64 "\n", plan.lives,
	              plan.seed);
	int ret = mortals_run(&plan, &result);
	footprint_print("before", &result.before);
	footprint_print("after", &result.after);
	(void) printf("attach_and_die: %s; %" PRIu64 " attached, %" PRIu64 " worked, %" PRIu64
	              " deaths recovered, %" PRIu64 " refusals%s%s%s%s\n",
	              ret == 0 ? "held" : "FAILED", result.attached, result.worked,
	              result.recovered, result.refusals, result.refusal[0] ? ": " : "",
	              result.refusal, result.why[0] ? "; " : "", result.why);
	return ret == 0 ? 0 : 1;
}
