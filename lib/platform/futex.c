/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Without FUTEX_PRIVATE_FLAG: the kernel finds the sleepers of a word by the page of
 * the file that it lies in, so each process may map it elsewhere.
 */
#include "platform/futex.h"

#include "platform/keep_errno.h"

#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)

int mpshm_i_futex_wait(const atomic32 *word, uint32_t expected, int64_t timeout_ns)
{
	KEEP_ERRNO;

	/*
	 * "For ever" is 292 years, not a wait without a timeout: the kernel restarts
	 * the latter by itself after a handler installed with SA_RESTART, and -EINTR
	 * would depend on how a signal's handler happened to be installed.
	 */
	if (timeout_ns < 0)
		timeout_ns = INT64_MAX;
	const struct timespec timeout = {
		.tv_sec = (time_t) (timeout_ns / NS_PER_SECOND),
		.tv_nsec = (long) (timeout_ns % NS_PER_SECOND),
	};
	if (syscall(SYS_futex, &word->raw, FUTEX_WAIT, expected, &timeout, NULL, 0) == 0)
		return 0;
	return errno == EAGAIN ? 0 : -errno;
}

int mpshm_i_futex_wake(const atomic32 *word, int count)
{
	KEEP_ERRNO;
	long woken = syscall(SYS_futex, &word->raw, FUTEX_WAKE, count, NULL, NULL, 0);
	return woken < 0 ? -errno : (int) woken;
}
