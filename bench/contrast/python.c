/* SPDX-License-Identifier: BSD-2-Clause */
/* Python's own multiprocessing.Value, by Python's own processes. */
#include "contrast.h"

#include "common/program.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Arguments: ticket or raise, 1 with get_lock() or 0, processes, increments, and
 * the seconds of the pause before an increment or of the ticket's wait.  Prints
 * what came out, and the first start and last end on CLOCK_MONOTONIC in ns.  Its
 * gap between load and store is the interpreter's own.
 */
static const char script[] =
	"import contextlib, multiprocessing, sys, time\n"
	"from multiprocessing import connection\n"
	"many = multiprocessing.get_context('fork')\n"
	"what, locked = sys.argv[1], sys.argv[2] == '1'\n"
	"processes, increments, pause = int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])\n"
	"number = many.Value('q', 1 if what == 'ticket' else 0)\n"
	"starts, ends = many.RawArray('q', processes), many.RawArray('q', processes)\n"
	"bought = many.RawArray('q', processes)\n"
	"line = many.Barrier(processes)\n"
	"def keep_out():\n"
	"    return number.get_lock() if locked else contextlib.nullcontext()\n"
	"def raise_it():\n"
	"    for i in range(increments):\n"
	"        if pause:\n"
	"            time.sleep(pause)\n"
	"        if locked:\n"
	"            with number.get_lock():\n"
	"                number.value += 1\n"
	"        else:\n"
	"            number.value += 1\n"
	"def buy(seat):\n"
	"    with keep_out():\n"
	"        if number.value >= 1:\n"
	"            time.sleep(pause)\n"
	"            number.value -= 1\n"
	"            bought[seat] = 1\n"
	"def work(seat):\n"
	"    line.wait(60)\n"
	"    starts[seat] = time.monotonic_ns()\n"
	"    buy(seat) if what == 'ticket' else raise_it()\n"
	"    ends[seat] = time.monotonic_ns()\n"
	"crew = [many.Process(target=work, args=(i,), daemon=True) for i in range(processes)]\n"
	"for p in crew:\n"
	"    p.start()\n"
	"running = {p.sentinel: p for p in crew}\n"
	"while running:\n"
	"    for ended in connection.wait(list(running)):\n"
	"        p = running.pop(ended)\n"
	"        p.join()\n"
	"        if p.exitcode != 0:\n"
	"            for other in running.values():\n"
	"                other.kill()\n"
	"            sys.exit('a process ended with exit code %d' % p.exitcode)\n"
	"print(sum(bought) if what == 'ticket' else number.value, min(starts), max(ends))\n";

#define OUTPUT_MAX 4096

/* The last line of a text. */
static const char *last_line(char *text)
{
	size_t length = strlen(text);
	const char *newline;

	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	newline = strrchr(text, '\n');
	return newline == NULL ? text : newline + 1;
}

/*
 * Run the script; what it prints, on stdout or stderr, goes to `output`.  0;
 * -ENOENT: no python3; -ECHILD: it failed; or another negative errno.
 */
static int run_script(const char *const argv[], char output[OUTPUT_MAX])
{
	struct crew crew = {.count = 0};
	ssize_t length;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fcntl(ends[0], F_SETFL, O_NONBLOCK); /* what it prints fits the pipe many times */
	error = crew_start_program(&crew, "python3", argv, ends[1], ends[1]);
	close(ends[1]);
	if (error == 0)
		error = crew_finish(&crew);
	if (error == -ECHILD && WIFEXITED(crew.member[0].status) &&
	    WEXITSTATUS(crew.member[0].status) == 127)
		error = -ENOENT;
	length = read(ends[0], output, OUTPUT_MAX - 1);
	output[length < 0 ? 0 : length] = '\0';
	if (error == -ECHILD && output[0] == '\0')
		snprintf(output, OUTPUT_MAX, "%s", crew.failure);
	close(ends[0]);
	return error;
}

static int run_python(const struct experiment *experiment, bool locked, char output[OUTPUT_MAX])
{
	char processes[16], increments[24], pause[32];
	const char *argv[] = {"python3",
	                      "-c",
	                      script,
	                      experiment->ticket ? "ticket" : "raise",
	                      locked ? "1" : "0",
	                      processes,
	                      increments,
	                      pause,
	                      NULL};

	snprintf(processes, sizeof(processes), "%u", experiment->processes);
	snprintf(increments, sizeof(increments), "%" PRIu64, experiment->increments);
	snprintf(pause, sizeof(pause), "%.9f",
	         1e-9 * (double) (experiment->ticket ? experiment->gap_ns : experiment->pause_ns));
	return run_script(argv, output);
}

const char *python_missing(void)
{
	static const struct experiment smallest = {.processes = 1, .increments = 1};
	static char why[200] = "not looked for";
	char output[OUTPUT_MAX];
	int error;

	if (strcmp(why, "not looked for") != 0)
		return why;
	error = run_python(&smallest, true, output);
	if (error == 0 || error == -EINTR)
		why[0] = '\0'; /* when asked to end, the next run says so once more */
	else if (error == -ENOENT)
		snprintf(why, sizeof(why), "no python3 in PATH");
	else
		snprintf(why, sizeof(why), "python3's multiprocessing does not work here: %.140s",
		         last_line(output));
	return why;
}

int python_once(const struct experiment *experiment, const struct way *way,
                struct result *ret_result)
{
	int64_t got, start_ns, end_ns;
	char output[OUTPUT_MAX];
	int error = run_python(experiment, way->locked, output);

	if (error == -EINTR)
		return error;
	if (error < 0) {
		fprintf(stderr, "%s: %s, %s: %s: %s\n", program_name, experiment->name, way->name,
		        strerror(-error), last_line(output));
		return error;
	}
	if (sscanf(output, "%" SCNd64 " %" SCNd64 " %" SCNd64, &got, &start_ns, &end_ns) != 3) {
		fprintf(stderr, "%s: %s, %s: no result in python3's output: %s\n", program_name,
		        experiment->name, way->name, last_line(output));
		return -EBADMSG;
	}
	ret_result->expected =
		experiment->ticket ? 1 : (int64_t) (experiment->processes * experiment->increments);
	ret_result->got = got;
	ret_result->ns_per_op = (double) (end_ns - start_ns) /
	                        ((double) experiment->processes * (double) experiment->increments);
	return 0;
}
