/* SPDX-License-Identifier: BSD-2-Clause */
/* Which rows make which plot. */
#ifndef BENCH_SUITE_PLOTS_HH
#define BENCH_SUITE_PLOTS_HH

#include "driver.hh"
#include "plot.hh"

#include <map>

/* One look a peer, the same in all plots. */
class palette
{
public:
	unsigned of(const struct peer *peer);

private:
	std::map<const struct peer *, unsigned> looks_;
	unsigned next_ = PLOT_LOOKS_OURS;
};

/* Those of which two points or more were measured. */
std::vector<struct plot> plots_of(const struct outcome &outcome, class palette &palette);

/* One for each row at a fixed rate. */
std::vector<struct plot> latency_plots_of(const struct outcome &outcome, class palette &palette);

#endif
