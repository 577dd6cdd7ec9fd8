/* SPDX-License-Identifier: BSD-2-Clause */
/* Rounds of samples, row by row, and what they came to. */
#ifndef BENCH_SUITE_DRIVER_HH
#define BENCH_SUITE_DRIVER_HH

#include "stage.h"
#include "workers.h"

#include "common/histogram.h"

#include <string>
#include <vector>

struct options {
	unsigned rounds = 0; /* not given: of what the run is to be */
	bool full = false;   /* all peers */
	double seconds = 0.15;
	std::string filter; /* rows whose name contains it */
	std::string json;   /* file to write, "": beside the program */
	std::string html;   /* likewise, "": beside the JSON file */
	bool list = false;
};

/* A peer in a row. */
struct contestant {
	const struct peer *peer;
	std::string skipped;                /* why it took no part, or "" */
	std::vector<struct sample> samples; /* one a round, those that did not end included */
	std::vector<struct sample> discarded;
	/* At a fixed rate: the times of each of the samples, and of all that count. */
	std::vector<struct histogram> latencies;
	struct histogram latency = {};
	unsigned stalls = 0;
	/* Of the samples that count; where none does, of those that have a figure. */
	unsigned count = 0;
	bool labelled = false; /* none counts */
	double median = 0, least = 0, most = 0, lost = 0, carried = 1;
};

struct contest {
	const struct row *row;
	std::string skipped;
	std::vector<struct contestant> contestants;
	double canary_ns = 0; /* the row's regime: the median of its canaries, 0: none */
	double seconds = 0;   /* it took */
};

struct outcome {
	std::vector<struct contest> contests;
	unsigned failures = 0;
	bool ended = false; /* asked to, before it was done */
	double seconds = 0;
	/* of the machine, as Google Benchmark sees it */
	int cpus = 0;
	double cpu_mhz = 0;
	std::string clock_scaling;
};

/* The table's rows, and the scales' where all are wanted or the filter asks for them. */
std::vector<const struct row *> rows_chosen(const std::string &filter, bool full);

/* Is this sample one of those that count? */
bool sample_counts(const struct contest &contest, const struct sample &sample);
bool sample_has_figure(const struct sample &sample);

/* The best that is not ours, or NULL; and ours. */
const struct contestant *contest_best_peer(const struct contest &contest);
const struct contestant *contest_ours(const struct contest &contest);

/* How many times as fast as the best peer we are: above 1 is faster.  0: no comparison. */
double contest_ratio(const struct contest &contest);

struct outcome run_contests(struct stage *stage, const struct options &options);

/* report.cc */
void report_progress(const struct outcome &outcome, unsigned row, unsigned rows,
                     const struct contest &contest, unsigned round, unsigned rounds);
void report_contest(unsigned row, unsigned rows, const struct contest &contest, double elapsed);
void report_table(const struct outcome &outcome);

/* json.cc: false where the file can't be written, errno tells why. */
bool json_write(const std::string &path, const struct outcome &outcome,
                const struct options &options);

/* html.cc: the same, for people; false as above. */
bool html_write(const std::string &path, const struct outcome &outcome,
                const struct options &options);

#endif
