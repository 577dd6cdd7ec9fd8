/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/long_copy.h"

#include <string.h>

/* Sanitizers see what memcpy() does, and not what an instruction of ours does. */
#if defined(__x86_64__) && !defined(MPSHM_TSAN) && !defined(MPSHM_ASAN)
#include <cpuid.h>
#include <stdbool.h>

#include "platform/atomic.h"

#define LEAF_FEATURES 7u
#define EBX_ERMS (1u << 9)

enum string_move { UNKNOWN, SLOW, FAST };

static bool string_move_is_fast(void)
{
	static atomic32 known; /* relaxed: who asks anew gets the same answer */
	uint32_t move = atomic32_load_relaxed(&known);

	if (unlikely(move == UNKNOWN)) {
		unsigned a, b = 0, c, d;
		move = __get_cpuid_count(LEAF_FEATURES, 0, &a, &b, &c, &d) && (b & EBX_ERMS) ? FAST
		                                                                             : SLOW;
		atomic32_store_relaxed(&known, move);
	}
	return move == FAST;
}

void mpshm_i_long_copy(void *to, const void *from, size_t bytes)
{
	if (string_move_is_fast())
		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
	else
		memcpy(to, from, bytes);
}

#else

void mpshm_i_long_copy(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
}

#endif
