/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report as one page: no scripts, no network, no files beside it.  Every element is
 * closed, as XML wants it, so that any XML parser can say whether it is well-formed.
 */
#include "canary.h"
#include "figures.hh"
#include "html_style.hh"
#include "machine.hh"
#include "markup.hh"
#include "plots.hh"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace
{

std::string cell(const std::string &label, const std::string &content, const char *kind = "")
{
	return formatted("<td class=\"%s\" data-label=\"", kind) + html_escaped(label) + "\">" +
	       content + "</td>";
}

std::string with_range(const struct contestant &one)
{
	return "<b>" + figure(one.median) + "</b> <span class=\"range\">" + figure(one.least) +
	       "\u2013" + figure(one.most) + "</span>";
}

std::string percent(double share)
{
	return formatted("%.0f %%", share * 100);
}

std::string line_time(const struct contest &contest)
{
	return contest.canary_ns > 0 ? formatted("%.0f", contest.canary_ns) : "\u2013";
}

/* --- What it was measured on -------------------------------------------------------------- */

std::string fact(const std::string &name, const std::string &value)
{
	return "<div><dt>" + html_escaped(name) + "</dt><dd>" + html_escaped(value) +
	       "</dd></div>\n";
}

/* The regimes that were met: the shortest and the longest line time of all rows. */
std::string regime(const struct outcome &outcome)
{
	double least = HUGE_VAL, most = 0;

	for (const auto &contest : outcome.contests)
		if (contest.canary_ns > 0) {
			least = std::min(least, contest.canary_ns);
			most = std::max(most, contest.canary_ns);
		}
	if (most == 0)
		return "not measured";
	return formatted("%.0f to %.0f ns from CPU to CPU", least, most) +
	       (canary_differs(least, most) ? ": rows differ, compare within a row"
	                                    : ": the same in all rows");
}

std::string facts(const struct outcome &outcome, const struct options &options)
{
	struct machine machine = machine_now();
	std::string peers;

	for (const auto &one : versions())
		peers += (peers.empty() ? "" : ", ") + one.name +
		         (!one.text   ? " not there"
		          : *one.text ? std::string(" ") + one.text
		                      : "");
	return "<dl class=\"facts\">\n" + fact("date", machine.date) +
	       fact("machine",
	            formatted("%s, %d CPUs%s, %.0f MHz, clock scaling %s", machine.cpu.c_str(),
	                      outcome.cpus, machine.is_virtual ? ", virtual" : "", outcome.cpu_mhz,
	                      outcome.clock_scaling.c_str())) +
	       fact("kernel", machine.kernel + ", " + machine.architecture) +
	       fact("compiler", machine.compiler) + fact("versions", peers) +
	       fact("samples", formatted("%u of %g s for each contestant; all took %.0f s",
	                                 options.rounds, options.seconds, outcome.seconds)) +
	       fact("line", regime(outcome)) + "</dl>\n";
}

std::string failures(const struct outcome &outcome)
{
	if (outcome.failures == 0)
		return "";
	return formatted("<p class=\"failed\">FAILED: %u samples lost, doubled or disordered "
	                 "something.</p>\n",
	                 outcome.failures);
}

/* --- At a glance ---------------------------------------------------------------------------- */

/* A bar from 1 to the ratio, on a scale by doublings; ours to the right. */
std::string ratio_bar(double ratio)
{
	double doublings = std::max(-3.0, std::min(5.0, std::log2(ratio)));
	double zero = 3 * 100 / 8.0, length = std::fabs(doublings) * 100 / 8.0;

	return formatted("<svg class=\"bar\" viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" "
	                 "aria-hidden=\"true\"><rect class=\"%s\" x=\"%.1f\" y=\"1\" "
	                 "width=\"%.1f\" height=\"8\"/><line x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" "
	                 "y2=\"10\"/></svg>",
	                 ratio >= 1 ? "ahead" : "behind", doublings < 0 ? zero - length : zero,
	                 std::max(length, 0.8), zero, zero);
}

std::string glance_row(const struct contest &contest)
{
	const struct contestant *ours = contest_ours(contest), *best = contest_best_peer(contest);
	double ratio = contest_ratio(contest);
	std::string name = html_escaped(contest.row->name),
		    title = html_escaped(contest.row->title);
	std::string out = "<tr id=\"row-" + name + "\"><th scope=\"row\"><a href=\"#all-" + name +
	                  "\">" + title + "</a></th>";

	if (!contest.skipped.empty())
		return out + "<td colspan=\"6\">skipped: " + html_escaped(contest.skipped) +
		       "</td></tr>\n";
	out += cell("unit", measure_unit(contest.row->measure));
	out += cell("line, ns", line_time(contest));
	out += cell("mpshm", ours ? with_range(*ours) : "\u2013", "wide ours");
	out += cell("best peer", best ? with_range(*best) : "\u2013", "wide");
	out += cell("which", best ? html_escaped(best->peer->name) : "\u2013", "wide");
	if (ratio > 0)
		out += cell("ratio",
		            formatted("<span class=\"ratio %s\">%.2f%s</span>",
		                      ratio >= 1 ? "ahead" : "behind", ratio,
		                      ours->labelled || best->labelled ? "*" : "") +
		                    ratio_bar(ratio),
		            "wide");
	else
		out += cell("ratio", "\u2013", "wide");
	return out + "</tr>\n";
}

std::string glance(const struct outcome &outcome)
{
	unsigned wins = 0, compared = 0;
	std::string rows;

	for (const auto &contest : outcome.contests) {
		double ratio = contest_ratio(contest);

		wins += ratio >= 1;
		compared += ratio > 0;
		rows += glance_row(contest);
	}
	return formatted("<h2>At a glance</h2>\n<p>mpshm is faster than the best peer in <b>%u of "
	                 "%u</b> rows.</p>\n",
	                 wins, compared) +
	       "<table class=\"glance\"><thead><tr><th>row</th><th>unit</th><th>line, ns</th>"
	       "<th>mpshm</th><th>best peer</th><th>which</th><th>ratio</th></tr></thead>\n"
	       "<tbody>\n" +
	       rows + "</tbody></table>\n";
}

/* --- Everybody ------------------------------------------------------------------------------ */

std::string contestant_row(const struct contest &contest, const struct contestant &one)
{
	std::string remarks;
	std::string out =
		formatted("<tr class=\"%s\"><th scope=\"row\">", one.peer->ours ? "ours" : "") +
		html_escaped(one.peer->name) + "</th>";

	if (!one.skipped.empty())
		return out + "<td colspan=\"5\">skipped: " + html_escaped(one.skipped) +
		       "</td></tr>\n";
	for (const auto &remark : contestant_remarks(contest, one))
		remarks += (remarks.empty() ? "" : "; ") + remark;
	out += cell("median", one.count > 0 ? figure(one.median) : "\u2013");
	out += cell("least", one.count > 0 ? figure(one.least) : "\u2013");
	out += cell("most", one.count > 0 ? figure(one.most) : "\u2013");
	out += cell("noise", percent(contestant_noise(contest, one)));
	return out + cell("remarks", html_escaped(remarks)) + "</tr>\n";
}

std::string latency_table(const struct contest &contest)
{
	std::string head, rows;

	for (const auto &point : latency_points)
		head += formatted("<th>%s</th>", point.name);
	for (const auto &one : contest.contestants) {
		if (one.latency.count == 0)
			continue;
		rows += formatted("<tr class=\"%s\"><th scope=\"row\">",
		                  one.peer->ours ? "ours" : "") +
		        html_escaped(one.peer->name) + "</th>";
		for (const auto &point : latency_points)
			rows += cell(point.name, figure((double) histogram_quantile(&one.latency,
			                                                            point.share)));
		rows += cell("messages", std::to_string(one.latency.count)) + "</tr>\n";
	}
	if (rows.empty())
		return "";
	return "<table class=\"latency\"><thead><tr><th>ns</th>" + head +
	       "<th>messages</th></tr></thead><tbody>\n" + rows + "</tbody></table>\n";
}

std::string everybody(const struct outcome &outcome)
{
	std::string out = "<h2>Every contestant</h2>\n";

	for (const auto &contest : outcome.contests) {
		std::string name = html_escaped(contest.row->name);

		out += "<section id=\"all-" + name + "\"><h3>" + html_escaped(contest.row->title) +
		       "</h3><p class=\"unit\"><code>" + name + "</code>, " +
		       measure_unit(contest.row->measure) +
		       (measure_more_is_better(contest.row->measure) ? ", more is better"
		                                                     : ", less is better") +
		       (contest.canary_ns > 0 ? ", line " + line_time(contest) + " ns" : "") +
		       "</p>\n";
		if (!contest.skipped.empty()) {
			out += "<p>Skipped: " + html_escaped(contest.skipped) + "</p></section>\n";
			continue;
		}
		out += "<table><thead><tr><th></th><th>median</th><th>least</th><th>most</th>"
		       "<th>noise</th><th>remarks</th></tr></thead><tbody>\n";
		for (const auto &one : contest.contestants)
			out += contestant_row(contest, one);
		out += "</tbody></table>\n" + latency_table(contest) + "</section>\n";
	}
	return out;
}

std::string drawn(const std::vector<struct plot> &plots)
{
	std::string out;

	for (const auto &plot : plots)
		out += plot_figure(plot);
	return "<div class=\"plots\">\n" + out + "</div>\n";
}

std::string drawings(const struct outcome &outcome)
{
	class palette palette;
	auto scales = plots_of(outcome, palette), latencies = latency_plots_of(outcome, palette);
	std::string out;

	if (!scales.empty())
		out += "<h2>By size, batch, capacity and processes</h2>\n<p>Points are medians, "
		       "upright lines go from the least to the most. Axes that begin above 0 go by "
		       "powers.</p>\n" +
		       drawn(scales);
	if (!latencies.empty())
		out += "<h2>How long a message takes</h2>\n<p>From when its schedule had it due "
		       "to when its receiver had it: who is held up does not delay the schedule. "
		       "Half of all messages take no longer than p50, all but one of 10 000 no "
		       "longer than p99.99.</p>\n" +
		       drawn(latencies);
	return out;
}

const char how_to_read[] =
	"<h2>How to read it</h2>\n<ul>\n"
	"<li><b>Ratio</b>: how many times as fast as the best peer mpshm is, by the medians. "
	"Above 1 is faster, for times as for rates. A bar's length goes by doublings.</li>\n"
	"<li><b>Line</b>: how long a cache line took from one CPU to the other during that row. "
	"It decides figures more than any algorithm does: compare within a row, or between rows "
	"with the same line.</li>\n"
	"<li><b>Noise</b>: the share of a contestant's samples that did not count, since the line "
	"changed or somebody else ran on the CPUs. A star: one of the two had no other.</li>\n"
	"<li>All work is done between processes that share memory and nothing else, and "
	"everything that is moved is checked for loss, order and tearing.</li>\n</ul>\n";

} // namespace

bool html_write(const std::string &path, const struct outcome &outcome,
                const struct options &options)
{
	FILE *file = fopen(path.c_str(), "we");
	std::string page =
		std::string("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\n"
	                    "<meta name=\"viewport\" content=\"width=device-width, "
	                    "initial-scale=1\"/>\n<title>mpshm beside others</title>\n<style>") +
		html_style + "</style></head>\n<body><main>\n<h1>mpshm beside others</h1>\n" +
		facts(outcome, options) + failures(outcome) + glance(outcome) + drawings(outcome) +
		everybody(outcome) + how_to_read + "</main></body></html>\n";
	bool written;

	if (!file)
		return false;
	written = fwrite(page.data(), 1, page.size(), file) == page.size();
	return fclose(file) == 0 && written;
}
