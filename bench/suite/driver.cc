/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each contestant of each row is a registered benchmark of one iteration: one sample,
 * whose time the workers took (manual time).
 *
 * The driver calls them one by one, through a filter that matches one name.  Google
 * Benchmark's own random interleaving would mix all rows, so that the contestants of one
 * row would lie minutes and regimes apart, and would leave no place to judge a sample by
 * its canary and take it again.
 */
#include "driver.hh"

#include "canary.h"
#include "median.h"

extern "C" {
#include "common/clock.h"
#include "common/crew.h"
}

#include <algorithm>
#include <benchmark/benchmark.h>

namespace
{

constexpr unsigned tries_max = 3;
constexpr unsigned stalls_max = 2; /* then it is not run again in this row */
constexpr unsigned regime_known_after = 3;
constexpr unsigned long_sample_rounds = 5;

/* What the benchmark that is called next works on. */
struct turn {
	struct stage *stage;
	struct contest *contest;
	struct contestant *contestant;
	unsigned round;
	unsigned tries_left; /* further tries in this row: a busy machine must not take hours */
};
struct turn turn;

/* Google Benchmark's view of the machine; what the samples came to is taken by ourselves. */
class context_reader : public benchmark::BenchmarkReporter
{
public:
	explicit context_reader(struct outcome &outcome) : outcome_(outcome) {}
	bool ReportContext(const Context &context) override
	{
		outcome_.cpus = context.cpu_info.num_cpus;
		outcome_.cpu_mhz = context.cpu_info.cycles_per_second / 1e6;
		outcome_.clock_scaling =
			context.cpu_info.scaling == benchmark::CPUInfo::ENABLED    ? "on"
			: context.cpu_info.scaling == benchmark::CPUInfo::DISABLED ? "off"
										   : "unknown";
		return true;
	}
	void ReportRuns(const std::vector<Run> &) override {}

private:
	struct outcome &outcome_;
};

double canary_of(const struct sample &sample)
{
	return (sample.canary_ns[0] + sample.canary_ns[1]) / 2;
}

/* The row's regime by what has been measured so far. */
void note_regime(struct contest &contest, unsigned at_least)
{
	std::vector<double> all;

	for (const auto &contestant : contest.contestants)
		for (const auto &sample : contestant.samples)
			if (sample.canary_ns[0] > 0 && sample.canary_ns[1] > 0)
				all.push_back(canary_of(sample));
	if (all.size() >= at_least)
		contest.canary_ns = median_of(all.data(), all.size());
}

bool worth_another_try(const struct sample &sample)
{
	return sample.verdict == VERDICT_REGIME || sample.verdict == VERDICT_CROWDED;
}

/* One sample, taken again where something else than the contestant decided its figure. */
void take(benchmark::State &state)
{
	struct contest &contest = *turn.contest;
	struct contestant &contestant = *turn.contestant;
	struct sample sample;

	for (auto _ : state) {
		for (unsigned attempt = 1;; attempt++) {
			sample_take(turn.stage, contest.row, contestant.peer, &sample);
			sample.round = turn.round;
			if (sample.verdict == VERDICT_GOOD && contest.canary_ns > 0 &&
			    canary_differs(canary_of(sample), contest.canary_ns))
				sample.verdict = VERDICT_REGIME;
			if (!worth_another_try(sample) || attempt == tries_max ||
			    turn.tries_left == 0)
				break;
			turn.tries_left--;
			contestant.discarded.push_back(sample);
		}
		state.SetIterationTime((double) sample.elapsed_ns / 1e9);
	}
	state.counters["figure"] = sample.figure;
	contestant.samples.push_back(sample);
	if (row_paced(contest.row))
		contestant.latencies.push_back(*stage_latency(turn.stage));
	note_regime(contest, regime_known_after);
	if (sample.verdict == VERDICT_STALLED)
		contestant.stalls++;
}

std::string benchmark_name(const struct contest &contest, size_t index)
{
	return std::string(contest.row->name) + "/" + std::to_string(index);
}

/* Why it takes no part, or "". */
std::string skipped_for(const struct row &row, const struct peer &peer)
{
	const char *why = peer.missing;

	if (!why && !peer.run[row.shape])
		why = "it has no such call";
	if (!why && peer.unable)
		why = peer.unable(&row);
	return why ? why : "";
}

void enter(struct contest &contest, const struct peer *const peers[PEERS_MAX])
{
	for (size_t i = 0; i < PEERS_MAX && peers[i]; i++) {
		struct contestant contestant = {};
		size_t index = contest.contestants.size();

		contestant.peer = peers[i];
		contestant.skipped = skipped_for(*contest.row, *peers[i]);
		if (contestant.skipped.empty())
			benchmark::RegisterBenchmark(benchmark_name(contest, index).c_str(), take)
				->UseManualTime()
				->Iterations(1)
				->Unit(benchmark::kMillisecond);
		contest.contestants.push_back(contestant);
	}
}

/* Who takes part. */
struct contest make_contest(const struct stage &stage, const struct row &row, bool full)
{
	struct contest contest = {};

	contest.row = &row;
	for (unsigned i = 0; i < row.workers; i++)
		if (row.cpu[i] >= stage.cpus)
			contest.skipped = "one CPU";
	enter(contest, row.peers);
	if (full)
		enter(contest, row.more);
	return contest;
}

/* The times of the samples that its figure is made of. */
void merge_latencies(const struct contest &contest, struct contestant &contestant)
{
	for (size_t i = 0; i < contestant.latencies.size(); i++) {
		const struct sample &sample = contestant.samples[i];

		if (contestant.labelled ? sample_has_figure(sample)
		                        : sample_counts(contest, sample))
			histogram_merge(&contestant.latency, &contestant.latencies[i]);
	}
}

void summarize(struct contest &contest)
{
	note_regime(contest, 1);
	for (auto &contestant : contest.contestants) {
		std::vector<double> good, any, lost, carried;

		for (const auto &sample : contestant.samples) {
			if (!sample_has_figure(sample))
				continue;
			any.push_back(sample.figure);
			lost.push_back(sample.lost);
			carried.push_back(sample.carried);
			if (sample_counts(contest, sample))
				good.push_back(sample.figure);
		}
		contestant.labelled = good.empty() && !any.empty();
		if (good.empty())
			good = any;
		contestant.count = (unsigned) good.size();
		if (good.empty())
			continue;
		contestant.median = median_of(good.data(), good.size()); /* sorts */
		contestant.least = good.front();
		contestant.most = good.back();
		contestant.lost = median_of(lost.data(), lost.size());
		contestant.carried = median_of(carried.data(), carried.size());
		merge_latencies(contest, contestant);
	}
}

void run_round(struct contest &contest, unsigned round, struct outcome &outcome,
               context_reader &reader)
{
	size_t count = contest.contestants.size();

	for (size_t i = 0; i < count && !outcome.ended; i++) {
		size_t index = (i + round) % count; /* nobody is always the first */
		struct contestant &contestant = contest.contestants[index];

		if (!contestant.skipped.empty() || contestant.stalls >= stalls_max)
			continue;
		turn.contestant = &contestant;
		benchmark::RunSpecifiedBenchmarks(&reader,
		                                  "^" + benchmark_name(contest, index) + "/");
		outcome.failures += contestant.samples.back().verdict == VERDICT_FAILED;
		outcome.ended = contestant.samples.back().verdict == VERDICT_ENDED ||
		                crew_asked_to_end() != 0;
	}
}

} // namespace

std::vector<const struct row *> rows_chosen(const std::string &filter, bool full)
{
	std::vector<const struct row *> all, chosen;

	for (unsigned i = 0; i < rows_count; i++)
		all.push_back(&rows[i]);
	for (unsigned i = 0; i < scales_count && (full || !filter.empty()); i++)
		all.push_back(&scales[i]);
	for (const auto *row : all)
		if (std::string(row->name).find(filter) != std::string::npos)
			chosen.push_back(row);
	return chosen;
}

bool sample_has_figure(const struct sample &sample)
{
	return sample.verdict == VERDICT_GOOD || worth_another_try(sample);
}

/* By the row's regime as it came out in the end, which may not be what it began with. */
bool sample_counts(const struct contest &contest, const struct sample &sample)
{
	if (sample.verdict != VERDICT_GOOD && sample.verdict != VERDICT_REGIME)
		return false;
	return contest.canary_ns == 0 ||
	       (!canary_differs(sample.canary_ns[0], sample.canary_ns[1]) &&
	        !canary_differs(canary_of(sample), contest.canary_ns));
}

const struct contestant *contest_ours(const struct contest &contest)
{
	const struct contestant &first = contest.contestants.front();

	return first.count > 0 ? &first : nullptr;
}

const struct contestant *contest_best_peer(const struct contest &contest)
{
	const struct contestant *best = nullptr;

	for (const auto &one : contest.contestants) {
		if (one.peer->ours || one.peer->bar || one.peer->lossy || one.count == 0)
			continue;
		if (!best ||
		    (measure_more_is_better(contest.row->measure) ? one.median > best->median
		                                                  : one.median < best->median))
			best = &one;
	}
	return best;
}

double contest_ratio(const struct contest &contest)
{
	const struct contestant *ours = contest_ours(contest), *best = contest_best_peer(contest);

	if (!ours || !best || ours->median <= 0 || best->median <= 0)
		return 0;
	return measure_more_is_better(contest.row->measure) ? ours->median / best->median
	                                                    : best->median / ours->median;
}

struct outcome run_contests(struct stage *stage, const struct options &options)
{
	struct outcome outcome;
	context_reader reader(outcome);
	int64_t start = now_ns();

	for (const auto *row : rows_chosen(options.filter, options.full))
		outcome.contests.push_back(make_contest(*stage, *row, options.full));
	unsigned number = 0, count = (unsigned) outcome.contests.size();
	for (auto &contest : outcome.contests) {
		int64_t row_start = now_ns();
		unsigned rounds = options.rounds;

		number++;
		if (contest.row->least_ns > 0) /* long samples: fewer of them */
			rounds = std::max(1u, rounds / long_sample_rounds);
		turn = {stage, &contest, nullptr, 0,
		        (unsigned) contest.contestants.size() * (rounds + 1) / 2};
		for (; turn.round < rounds && !outcome.ended && contest.skipped.empty();
		     turn.round++) {
			outcome.seconds = (double) (now_ns() - start) / 1e9;
			report_progress(outcome, number, count, contest, turn.round, rounds);
			run_round(contest, turn.round, outcome, reader);
		}
		summarize(contest);
		contest.seconds = (double) (now_ns() - row_start) / 1e9;
		outcome.seconds = (double) (now_ns() - start) / 1e9;
		if (outcome.ended)
			break;
		report_contest(number, count, contest, outcome.seconds);
	}
	return outcome;
}
