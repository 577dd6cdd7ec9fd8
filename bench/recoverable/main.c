/* SPDX-License-Identifier: BSD-2-Clause */
/* mpshm-recoverable: what it costs that the dead can be recovered from. */
#include "operations.h"
#include "report.h"

#include "common/crew.h"
#include "common/options.h"
#include "common/program.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_NOT_BUILT 77

const char program_name[] = "mpshm-recoverable";

struct request {
	unsigned rounds;
	uint64_t sample_ms;
	const char *filter;
};

static void usage(void)
{
	printf("usage: %s [OPTION]...\n"
	       "Measure the library beside itself without intents; see doc/BENCHMARKS.md.\n\n"
	       "  --rounds N              pairs of samples a row, 1 to %d (default 15)\n"
	       "  --milliseconds N        length of a sample, 1 to 10000 (default 150)\n"
	       "  --row FILTER            only rows whose name contains FILTER\n"
	       "  --list                  name the rows, and end\n"
	       "  --operations BUILD      run each call, for an instruction counter; BUILD is\n"
	       "                          with, without or list\n"
	       "  --help                  this\n\n"
	       "Exit status: 0; 1: something was lost or failed; 2: wrong usage; %d: built\n"
	       "without shared libraries.  What the intents cost does not decide it.\n",
	       program_name, PAIRS_MAX, EXIT_NOT_BUILT);
}

static void list(const char *filter)
{
	unsigned i;

	for (i = 0; i < trials_count; i++)
		if (strstr(trials[i].row.name, filter))
			printf("%-19s %-40s %s\n", trials[i].row.name, trials[i].row.title,
			       trials[i].unit);
	option_answered();
}

static void require_builds(void)
{
	if (library_is_built(BUILD_WITH) && library_is_built(BUILD_WITHOUT))
		return;
	fprintf(stderr, "%s: skipped: the two builds of the library are not there\n", program_name);
	exit(EXIT_NOT_BUILT);
}

static void operations(const char *build)
{
	if (strcmp(build, "list") == 0) {
		operations_list();
		option_answered();
	}
	if (strcmp(build, "with") != 0 && strcmp(build, "without") != 0) {
		fprintf(stderr, "%s: --operations %s: give with, without or list\n", program_name,
		        build);
		exit(EXIT_USAGE);
	}
	require_builds();
	exit(operations_run(strcmp(build, "with") == 0 ? BUILD_WITH : BUILD_WITHOUT) < 0);
}

static struct request parse(int argc, char *argv[])
{
	static const struct option known[] = {{"rounds", required_argument, NULL, 'r'},
	                                      {"milliseconds", required_argument, NULL, 'm'},
	                                      {"row", required_argument, NULL, 'o'},
	                                      {"list", no_argument, NULL, 'l'},
	                                      {"operations", required_argument, NULL, 'i'},
	                                      {"help", no_argument, NULL, 'h'},
	                                      {NULL, 0, NULL, 0}};
	struct request request = {.rounds = 15, .sample_ms = 150, .filter = ""};
	int code;

	opterr = 0;
	while ((code = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		switch (code) {
		case 'r':
			request.rounds = (unsigned) option_number("--rounds", optarg, 1, PAIRS_MAX);
			break;
		case 'm':
			request.sample_ms = option_number("--milliseconds", optarg, 1, 10000);
			break;
		case 'o':
			request.filter = optarg;
			break;
		case 'l':
			list(request.filter);
			break;
		case 'i':
			operations(optarg);
			break;
		default:
			option_common(code, argv, usage);
		}
	}
	option_no_arguments(argc, argv);
	return request;
}

/* Rows that want two CPUs where there is one. */
static bool wants_more(const struct row *row, const struct stage *stage)
{
	unsigned i;

	for (i = 0; i < row->workers; i++)
		if (row->cpu[i] >= stage->cpus)
			return true;
	return false;
}

static unsigned run_trials(struct stage *stage, const struct request *request)
{
	static struct duel duel;
	unsigned i, failures = 0;

	report_heading();
	for (i = 0; i < trials_count && !crew_asked_to_end(); i++) {
		const struct row *row = &trials[i].row;

		if (!strstr(row->name, request->filter))
			continue;
		if (wants_more(row, stage)) {
			printf("%-19s %-40s skipped, one CPU\n", row->name, row->title);
			continue;
		}
		duel_run(&duel, &trials[i], stage, request->rounds);
		failures += duel.failures;
		if (!duel.ended)
			report_trial(&trials[i], &duel);
	}
	return failures;
}

int main(int argc, char *argv[])
{
	struct request request = parse(argc, argv);
	struct stage stage = {.warm_ns = 10000000};
	unsigned failures;
	bool closed;

	require_builds();
	stage.sample_ns = (int64_t) request.sample_ms * 1000000;
	crew_take_signals();
	if (stage_open(&stage) < 0)
		return 1;
	failures = run_trials(&stage, &request);
	closed = stage_close(&stage) == 0;
	if (crew_asked_to_end()) {
		crew_end_by_signal();
		return 1;
	}
	report_legend();
	return failures > 0 || !closed ? 1 : 0;
}
