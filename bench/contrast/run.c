/* SPDX-License-Identifier: BSD-2-Clause */
/* One run: processes that start together and raise one number. */
#include "contrast.h"

#include "common/clock.h"
#include "common/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/*
 * Why the racy million loses.  Nothing is pinned and no gap is imitated; but the
 * processes do start together.  They gather at the start line and go at the
 * moment when two of them are seen to run at the same time, each with about a
 * millisecond of work before it, less than a time slice.  Two that store to one
 * integer at the same time overwrite each other all along; and one that is
 * preempted between its load and its store throws away, when it comes back, all
 * that the others had added meanwhile.
 *
 * Without that look, on 2 CPUs: as long as nothing else wanted to run, 200 runs of
 * 200 lost something.  With three other processes busy they ran one after the
 * other, each in a time slice of its own, and 89 runs of 100 lost nothing; with
 * the look, none did.  On a single CPU they always do so (18 runs of 20 lost
 * nothing).
 */

struct job {
	const struct arena *arena;
	const struct experiment *experiment;
	const struct way *way;
};

/* All that costs a system call or a page fault comes before the start line. */
static int worker_open(struct worker *worker, const struct job *job)
{
	const struct arena *arena = job->arena;
	int error = mpshm_thread_attach(arena->own.segment);

	if (error < 0)
		return library_refused("attaching a process", error);
	error = mpshm_counter_bind(arena->counter, &worker->stripe);
	if (error < 0)
		return library_refused("binding a counter's stripe", error);
	mpshm_counter_stripe_add(&worker->stripe, 0);
	worker->value = arena->value;
	worker->number = mpshm_value_address(arena->value);
	worker->mutex = &arena->page->mutex;
	worker->gap_ns = job->way->looks ? job->experiment->gap_ns : 0;
	(void) *worker->number;
	return 0;
}

/* Leave in good order: who just exits is found dead, which is another test's matter. */
static int worker_close(const struct job *job)
{
	int error = mpshm_counter_close(job->arena->counter);

	if (error == 0)
		error = mpshm_value_close(job->arena->value);
	if (error == 0)
		error = mpshm_segment_close(job->arena->own.segment);
	return error < 0 ? library_refused("leaving the segment", error) : 0;
}

static int work(unsigned index, void *context)
{
	const struct job *job = context;
	const struct experiment *experiment = job->experiment;
	struct seat *seat = &job->arena->page->seat[index];
	struct worker worker;
	uint64_t i;

	if (worker_open(&worker, job) < 0)
		return 1;
	start_line_wait(&job->arena->page->line);
	if (experiment->ticket) {
		seat->bought = job->way->buy(&worker);
	} else if (experiment->pause_ns > 0) {
		for (i = 0; i < experiment->increments; i++) {
			pass_time(experiment->pause_ns);
			job->way->raise(&worker, 1);
		}
	} else {
		job->way->raise(&worker, experiment->increments);
	}
	seat->end_ns = now_ns();
	return worker_close(job) < 0 ? 1 : 0;
}

static int all_work(struct job *job)
{
	struct crew crew = {.count = 0};
	unsigned i;
	int error = 0;

	for (i = 0; error == 0 && i < job->experiment->processes; i++) {
		error = crew_start(&crew, "process", i, work, job);
		if (error < 0)
			fprintf(stderr, "%s: %s, %s: forking process %u: %s\n", program_name,
			        job->experiment->name, job->way->name, i, strerror(-error));
	}
	if (error < 0) {
		crew_kill(&crew);
		return error;
	}
	error = crew_finish(&crew);
	if (error == -ECHILD)
		fprintf(stderr, "%s: %s, %s: %s\n", program_name, job->experiment->name,
		        job->way->name, crew.failure);
	return error;
}

int run_once(struct arena *arena, const struct experiment *experiment, const struct way *way,
             struct result *ret_result)
{
	struct job job = {.arena = arena, .experiment = experiment, .way = way};
	struct shared_page *page = arena->page;
	int64_t before = mpshm_counter_sum(arena->counter), end_ns = 0, bought = 0;
	unsigned i;
	int error;

	if (way->python)
		return python_once(experiment, way, ret_result);
	mpshm_value_store(arena->value, experiment->ticket ? 1 : 0);
	memset(page->seat, 0, sizeof(page->seat));
	start_line_reset(&page->line, experiment->processes, arena->cpus);
	error = all_work(&job);
	if (error < 0)
		return error;
	for (i = 0; i < experiment->processes; i++) {
		if (page->seat[i].end_ns > end_ns)
			end_ns = page->seat[i].end_ns;
		bought += page->seat[i].bought;
	}
	ret_result->expected =
		experiment->ticket ? 1 : (int64_t) (experiment->processes * experiment->increments);
	/* Each way has touched one of the two; the other adds nothing. */
	ret_result->got = experiment->ticket ? bought
	                                     : mpshm_value_load(arena->value) +
	                                               mpshm_counter_sum(arena->counter) - before;
	ret_result->ns_per_op = (double) (end_ns - page->line.start_ns) /
	                        ((double) experiment->processes * (double) experiment->increments);
	return 0;
}
