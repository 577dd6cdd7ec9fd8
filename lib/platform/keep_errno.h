/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keep_errno: the library reports by return value and leaves errno as it was.  Its
 * calls run in signal handlers, between the host's own failing call and the host's
 * look at errno.
 */
#ifndef MPSHM_PLATFORM_KEEP_ERRNO_H
#define MPSHM_PLATFORM_KEEP_ERRNO_H

#include <errno.h>

static inline void keep_errno_restore(const int *saved)
{
	errno = *saved;
}

/*
 * At the head of a function: errno is restored on each way out of it.  The value of
 * `return -errno` is computed before that.
 */
#define KEEP_ERRNO \
	__attribute__((cleanup(keep_errno_restore), unused)) const int keep_errno_saved = errno

#endif
