/* SPDX-License-Identifier: BSD-2-Clause */
#include "workers.h"

#include "board.h"

#include "common/clock.h"
#include "common/crew.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CPU_SHARE_LEAST 0.95
#define STALLED_AFTER_NS INT64_C(1500000000)
#define GIVEN_UP_AFTER_NS INT64_C(30000000000)
#define LOOK_AFTER_NS INT64_C(100000000) /* no worker has ended meanwhile */
#define EXIT_REFUSED 3                   /* a peer's call failed: result.error has it */

struct job {
	struct stage *stage;
	const struct row *row;
	const struct peer *peer;
};

static void pin(unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Wait for all, asleep: who has nothing to do must not disturb the canary. */
static void gather(struct worker *worker, unsigned phase)
{
	uint32_t *arrived = &worker->board->arrived[phase];

	__atomic_add_fetch(arrived, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(arrived, __ATOMIC_ACQUIRE) < worker->row->workers)
		usleep(100);
}

/* Workers 0 and 1, on the two CPUs, also where their work shares one. */
static void listen_to_canary(struct worker *worker, unsigned which)
{
	double one_way_ns;

	if (!row_has_canary(worker->stage, worker->row) || worker->index > 1)
		return;
	pin(worker->stage->cpu[worker->index]);
	one_way_ns = canary_sing(&worker->board->canary[which], worker->index);
	if (worker->index == 0)
		worker->board->canary_ns[which] = one_way_ns;
}

static int64_t cpu_time_ns(void)
{
	struct timespec used;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
	return (int64_t) used.tv_sec * 1000000000 + used.tv_nsec;
}

static void run(struct worker *worker, const struct peer *peer, unsigned which, int64_t duration_ns)
{
	int64_t cpu_before;

	worker->done_target = (which + 1) * worker->row->producers;
	worker->result.moved = worker->result.turns = 0;
	start_line_wait(&worker->board->line[which]);
	cpu_before = cpu_time_ns();
	worker->result.start_ns = now_ns();
	peer->run[worker->row->shape](worker, duration_ns);
	worker->result.end_ns = now_ns();
	worker->result.cpu_ns = cpu_time_ns() - cpu_before;
}

static int work(unsigned index, void *context)
{
	const struct job *job = context;
	struct stage *stage = job->stage;
	struct worker worker = {.index = index, .row = job->row, .stage = stage};
	unsigned cpu = stage->cpu[job->row->cpu[index]];

	pin(cpu);
	worker.board = stage_map(stage, &worker.arena);
	if (!worker.board)
		return 1;
	worker.done = &worker.board->done;
	worker.latency = &worker.board->latency;
	worker.result.error = job->peer->attach(&worker);
	gather(&worker, 0);
	if (worker.result.error == 0) {
		listen_to_canary(&worker, 0);
		gather(&worker, 1);
		pin(cpu);
		if (job->row->shape != SHAPE_IDLE && job->row->shape != SHAPE_MEMORY)
			run(&worker, job->peer, 0, stage->warm_ns);
		__atomic_add_fetch(&worker.board->warmed, 1, __ATOMIC_ACQ_REL);
		run(&worker, job->peer, 1, row_duration_ns(stage, job->row));
		gather(&worker, 2);
		listen_to_canary(&worker, 1);
	}
	worker.board->result[index] = worker.result;
	return worker.result.error == 0 ? 0 : EXIT_REFUSED;
}

/*
 * By when the workers must be done.  What stalls is told from what waits for CPUs that
 * others use: only time in a peer's calls is the peer's.
 */
static int64_t deadline_of(const struct job *job, int64_t forked_ns)
{
	struct board *board = job->stage->board;
	bool warming = __atomic_load_n(&board->line[0].go, __ATOMIC_ACQUIRE) &&
	               __atomic_load_n(&board->warmed, __ATOMIC_ACQUIRE) < job->row->workers;

	if (__atomic_load_n(&board->line[1].go, __ATOMIC_ACQUIRE))
		return board->line[1].start_ns + row_duration_ns(job->stage, job->row) +
		       STALLED_AFTER_NS;
	if (warming)
		return board->line[0].start_ns + job->stage->warm_ns + STALLED_AFTER_NS;
	return forked_ns + GIVEN_UP_AFTER_NS;
}

/* Fork the workers and see them all end.  False: the verdict is reached. */
static bool run_workers(struct job *job, struct sample *sample)
{
	struct crew crew = {0};
	int64_t forked_ns = now_ns();
	unsigned i;
	int error = 0;

	for (i = 0; i < job->row->workers && error == 0; i++)
		error = crew_start(&crew, "worker", i, work, job);
	while (error == 0 && crew.running > 0 && crew.failure[0] == '\0' &&
	       now_ns() < deadline_of(job, forked_ns))
		error = crew_wait(&crew, LOOK_AFTER_NS) < 0 ? -EINTR : 0;
	if (error == 0 && crew.running == 0 && crew.failure[0] == '\0')
		return true;
	if (error != 0 || crew.failure[0] != '\0')
		sample->verdict = error == -EINTR ? VERDICT_ENDED : VERDICT_FAILED;
	else
		sample->verdict = VERDICT_STALLED;
	snprintf(sample->detail, sizeof(sample->detail), "%s",
	         error != 0 ? strerror(-error) : crew.failure);
	for (i = 0; i < job->row->workers; i++)
		if (job->stage->board->result[i].error < 0)
			snprintf(sample->detail, sizeof(sample->detail), "refused: %s",
			         strerror(-job->stage->board->result[i].error));
	crew_kill(&crew);
	return false;
}

/* The slowest of workers first ... end - 1 has that part of their mean. */
static double fairness(const struct board *board, unsigned first, unsigned end)
{
	uint64_t least = UINT64_MAX, all = 0;
	unsigned i;

	for (i = first; i < end; i++) {
		uint64_t turns = board->result[i].turns;

		least = turns < least ? turns : least;
		all += turns;
	}
	return all > 0 ? (double) least * (end - first) / (double) all : 0;
}

/* Of the side that is less fair, in %. */
static double fairness_of(const struct board *board, const struct row *row)
{
	double producers = fairness(board, 0, row->producers);
	double consumers = fairness(board, row->producers, row->workers);

	return 100 * (producers < consumers ? producers : consumers);
}

static double figure_of(const struct job *job, const struct result *all, int64_t elapsed_ns)
{
	const struct board *board = job->stage->board;
	const struct row *row = job->row;
	double ns = (double) elapsed_ns;

	switch (row->measure) {
	case MEASURE_MILLIONS:
		return (double) all->moved * 1e3 / ns;
	case MEASURE_GIB:
		return (double) all->moved * (double) row_bytes(row) / (1 << 30) * 1e9 / ns;
	case MEASURE_TRIP_NS:
		return all->trip_ns;
	case MEASURE_ADD_NS:
		return ns * row->workers / (double) all->moved;
	case MEASURE_CPU_US:
		return (double) all->cpu_ns / 1e3 / (ns / 1e9);
	case MEASURE_P50_NS:
		return (double) histogram_quantile(&board->latency, 0.5);
	case MEASURE_P99_NS:
		return (double) histogram_quantile(&board->latency, 0.99);
	case MEASURE_BYTES:
		return (double) all->moved / row->capacity;
	case MEASURE_FAIR:
		return fairness_of(board, row);
	}
	return 0;
}

static void collect(struct job *job, struct sample *sample)
{
	const struct board *board = job->stage->board;
	const struct row *row = job->row;
	struct result all = {.start_ns = INT64_MAX};
	double cpu_ns[2] = {0, 0};
	unsigned i;

	for (i = 0; i < row->workers; i++) {
		const struct result *one = &board->result[i];

		all.start_ns = one->start_ns < all.start_ns ? one->start_ns : all.start_ns;
		all.end_ns = one->end_ns > all.end_ns ? one->end_ns : all.end_ns;
		all.moved += one->moved;
		all.unsent += one->unsent;
		all.cpu_ns += one->cpu_ns;
		all.trip_ns += one->trip_ns; /* one worker has it */
		all.put_count += one->put_count;
		all.put_sum += one->put_sum;
		all.got_count += one->got_count;
		all.got_sum += one->got_sum;
		all.disorder += one->disorder;
		cpu_ns[row->cpu[i]] += (double) one->cpu_ns;
	}
	if (job->peer->total) { /* a counter has got all that it was given */
		all.got_sum = all.got_count = (uint64_t) job->peer->total(job->stage);
		sample->lost = 1 - (double) all.got_sum / (double) all.put_sum;
	}
	sample->elapsed_ns = all.end_ns - all.start_ns;
	sample->figure = figure_of(job, &all, sample->elapsed_ns);
	if (row_paced(row) && all.moved > 0)
		sample->carried = (double) all.moved / (double) (all.moved + all.unsent);
	sample->canary_ns[0] = board->canary_ns[0];
	sample->canary_ns[1] = board->canary_ns[1];
	sample->cpu_share = 1;
	/* At a rate the producer, on the first CPU, spins until the next one is due. */
	if ((row->spins && !job->peer->sleeps) || row_paced(row))
		for (i = 0; i < (row->spins && !job->peer->sleeps ? 2u : 1u); i++)
			if (cpu_ns[i] / (double) sample->elapsed_ns < sample->cpu_share)
				sample->cpu_share = cpu_ns[i] / (double) sample->elapsed_ns;
	sample->disorder = all.disorder;
	if (!job->peer->lossy && (all.put_count != all.got_count || all.put_sum != all.got_sum ||
	                          (all.disorder > 0 && !job->peer->reorders))) {
		sample->verdict = VERDICT_FAILED;
		snprintf(sample->detail, sizeof(sample->detail),
		         "%llu put and %llu got, %llu out of order, sums %s",
		         (unsigned long long) all.put_count, (unsigned long long) all.got_count,
		         (unsigned long long) all.disorder,
		         all.put_sum == all.got_sum ? "agree" : "differ");
	} else if (sample->cpu_share < CPU_SHARE_LEAST) {
		sample->verdict = VERDICT_CROWDED;
	} else if (canary_differs(sample->canary_ns[0], sample->canary_ns[1])) {
		sample->verdict = VERDICT_REGIME;
	}
}

void sample_take(struct stage *stage, const struct row *row, const struct peer *peer,
                 struct sample *sample)
{
	struct job job = {.stage = stage, .row = row, .peer = peer};
	int error;
	unsigned i;

	memset(sample, 0, sizeof(*sample));
	memset(stage->board, 0, sizeof(*stage->board));
	memset(stage->arena, 0, ARENA_BYTES);
	for (i = 0; i < 2; i++)
		start_line_reset(&stage->board->line[i], row->workers,
		                 row->workers == 2 && row->cpu[0] != row->cpu[1] ? 2 : 1);
	error = peer->create(stage, row);
	if (error < 0) {
		sample->verdict = VERDICT_FAILED;
		snprintf(sample->detail, sizeof(sample->detail), "can't be set up: %s",
		         strerror(-error));
		return;
	}
	if (run_workers(&job, sample))
		collect(&job, sample);
	peer->remove(stage, row);
}

const struct histogram *stage_latency(const struct stage *stage)
{
	return &stage->board->latency;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {"good",    "regime changed", "crowded",
	                                    "stalled", "failed",         "ended"};

	return names[verdict];
}
