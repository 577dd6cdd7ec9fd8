/* SPDX-License-Identifier: BSD-2-Clause */
#include "unheard.h"

#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile bool unheard;

void advice_goes_unheard(void)
{
	unheard = true;
}

void advice_is_heard_again(void)
{
	unheard = false;
}

/* It stands in for the C library's, for the library under test too. */
int madvise(void *at, size_t bytes, int advice)
{
	/* This one is not about children, and malloc relies on it. */
	bool heard = !unheard || advice == MADV_DONTNEED;
	return heard ? (int) syscall(SYS_madvise, at, bytes, (long) advice) : 0;
}
