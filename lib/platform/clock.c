/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/clock.h"

#include "platform/atomic.h"
#include "platform/keep_errno.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_SECOND INT64_C(1000000000)

static int64_t clock_read(clockid_t clock)
{
	/* It does not fail, and so leaves errno alone: each kernel has these clocks. */
	struct timespec now = {0};
	(void) clock_gettime(clock, &now);
	return (int64_t) now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

int64_t mpshm_i_clock_now(void)
{
	return clock_read(CLOCK_MONOTONIC);
}

uint64_t mpshm_i_clock_wall(void)
{
	return (uint64_t) clock_read(CLOCK_REALTIME);
}

int64_t mpshm_i_deadline(int64_t timeout_ns)
{
	if (timeout_ns < 0)
		return DEADLINE_NEVER;
	int64_t now = mpshm_i_clock_now();
	return timeout_ns > DEADLINE_NEVER - now ? DEADLINE_NEVER : now + timeout_ns;
}

void mpshm_i_clock_nap(int64_t span_ns)
{
	KEEP_ERRNO;
	const struct timespec span = {
		.tv_sec = (time_t) (span_ns / NS_PER_SECOND),
		.tv_nsec = (long) (span_ns % NS_PER_SECOND),
	};

	/* Not by the C library's function, which is a cancellation point. */
	(void) syscall(SYS_nanosleep, &span, NULL);
}

void mpshm_i_clock_spin(int64_t ns)
{
	int64_t until = mpshm_i_clock_now() + ns;
	do
		cpu_relax();
	while (mpshm_i_clock_now() < until);
}
