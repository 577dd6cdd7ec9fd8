/* SPDX-License-Identifier: BSD-2-Clause */
#include "plots.hh"

#include "figures.hh"

#include <algorithm>
#include <cstring>

namespace
{

enum scale { SCALE_BYTES, SCALE_BATCH, SCALE_CAPACITY, SCALE_PROCESSES, SCALE_PARTICIPANTS };

#define SERIES_MAX 8

/* A scale and the rows that are points of it; a row may be a point of several. */
struct selection {
	const char *title;
	enum scale scale;
	const char *rows[SERIES_MAX];
};

const struct selection selections[] = {
	{"Ring for one to one, by size of an element",
         SCALE_BYTES,
         {"spsc-8-1024", "spsc-16", "spsc-64-1024", "spsc-256", "spsc-1024", "spsc-4096",
          "spsc-65536"}},
	{"Ring for many to many, by size of an element",
         SCALE_BYTES,
         {"mpmc-8", "mpmc-16", "mpmc-64", "mpmc-256", "mpmc-1024", "mpmc-4096", "mpmc-65536"}},
	{"Blocking, by size of a message",
         SCALE_BYTES,
         {"queue-64", "queue-1k", "queue-4k", "queue-64k", "queue-1m"}},
	{"Ring for one to one, 8 B, by batch",
         SCALE_BATCH,
         {"spsc-8-1024", "spsc-8-batch-4", "spsc-8-batch-8", "spsc-8-1024-batch",
          "spsc-8-batch-128"}},
	{"Ring for many to many, 8 B, by batch",
         SCALE_BATCH,
         {"mpmc-8", "mpmc-8-batch-4", "mpmc-8-batch-8", "mpmc-8-batch", "mpmc-8-batch-128"}},
	{"Ring for one to one, 8 B, by capacity",
         SCALE_CAPACITY,
         {"spsc-8-capacity-64", "spsc-8-capacity-256", "spsc-8-1024", "spsc-8-65536"}},
	{"Ring for many to many, 8 B, by capacity",
         SCALE_CAPACITY,
         {"mpmc-8-capacity-64", "mpmc-8-capacity-256", "mpmc-8", "mpmc-8-capacity-65536"}},
	{"Ring for many to many, 8 B, by processes on two CPUs",
         SCALE_PROCESSES,
         {"mpmc-8", "mpmc-8-2to2-mixed", "mpmc-8-4to4", "mpmc-8-16to16"}},
	{"Blocking, 64 B, by processes on two CPUs",
         SCALE_PROCESSES,
         {"queue-64", "queue-2to2", "queue-4to4", "queue-16to16"}},
	{"Fairness, ring for many to many: the slowest has that part of the mean",
         SCALE_PROCESSES,
         {"mpmc-fair-2to2", "mpmc-fair-4to4", "mpmc-fair-16to16"}},
	{"Round trip, ring for one to one",
         SCALE_BYTES,
         {"spsc-trip", "spsc-trip-24", "spsc-trip-64"}},
	{"Round trip, ring for many to many",
         SCALE_BYTES,
         {"mpmc-trip", "mpmc-trip-24", "mpmc-trip-64"}},
	{"Long messages that are read", SCALE_BYTES, {"zero-copy-64k", "zero-copy-1m"}},
	{"Put and get of 64 B by one process, by participants of the segment",
         SCALE_PARTICIPANTS,
         {"queue-among-2", "queue-among-8", "queue-among-64", "queue-among-512"}},
	{"Memory of a ring for one to one, for an element",
         SCALE_BYTES,
         {"spsc-memory-8", "spsc-memory-64", "spsc-memory-1024"}},
	{"Memory of a ring for many to many, for an element",
         SCALE_BYTES,
         {"mpmc-memory-8", "mpmc-memory-64", "mpmc-memory-1024"}},
};

double place(const struct row &row, enum scale scale)
{
	switch (scale) {
	case SCALE_BYTES:
		return (double) row_bytes(&row);
	case SCALE_BATCH:
		return row_batch(&row);
	case SCALE_CAPACITY:
		return row.capacity;
	case SCALE_PROCESSES:
		return row.workers;
	case SCALE_PARTICIPANTS:
		return row.participants;
	}
	return 0;
}

const char *scale_title(enum scale scale)
{
	static const char *const titles[] = {"bytes", "elements a call", "capacity", "processes",
	                                     "participants"};

	return titles[scale];
}

/* Rows of one plot may tell elements or bytes: all become GiB a second where one does. */
double in_unit(const struct row &row, bool gib, double value)
{
	if (!gib || row.measure == MEASURE_GIB)
		return value;
	return value * 1e6 * (double) row_bytes(&row) / (1 << 30);
}

struct plot_series &series_of(struct plot &plot, const struct peer *peer, class palette &palette)
{
	unsigned ours = 0;

	for (auto &series : plot.series) {
		if (series.name == peer->name)
			return series;
		ours += series.look < PLOT_LOOKS_OURS;
	}
	plot.series.push_back({peer->name, peer->ours ? ours : palette.of(peer), {}});
	return plot.series.back();
}

bool chosen(const struct selection &selection, const struct row &row)
{
	for (const char *name : selection.rows)
		if (name && strcmp(name, row.name) == 0)
			return true;
	return false;
}

struct plot make_plot(const struct selection &selection, const struct outcome &outcome,
                      class palette &palette)
{
	struct plot plot = {};
	bool gib = false;
	enum measure measure = MEASURE_MILLIONS;

	for (const auto &contest : outcome.contests)
		if (chosen(selection, *contest.row)) {
			measure = contest.row->measure;
			gib = gib || measure == MEASURE_GIB;
		}
	plot.title = selection.title;
	plot.x_title = scale_title(selection.scale);
	plot.y_title = gib                           ? "GiB a second"
	               : measure == MEASURE_MILLIONS ? "million a second"
	                                             : measure_unit(measure);
	plot.log_x = true;
	for (const auto &contest : outcome.contests) {
		double x = place(*contest.row, selection.scale);
		bool any = false;

		if (!chosen(selection, *contest.row))
			continue;
		for (const auto &one : contest.contestants) {
			if (one.count == 0 || one.peer->lossy)
				continue;
			any = true;
			series_of(plot, one.peer, palette)
				.points.push_back({x, in_unit(*contest.row, gib, one.median),
			                           in_unit(*contest.row, gib, one.least),
			                           in_unit(*contest.row, gib, one.most)});
		}
		if (any)
			plot.x_ticks.push_back({x, binary_figure(x)});
	}
	for (auto &series : plot.series)
		std::sort(series.points.begin(), series.points.end(),
		          [](const auto &a, const auto &b) { return a.x < b.x; });
	std::sort(plot.x_ticks.begin(), plot.x_ticks.end(),
	          [](const auto &a, const auto &b) { return a.at < b.at; });
	return plot;
}

/* How long messages take, from the half of them to the longest. */
struct plot make_latency_plot(const struct contest &contest, class palette &palette)
{
	struct plot plot = {};

	plot.title = contest.row->title;
	plot.x_title = "of all messages";
	plot.y_title = "ns from when it was due";
	for (const auto &point : latency_points)
		plot.x_ticks.push_back({(double) plot.x_ticks.size(), point.name});
	for (const auto &one : contest.contestants) {
		if (one.latency.count == 0)
			continue;
		struct plot_series &series = series_of(plot, one.peer, palette);
		for (const auto &point : latency_points) {
			double y = (double) histogram_quantile(&one.latency, point.share);

			series.points.push_back({(double) series.points.size(), y, y, y});
		}
	}
	return plot;
}

} // namespace

unsigned palette::of(const struct peer *peer)
{
	auto found = looks_.find(peer);

	return found != looks_.end() ? found->second : looks_[peer] = next_++;
}

std::vector<struct plot> plots_of(const struct outcome &outcome, class palette &palette)
{
	std::vector<struct plot> plots;

	for (const auto &selection : selections) {
		struct plot plot = make_plot(selection, outcome, palette);

		if (plot.x_ticks.size() > 1)
			plots.push_back(plot);
	}
	return plots;
}

std::vector<struct plot> latency_plots_of(const struct outcome &outcome, class palette &palette)
{
	std::vector<struct plot> plots;

	for (const auto &contest : outcome.contests) {
		if (!row_paced(contest.row))
			continue;
		struct plot plot = make_latency_plot(contest, palette);

		if (!plot.series.empty())
			plots.push_back(plot);
	}
	return plots;
}
