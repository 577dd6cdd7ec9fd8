/* SPDX-License-Identifier: BSD-2-Clause */
/* A line plot as SVG: a few series over one axis, drawn for a phone's width. */
#ifndef BENCH_SUITE_PLOT_HH
#define BENCH_SUITE_PLOT_HH

#include <string>
#include <vector>

struct plot_point {
	double x, y;
	double least, most;
};

struct plot_series {
	std::string name;
	unsigned
		look; /* colour, shape and stroke; equal ones look alike, those of ours come first */
	std::vector<struct plot_point> points;
};

struct plot_tick {
	double at;
	std::string label;
};

struct plot {
	std::string title, x_title, y_title;
	bool log_x;
	std::vector<struct plot_tick> x_ticks;
	std::vector<struct plot_series> series;
};

/* Classes c0, c1 ..., which the page defines; the first few are ours, and nobody else's. */
#define PLOT_COLOURS 10
#define PLOT_LOOKS_OURS 2

/* A <figure> with title, drawing and legend; its text is escaped. */
std::string plot_figure(const struct plot &plot);

#endif
