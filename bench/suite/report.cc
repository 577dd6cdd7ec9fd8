/* SPDX-License-Identifier: BSD-2-Clause */
/* What people read: progress, each row as it is done, and the table. */
#include "figures.hh"

#include <cmath>
#include <cstdio>
#include <unistd.h>

namespace
{

std::string spread(const struct contestant &contestant)
{
	return "(" + figure(contestant.least) + " .. " + figure(contestant.most) + ")";
}

std::string remarks(const struct contest &contest, const struct contestant &contestant)
{
	std::string all;

	for (const auto &remark : contestant_remarks(contest, contestant))
		all += "  " + remark;
	return all;
}

bool live()
{
	static const bool terminal = isatty(STDOUT_FILENO);

	return terminal;
}

} // namespace

void report_progress(const struct outcome &outcome, unsigned row, unsigned count,
                     const struct contest &contest, unsigned round, unsigned rounds)
{
	if (!live())
		return;
	printf("\r\033[Krow %u of %u: %s, round %u of %u, %.0f s", row, count, contest.row->title,
	       round + 1, rounds, outcome.seconds);
	fflush(stdout);
}

void report_contest(unsigned row, unsigned count, const struct contest &contest, double elapsed)
{
	if (live())
		printf("\r\033[K");
	printf("row %u of %u: %s, %.0f s", row, count, contest.row->title, elapsed);
	if (!contest.skipped.empty()) {
		printf(": skipped, %s\n", contest.skipped.c_str());
		return;
	}
	if (contest.canary_ns > 0)
		printf(", line %.0f ns", contest.canary_ns);
	printf("\n");
	for (const auto &one : contest.contestants) {
		printf("    %-26s", one.peer->name);
		if (!one.skipped.empty()) {
			printf("   skipped, %s\n", one.skipped.c_str());
			continue;
		}
		if (one.count > 0)
			printf("%9s %-5s %-18s", figure(one.median).c_str(),
			       measure_unit(contest.row->measure), spread(one).c_str());
		printf("%s\n", remarks(contest, one).c_str());
	}
	fflush(stdout);
}

void report_table(const struct outcome &outcome)
{
	unsigned wins = 0, compared = 0, labelled = 0;

	printf("\n%-40s %-5s %4s %9s %-19s %-19s %9s %-19s %6s\n", "median (min .. max)", "unit",
	       "line", "mpshm", "", "best peer", "", "", "ratio");
	for (const auto &contest : outcome.contests) {
		const struct contestant *ours, *best;
		double ratio;

		if (!contest.skipped.empty()) {
			printf("%-40s skipped, %s\n", contest.row->title, contest.skipped.c_str());
			continue;
		}
		ours = contest_ours(contest);
		best = contest_best_peer(contest);
		ratio = contest_ratio(contest);
		printf("%-40s %-5s %4s", contest.row->title, measure_unit(contest.row->measure),
		       contest.canary_ns > 0
		               ? std::to_string(std::lround(contest.canary_ns)).c_str()
		               : "-");
		printf(" %9s %-19s", ours ? figure(ours->median).c_str() : "-",
		       ours ? spread(*ours).c_str() : "");
		if (best)
			printf(" %-19s %9s %-19s", best->peer->name, figure(best->median).c_str(),
			       spread(*best).c_str());
		if (ratio > 0) {
			bool star = ours->labelled || best->labelled;

			printf(" %6.2f%s", ratio, star ? "*" : "");
			labelled += star;
			compared++;
			wins += ratio >= 1;
		}
		for (const auto &one : contest.contestants)
			if (one.stalls > 0)
				printf("  %s stalled", one.peer->name);
		printf("\n");
	}
	printf("line: ns in which a cache line went from one CPU to the other, during that row\n");
	printf("ratio: how many times as fast as the best peer, above 1 is faster; "
	       "%u of %u rows are\n",
	       wins, compared);
	if (labelled > 0)
		printf("* one of the two had disturbed samples only\n");
}
