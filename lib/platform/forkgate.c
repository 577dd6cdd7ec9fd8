/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One word counts who is inside the gate and which forks are under way.  A fork counts
 * itself first, from when on nobody enters, and waits until those inside are out.
 *
 * Nobody can wait for ever.  A fork waits for threads that run no handler and are
 * soon out, and not for newcomers: threads that attach again and again don't starve it.
 * Who is inside enters once more without a look.  An entrant's patience with a fork has
 * an end: that fork may be its own, where a signal handler attaches while fork() runs
 * its handlers.
 */
#include "platform/forkgate.h"

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/keep_errno.h"

#include <pthread.h>
#include <stddef.h>

#define FORK UINT32_C(1)
#define FORK_MASK UINT32_C(0xffff)
#define INSIDE UINT32_C(0x10000)

#define NAP_NS 50000
#define PATIENCE_NAPS 20000 /* about a second: fork() of a large process takes its time */

static atomic32 gate;
static atomic32 handlers_ready;

/* How often this thread is inside; of those entries the first is counted in the gate. */
static _Thread_local uint32_t depth __attribute__((tls_model("initial-exec")));

static void fork_begins(void)
{
	KEEP_ERRNO;
	(void) atomic32_fetch_add(&gate, FORK);
	/* [FG-A1] pairs with [FG-R1]: their descriptors are closed */
	while ((atomic32_load_acquire(&gate) & ~FORK_MASK) != 0)
		mpshm_i_clock_nap(NAP_NS);
}

static void fork_ends(void)
{
	/* [FG-R2] pairs with [FG-A2]: the child has been made */
	(void) atomic32_fetch_add(&gate, 0 - FORK);
}

static void fork_ends_in_child(void)
{
	/* relaxed: one thread is all there is; whoever else was counted is not here. */
	atomic32_store_relaxed(&gate, 0);
}

/*
 * Two first callers may both register: each fork is then counted twice, and twice
 * discounted.  A lock around it might be held in a child, by nobody.
 */
static int handlers_register(void)
{
	/* [FG-A3] pairs with [FG-R3]: every fork from here on is counted */
	if (atomic32_load_acquire(&handlers_ready) != 0)
		return 0;
	int error = pthread_atfork(fork_begins, fork_ends, fork_ends_in_child);
	if (error == 0)
		/* [FG-R3] pairs with [FG-A3]: registered */
		atomic32_store_release(&handlers_ready, 1);
	return -error;
}

/* All but what a fault raises: blocked, those kill (a sandbox emulates calls by SIGSYS). */
static void signals_block(sigset_t *ret_before)
{
	static const int kept[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
	sigset_t blocked;

	(void) sigfillset(&blocked);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		(void) sigdelset(&blocked, kept[i]);
	(void) pthread_sigmask(SIG_BLOCK, &blocked, ret_before);
}

int mpshm_i_forkgate_enter(struct forkgate_pass *pass)
{
	KEEP_ERRNO;
	int error = handlers_register();
	if (error < 0)
		return error;

	(void) pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &pass->cancel_state);
	signals_block(&pass->signals);

	/* Signals are blocked: nobody comes between the look and the count. */
	if (depth++ > 0)
		return 0;
	uint32_t now = atomic32_load_relaxed(&gate); /* relaxed: the swap below judges */
	for (int naps = 0;;) {
		if ((now & FORK_MASK) == 0 || naps == PATIENCE_NAPS) {
			/* [FG-A2] pairs with [FG-R2]: no child is being made */
			if (atomic32_cas(&gate, &now, now + INSIDE))
				return 0;
			continue;
		}
		mpshm_i_clock_nap(NAP_NS);
		naps++;
		now = atomic32_load_relaxed(&gate);
	}
}

void mpshm_i_forkgate_leave(const struct forkgate_pass *pass)
{
	KEEP_ERRNO;

	if (--depth == 0)
		/* [FG-R1] pairs with [FG-A1]: what no child may get is closed */
		(void) atomic32_fetch_add(&gate, 0 - INSIDE);
	(void) pthread_sigmask(SIG_SETMASK, &pass->signals, NULL);
	(void) pthread_setcancelstate(pass->cancel_state, NULL);
}
