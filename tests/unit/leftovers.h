/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leftovers: what test runs that were killed have left in /dev/shm.  Each run removes
 * first what nobody can be using: files mpshm.test-* of this user, no byte of which is
 * locked, with a process's number in the name, and no such process.
 */
#ifndef MPSHM_TESTS_UNIT_LEFTOVERS_H
#define MPSHM_TESTS_UNIT_LEFTOVERS_H

void leftovers_remove(void);

#endif
