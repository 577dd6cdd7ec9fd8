/* SPDX-License-Identifier: BSD-2-Clause */
/* error: a failure in words, kept for the thread that met it. */
#ifndef MPSHM_PLATFORM_ERROR_H
#define MPSHM_PLATFORM_ERROR_H

/*
 * Note why a call fails, printf-like, and return -error: `return
 * mpshm_i_fail(EINVAL, "segment %s: ...", name);`.  Leaves errno alone.  Not on
 * paths that signal handlers may take, nor for plain -EAGAIN.
 */
int mpshm_i_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
