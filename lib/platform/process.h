/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process: which process is this?  A forked child must not act as its parent,
 * and a bare clone runs no fork handler: the identity stands in a page that the
 * kernel wipes in every child.
 */
#ifndef MPSHM_PLATFORM_PROCESS_H
#define MPSHM_PLATFORM_PROCESS_H

#include <stdint.h>

/*
 * Where the identity stands.  It is 0 before the first mpshm_i_process_begin() and in
 * every forked child before its own.  Compare `*mpshm_i_process` with a remembered
 * value on hot paths: one load.
 */
extern const volatile uint64_t *mpshm_i_process;

/*
 * Make sure that this process has an identity, and return it: even, and different
 * from every ancestor's.  In a forked child the first caller runs `reset` (others
 * wait until it is done) before the identity is set: the child's chance to drop what
 * it inherited.  It runs in the first process too, where there is nothing to drop.
 * 0: no memory; or called from within `reset`, as by a signal handler that
 * interrupted it: such an operation can only fail.
 */
uint64_t mpshm_i_process_begin(void (*reset)(void));

/* For people to read: /proc/self/comm, start time in clock ticks, pid namespace. */
void mpshm_i_process_describe(char ret_command[32], uint64_t *ret_start_ticks,
                              uint64_t *ret_pid_namespace);

#endif
