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

#endif
