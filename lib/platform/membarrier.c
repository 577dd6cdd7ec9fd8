/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/membarrier.h"

#include "platform/atomic.h"
#include "platform/keep_errno.h"

#include <linux/membarrier.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ANSWER_UNKNOWN = 0, ANSWER_NO, ANSWER_YES };

static int membarrier(int command)
{
	return (int) syscall(SYS_membarrier, command, 0, 0);
}

static bool membarrier_try(void)
{
	const char *off = getenv("MPSHM_NO_MEMBARRIER");
	if (off && *off)
		return false;

	/* A sandbox may allow one command and not the other: a waiter needs both. */
	return membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0 &&
	       membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0;
}

bool mpshm_i_membarrier_register(void)
{
	static atomic32 answer;

	/* [MB-A1] pairs with [MB-R1]: "yes" is told only once the registration is in force */
	uint32_t known = atomic32_load_acquire(&answer);
	if (known == ANSWER_UNKNOWN) {
		KEEP_ERRNO;
		uint32_t mine = membarrier_try() ? ANSWER_YES : ANSWER_NO;

		/* [MB-R1] pairs with [MB-A1]: whoever is first settles it for all */
		if (atomic32_cas(&answer, &known, mine))
			known = mine;
	}
	return known == ANSWER_YES;
}

bool mpshm_i_membarrier(void)
{
	KEEP_ERRNO;

	/*
	 * The kernel fences the caller too: it issues a full barrier before it looks at
	 * what the other CPUs run, and another before it returns.
	 */
	return membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED) == 0;
}
