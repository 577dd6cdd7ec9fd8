/* SPDX-License-Identifier: BSD-2-Clause */
/* One file with all that was measured and what it was measured on. */
#include "figures.hh"
#include "machine.hh"

#include <cstdio>

namespace
{

std::string quoted(const std::string &text)
{
	std::string out = "\"";
	char code[8];

	for (char c : text) {
		if (c == '"' || c == '\\') {
			out += '\\';
			out += c;
		} else if ((unsigned char) c < ' ') {
			snprintf(code, sizeof(code), "\\u%04x", c);
			out += code;
		} else {
			out += c;
		}
	}
	return out + "\"";
}

std::string number(double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.6g", value);
	return text;
}

void write_context(FILE *file, const struct outcome &outcome, const struct options &options)
{
	const struct machine machine = machine_now();
	const char *separator = "";

	fprintf(file, "  \"schema_version\": 1,\n  \"context\": {\n");
	fprintf(file, "    \"date\": %s,\n", quoted(machine.date).c_str());
	fprintf(file, "    \"cpu\": %s,\n", quoted(machine.cpu).c_str());
	fprintf(file, "    \"virtual\": %s,\n", machine.is_virtual ? "true" : "false");
	fprintf(file, "    \"machine\": %s,\n", quoted(machine.architecture).c_str());
	fprintf(file, "    \"kernel\": %s,\n", quoted(machine.kernel).c_str());
	fprintf(file, "    \"cpus\": %d,\n    \"cpu_mhz\": %s,\n    \"clock_scaling\": %s,\n",
	        outcome.cpus, number(outcome.cpu_mhz).c_str(),
	        quoted(outcome.clock_scaling).c_str());
	fprintf(file, "    \"compiler\": %s,\n    \"versions\": {",
	        quoted(machine.compiler).c_str());
	for (const auto &one : versions()) {
		fprintf(file, "%s%s: %s", separator, quoted(one.key).c_str(),
		        one.text ? quoted(one.text).c_str() : "null");
		separator = ", ";
	}
	fprintf(file, "},\n");
	fprintf(file,
	        "    \"rounds\": %u,\n    \"sample_seconds\": %s,\n    \"seconds\": %s\n  },\n",
	        options.rounds, number(options.seconds).c_str(), number(outcome.seconds).c_str());
}

void write_samples(FILE *file, const char *name, const struct contest &contest,
                   const std::vector<struct sample> &samples)
{
	fprintf(file, "          \"%s\": [", name);
	for (size_t i = 0; i < samples.size(); i++) {
		const struct sample &sample = samples[i];

		fprintf(file,
		        "%s\n            {\"round\": %u, \"figure\": %s, \"verdict\": %s, "
		        "\"counts\": %s, \"canary_ns\": [%s, %s], \"cpu_share\": %s, "
		        "\"lost\": %s, \"carried\": %s, \"seconds\": %s, \"detail\": %s}",
		        i > 0 ? "," : "", sample.round, number(sample.figure).c_str(),
		        quoted(verdict_name(sample.verdict)).c_str(),
		        sample_counts(contest, sample) ? "true" : "false",
		        number(sample.canary_ns[0]).c_str(), number(sample.canary_ns[1]).c_str(),
		        number(sample.cpu_share).c_str(), number(sample.lost).c_str(),
		        number(row_paced(contest.row) ? sample.carried : 1).c_str(),
		        number((double) sample.elapsed_ns / 1e9).c_str(),
		        quoted(sample.detail).c_str());
	}
	fprintf(file, "]");
}

void write_latency(FILE *file, const struct histogram &latency)
{
	fprintf(file, "          \"latency_ns\": {\"count\": %llu",
	        (unsigned long long) latency.count);
	for (const auto &point : latency_points)
		fprintf(file, ", \"%s\": %lld", point.name,
		        (long long) histogram_quantile(&latency, point.share));
	fprintf(file, "},\n");
}

void write_contest(FILE *file, const struct contest &contest)
{
	const struct contestant *best = contest_best_peer(contest);

	fprintf(file, "    {\n      \"name\": %s,\n      \"title\": %s,\n      \"unit\": %s,\n",
	        quoted(contest.row->name).c_str(), quoted(contest.row->title).c_str(),
	        quoted(measure_unit(contest.row->measure)).c_str());
	fprintf(file, "      \"more_is_better\": %s,\n      \"skipped\": %s,\n",
	        measure_more_is_better(contest.row->measure) ? "true" : "false",
	        contest.skipped.empty() ? "null" : quoted(contest.skipped).c_str());
	fprintf(file, "      \"canary_ns\": %s,\n      \"best_peer\": %s,\n      \"ratio\": %s,\n",
	        number(contest.canary_ns).c_str(), best ? quoted(best->peer->name).c_str() : "null",
	        number(contest_ratio(contest)).c_str());
	fprintf(file, "      \"contestants\": [");
	for (size_t i = 0; i < contest.contestants.size(); i++) {
		const struct contestant &one = contest.contestants[i];

		fprintf(file,
		        "%s\n        {\n          \"name\": %s,\n          \"skipped\": %s,\n",
		        i > 0 ? "," : "", quoted(one.peer->name).c_str(),
		        one.skipped.empty() ? "null" : quoted(one.skipped).c_str());
		fprintf(file,
		        "          \"median\": %s, \"min\": %s, \"max\": %s, \"count\": %u, "
		        "\"stalled\": %u, \"disturbed\": %s, \"noise\": %s,\n",
		        number(one.median).c_str(), number(one.least).c_str(),
		        number(one.most).c_str(), one.count, one.stalls,
		        one.labelled ? "true" : "false",
		        number(contestant_noise(contest, one)).c_str());
		if (one.latency.count > 0)
			write_latency(file, one.latency);
		write_samples(file, "samples", contest, one.samples);
		fprintf(file, ",\n");
		write_samples(file, "discarded", contest, one.discarded);
		fprintf(file, "\n        }");
	}
	fprintf(file, "\n      ]\n    }");
}

} // namespace

bool json_write(const std::string &path, const struct outcome &outcome,
                const struct options &options)
{
	FILE *file = fopen(path.c_str(), "we");
	bool written;

	if (!file)
		return false;
	fprintf(file, "{\n");
	write_context(file, outcome, options);
	fprintf(file, "  \"failures\": %u,\n  \"rows\": [\n", outcome.failures);
	for (size_t i = 0; i < outcome.contests.size(); i++) {
		write_contest(file, outcome.contests[i]);
		fprintf(file, "%s\n", i + 1 < outcome.contests.size() ? "," : "");
	}
	fprintf(file, "  ]\n}\n");
	written = !ferror(file);
	return fclose(file) == 0 && written;
}
