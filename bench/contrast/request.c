/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of mpshm-contrast. */
#include "request.h"

#include "contrast.h"

#include "common/options.h"
#include "common/program.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void help(void)
{
	unsigned i;

	printf("usage: mpshm-contrast [OPTION]...\n"
	       "Raise a number that processes share, in every way, and tell what is lost.\n\n"
	       "  --experiment NAME  only this one; may be repeated\n"
	       "  --way NAME         only this one; may be repeated\n"
	       "  --runs N           of each way, 1 to %d\n"
	       "  --processes N      1 to %d\n"
	       "  --increments N     of each process, 1 to 1000000000; ticket: always 1\n"
	       "  --gap-ns N         imitated between load and store, 0 to 1000000000;\n"
	       "                     ticket: the wait between look and take\n"
	       "  --json             one object a run and line\n"
	       "  --help, --version\n\nExperiments:\n",
	       RUNS_MAX, PROCESSES_MAX);
	for (i = 0; i < experiments_count; i++)
		printf("  %-8s %u processes x %" PRIu64 ", gap %" PRId64 " ns, %u runs\n",
		       experiments[i].name, experiments[i].processes, experiments[i].increments,
		       experiments[i].gap_ns, experiments[i].runs);
	printf("\nWays:\n");
	for (i = 0; i < ways_count; i++)
		printf("  %-11s %s, %s\n", ways[i].name, ways[i].text,
		       ways[i].exact ? "exact" : "racy");
	printf("\nExit status: 0 held, 1 did not hold or could not run, 2 usage.\n");
}

static uint32_t experiment_bit(const char *name)
{
	unsigned i;

	for (i = 0; i < experiments_count; i++)
		if (strcmp(experiments[i].name, name) == 0)
			return UINT32_C(1) << i;
	fprintf(stderr,
	        "%s: --experiment %s: no such experiment; give five, ten, million or ticket\n",
	        program_name, name);
	exit(EXIT_USAGE);
}

static uint32_t way_bit(const char *name)
{
	unsigned i;

	for (i = 0; i < ways_count; i++)
		if (strcmp(ways[i].name, name) == 0)
			return UINT32_C(1) << i;
	fprintf(stderr, "%s: --way %s: no such way; give", program_name, name);
	for (i = 0; i < ways_count; i++)
		fprintf(stderr, "%s %s",
		        i == 0                ? ""
		        : i + 1 == ways_count ? " or"
		                              : ",",
		        ways[i].name);
	fprintf(stderr, "\n");
	exit(EXIT_USAGE);
}

void request_parse(int argc, char *argv[], struct request *request)
{
	static const struct option known[] = {
		{"experiment", required_argument, NULL, 'e'},
		{"way", required_argument, NULL, 'w'},
		{"runs", required_argument, NULL, 'r'},
		{"processes", required_argument, NULL, 'p'},
		{"increments", required_argument, NULL, 'i'},
		{"gap-ns", required_argument, NULL, 'g'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	int code;

	*request = (struct request){.gap_ns = -1};
	opterr = 0;
	while ((code = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		switch (code) {
		case 'e':
			request->experiments |= experiment_bit(optarg);
			break;
		case 'w':
			request->ways |= way_bit(optarg);
			break;
		case 'r':
			request->runs = option_number("--runs", optarg, 1, RUNS_MAX);
			break;
		case 'p':
			request->processes = option_number("--processes", optarg, 1, PROCESSES_MAX);
			break;
		case 'i':
			request->increments = option_number("--increments", optarg, 1, 1000000000);
			break;
		case 'g':
			request->gap_ns =
				(int64_t) option_number("--gap-ns", optarg, 0, 1000000000);
			break;
		case 'j':
			request->json = true;
			break;
		default:
			option_common(code, argv, help);
		}
	}
	option_no_arguments(argc, argv);
	if (request->experiments == 0)
		request->experiments = UINT32_MAX;
	if (request->ways == 0)
		request->ways = UINT32_MAX;
}
