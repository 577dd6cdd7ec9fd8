/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * membarrier: a full fence on every CPU that runs a registered process, paid by
 * who is about to sleep, so that who publishes needs none.
 */
#ifndef MPSHM_PLATFORM_MEMBARRIER_H
#define MPSHM_PLATFORM_MEMBARRIER_H

#include <stdbool.h>

/*
 * Register this process, once, for GLOBAL_EXPEDITED, and find out that it can
 * issue one itself.  false: the kernel or a sandbox lacks it, or the
 * environment variable MPSHM_NO_MEMBARRIER is set; publishers must then fence.
 * Idempotent and thread-safe; the answer never changes within a process; a
 * forked child keeps its parent's registration and answer.
 */
bool mpshm_i_membarrier_register(void);

/* A full fence in every registered process and this thread.  false: it failed. */
bool mpshm_i_membarrier(void);

#endif
