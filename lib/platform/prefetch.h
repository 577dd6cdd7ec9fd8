/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prefetch: have a cache line on its way before it is needed.  Hints: they order nothing,
 * change nothing, and may be ignored.
 */
#ifndef MPSHM_PLATFORM_PREFETCH_H
#define MPSHM_PLATFORM_PREFETCH_H

static inline void prefetch_read(const void *line)
{
	__builtin_prefetch(line, 0);
}

/* As our own, other CPUs' copies given up. */
static inline void prefetch_write(const void *line)
{
#if defined(__x86_64__)
	/* The compiler's own needs -mprfchw to be more than a read; every x86-64 decodes it. */
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *) line));
#else
	__builtin_prefetch(line, 1);
#endif
}

#endif
