/* SPDX-License-Identifier: BSD-2-Clause */
/* A start line, and the proof that two who wait at it run at the same time. */
#include "start_line.h"

#include "clock.h"

#include <sched.h>
#include <stdbool.h>

/*
 * Two looks at the beat are this far apart: long against the time in which a
 * cache line moves between CPUs, short against a change of processes.
 */
#define LOOK_NS 500
#define AT_ONCE_NS 3000

void start_line_reset(struct start_line *line, uint32_t expected, uint32_t cpus)
{
	*line = (struct start_line){.expected = expected, .cpus = cpus};
}

static void gather(struct start_line *line)
{
	if (__atomic_add_fetch(&line->arrived, 1, __ATOMIC_ACQ_REL) == line->expected)
		return;
	while (__atomic_load_n(&line->arrived, __ATOMIC_ACQUIRE) < line->expected)
		sched_yield();
}

/*
 * All who wait raise the beat.  Who sees it raised by another between two looks
 * of its own, and was not preempted between them, knows that the other one runs
 * at this moment on another CPU.
 */
static bool another_runs(struct start_line *line)
{
	int64_t began_ns = now_ns();
	uint32_t before = __atomic_fetch_add(&line->beat, 1, __ATOMIC_RELAXED);
	uint32_t after;

	while (now_ns() - began_ns < LOOK_NS)
		continue;
	after = __atomic_fetch_add(&line->beat, 1, __ATOMIC_RELAXED);
	return after != before + 1 && now_ns() - began_ns < AT_ONCE_NS;
}

void start_line_wait(struct start_line *line)
{
	int64_t deadline, now;
	uint32_t none = 0;

	gather(line);
	deadline = now_ns() + START_LINE_PATIENCE_NS;
	while (!__atomic_load_n(&line->go, __ATOMIC_ACQUIRE)) {
		/* No yield here: on a busy machine who yields waits for long, and the two
		 * would hardly ever be there at once. */
		now = now_ns();
		if (line->cpus > 1 && line->expected > 1 && !another_runs(line) && now < deadline)
			continue;
		/* The first to come here lets all go. */
		now = now_ns();
		if (__atomic_compare_exchange_n(&line->go, &none, 1, false, __ATOMIC_ACQ_REL,
		                                __ATOMIC_ACQUIRE))
			line->start_ns = now;
	}
}
