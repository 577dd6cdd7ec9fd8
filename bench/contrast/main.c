/* SPDX-License-Identifier: BSD-2-Clause */
/* mpshm-contrast: what is lost when processes raise a shared number, and what is not. */
#include "contrast.h"
#include "request.h"

#include "common/program.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

const char program_name[] = "mpshm-contrast";

static struct experiment adjusted(const struct experiment *experiment,
                                  const struct request *request)
{
	struct experiment own = *experiment;

	if (request->runs != 0)
		own.runs = (unsigned) request->runs;
	if (request->processes != 0)
		own.processes = (unsigned) request->processes;
	if (request->increments != 0 && !own.ticket)
		own.increments = request->increments;
	if (request->gap_ns >= 0)
		own.gap_ns = request->gap_ns;
	return own;
}

static int run_way(struct arena *arena, const struct experiment *experiment, const struct way *way,
                   struct report *report)
{
	static struct result results[RUNS_MAX];
	unsigned i;
	int error;

	if (experiment->ticket && !way->python && way->buy == NULL) {
		report_skipped(report, experiment, way, "it counts, and can't decide who buys");
		return 0;
	}
	if (way->python && python_missing()[0] != '\0') {
		report_skipped(report, experiment, way, python_missing());
		return 0;
	}
	for (i = 0; i < experiment->runs; i++) {
		error = run_once(arena, experiment, way, &results[i]);
		if (error < 0)
			return error;
	}
	report_way(report, experiment, way, results, experiment->runs);
	return 0;
}

static int run_all(struct arena *arena, const struct request *request, struct report *report)
{
	unsigned e, w;
	int error;

	for (e = 0; e < experiments_count; e++) {
		struct experiment experiment = adjusted(&experiments[e], request);

		if (!(request->experiments & UINT32_C(1) << e))
			continue;
		report_experiment(report, &experiment);
		for (w = 0; w < ways_count; w++) {
			if (!(request->ways & UINT32_C(1) << w))
				continue;
			error = run_way(arena, &experiment, &ways[w], report);
			if (error < 0)
				return error;
		}
	}
	return 0;
}

static unsigned cpus_allowed(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned) CPU_COUNT(&set) : 1;
}

int main(int argc, char *argv[])
{
	struct request request;
	struct report report = {.json = false};
	struct arena arena;
	unsigned cpus = cpus_allowed();
	int error, removed;

	request_parse(argc, argv, &request);
	report.json = request.json;
	report.may_spare = cpus < 2 || request.processes == 1 ||
	                   (request.increments != 0 && request.increments < 1000000);
	crew_take_signals();
	if (arena_open(&arena, cpus) < 0)
		return 1;
	report_start(&report, cpus);
	if (cpus < 2)
		fprintf(stderr,
		        "%s: one CPU only: a racy way loses only where a process is preempted "
		        "between load and store\n",
		        program_name);
	error = run_all(&arena, &request, &report);
	removed = arena_close(&arena);
	if (error == -EINTR)
		crew_end_by_signal();
	if (error < 0 || removed < 0) {
		fprintf(request.json ? stderr : stdout,
		        "contrast: did not hold: a run failed, see above\n");
		return 1;
	}
	error = report_verdict(&report);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "%s: standard output: %s\n", program_name, strerror(errno));
		return 1;
	}
	return error;
}
