/* SPDX-License-Identifier: BSD-2-Clause */
/* error: a failure in words, kept for the thread that met it. */
#ifndef MPSHM_PLATFORM_ERROR_H
#define MPSHM_PLATFORM_ERROR_H

/*
 * Note why a call fails, printf-like, and return -error: `return
 * mpshm_i_fail(EINVAL, "segment %s: ...", name);`.  Leaves errno alone.
 */
int mpshm_i_fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What mpshm_error_detail() tells this thread. */
extern _Thread_local const char *mpshm_i_detail __attribute__((tls_model("initial-exec")));

/* The same for what happens all the time, such as "full": by one store, nothing is formatted. */
static inline int fail_plainly(int error, const char *words)
{
	mpshm_i_detail = words;
	return -error;
}

#endif
