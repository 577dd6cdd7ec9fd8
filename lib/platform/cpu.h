/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu: which CPU this thread runs on, and how many there are. */
#ifndef MPSHM_PLATFORM_CPU_H
#define MPSHM_PLATFORM_CPU_H

#include <stdint.h>

/*
 * This thread's CPU, a moment ago: one load where the C library registered rseq, else a
 * vDSO call.  0 where neither knows.
 */
uint32_t mpshm_i_cpu_current(void);

/*
 * CPUs on line; looked up once.  Not those that this thread may run on: a process
 * pinned to one CPU has peers pinned to others, and may well spin for them.
 */
uint32_t mpshm_i_cpu_count(void);

/* Let others run that want this CPU. */
void mpshm_i_cpu_yield(void);

#endif
