/* SPDX-License-Identifier: BSD-2-Clause */
/* What came out: a table, or an object a line; and whether it held. */
#include "contrast.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *text, size_t size, const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + length, size - length, format, arguments);
	va_end(arguments);
}

void report_start(const struct report *report, unsigned cpus)
{
	if (report->json)
		return;
	printf("A number shared by processes, raised in every way, on %u CPU%s.\n"
	       "  got       the mean of the runs; all of them stand below it\n"
	       "  lost      of all increments of all runs, so of the mean as well\n"
	       "  ns/op     wall-clock time from the common start to the last process's end, divided\n"
	       "            by the increments of all processes; the middle one of the runs\n"
	       "  promises  exact: the way promises that nothing is lost\n",
	       cpus, cpus == 1 ? "" : "s");
}

static const char *time_text(int64_t ns, char text[32])
{
	if (ns >= MPSHM_MILLISECOND && ns % MPSHM_MILLISECOND == 0)
		snprintf(text, 32, "%" PRId64 " ms", ns / MPSHM_MILLISECOND);
	else
		snprintf(text, 32, "%" PRId64 " ns", ns);
	return text;
}

void report_experiment(const struct report *report, const struct experiment *experiment)
{
	char text[32];

	if (report->json)
		return;
	if (experiment->ticket)
		printf("\n%s: %s.  %u buyers, the wait is %s\n", experiment->name, experiment->text,
		       experiment->processes, time_text(experiment->gap_ns, text));
	else
		printf("\n%s: %u processes x %" PRIu64 " increments; %s\n", experiment->name,
		       experiment->processes, experiment->increments, experiment->text);
	if (experiment->pause_ns > 0)
		printf("  each sleeps %s before every increment: ns/op is mostly that sleep\n",
		       time_text(experiment->pause_ns, text));
	if (!experiment->ticket && experiment->gap_ns > 0)
		printf("  an interpreter's gap between load and store is imitated: %s in racy, cas "
		       "and mutex\n",
		       time_text(experiment->gap_ns, text));
	else if (!experiment->ticket)
		printf("  no gap is imitated\n");
	printf("  %-11s %-11s %10s %10s %8s %11s  %s\n", "experiment", "way", "expected", "got",
	       experiment->ticket ? "oversold" : "lost", "ns/op", "promises");
}

void report_skipped(const struct report *report, const struct experiment *experiment,
                    const struct way *way, const char *why)
{
	fprintf(report->json ? stderr : stdout, "  %-11s %-11s skipped: %s\n", experiment->name,
	        way->name, why);
}

static int compare_ns(const void *a, const void *b)
{
	const struct result *left = a, *right = b;

	return (left->ns_per_op > right->ns_per_op) - (left->ns_per_op < right->ns_per_op);
}

static double lost_percent(const struct result *result)
{
	return 100.0 * (double) (result->expected - result->got) / (double) result->expected;
}

static void print_json(const struct experiment *experiment, const struct way *way,
                       const struct result *results, unsigned count)
{
	unsigned i;

	for (i = 0; i < count; i++)
		printf("{\"experiment\": \"%s\", \"way\": \"%s\", \"exact\": %s, \"processes\": %u, "
		       "\"increments\": %" PRIu64 ", \"expected\": %" PRId64 ", \"got\": %" PRId64
		       ", \"ns_per_op\": %.3f}\n",
		       experiment->name, way->name, way->exact ? "true" : "false",
		       experiment->processes, experiment->increments, results[i].expected,
		       results[i].got, results[i].ns_per_op);
}

static void print_all_runs(const struct result *results, unsigned count)
{
	unsigned i, same = 1;

	while (same < count && results[same].got == results[0].got)
		same++;
	if (count > 1 && same == count) {
		printf("  %24sall %u runs: %" PRId64 "\n", "", count, results[0].got);
		return;
	}
	for (i = 0; count > 1 && i < count; i++) {
		if (i % 10 == 0)
			printf("  %24s%s", "", i == 0 ? "runs:" : "     ");
		printf(" %" PRId64, results[i].got);
		if (i % 10 == 9 || i + 1 == count)
			printf("\n");
	}
}

static void print_row(const struct experiment *experiment, const struct way *way,
                      const struct result *results, unsigned count)
{
	struct result sorted[RUNS_MAX];
	double sum = 0, lost = 0;
	char text[32];
	int64_t got;
	unsigned i;

	memcpy(sorted, results, count * sizeof(sorted[0]));
	for (i = 0; i < count; i++) {
		sum += (double) results[i].got;
		lost += lost_percent(&results[i]) / count;
	}
	got = (int64_t) (sum / count + 0.5);
	qsort(sorted, count, sizeof(sorted[0]), compare_ns);
	if (experiment->ticket)
		snprintf(text, sizeof(text), "%" PRId64, got - results[0].expected);
	else
		snprintf(text, sizeof(text), "%.1f %%", lost);
	printf("  %-11s %-11s %10" PRId64 " %10" PRId64 " %8s %11.2f  %-8s %s\n", experiment->name,
	       way->name, results[0].expected, got, text, sorted[count / 2].ns_per_op,
	       way->exact ? "exact" : "nothing", way->text);
	print_all_runs(results, count);
}

/* A racy way: how much it lost, at least and at most. */
static void note_lost(struct report *report, const struct experiment *experiment,
                      const struct way *way, const struct result *results, unsigned count)
{
	double least = lost_percent(&results[0]), most = least;
	unsigned i, spared = 0;

	for (i = 0; i < count; i++) {
		double lost = lost_percent(&results[i]);

		least = lost < least ? lost : least;
		most = lost > most ? lost : most;
		spared += results[i].got == results[i].expected;
	}
	append(report->lost, sizeof(report->lost), "%s%s %s ", report->lost[0] == '\0' ? "" : ", ",
	       way->name, experiment->name);
	if (experiment->ticket)
		append(report->lost, sizeof(report->lost), "sold %.0f-%.0f for 1", 1 - most / 100,
		       1 - least / 100);
	else
		append(report->lost, sizeof(report->lost), "%.1f-%.1f %%", least, most);
	if (!way->python && strcmp(experiment->name, "million") == 0 && !report->may_spare)
		report->spared += spared;
}

static void note_exact(struct report *report, const struct experiment *experiment,
                       const struct way *way, const struct result *results, unsigned count)
{
	unsigned i;

	report->exact_runs += count;
	for (i = 0; i < count; i++) {
		if (results[i].got == results[i].expected)
			continue;
		if (report->exact_broken++ == 0)
			append(report->broken, sizeof(report->broken),
			       "%s %s got %" PRId64 " in place of %" PRId64, way->name,
			       experiment->name, results[i].got, results[i].expected);
	}
}

void report_way(struct report *report, const struct experiment *experiment, const struct way *way,
                const struct result *results, unsigned count)
{
	if (report->json)
		print_json(experiment, way, results, count);
	else
		print_row(experiment, way, results, count);
	fflush(stdout);
	if (way->exact)
		note_exact(report, experiment, way, results, count);
	else
		note_lost(report, experiment, way, results, count);
}

int report_verdict(const struct report *report)
{
	FILE *to = report->json ? stderr : stdout;

	if (!report->json)
		fprintf(to, "\n");
	if (report->exact_broken > 0)
		fprintf(to,
		        "contrast: did not hold: %u of %u runs of exact ways were not exact: %s\n",
		        report->exact_broken, report->exact_runs, report->broken);
	else if (report->spared > 0)
		fprintf(to,
		        "contrast: did not hold: the racy million lost nothing in %u run%s, so that "
		        "its processes did not overlap; try again on a less busy machine\n",
		        report->spared, report->spared == 1 ? "" : "s");
	else if (report->exact_runs == 0 && report->lost[0] == '\0')
		fprintf(to, "contrast: nothing was run, so that nothing was broken\n");
	else if (report->exact_runs == 0)
		fprintf(to, "contrast: held: no exact way was run; the racy ways lost: %s\n",
		        report->lost);
	else
		fprintf(to, "contrast: held: every exact way was exact in %u runs%s%s\n",
		        report->exact_runs,
		        report->lost[0] == '\0' ? "" : "; the racy ways lost: ", report->lost);
	return report->exact_broken > 0 || report->spared > 0 ? 1 : 0;
}
