/* SPDX-License-Identifier: BSD-2-Clause */
/* victim: a traced process between two marks, run to a step and killed there. */
#ifndef MPSHM_TESTS_CRASH_VICTIM_H
#define MPSHM_TESTS_CRASH_VICTIM_H

#include <sys/types.h>

#include "crash.h"

/* Can this machine do it at all?  NULL, or why not. */
const char *victim_unsupported(void);

/* One full run of an operation, instruction by instruction. */
enum trace_mark {
	TRACE_OWN = 0x1,    /* an instruction of this program, not of a shared library */
	TRACE_SYSTEM = 0x2, /* a system call */
	TRACE_SLOW = 0x4,   /* it took milliseconds: it slept */
	TRACE_EDGE = 0x8,   /* a labelled edge begins here: always killed at */
};

struct trace {
	uint64_t *pc;   /* of step i, before it */
	uint8_t *marks; /* enum trace_mark */
	uint32_t *hits; /* how often pc[i] came before step i */
	uint32_t steps; /* pc[steps] is the end mark */
	uint32_t room;
};

bool trace_make(struct trace *trace, uint32_t room);
void trace_free(struct trace *trace);
/* After the steps are filled in. */
void trace_count_hits(struct trace *trace);
/* From where to go to step k with the least effort: by a breakpoint at that step. */
uint32_t trace_approach(const struct trace *trace, uint32_t k);

struct victim {
	pid_t pid;
	bool ended;   /* it reached the end mark */
	bool blocked; /* it waits for somebody who stands still: left where it is */
	bool hurried; /* others may stand still: don't wait for it for ever */
};

/* Fork one, and let it get ready.  false: it failed, and that was reported; or it blocks. */
bool victim_start(struct victim *victim, const struct crash_case *what, int number);
bool victim_record(struct victim *victim, struct trace *trace);

/* Run to step k.  *ret_strayed: it went another way than the trace, and is somewhere. */
bool victim_go(struct victim *victim, const struct trace *trace, uint32_t k, bool *ret_strayed);
/* Begin the step there, and give it time to fall asleep in it. */
void victim_doze(struct victim *victim);
/* Let it run to the end mark. */
bool victim_finish(struct victim *victim);
void victim_kill(struct victim *victim);

#endif
