/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel writes the CPU's number into each thread's rseq area at every migration.
 * glibc 2.35 and later register one for each thread and tell where it is.
 */
#include "platform/cpu.h"

#include "platform/atomic.h"
#include "platform/keep_errno.h"

#include <sched.h>
#include <stddef.h>
#include <unistd.h>

#if defined(__has_include) && (defined(__x86_64__) || defined(__aarch64__))
#if __has_include(<sys/rseq.h>)
#include <sys/rseq.h>
#define CPU_HAS_RSEQ 1
#endif
#endif
#ifndef CPU_HAS_RSEQ
#define CPU_HAS_RSEQ 0
#endif

#if CPU_HAS_RSEQ

static inline const char *thread_pointer(void)
{
	const char *pointer;
#if defined(__x86_64__)
	__asm__("movq %%fs:0, %0" : "=r"(pointer));
#else
	__asm__("mrs %0, tpidr_el0" : "=r"(pointer));
#endif
	return pointer;
}

/* Negative where the C library or the kernel registered no area for this thread. */
static inline int32_t rseq_cpu(void)
{
	if (unlikely(__rseq_size < offsetof(struct rseq, cpu_id) + sizeof(uint32_t)))
		return -1;
	const void *area = thread_pointer() + __rseq_offset;
	const volatile uint32_t *cpu_id = &((const struct rseq *) area)->cpu_id;

	/* Only this thread and the kernel on its behalf touch it: no order, no façade. */
	return (int32_t) *cpu_id;
}

#else

static inline int32_t rseq_cpu(void)
{
	return -1;
}

#endif

uint32_t mpshm_i_cpu_current(void)
{
	int32_t cpu = rseq_cpu();
	if (likely(cpu >= 0))
		return (uint32_t) cpu;

	KEEP_ERRNO;
	cpu = sched_getcpu();
	return cpu < 0 ? 0 : (uint32_t) cpu;
}

uint32_t mpshm_i_cpu_count(void)
{
	static atomic32 count; /* 0: not looked up yet */

	/* relaxed: a number with nothing behind it; two first callers store the same. */
	uint32_t known = atomic32_load_relaxed(&count);
	if (known != 0)
		return known;

	KEEP_ERRNO;
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	known = online < 1 ? 1 : (uint32_t) online;
	atomic32_store_relaxed(&count, known);
	return known;
}

void mpshm_i_cpu_yield(void)
{
	KEEP_ERRNO;
	(void) sched_yield();
}
