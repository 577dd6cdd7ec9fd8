/* SPDX-License-Identifier: BSD-2-Clause */
/* mpshm-bench: how fast, beside others, on this machine, in one run. */
#include "driver.hh"
#include "machine.hh"

extern "C" {
#include "common/crew.h"
#include "common/options.h"
#include "common/program.h"
}

#include <benchmark/benchmark.h>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <getopt.h>
#include <unistd.h>

extern const char program_name[] = "mpshm-bench";

namespace
{

constexpr unsigned rounds_quick = 7;
constexpr unsigned rounds_full = 15;

void usage(FILE *stream)
{
	fprintf(stream,
	        "usage: %s [OPTION]...\n"
	        "Measure mpshm and its peers side by side; see doc/BENCHMARKS.md.\n\n"
	        "  --rounds N     samples of each contestant, 1 to 999 (default %u: two minutes)\n"
	        "  --full         all rows and all peers, not only the best; %u rounds\n"
	        "  --seconds S    length of a sample, 0.01 to 10 (default 0.15)\n"
	        "  --row FILTER   only rows whose name contains FILTER, those of --full among them\n"
	        "  --list         name the rows and who takes part, and end\n"
	        "  --json FILE    where to write every sample (default: beside this program)\n"
	        "  --html FILE    where to write the report (default: beside the JSON file)\n"
	        "  --help, --version\n\n"
	        "Exit status: 0; 1: something was lost or disordered; 2: wrong usage.\n",
	        program_name, rounds_quick, rounds_full);
}

double seconds_of(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end != '\0' || !(value >= 0.01 && value <= 10)) {
		fprintf(stderr, "%s: --seconds %s: give a number from 0.01 to 10\n", program_name,
		        text);
		exit(EXIT_USAGE);
	}
	return value;
}

struct options parse(int argc, char *argv[])
{
	static const struct option known[] = {{"rounds", required_argument, nullptr, 'r'},
	                                      {"full", no_argument, nullptr, 'f'},
	                                      {"seconds", required_argument, nullptr, 's'},
	                                      {"row", required_argument, nullptr, 'o'},
	                                      {"list", no_argument, nullptr, 'l'},
	                                      {"json", required_argument, nullptr, 'j'},
	                                      {"html", required_argument, nullptr, 't'},
	                                      {"help", no_argument, nullptr, 'h'},
	                                      {"version", no_argument, nullptr, 'v'},
	                                      {nullptr, 0, nullptr, 0}};
	struct options options;
	int code;

	opterr = 0;
	while ((code = getopt_long(argc, argv, ":", known, nullptr)) != -1) {
		switch (code) {
		case 'r':
			options.rounds = (unsigned) option_number("--rounds", optarg, 1, 999);
			break;
		case 'f':
			options.full = true;
			break;
		case 's':
			options.seconds = seconds_of(optarg);
			break;
		case 'o':
			options.filter = optarg;
			break;
		case 'l':
			options.list = true;
			break;
		case 'j':
			options.json = optarg;
			break;
		case 't':
			options.html = optarg;
			break;
		default:
			option_common(code, argv, [] { usage(stdout); });
		}
	}
	option_no_arguments(argc, argv);
	if (options.rounds == 0)
		options.rounds = options.full ? rounds_full : rounds_quick;
	return options;
}

/* Beside the program; libtool hides that in a folder of its own. */
std::string json_beside_program()
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path));
	std::string folder(path, length > 0 ? (size_t) length : 0);

	folder.erase(folder.find_last_of('/') == std::string::npos ? 0 : folder.find_last_of('/'));
	if (folder.size() >= 6 && folder.compare(folder.size() - 6, 6, "/.libs") == 0)
		folder.erase(folder.size() - 6);
	return folder + "/mpshm-bench.json";
}

/* mpshm-bench.json: mpshm-bench.html. */
std::string html_beside(const std::string &json)
{
	const std::string ending = ".json";
	bool has = json.size() > ending.size() &&
	           json.compare(json.size() - ending.size(), ending.size(), ending) == 0;

	return (has ? json.substr(0, json.size() - ending.size()) : json) + ".html";
}

bool can_write(const std::string &path)
{
	FILE *file = fopen(path.c_str(), "ae");

	return file && fclose(file) == 0;
}

int write_refused(const std::string &path)
{
	fprintf(stderr, "%s: %s: %s\n", program_name, path.c_str(), strerror(errno));
	return 1;
}

void list_rows(const std::vector<const struct row *> &chosen)
{
	for (const auto *row : chosen) {
		bool scale = row >= scales && row < scales + scales_count;

		printf("%-19s %-4s %-48s %-5s ", row->name, scale ? "full" : "-", row->title,
		       measure_unit(row->measure));
		for (unsigned j = 0; j < PEERS_MAX && row->peers[j]; j++)
			printf("%s%s", j > 0 ? ", " : "", row->peers[j]->name);
		for (unsigned j = 0; j < PEERS_MAX && row->more[j]; j++)
			printf("%s%s", j > 0 ? ", " : "; --full: ", row->more[j]->name);
		printf("\n");
	}
}

void say_versions(const struct stage &stage, const struct options &options)
{
	std::string there, missing;

	for (const auto &one : versions()) {
		std::string &list = one.text ? there : missing;

		list += (list.empty() ? "" : ", ") + one.name;
		if (one.text && *one.text)
			list += std::string(" ") + one.text;
	}
	printf("%s", there.c_str());
	if (!missing.empty())
		printf("; not there, so skipped: %s", missing.c_str());
	printf("\n%u rounds of %.2f s, %s", options.rounds, options.seconds,
	       options.full ? "all peers" : "the best peers; all of them with --full");
	if (stage.cpus == 2)
		printf("; CPUs %u and %u\n", stage.cpu[0], stage.cpu[1]);
	else
		printf("; one core only: rows that want two are skipped\n");
	fflush(stdout);
}

} // namespace

int main(int argc, char *argv[])
{
	struct options options = parse(argc, argv);
	struct stage stage = {};
	char *no_arguments[] = {argv[0], nullptr};
	int one = 1;

	auto chosen = rows_chosen(options.filter, options.full || options.list);
	if (chosen.empty()) {
		fprintf(stderr, "%s: --row %s: no such row; see %s --list\n", program_name,
		        options.filter.c_str(), program_name);
		return EXIT_USAGE;
	}
	if (options.list) {
		list_rows(chosen);
		return 0;
	}
	if (options.json.empty())
		options.json = json_beside_program();
	if (options.html.empty())
		options.html = html_beside(options.json);
	for (const auto &path : {options.json, options.html})
		if (!can_write(path)) /* told now, not after two minutes */
			return write_refused(path);
	benchmark::Initialize(&one, no_arguments);
	crew_take_signals();
	stage.warm_ns = 10000000;
	stage.sample_ns = (int64_t) (options.seconds * 1e9);
	if (stage_open(&stage) < 0)
		return 1;
	say_versions(stage, options);
	struct outcome outcome = run_contests(&stage, options);
	bool closed = stage_close(&stage) == 0;
	if (outcome.ended) {
		crew_end_by_signal();
		return 1;
	}
	report_table(outcome);
	if (!json_write(options.json, outcome, options))
		return write_refused(options.json);
	if (!html_write(options.html, outcome, options))
		return write_refused(options.html);
	if (outcome.failures > 0)
		printf("FAILED: %u samples lost, doubled or disordered something\n",
		       outcome.failures);
	printf("every sample: %s; report: %s\n", options.json.c_str(), options.html.c_str());
	return outcome.failures > 0 || !closed ? 1 : 0;
}
