/* SPDX-License-Identifier: BSD-2-Clause */
/* cpu: which CPU this thread runs on, and how many the process may use. */
#ifndef MPSHM_PLATFORM_CPU_H
#define MPSHM_PLATFORM_CPU_H

#include <stdint.h>

/* This thread's CPU: one load where the C library registered rseq, else a vDSO call. */
uint32_t mpshm_i_cpu_current(void);

/* CPUs that this process may run on; looked up once. */
uint32_t mpshm_i_cpu_count(void);

#endif
