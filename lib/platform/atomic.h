/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * atomic: every atomic access of the library, behind one façade.
 *
 * A shared word is declared as atomic32 or atomic64, never cast at use.  On
 * x86-64 the operations are Concurrency Kit's; elsewhere, and where a tool has to
 * see them (ThreadSanitizer can't look into inline assembly), the compiler's.
 *
 * Orders: relaxed only promises a whole word.  acquire and release pair as in
 * C11.  Every read-modify-write is sequentially consistent: what was stored before
 * it is seen by whoever sees its result.  On x86-64 it is a locked instruction and a
 * full fence besides, even where a compare-and-swap fails.  On ARM it is not: between
 * an earlier store to one word and a later load of another stands only fence_full().
 */
#ifndef MPSHM_PLATFORM_ATOMIC_H
#define MPSHM_PLATFORM_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
	uint32_t raw;
} atomic32;

typedef struct {
	uint64_t raw;
} atomic64;

#if defined(__x86_64__) && !defined(MPSHM_TSAN) && !defined(MPSHM_COMPILER_ATOMICS)
#define MPSHM_ATOMIC_CK 1
#include <ck_pr.h>
#else
#define MPSHM_ATOMIC_CK 0
#endif

#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

/* Keeps the compiler from moving memory accesses across it; no instruction. */
static inline void compiler_barrier(void)
{
	__asm__ volatile("" ::: "memory");
}

#if MPSHM_ATOMIC_CK

/*
 * ck_pr_store_64 (0.7.1) offers constants from 2^31 to 2^32 - 1 to an instruction that
 * has no such operand, and the assembler refuses.  From a register all is well.
 */
#define ATOMIC_IN_REGISTER(value) __asm__("" : "+r"(value))

#define ATOMIC_DEFINE(N) \
	static inline uint##N##_t atomic##N##_load_relaxed(const atomic##N *word) \
	{ \
		return ck_pr_load_##N(&word->raw); \
	} \
	static inline uint##N##_t atomic##N##_load_acquire(const atomic##N *word) \
	{ \
		uint##N##_t value = ck_pr_load_##N(&word->raw); \
		ck_pr_fence_acquire(); \
		return value; \
	} \
	static inline void atomic##N##_store_relaxed(atomic##N *word, uint##N##_t value) \
	{ \
		ATOMIC_IN_REGISTER(value); \
		ck_pr_store_##N(&word->raw, value); \
	} \
	static inline void atomic##N##_store_release(atomic##N *word, uint##N##_t value) \
	{ \
		ck_pr_fence_release(); \
		ATOMIC_IN_REGISTER(value); \
		ck_pr_store_##N(&word->raw, value); \
	} \
	static inline bool atomic##N##_cas(atomic##N *word, uint##N##_t *expected, \
	                                   uint##N##_t desired) \
	{ \
		return ck_pr_cas_##N##_value(&word->raw, *expected, desired, expected); \
	} \
	static inline uint##N##_t atomic##N##_exchange(atomic##N *word, uint##N##_t value) \
	{ \
		return ck_pr_fas_##N(&word->raw, value); \
	} \
	static inline uint##N##_t atomic##N##_fetch_add(atomic##N *word, uint##N##_t addend) \
	{ \
		return ck_pr_faa_##N(&word->raw, addend); \
	}

#else

#define ATOMIC_DEFINE(N) \
	static inline uint##N##_t atomic##N##_load_relaxed(const atomic##N *word) \
	{ \
		return __atomic_load_n(&word->raw, __ATOMIC_RELAXED); \
	} \
	static inline uint##N##_t atomic##N##_load_acquire(const atomic##N *word) \
	{ \
		return __atomic_load_n(&word->raw, __ATOMIC_ACQUIRE); \
	} \
	static inline void atomic##N##_store_relaxed(atomic##N *word, uint##N##_t value) \
	{ \
		__atomic_store_n(&word->raw, value, __ATOMIC_RELAXED); \
	} \
	static inline void atomic##N##_store_release(atomic##N *word, uint##N##_t value) \
	{ \
		__atomic_store_n(&word->raw, value, __ATOMIC_RELEASE); \
	} \
	static inline bool atomic##N##_cas(atomic##N *word, uint##N##_t *expected, \
	                                   uint##N##_t desired) \
	{ \
		return __atomic_compare_exchange_n(&word->raw, expected, desired, false, \
		                                   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	} \
	static inline uint##N##_t atomic##N##_exchange(atomic##N *word, uint##N##_t value) \
	{ \
		return __atomic_exchange_n(&word->raw, value, __ATOMIC_SEQ_CST); \
	} \
	static inline uint##N##_t atomic##N##_fetch_add(atomic##N *word, uint##N##_t addend) \
	{ \
		return __atomic_fetch_add(&word->raw, addend, __ATOMIC_SEQ_CST); \
	}

#endif

ATOMIC_DEFINE(32)
ATOMIC_DEFINE(64)
#undef ATOMIC_DEFINE

/* Set, or clear, bits; returns the word as it was before. */
static inline uint32_t atomic32_fetch_or(atomic32 *word, uint32_t bits)
{
	uint32_t old = atomic32_load_relaxed(word);
	while (!atomic32_cas(word, &old, old | bits))
		;
	return old;
}

static inline uint64_t atomic64_fetch_or(atomic64 *word, uint64_t bits)
{
	uint64_t old = atomic64_load_relaxed(word);
	while (!atomic64_cas(word, &old, old | bits))
		;
	return old;
}

static inline uint64_t atomic64_fetch_and(atomic64 *word, uint64_t bits)
{
	uint64_t old = atomic64_load_relaxed(word);
	while (!atomic64_cas(word, &old, old & bits))
		;
	return old;
}

/*
 * ThreadSanitizer does not know fences, and gcc warns of each: it gets the bare
 * instruction.  What is ordered by fences alone it may report all the same.
 */
#if !defined(MPSHM_TSAN)
#define ATOMIC_THREAD_FENCE(order, x86_64, aarch64) __atomic_thread_fence(order)
#elif defined(__x86_64__)
#define ATOMIC_THREAD_FENCE(order, x86_64, aarch64) __asm__ volatile(x86_64 ::: "memory")
#elif defined(__aarch64__)
#define ATOMIC_THREAD_FENCE(order, x86_64, aarch64) __asm__ volatile(aarch64 ::: "memory")
#else
#error "ThreadSanitizer: say which instruction is a fence here"
#endif

/*
 * Full fence: orders earlier stores before later loads.  On x86-64 a locked
 * instruction on the stack, which costs an eighth of mfence.
 */
static inline void fence_full(void)
{
#if MPSHM_ATOMIC_CK
	uint64_t stack = 0;
	compiler_barrier();
	(void) ck_pr_faa_64(&stack, 0);
	compiler_barrier();
#else
	ATOMIC_THREAD_FENCE(__ATOMIC_SEQ_CST, "mfence", "dmb ish");
#endif
}

/* Orders earlier loads and stores before later stores. */
static inline void fence_release(void)
{
#if MPSHM_ATOMIC_CK
	ck_pr_fence_release();
#else
	ATOMIC_THREAD_FENCE(__ATOMIC_RELEASE, "", "dmb ish");
#endif
}

/* Orders earlier loads before later loads and stores. */
static inline void fence_acquire(void)
{
#if MPSHM_ATOMIC_CK
	ck_pr_fence_acquire();
#else
	ATOMIC_THREAD_FENCE(__ATOMIC_ACQUIRE, "", "dmb ishld");
#endif
}

/* One turn of a spin loop: leaves the core's resources to the other side. */
static inline void cpu_relax(void)
{
#if MPSHM_ATOMIC_CK
	ck_pr_stall();
#elif defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("isb" ::: "memory");
#else
	compiler_barrier();
#endif
}

#endif
