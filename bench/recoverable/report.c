/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include "suite/median.h"

#include <stdio.h>

/* What being recoverable may cost: the larger of the two. */
#define BAR_SHARE 0.03
#define BAR_OPERATION_NS 1.0

static const char *figure(char *text, size_t bytes, struct range range)
{
	int decimals = range.median >= 200 ? 0 : range.median >= 20 ? 1 : 2;

	snprintf(text, bytes, "%.*f (%.*f .. %.*f)", decimals, range.median, decimals, range.low,
	         decimals, range.high);
	return text;
}

static double line_of(const struct duel *duel, enum reach reach)
{
	double lines[PAIRS_MAX];
	unsigned i;

	for (i = 0; i < duel->count[reach]; i++)
		lines[i] = duel->pairs[reach][i].line_ns;
	return median_of(lines, duel->count[reach]);
}

static const char *verdict(struct range cost, double bar)
{
	if (cost.high <= bar)
		return "within";
	if (cost.low > bar)
		return "ABOVE";
	return cost.median <= bar ? "within?" : "above?";
}

static void report_reach(const struct trial *trial, const struct duel *duel, enum reach reach)
{
	struct range with = duel_figures(duel, reach, BUILD_WITH);
	struct range without = duel_figures(duel, reach, BUILD_WITHOUT);
	struct range cost = duel_cost(duel, reach);
	double line_ns = line_of(duel, reach);
	double bar = without.median * BAR_SHARE, least_bar = trial->operations * BAR_OPERATION_NS;
	char text[BUILDS][48], line[16] = "-";

	if (bar < least_bar)
		bar = least_bar;
	if (line_ns > 0)
		snprintf(line, sizeof(line), "%.0f", line_ns);
	printf("%-19s %-40s %4s %5u  %-26s %-26s %+7.2f (%+.2f .. %+.2f)  %+.1f %%  %.2f  %s\n",
	       trial->row.name, trial->row.title, line, duel->count[reach],
	       figure(text[0], sizeof(text[0]), with), figure(text[1], sizeof(text[1]), without),
	       cost.median, cost.low, cost.high, 100 * cost.median / without.median, bar,
	       verdict(cost, bar));
}

void report_heading(void)
{
	printf("%-19s %-40s %4s %5s  %-26s %-26s %s\n", "row", "ns of it, median (min .. max)",
	       "line", "pairs", "with", "without", "difference (95 %), of it, bar, verdict");
	fflush(stdout);
}

void report_trial(const struct trial *trial, const struct duel *duel)
{
	unsigned reach, counted = 0;

	for (reach = 0; reach < REACHES; reach++) {
		if (duel->count[reach] == 0)
			continue;
		report_reach(trial, duel, (enum reach) reach);
		counted += duel->count[reach];
	}
	if (counted == 0)
		printf("%-19s %-40s nothing that counts\n", trial->row.name, trial->row.title);
	if (duel->disturbed > 0)
		printf("%-19s %u pairs disturbed, and left out; %u samples did not end in time\n",
		       "", duel->disturbed, duel->stalled);
	fflush(stdout);
}

void report_legend(void)
{
	printf("figures are ns of an element, of a message, of a put and its get, or of a round "
	       "trip\n"
	       "line: ns in which a cache line went from one CPU to the other; near and far are "
	       "told apart\n"
	       "difference: the median of those of the pairs; the true one lies between the two "
	       "others by 95 %%\n"
	       "bar: %.0f %%, or %.0f ns for each operation that the figure holds, whichever is "
	       "more\n",
	       100 * BAR_SHARE, BAR_OPERATION_NS);
}
