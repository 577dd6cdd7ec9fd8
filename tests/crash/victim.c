/* SPDX-License-Identifier: BSD-2-Clause */
#include "victim.h"

#include "engine.h"
#include "places.h"

#ifdef __x86_64__

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOW_NS 3000000
#define DOZE_NS 3000000
#define HURRY_NS 30000000

static int number;

int crash_victim(void)
{
	return number;
}

/* Both marks: a stop whose program counter is the label. */
void victim_mark(void);
extern const char victim_marked[];
__asm__(".pushsection .text\n"
        ".type victim_mark, @function\n"
        "victim_mark:\n"
        "	int3\n"
        ".globl victim_marked\n"
        "victim_marked:\n"
        "	ret\n"
        ".size victim_mark, .-victim_mark\n"
        ".popsection\n");

static uint64_t peek_pc(pid_t pid)
{
	return (uint64_t) ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user, regs.rip), NULL);
}

static bool poke_pc(pid_t pid, uint64_t pc)
{
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, regs.rip), pc) == 0;
}

/*
 * An int3 in the victim's own copy of the text, not a debug register: some virtual
 * machines take those and never stop.  *ret_text: what was there.
 */
static bool set_breakpoint(pid_t pid, uint64_t pc, long *ret_text)
{
	errno = 0;
	*ret_text = ptrace(PTRACE_PEEKTEXT, pid, pc, NULL);
	return errno == 0 && ptrace(PTRACE_POKETEXT, pid, pc, (*ret_text & ~0xffL) | 0xcc) == 0;
}

static bool clear_breakpoint(pid_t pid, uint64_t pc, long text)
{
	return ptrace(PTRACE_POKETEXT, pid, pc, text) == 0;
}

/* Wait for its next stop, though not for ever where others stand still. */
static bool wait_stop(struct victim *victim, int *ret_status)
{
	int64_t until = victim->hurried ? crash_now() + HURRY_NS : INT64_MAX;

	for (;;) {
		pid_t got = waitpid(victim->pid, ret_status,
		                    victim->hurried ? WNOHANG | __WALL : __WALL);
		if (got == victim->pid)
			return true;
		if (got < 0 && errno != EINTR)
			return false;
		if (victim->hurried && crash_now() > until) {
			victim->blocked = true;
			return false;
		}
		if (victim->hurried)
			(void) sched_yield();
	}
}

/* Wait for the next stop at a trap.  false: it died or got another signal; reported. */
static bool wait_trap(struct victim *victim)
{
	int status;

	if (!wait_stop(victim, &status))
		return false;
	if (WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP)
		return true;
	if (WIFSTOPPED(status))
		crash_fault(CRASH_BROKEN, "the victim got signal %d (%s) at %s", WSTOPSIG(status),
		            strsignal(WSTOPSIG(status)), engine_place(peek_pc(victim->pid)));
	else
		crash_fault(CRASH_BROKEN, "the victim ended with 0x%x", (unsigned) status);
	if (!WIFSTOPPED(status))
		victim->pid = 0;
	return false;
}

static bool resume(struct victim *victim, bool step)
{
	if (ptrace(step ? PTRACE_SINGLESTEP : PTRACE_CONT, victim->pid, NULL, NULL) < 0)
		return false;
	return wait_trap(victim);
}

static void live_as_victim(const struct crash_case *what)
{
	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(98);
	if (what->ready)
		what->ready(what);
	victim_mark();
	what->operate(what);
	victim_mark();
	_exit(0);
}

bool victim_start(struct victim *victim, const struct crash_case *what, int which)
{
	*victim = (struct victim){.hurried = victim->hurried};
	number = which;
	victim->pid = fork();
	if (victim->pid == 0)
		live_as_victim(what);
	number = 0;
	if (victim->pid < 0) {
		crash_fault(CRASH_BROKEN, "fork: %s", strerror(errno));
		return false;
	}
	if (!wait_trap(victim))
		return false;
	(void) ptrace(PTRACE_SETOPTIONS, victim->pid, NULL, PTRACE_O_EXITKILL);
	return true;
}

static bool is_system_call(pid_t pid, uint64_t pc)
{
	errno = 0;
	long text = ptrace(PTRACE_PEEKTEXT, pid, pc, NULL);
	return errno == 0 && (text & 0xffff) == 0x050f;
}

bool victim_record(struct victim *victim, struct trace *trace)
{
	for (trace->steps = 0; trace->steps < trace->room; trace->steps++) {
		uint32_t i = trace->steps;
		uint64_t pc = peek_pc(victim->pid);
		trace->pc[i] = pc;
		if (i > 0 && pc == (uintptr_t) victim_marked) {
			trace_count_hits(trace);
			return true;
		}
		trace->marks[i] = place_is_own(pc) ? TRACE_OWN : 0;
		if (!place_is_own(pc) && is_system_call(victim->pid, pc))
			trace->marks[i] |= TRACE_SYSTEM;
		int64_t before = crash_now();
		engine_alive();
		if (!resume(victim, true))
			return false;
		if ((trace->marks[i] & TRACE_SYSTEM) && crash_now() - before > SLOW_NS)
			trace->marks[i] |= TRACE_SLOW;
	}
	crash_fault(CRASH_BROKEN, "the operation takes over %u instructions", trace->room);
	return false;
}

static bool at_end(struct victim *victim, uint32_t steps)
{
	if (steps > 0 && peek_pc(victim->pid) == (uintptr_t) victim_marked)
		victim->ended = true;
	return victim->ended;
}

/* Run until the breakpoint at pc, and take it away.  false: as wait_trap(), or the end mark. */
static bool run_to(struct victim *victim, uint64_t pc)
{
	long text;

	if (!set_breakpoint(victim->pid, pc, &text)) {
		crash_fault(CRASH_BROKEN, "no breakpoint at %s: %s", engine_place(pc),
		            strerror(errno));
		return false;
	}
	if (!resume(victim, false))
		return false;
	if (!clear_breakpoint(victim->pid, pc, text) || at_end(victim, 1))
		return false;
	if (peek_pc(victim->pid) != pc + 1) {
		crash_fault(CRASH_BROKEN, "a trap at %s", engine_place(peek_pc(victim->pid)));
		return false;
	}
	return poke_pc(victim->pid, pc);
}

bool victim_go(struct victim *victim, const struct trace *trace, uint32_t k, bool *ret_strayed)
{
	uint32_t from = trace_approach(trace, k);

	*ret_strayed = false;
	for (uint32_t hit = 0; from > 0 && hit <= trace->hits[from]; hit++) {
		if ((hit == 0 || (resume(victim, true) && !at_end(victim, 1))) &&
		    run_to(victim, trace->pc[from]))
			continue;
		*ret_strayed = victim->ended && k < trace->steps;
		return victim->ended;
	}
	for (uint32_t i = from; i < k; i++) {
		if (!resume(victim, true))
			return false;
		if (at_end(victim, i + 1))
			break;
	}
	*ret_strayed = peek_pc(victim->pid) != trace->pc[k];
	return true;
}

void victim_doze(struct victim *victim)
{
	(void) ptrace(PTRACE_CONT, victim->pid, NULL, NULL);
	for (int64_t until = crash_now() + DOZE_NS; crash_now() < until;)
		(void) usleep(500);
}

bool victim_finish(struct victim *victim)
{
	if (!victim->ended && !resume(victim, false))
		return false;
	if (!victim->ended && !at_end(victim, 1)) {
		crash_fault(CRASH_BROKEN, "the victim stopped at %s",
		            engine_place(peek_pc(victim->pid)));
		return false;
	}
	return true;
}

void victim_kill(struct victim *victim)
{
	int status;

	if (victim->pid <= 0)
		return;
	(void) kill(victim->pid, SIGKILL);
	/* A stop may come before the end. */
	while (waitpid(victim->pid, &status, __WALL) >= 0 || errno == EINTR)
		if (WIFSIGNALED(status) || WIFEXITED(status))
			break;
	victim->pid = 0;
}

const char *victim_unsupported(void)
{
	pid_t pid = fork();
	int status = 0;
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			_exit(1);
		(void) raise(SIGSTOP);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return "ptrace is not allowed here";
	struct victim victim = {.pid = pid};
	victim_kill(&victim);
	return NULL;
}

#else

const char *victim_unsupported(void)
{
	return "single-stepping is written for x86-64 only";
}

bool victim_start(struct victim *victim, const struct crash_case *what, int which)
{
	(void) victim, (void) what, (void) which;
	return false;
}

bool victim_record(struct victim *victim, struct trace *trace)
{
	(void) victim, (void) trace;
	return false;
}

bool victim_go(struct victim *victim, const struct trace *trace, uint32_t k, bool *ret_strayed)
{
	(void) victim, (void) trace, (void) k, (void) ret_strayed;
	return false;
}

void victim_doze(struct victim *victim)
{
	(void) victim;
}

bool victim_finish(struct victim *victim)
{
	(void) victim;
	return false;
}

void victim_kill(struct victim *victim)
{
	(void) victim;
}

int crash_victim(void)
{
	return 0;
}

#endif
