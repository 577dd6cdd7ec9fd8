/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For tests that need other processes: run a function in one, and end it.  Check's own
 * asserts take a lock, which a child of many threads may find locked for ever: there, and
 * in threads beside which others fork, CHILD_ASSERT.
 */
#ifndef MPSHM_TESTS_UNIT_PROCESSES_H
#define MPSHM_TESTS_UNIT_PROCESSES_H

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include <mpshm.h>

/* Says what was wrong and ends the process. */
#define CHILD_ASSERT(condition) \
	do { \
		if (!(condition)) { \
			(void) dprintf(STDERR_FILENO, "%s:%d: %s; last error: %s\n", __FILE__, \
			               __LINE__, #condition, mpshm_error_detail()); \
			_exit(100); \
		} \
	} while (0)

/* Shared between this process and its children. */
static inline void *shared_page(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	return page;
}

static inline pid_t child_start(void (*act)(void *), void *argument)
{
	pid_t child = fork();
	if (child == 0) {
		act(argument);
		_exit(0);
	}
	ck_assert_int_ge(child, 0);
	return child;
}

/* A fork without the C library: no handler runs. */
static inline pid_t bare_clone(void)
{
	return (pid_t) syscall(SYS_clone, (unsigned long) SIGCHLD, NULL, NULL, NULL, NULL);
}

/* Its exit status, or the negative number of the signal that ended it. */
static inline int child_wait(pid_t child)
{
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static inline int child_run(void (*act)(void *), void *argument)
{
	return child_wait(child_start(act, argument));
}

static inline void child_kill(pid_t child)
{
	kill(child, SIGKILL);
	ck_assert_int_eq(child_wait(child), -SIGKILL);
}

/* A child that says when it has come so far, and then stays until it is killed. */
struct child_gate {
	int ends[2];
};

static inline void child_says_ready(const struct child_gate *gate)
{
	(void) !write(gate->ends[1], "r", 1);
}

static inline void child_stays(void)
{
	for (;;)
		pause();
}

static inline void child_awaited(const struct child_gate *gate)
{
	char byte;
	ck_assert_int_eq(read(gate->ends[0], &byte, 1), 1);
}

#endif
