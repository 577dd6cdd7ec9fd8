/* SPDX-License-Identifier: BSD-2-Clause */
#include "plot.hh"

#include "figures.hh"
#include "markup.hh"

#include <algorithm>
#include <cmath>

namespace
{

constexpr double width = 440, height = 280;
constexpr double left = 52, right = 14, top = 12, bottom = 44;
constexpr double label_room = 30;    /* labels closer than that would touch */
constexpr double log_from_ratio = 6; /* a linear axis would flatten the small ones */

/* From values to one side of the drawing. */
struct axis {
	double low, high, from, to;
	bool log;

	double at(double value) const
	{
		double part = log ? std::log(value / low) / std::log(high / low)
		                  : (value - low) / (high - low);

		return from + part * (to - from);
	}
};

struct axis make_x(const struct plot &plot)
{
	double low = plot.x_ticks.front().at, high = plot.x_ticks.back().at;
	double inset = 14; /* points don't sit on the frame */

	return {low, high, left + inset, width - right - inset, plot.log_x};
}

struct axis make_y(const struct plot &plot)
{
	double low = HUGE_VAL, high = 0;

	for (const auto &series : plot.series)
		for (const auto &point : series.points) {
			if (point.least > 0)
				low = std::min(low, point.least);
			high = std::max(high, point.most);
		}
	low = std::min(low, high);
	bool log = low > 0 && high / low > log_from_ratio;
	if (log)
		return {low / 1.25, high * 1.25, height - bottom, top, true};
	return {0, high > 0 ? high * 1.08 : 1, height - bottom, top, false};
}

/* 1, 2 and 5 of each power of ten; of many powers, the ones alone. */
std::vector<double> y_ticks(const struct axis &y)
{
	std::vector<double> ticks;

	if (!y.log) {
		double step = std::pow(10, std::floor(std::log10(y.high)) - 1);

		for (unsigned i = 0; y.high / step > 6; i++)
			step *= i % 3 == 1 ? 2.5 : 2; /* 1, 2, 5, 10 ... */
		for (double tick = 0; tick <= y.high; tick += step)
			ticks.push_back(tick);
		return ticks;
	}
	bool many = y.high / y.low > 1500;
	for (double power = std::pow(10, std::floor(std::log10(y.low))); power <= y.high;
	     power *= 10)
		for (double factor : {1.0, 2.0, 5.0})
			if (power * factor >= y.low && power * factor <= y.high &&
			    (!many || factor == 1))
				ticks.push_back(power * factor);
	return ticks;
}

std::string tick_label(double value)
{
	if (value >= 1e6)
		return formatted("%g M", value / 1e6);
	if (value >= 1e4)
		return formatted("%g k", value / 1e3);
	return formatted("%g", value);
}

std::string draw_axes(const struct plot &plot, const struct axis &x, const struct axis &y)
{
	std::string out;
	double last = -HUGE_VAL;

	for (double tick : y_ticks(y)) {
		out += formatted("<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
		                 "y2=\"%.1f\"/>",
		                 left, width - right, y.at(tick), y.at(tick));
		out += formatted("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
		                 left - 6, y.at(tick) + 4, tick_label(tick).c_str());
	}
	for (const auto &tick : plot.x_ticks) {
		double at = x.at(tick.at);

		out += formatted("<line class=\"tick\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" "
		                 "y2=\"%.1f\"/>",
		                 at, at, height - bottom, height - bottom + 4);
		if (at - last < label_room)
			continue;
		last = at;
		out += formatted("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
		                 at, height - bottom + 17, html_escaped(tick.label).c_str());
	}
	out += formatted("<line class=\"tick\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>\n",
	                 left, width - right, height - bottom, height - bottom);
	out += formatted(
		"<text class=\"axis\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>"
		"\n",
		(left + width - right) / 2, height - 6, html_escaped(plot.x_title).c_str());
	return out;
}

constexpr unsigned colours_others = PLOT_COLOURS - PLOT_LOOKS_OURS;

/* How often the colours of the others have been used up before this look. */
unsigned round_of(unsigned look)
{
	return look < PLOT_LOOKS_OURS ? 0 : (look - PLOT_LOOKS_OURS) / colours_others;
}

unsigned colour_of(unsigned look)
{
	return look - round_of(look) * colours_others;
}

/* Who comes again to a colour has another shape, and dashes. */
unsigned shape_of(unsigned look)
{
	return look + round_of(look);
}

/* One shape a colour, for those who can't tell the colours; `inside` is what it contains. */
std::string marker(double x, double y, unsigned shape, const std::string &inside)
{
	switch (shape % 4) {
	case 0:
		return formatted("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\">", x, y) + inside +
		       "</circle>";
	case 1:
		return formatted("<rect x=\"%.1f\" y=\"%.1f\" width=\"7\" height=\"7\">", x - 3.5,
		                 y - 3.5) +
		       inside + "</rect>";
	case 2:
		return formatted("<path d=\"M%.1f %.1f l4.5 8 h-9 z\">", x, y - 5) + inside +
		       "</path>";
	default:
		return formatted("<path d=\"M%.1f %.1f l4.5 4.5 l-4.5 4.5 l-4.5 -4.5 z\">", x,
		                 y - 4.5) +
		       inside + "</path>";
	}
}

std::string draw_series(const struct plot_series &series, const struct axis &x,
                        const struct axis &y, const struct plot &plot)
{
	std::string out =
		formatted("<g class=\"c%u%s\"><polyline points=\"", colour_of(series.look),
	                  round_of(series.look) % 2 ? " dashed" : "");

	for (const auto &point : series.points)
		out += formatted("%.1f,%.1f ", x.at(point.x), y.at(point.y));
	out += "\"/>";
	for (const auto &point : series.points) {
		double at = x.at(point.x);

		if (point.most > point.least && point.least > 0)
			out += formatted("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
			                 at, at, y.at(point.least), y.at(point.most));
		out += marker(at, y.at(point.y), shape_of(series.look),
		              "<title>" + html_escaped(series.name) + ": " + figure(point.y) +
		                      " (" + figure(point.least) + " to " + figure(point.most) +
		                      ") " + html_escaped(plot.y_title) + "</title>");
	}
	return out + "</g>\n";
}

std::string draw_legend(const struct plot &plot)
{
	std::string out = "<figcaption class=\"legend\">";

	for (const auto &series : plot.series)
		out += formatted("<span class=\"c%u\"><svg viewBox=\"0 0 12 12\" width=\"12\" "
		                 "height=\"12\" aria-hidden=\"true\">",
		                 colour_of(series.look)) +
		       marker(6, 6, shape_of(series.look), "") + "</svg> <span class=\"name\">" +
		       html_escaped(series.name) + "</span></span> ";
	return out + "</figcaption>";
}

} // namespace

std::string plot_figure(const struct plot &plot)
{
	struct axis x = make_x(plot), y = make_y(plot);
	std::string out = "<figure><h3>" + html_escaped(plot.title) + "</h3><p class=\"unit\">" +
	                  html_escaped(plot.y_title) + "</p>\n";

	out += formatted("<svg class=\"plot\" viewBox=\"0 0 %.0f %.0f\" role=\"img\" "
	                 "aria-label=\"",
	                 width, height) +
	       html_escaped(plot.title) + "\">\n";
	out += draw_axes(plot, x, y);
	/* Ours last: on top. */
	for (auto series = plot.series.rbegin(); series != plot.series.rend(); series++)
		out += draw_series(*series, x, y, plot);
	return out + "</svg>\n" + draw_legend(plot) + "</figure>\n";
}
