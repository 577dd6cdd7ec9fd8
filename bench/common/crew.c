/* SPDX-License-Identifier: BSD-2-Clause */
/* Child processes: started, watched, ended. */
#include "crew.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * The signals below are blocked for all of the parent's life and taken by
 * sigtimedwait() only: none can slip in between a check and the sleep after it.
 */
static sigset_t taken;
static sigset_t inherited; /* what the children get back */
static int asked;          /* the signal that asks us to end */

void crew_take_signals(void)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	size_t i;

	sigemptyset(&taken);
	sigaddset(&taken, SIGCHLD);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct sigaction action;

		/* Ignored, as by nohup: stays so. */
		if (sigaction(ends[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&taken, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &taken, &inherited);
	signal(SIGPIPE, SIG_IGN); /* a reader that went away must not cost the clean-up */
	signal(SIGCHLD, SIG_DFL); /* may have been inherited as ignored: nothing to wait for */
}

int crew_asked_to_end(void)
{
	sigset_t pending;
	int signal_number;

	if (asked == 0 && sigpending(&pending) == 0)
		for (signal_number = 1; signal_number < NSIG; signal_number++)
			if (signal_number != SIGCHLD && sigismember(&taken, signal_number) == 1 &&
			    sigismember(&pending, signal_number) == 1)
				asked = signal_number;
	return asked;
}

static void become_child(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1); /* it died before the line above */
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &inherited, NULL);
}

/* Fork and note the new member.  Its pid, 0 in the child, or a negative errno. */
static pid_t crew_fork(struct crew *crew, const char *role, unsigned index, bool leads_group)
{
	pid_t parent = getpid(), pid;

	if (crew->count == CREW_MAX)
		return -EAGAIN;
	fflush(NULL); /* or both would write what is buffered */
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		become_child(parent);
		if (leads_group)
			setpgid(0, 0);
		return 0;
	}
	if (leads_group)
		setpgid(pid, pid);
	crew->member[crew->count++] = (struct crew_member){.pid = pid,
	                                                   .index = index,
	                                                   .role = role,
	                                                   .running = true,
	                                                   .leads_group = leads_group};
	crew->running++;
	return pid;
}

int crew_start(struct crew *crew, const char *role, unsigned index, crew_work *work, void *context)
{
	pid_t pid = crew_fork(crew, role, index, false);

	if (pid == 0)
		_exit(work(index, context));
	return pid < 0 ? (int) pid : 0;
}

int crew_start_program(struct crew *crew, const char *role, const char *const argv[], int out,
                       int err)
{
	pid_t pid = crew_fork(crew, role, 0, true);
	int in;

	if (pid != 0)
		return pid < 0 ? (int) pid : 0;
	in = open("/dev/null", O_RDONLY);
	if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(err, STDERR_FILENO) < 0)
		_exit(126);
	execvp(argv[0], (char *const *) argv); /* which changes none of them */
	_exit(errno == ENOENT ? 127 : 126);
}

static void note_end(struct crew *crew, struct crew_member *member, int status)
{
	member->running = false;
	member->status = status;
	crew->running--;
	if (status == 0 || crew->failure[0] != '\0')
		return;
	if (WIFSIGNALED(status))
		snprintf(crew->failure, sizeof(crew->failure),
		         "%s %u (pid %d) died by signal %d, %s", member->role, member->index,
		         (int) member->pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(crew->failure, sizeof(crew->failure),
		         "%s %u (pid %d) ended with exit status %d", member->role, member->index,
		         (int) member->pid, WEXITSTATUS(status));
}

static unsigned reap(struct crew *crew, int flags)
{
	unsigned i, ended = 0;

	for (i = 0; i < crew->count; i++) {
		struct crew_member *member = &crew->member[i];
		int status;
		pid_t got;

		if (!member->running)
			continue;
		do
			got = waitpid(member->pid, &status, flags);
		while (got < 0 && errno == EINTR);
		if (got == 0)
			continue;
		/* Gone without a status can't be, short of a fault of ours: call it a failure. */
		note_end(crew, member, got < 0 ? 255 << 8 : status);
		ended++;
	}
	return ended;
}

int crew_wait(struct crew *crew, int64_t timeout_ns)
{
	int64_t now = now_ns();
	int64_t deadline = timeout_ns < INT64_MAX - now ? now + timeout_ns : INT64_MAX;

	for (;;) {
		struct timespec rest;
		int signal_number;

		if (crew_asked_to_end())
			return -EINTR;
		if (reap(crew, WNOHANG) > 0)
			return 1;
		now = now_ns();
		if (crew->running == 0 || now >= deadline)
			return 0;
		rest = timespec_of_ns(deadline - now);
		signal_number = sigtimedwait(&taken, NULL, &rest);
		if (signal_number > 0 && signal_number != SIGCHLD)
			asked = signal_number;
	}
}

int crew_finish(struct crew *crew)
{
	while (crew->running > 0 && crew->failure[0] == '\0') {
		if (crew_wait(crew, INT64_MAX) < 0) {
			crew_kill(crew);
			return -EINTR;
		}
	}
	crew_kill(crew);
	return crew->failure[0] == '\0' ? 0 : -ECHILD;
}

void crew_kill(struct crew *crew)
{
	unsigned i;

	for (i = 0; i < crew->count; i++) {
		const struct crew_member *member = &crew->member[i];

		if (member->running)
			kill(member->leads_group ? -member->pid : member->pid, SIGKILL);
	}
	reap(crew, 0);
}

unsigned crew_running(const struct crew *crew, const char *role)
{
	unsigned i, running = 0;

	for (i = 0; i < crew->count; i++)
		if (crew->member[i].running && strcmp(crew->member[i].role, role) == 0)
			running++;
	return running;
}

void crew_end_by_signal(void)
{
	sigset_t one;

	fflush(NULL);
	signal(asked, SIG_DFL);
	sigemptyset(&one);
	sigaddset(&one, asked);
	raise(asked);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
}
