/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forkgate: no fork while this thread holds a descriptor that no child may get.
 *
 * It holds back fork(3) in other threads, for the microseconds between enter and
 * leave.  It can't hold back a bare clone(2), nor _Fork(3): they run no handlers.
 */
#ifndef MPSHM_PLATFORM_FORKGATE_H
#define MPSHM_PLATFORM_FORKGATE_H

#include <signal.h>

struct forkgate_pass {
	sigset_t signals;
	int cancel_state;
};

/*
 * From here until leave, in this thread, no signal handler runs and no cancellation
 * is acted upon; leave must follow.  It may be entered within.  0 or a negative errno (then don't leave).
 */
int mpshm_i_forkgate_enter(struct forkgate_pass *pass);
void mpshm_i_forkgate_leave(const struct forkgate_pass *pass);

#endif
