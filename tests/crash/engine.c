/* SPDX-License-Identifier: BSD-2-Clause */
/* engine: the runner's loop over kill points, and the watch over the runner. */
#include "engine.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "edges.h"
#include "points.h"
#include "victim.h"

/* Longer than any check is allowed to be patient. */
#define RUNNER_PATIENCE_NS (CRASH_PATIENCE_NS + 5 * INT64_C(1000000000))
#define TRACE_ROOM 2000000u
#define WATCH_NAP_US 2000
/* Where a victim went another way and a gap between edges got no kill. */
#define GAP_TRIES 8

struct engine_options engine_options;
struct run *engine_current;
bool engine_progress;
static void *shared;

void *crash_shared(void)
{
	return shared;
}

uint32_t crash_step(void)
{
	return engine_current->step;
}

uint32_t engine_faults(const struct run *run)
{
	uint32_t faults = 0;
	for (int i = 0; i < CRASH_FAULTS; i++)
		faults += run->faults[i];
	return faults;
}

static bool more(const struct run *run)
{
	return run->next < run->points && !(engine_options.stop && engine_faults(run) > 0);
}

void engine_alive(void)
{
	__atomic_store_n(&engine_current->alive_ns, crash_now(), __ATOMIC_RELAXED);
}

uint32_t crash_alive(void)
{
	return engine_current->alive;
}

uint32_t run_gaps(const struct run *run)
{
	return run->edges < RUN_GAPS ? run->edges + 1 : RUN_GAPS;
}

uint32_t run_gaps_hit(const struct run *run)
{
	uint32_t hit = 0;
	for (uint32_t i = 0; i < run_gaps(run); i++)
		hit += run->hits[i];
	return hit;
}

static void note(struct samples *samples, int64_t since)
{
	if (samples->count < RUN_SAMPLES)
		samples->took[samples->count++] = crash_now() - since;
}

void crash_progress(void)
{
	if (!engine_current->first_seen && engine_current->killed_ns)
		note(&engine_current->first, engine_current->killed_ns);
	engine_current->first_seen = true;
}

void crash_woken(void)
{
	if (engine_current->killed_ns)
		note(&engine_current->woken, engine_current->killed_ns);
	/* Whoever comes next waited for the sleeper. */
	engine_current->first_seen = true;
}

void crash_all_done(void)
{
	crash_progress();
	note(&engine_current->all, engine_current->killed_ns);
	engine_current->checked++;
}

static void begin(const struct crash_case *what)
{
	memset(shared, 0, CRASH_SHARED_BYTES);
	engine_current->killed_ns = 0;
	engine_current->first_seen = false;
	engine_current->alive = 0;
	engine_alive();
	what->setup(what);
}

static void end(const struct crash_case *what)
{
	uint32_t checked = engine_current->checked, faults = engine_faults(engine_current);

	engine_alive();
	what->check(what);
	if (engine_current->checked == checked && engine_faults(engine_current) == faults)
		crash_fault(CRASH_BROKEN, "the check did not say that all was done");
	engine_alive();
	what->clean(what);
}

static void kill_and_note(struct victim *victim)
{
	int64_t before = crash_now();
	victim_kill(victim);
	engine_current->killed_ns = crash_now();
	note(&engine_current->death, before);
}

static bool record(const struct crash_case *what, struct trace *trace)
{
	struct victim victim = {0};

	engine_current->step = RUN_NO_STEP;
	begin(what);
	bool recorded = victim_start(&victim, what, 0) && victim_record(&victim, trace);
	kill_and_note(&victim);
	end(what);
	return recorded;
}

/* false: the victim had gone another way. */
static bool kill_at(const struct crash_case *what, const struct trace *trace,
                    const struct point *point)
{
	struct run *run = engine_current;
	struct victim victim = {0};
	bool strayed = false;

	run->step = point->step;
	run->pc = trace->pc[point->step];
	begin(what);
	if (victim_start(&victim, what, 0) && victim_go(&victim, trace, point->step, &strayed) &&
	    point->asleep && !strayed)
		victim_doze(&victim);
	kill_and_note(&victim);
	end(what);
	if (strayed)
		run->strayed++;
	if (trace->marks[point->step] & TRACE_OWN)
		run->kills_own++;
	else
		run->kills_foreign++;
	return !strayed;
}

/* One is frozen in the middle, another killed; then the frozen one goes on. */
static void kill_beside(const struct crash_case *what, const struct trace *trace,
                        const struct trace *frozen_trace, const struct point *point)
{
	struct run *run = engine_current;
	struct victim frozen = {0}, victim = {.hurried = true};
	bool strayed = false, other_strayed = false;

	run->step = point->step;
	run->frozen_at = point->frozen_at;
	run->pc = trace->pc[point->step];
	begin(what);
	if (victim_start(&frozen, run->frozen, 1) &&
	    victim_go(&frozen, frozen_trace, point->frozen_at, &other_strayed) &&
	    ((victim_start(&victim, what, 0) && victim_go(&victim, trace, point->step, &strayed)) ||
	     victim.blocked)) {
		kill_and_note(&victim);
		engine_alive();
		what->poke(what);
		engine_alive();
		run->first_seen = false;
		(void) victim_finish(&frozen);
	}
	victim_kill(&victim);
	/* Every other one goes on living, and must hold nothing back. */
	run->alive = frozen.ended && !((what->flags | run->frozen->flags) & CRASH_LEAVES) &&
	             (point->step + point->frozen_at) % 2 == 0;
	if (!run->alive)
		victim_kill(&frozen);
	run->killed_ns = crash_now();
	end(what);
	victim_kill(&frozen);
	run->strayed += strayed || other_strayed || victim.blocked;
	run->kills_own++;
}

static void note_gap(const struct edges *edges, uint32_t step)
{
	uint32_t gap = edges->gap[step];
	if (gap < RUN_GAPS)
		engine_current->hits[gap] = 1;
}

/* Each labelled edge is killed at; what that did not reach is tried again, and then told. */
static void fill_gaps(const struct trace *trace, const struct edges *edges)
{
	struct run *run = engine_current;

	for (uint32_t i = 1; i < run_gaps(run) - 1; i++) {
		const struct point point = {.step = edges->edge[i].first};
		for (int tries = 0; tries < GAP_TRIES && !run->hits[i]; tries++)
			if (kill_at(run->what, trace, &point))
				note_gap(edges, point.step);
		if (!run->hits[i])
			crash_fault(CRASH_BROKEN,
			            "no kill fell between %s at step %u and %s at step %u",
			            edges->edge[i - 1].name, edges->edge[i - 1].last,
			            edges->edge[i].name, point.step);
	}
}

static void run_single(struct run *run)
{
	struct trace trace;
	struct point *points;
	struct edges edges;

	if (!trace_make(&trace, TRACE_ROOM) || !record(run->what, &trace))
		return;
	run->edges_known = edges_find(&trace, &edges);
	run->edges = edges.count;
	for (uint32_t i = 0; i < edges.count; i++)
		trace.marks[edges.edge[i].first] |= TRACE_EDGE;
	run->points = points_choose(&trace, &points);
	run->steps = trace.steps;
	run->steps_own = points_own(&trace);
	run->recorded = true;
	while (more(run)) {
		const struct point *point = &points[run->next++];
		if (kill_at(run->what, &trace, point) && run->edges_known)
			note_gap(&edges, point->step);
	}
	if (run->edges_known && engine_options.step == RUN_NO_STEP && !engine_options.stop)
		fill_gaps(&trace, &edges);
	run->done = true;
}

static void run_pair(struct run *run)
{
	struct trace trace, frozen_trace;
	struct point *points;

	if (!trace_make(&trace, TRACE_ROOM) || !trace_make(&frozen_trace, TRACE_ROOM) ||
	    !record(run->what, &trace) || !record(run->frozen, &frozen_trace))
		return;
	run->points = points_choose_pairs(&trace, &frozen_trace, &points);
	run->recorded = true;
	while (more(run))
		kill_beside(run->what, &trace, &frozen_trace, &points[run->next++]);
	run->done = true;
}

static void live_as_runner(struct run *run)
{
	cpu_set_t set;

	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Where tracer and victim share a CPU a step takes half the time. */
	CPU_ZERO(&set);
	CPU_SET((unsigned) sched_getcpu(), &set);
	(void) sched_setaffinity(0, sizeof set, &set);
	if (run->frozen)
		run_pair(run);
	else
		run_single(run);
	_exit(run->done ? 0 : 1);
}

static void show(const struct run *run)
{
	static int64_t last;
	if (!engine_progress || crash_now() - last < 200000000)
		return;
	last = crash_now();
	(void) fprintf(stderr, "\r%-40s %u/%u \033[K", run->what->name, run->next, run->points);
}

/* Returns the runner's status; RUNNER_STUCK where it was killed for standing still. */
#define RUNNER_STUCK (-1)
static int watch(struct run *run, pid_t runner)
{
	int status;

	for (;;) {
		pid_t gone = waitpid(runner, &status, WNOHANG);
		if (gone == runner)
			return status;
		if (crash_now() - __atomic_load_n(&run->alive_ns, __ATOMIC_RELAXED) >
		    RUNNER_PATIENCE_NS) {
			(void) kill(runner, SIGKILL);
			(void) waitpid(runner, &status, 0);
			return RUNNER_STUCK;
		}
		show(run);
		(void) usleep(WATCH_NAP_US);
	}
}

static void *map_shared(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		perror("crash: mmap");
		exit(99);
	}
	return memory;
}

const struct run *engine_run(const struct crash_case *what, const struct crash_case *frozen)
{
	if (!shared) {
		shared = map_shared(CRASH_SHARED_BYTES);
		engine_current = map_shared(sizeof *engine_current);
	}
	struct run *run = engine_current;
	memset(run, 0, sizeof *run);
	run->what = what;
	run->frozen = frozen;
	memset(run->last_fault_at, 0xee, sizeof run->last_fault_at);
	if (!what->setup || !what->operate || !what->check || !what->clean) {
		crash_fault(CRASH_BROKEN, "it lacks a function");
		return run;
	}

	for (int runners = 0; !run->done && runners < 20; runners++) {
		run->alive_ns = crash_now();
		(void) fflush(NULL);
		pid_t runner = fork();
		if (runner == 0)
			live_as_runner(run);
		int status = watch(run, runner);
		if (status == RUNNER_STUCK)
			crash_fault(CRASH_HANG, "a survivor, or the victim, did not get on");
		else if (WIFSIGNALED(status))
			crash_fault(CRASH_BROKEN, "a survivor crashed: %s",
			            strsignal(WTERMSIG(status)));
		else if (!run->done)
			crash_fault(CRASH_BROKEN, "a runner gave up");
		if (!run->recorded || !more(run))
			break;
	}
	/* A row that nothing stands behind must not look like one that held. */
	if (!frozen && run->steps_own == 0)
		crash_fault(CRASH_BROKEN, "no instruction of the operation was seen");
	else if (engine_faults(run) == 0 && run->checked == 0)
		crash_fault(CRASH_BROKEN, "nothing was killed and checked");
	if (engine_progress)
		(void) fprintf(stderr, "\r\033[K");
	return run;
}
