/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * able: what tests need of the machine beyond what the library does, each found out by
 * trying it, in a process of its own.  Emulators and sanitizers lack some of it.
 */
#ifndef MPSHM_TESTS_UNIT_ABLE_H
#define MPSHM_TESTS_UNIT_ABLE_H

#include <stdbool.h>

/* MADV_DONTFORK and MADV_WIPEONFORK do what they say in a child that runs no handler. */
bool able_to_keep_from_children(void);
bool able_to_wipe_in_children(void);

/* A child that was forked beside other threads can start one. */
bool able_to_start_threads_in_children(void);

/* A child begins long before the next kill of a storm, if only now and then. */
bool able_to_fork_fast(void);

/* A child that has one table of descriptors with its parent; valgrind needs its own. */
bool able_to_share_descriptors(void);

/* vfork's child runs in its parent's memory; emulators and sanitizers make it a fork. */
bool able_to_vfork(void);

/* Threads that have ended cost no memory. */
bool able_to_forget_threads(void);

/* exec runs this very program; user-mode emulators need the kernel's help for that. */
bool able_to_run_itself(void);

/* RLIMIT_AS makes a mapping fail, with ENOMEM. */
bool able_to_limit_address_space(void);

/* RLIMIT_NOFILE keeps a file from being created; valgrind creates it, and then says no. */
bool able_to_limit_descriptors(void);

/* Who maps a file and dies has touched no page of it; valgrind looks for leaks in all. */
bool able_to_leave_holes(void);

/* Each test runs in a process of its own (not with CK_FORK=no). */
bool able_to_begin_anew(void);

#endif
