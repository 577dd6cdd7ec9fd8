/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * advice: does madvise(2) mean what it says?  What a forked child gets is ours to
 * choose only where it does.  An emulator such as qemu-user says yes to any advice,
 * also to one that nobody has heard of, and may do nothing.
 */
#ifndef MPSHM_PLATFORM_ADVICE_H
#define MPSHM_PLATFORM_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

#define ADVICE_NONSENSE (-1)

/* Changes errno. */
static inline bool advice_is_meant(void)
{
	return madvise(NULL, 0, ADVICE_NONSENSE) < 0;
}

#endif
