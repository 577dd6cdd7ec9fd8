/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A crew: child processes, each of which is seen to its end.
 *
 * None is waited for in vain (a failure of one ends the others), none outlives
 * the parent (the kernel kills it), and SIGINT, SIGTERM and SIGHUP come as a return
 * value, so that the parent can clean up before it goes.
 */
#ifndef BENCH_COMMON_CREW_H
#define BENCH_COMMON_CREW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CREW_MAX 128

struct crew_member {
	pid_t pid;
	unsigned index;
	const char *role;
	bool running;
	bool leads_group; /* a program of its own, perhaps with children */
	int status;       /* as waitpid(2) tells it, once it has ended */
};

/* Zero it before the first start. */
struct crew {
	struct crew_member member[CREW_MAX];
	unsigned count, running;
	char failure[160]; /* the first failure in words, or "" */
};

/* What a child does; returns its exit status. */
typedef int crew_work(unsigned index, void *context);

/* Call once, before the first crew: signals wait until crew_wait() looks. */
void crew_take_signals(void);

/* The signal that asks this program to end, or 0. */
int crew_asked_to_end(void);

/* Fork a member that does `work`.  0 or a negative errno. */
int crew_start(struct crew *crew, const char *role, unsigned index, crew_work *work, void *context);

/*
 * Fork a member that becomes the program argv[0], looked up in PATH.  Its stdout
 * and stderr are the given descriptors, its stdin is empty.  Exit status 127:
 * there is no such program.
 */
int crew_start_program(struct crew *crew, const char *role, const char *const argv[], int out,
                       int err);

/*
 * Wait until a member ends.  1: at least one did; 0: time is up, or none runs;
 * -EINTR: the program is asked to end.
 */
int crew_wait(struct crew *crew, int64_t timeout_ns);

/* Wait for all of them.  0; -ECHILD: one failed, the others were killed; -EINTR: all were. */
int crew_finish(struct crew *crew);

/* Kill those that run, and wait for them. */
void crew_kill(struct crew *crew);

/* How many of that role run. */
unsigned crew_running(const struct crew *crew, const char *role);

/* After cleaning up: end by the signal that asked for it, as the caller's shell expects. */
void crew_end_by_signal(void);

#endif
