/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Python's multiprocessing: Queue, SimpleQueue and Pipe, by Python's own two processes.
 * Worker 0 tells them when to run and takes their figures; worker 1 has nothing to do.
 * The interpreter's loop is in the figures, as it is in its users' programs.
 */
#include "channel_loops.h"

#include "common/crew.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Arguments: Queue, SimpleQueue or Pipe; stream or trip; bytes, capacity, two CPUs, and
 * where a line with nanoseconds comes from for each run.  It answers with what was put,
 * its sum, what was got, its sum, what was out of order, and the median round trip.
 */
static const char script[] =
	"import multiprocessing, os, statistics, struct, sys, threading, time\n"
	"many = multiprocessing.get_context('fork')\n"
	"kind, what = sys.argv[1], sys.argv[2]\n"
	"size, capacity, cpu, other_cpu, commands = map(int, sys.argv[3:])\n"
	"word, end = struct.Struct('=Q'), 2 ** 64 - 1\n"
	"pack, unpack, body = word.pack, word.unpack_from, bytes(size - 16)\n"
	"a_look = 16 if size < 1024 else 1\n"
	"def channel():\n"
	"    if kind == 'Pipe':\n"
	"        get, put = many.Pipe(False)\n"
	"        return put.send_bytes, get.recv_bytes\n"
	"    queue = many.Queue(capacity) if kind == 'Queue' else many.SimpleQueue()\n"
	"    return queue.put, queue.get\n"
	"def produce(put, ns):\n"
	"    number, deadline = 0, time.monotonic_ns() + ns\n"
	"    while time.monotonic_ns() < deadline:\n"
	"        for i in range(a_look):\n"
	"            number += 1\n"
	"            put(pack(number) + body + pack(number))\n"
	"    put(pack(end) + body + pack(end))\n"
	"    return number, number * (number + 1) // 2\n"
	"def consume(get):\n"
	"    count = total = disorder = last = 0\n"
	"    while True:\n"
	"        message = get()\n"
	"        number, = unpack(message)\n"
	"        if number == end:\n"
	"            return count, total, disorder\n"
	"        disorder += number != last + 1 or unpack(message, size - 8)[0] != number\n"
	"        last = number\n"
	"        count += 1\n"
	"        total += number\n"
	"def trips(put, get, ns):\n"
	"    number, disorder, times = 0, 0, []\n"
	"    before = time.monotonic_ns()\n"
	"    deadline = before + ns\n"
	"    while before < deadline:\n"
	"        number += 1\n"
	"        put(pack(number) + body + pack(number))\n"
	"        disorder += unpack(get())[0] != number\n"
	"        now = time.monotonic_ns()\n"
	"        times.append(now - before)\n"
	"        before = now\n"
	"    return number, disorder, statistics.median(times)\n"
	"def other():\n"
	"    os.close(lifeline[1])\n"
	"    threading.Thread(target=lambda: (os.read(lifeline[0], 1), os._exit(0)),\n"
	"                     daemon=True).start()\n"
	"    os.sched_setaffinity(0, {other_cpu})\n"
	"    while what == 'trip':\n"
	"        back[0](there[1]())\n"
	"    while True:\n"
	"        results[1].send(consume(there[1]))\n"
	"lifeline, results = os.pipe(), many.Pipe(False)\n"
	"there, back = channel(), channel()\n"
	"os.sched_setaffinity(0, {cpu})\n"
	"many.Process(target=other, daemon=True).start()\n"
	"print('ready', flush=True)\n"
	"for line in os.fdopen(commands):\n"
	"    if what == 'trip':\n"
	"        number, disorder, median = trips(there[0], back[1], int(line))\n"
	"        print(number, 0, number, 0, disorder, median, flush=True)\n"
	"    else:\n"
	"        print(*produce(there[0], int(line)), *results[0].recv(), 0, flush=True)\n";

#define ANSWER_MAX 200

/* In the parent: the sample's first Python process, with its child in its group. */
static struct crew crew;

static int create(struct stage *stage, const struct row *row, const char *kind)
{
	char bytes[24], capacity[16], cpu[2][16], commands[16];
	const char *argv[] = {
		"python3", "-c",     script, kind,   row->shape == SHAPE_TRIP ? "trip" : "stream",
		bytes,     capacity, cpu[0], cpu[1], commands,
		NULL};
	int *answers = stage->fd[0], *orders = stage->fd[1], error;
	unsigned i;

	if (pipe(answers) < 0 || pipe(orders) < 0)
		return -errno;
	fcntl(answers[0], F_SETFD, FD_CLOEXEC);
	fcntl(orders[1], F_SETFD, FD_CLOEXEC);
	snprintf(bytes, sizeof(bytes), "%zu", row_message_bytes(row));
	snprintf(capacity, sizeof(capacity), "%u", channel_capacity(row));
	for (i = 0; i < 2; i++)
		snprintf(cpu[i], sizeof(cpu[i]), "%u", stage->cpu[row->cpu[i]]);
	snprintf(commands, sizeof(commands), "%d", orders[0]);
	memset(&crew, 0, sizeof(crew));
	error = crew_start_program(&crew, "python3", argv, answers[1], STDERR_FILENO);
	close(answers[1]);
	close(orders[0]);
	return error;
}

static int create_queue(struct stage *stage, const struct row *row)
{
	return create(stage, row, "Queue");
}

static int create_simple(struct stage *stage, const struct row *row)
{
	return create(stage, row, "SimpleQueue");
}

static int create_pipe(struct stage *stage, const struct row *row)
{
	return create(stage, row, "Pipe");
}

static void python_remove(struct stage *stage, const struct row *row)
{
	(void) row;
	crew_kill(&crew);
	close(stage->fd[0][0]);
	close(stage->fd[1][1]);
}

/* A line of what it prints. */
static int answer(const struct worker *worker, char line[ANSWER_MAX])
{
	size_t length = 0;

	while (length == 0 || line[length - 1] != '\n') {
		ssize_t got = read(worker->stage->fd[0][0], line + length, ANSWER_MAX - 1 - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 ? -EPIPE : -errno;
		length += (size_t) got;
	}
	line[length] = '\0';
	return 0;
}

static int python_attach(struct worker *worker)
{
	char line[ANSWER_MAX];

	return worker->index == 0 ? answer(worker, line) : 0; /* it is ready */
}

static void python_run(struct worker *worker, int64_t duration_ns)
{
	uint64_t put_count, put_sum, got_count, got_sum, disorder;
	struct result *result = &worker->result;
	char line[ANSWER_MAX];
	int length;

	if (worker->index != 0)
		return;
	length = snprintf(line, sizeof(line), "%" PRId64 "\n", duration_ns);
	if (write(worker->stage->fd[1][1], line, (size_t) length) != length) {
		result->error = -EPIPE;
		return;
	}
	result->error = answer(worker, line);
	if (result->error < 0)
		return;
	if (sscanf(line, "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%" SCNu64 "%lf", &put_count,
	           &put_sum, &got_count, &got_sum, &disorder, &result->trip_ns) != 6) {
		result->error = -EBADMSG;
		return;
	}
	result->moved = got_count;
	result->put_count += put_count;
	result->put_sum += put_sum;
	result->got_count += got_count;
	result->got_sum += got_sum;
	result->disorder += disorder;
}

const char *version_python(void)
{
	static char text[32];
	static bool looked;
	FILE *output;

	if (!looked) {
		looked = true;
		output = popen("python3 -c 'import multiprocessing.synchronize, platform; "
		               "print(platform.python_version())' 2>/dev/null",
		               "re");
		if (output) {
			if (!fgets(text, sizeof(text), output))
				text[0] = '\0';
			if (pclose(output) != 0)
				text[0] = '\0';
		}
		text[strcspn(text, "\n")] = '\0';
	}
	return text[0] == '\0' ? NULL : text;
}

static const char *python_unable(const struct row *row)
{
	(void) row;
	return version_python() ? NULL : "no python3 with multiprocessing";
}

#define PYTHON_PEER(make, text) \
	{ \
		.name = text, .unable = python_unable, .create = make, .remove = python_remove, \
		.attach = python_attach, \
		.run = { [SHAPE_STREAM] = python_run, \
			 [SHAPE_STREAM_LONG] = python_run, \
			 [SHAPE_TRIP] = python_run } \
	}

const struct peer peer_python_queue = PYTHON_PEER(create_queue, "Python Queue");
const struct peer peer_python_simple = PYTHON_PEER(create_simple, "Python SimpleQueue");
const struct peer peer_python_pipe = PYTHON_PEER(create_pipe, "Python Pipe");
