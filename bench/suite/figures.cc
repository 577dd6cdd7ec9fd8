/* SPDX-License-Identifier: BSD-2-Clause */
#include "figures.hh"

#include <cstdio>

const std::vector<struct latency_point> latency_points = {{0.5, "p50"},       {0.9, "p90"},
                                                          {0.99, "p99"},      {0.999, "p99.9"},
                                                          {0.9999, "p99.99"}, {1, "max"}};

namespace
{

constexpr double carried_in_full = 0.995;

} // namespace

std::string figure(double value)
{
	char text[32];
	if (value >= 1e6) {
		snprintf(text, sizeof(text), "%.3g M", value / 1e6);
		return text;
	}
	int decimals = value >= 100 || value == 0 ? 0 : value >= 10 ? 1 : value >= 0.1 ? 2 : 3;

	snprintf(text, sizeof(text), "%.*f", decimals, value);
	return text;
}

std::string binary_figure(double value)
{
	const char *const units[] = {"", " Ki", " Mi", " Gi"};
	unsigned unit = 0;

	while (unit < 3 && value >= 1024) {
		value /= 1024;
		unit++;
	}
	char text[32];
	snprintf(text, sizeof(text), "%.4g%s", value, units[unit]);
	return text;
}

std::vector<std::string> contestant_remarks(const struct contest &contest,
                                            const struct contestant &contestant)
{
	std::vector<std::string> all;
	char text[160];
	unsigned off = 0;
	uint64_t disorder = 0;

	for (const auto &sample : contestant.samples) {
		disorder += sample.disorder;
		off += sample_has_figure(sample) && !sample_counts(contest, sample);
		if (sample.verdict == VERDICT_FAILED)
			all.push_back("FAILED: " + std::string(sample.detail));
	}
	if (contestant.peer->bar && contestant.count > 0)
		all.push_back("a limit, no contestant");
	if (contestant.peer->lossy && contestant.count > 0) {
		snprintf(text, sizeof(text), "loses %.0f %% of the adds", contestant.lost * 100);
		all.push_back(text);
	}
	if (contestant.peer->reorders && disorder > 0)
		all.push_back(std::to_string(disorder) + " out of order");
	if (row_paced(contest.row) && contestant.carried < carried_in_full) {
		snprintf(text, sizeof(text), "carries %.0f %% of the messages in time",
		         contestant.carried * 100);
		all.push_back(text);
	}
	if (contestant.stalls > 0)
		all.push_back(contestant.count > 0 ? "stalled too" : "stalled");
	if (contestant.labelled)
		all.push_back("all samples disturbed");
	else if (off > 0)
		all.push_back(std::to_string(off) + " left out");
	if (!contestant.discarded.empty())
		all.push_back(std::to_string(contestant.discarded.size()) + " taken again");
	return all;
}

double contestant_noise(const struct contest &contest, const struct contestant &contestant)
{
	size_t all = contestant.samples.size() + contestant.discarded.size(), good = 0;

	for (const auto &sample : contestant.samples)
		good += sample_counts(contest, sample);
	return all > 0 ? 1 - (double) good / (double) all : 0;
}
