/* SPDX-License-Identifier: BSD-2-Clause */
#include "unheard.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static volatile bool unheard;

void advice_goes_unheard(bool yes)
{
	unheard = yes;
}

/* It stands in for the C library's, for the library under test too. */
int madvise(void *at, size_t bytes, int advice)
{
	/* This one is not about children, and malloc relies on it. */
	bool heard = !unheard || advice == MADV_DONTNEED;
	return heard ? (int) syscall(SYS_madvise, at, bytes, (long) advice) : 0;
}
