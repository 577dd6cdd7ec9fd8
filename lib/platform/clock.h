/* SPDX-License-Identifier: BSD-2-Clause */
/* clock: monotonic time, wall time, deadlines. */
#ifndef MPSHM_PLATFORM_CLOCK_H
#define MPSHM_PLATFORM_CLOCK_H

#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC, and of CLOCK_REALTIME. */
int64_t mpshm_i_clock_now(void);
uint64_t mpshm_i_clock_wall(void);

#define DEADLINE_NEVER INT64_MAX

/* When a relative timeout (negative: never) runs out; saturates. */
int64_t mpshm_i_deadline(int64_t timeout_ns);

/*
 * Sleep once, at most so long (a signal ends it): one turn of a loop that waits for
 * another thread.  Unlike a yield it lets a thread of lower real-time priority run.
 */
void mpshm_i_clock_nap(int64_t span_ns);

/* Pass the time without giving up the CPU: for waits shorter than a system call. */
void mpshm_i_clock_spin(int64_t ns);

#endif
