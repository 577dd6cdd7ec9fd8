/* SPDX-License-Identifier: BSD-2-Clause */
/* Figures as people read them, and what they must know before believing them. */
#ifndef BENCH_SUITE_FIGURES_HH
#define BENCH_SUITE_FIGURES_HH

#include "driver.hh"

#include <string>
#include <vector>

/* Three digits that say something. */
std::string figure(double value);

/* 64, 4 Ki, 1 Mi */
std::string binary_figure(double value);

/* What is told of a distribution of times. */
struct latency_point {
	double share;
	const char *name;
};
extern const std::vector<struct latency_point> latency_points;

/* A word or a sentence each, or none. */
std::vector<std::string> contestant_remarks(const struct contest &contest,
                                            const struct contestant &contestant);

/* The share of the samples that did not count, 0 to 1; those taken again are among them. */
double contestant_noise(const struct contest &contest, const struct contestant &contestant);

#endif
