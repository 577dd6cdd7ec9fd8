/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * no_cancel: system calls that are cancellation points must not end a thread while it
 * holds a lock that nobody could take over, since its process lives on.
 */
#ifndef MPSHM_PLATFORM_NO_CANCEL_H
#define MPSHM_PLATFORM_NO_CANCEL_H

#include <pthread.h>

static inline int no_cancel_begin(void)
{
	int state;
	(void) pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
	return state;
}

static inline void no_cancel_end(const int *state)
{
	(void) pthread_setcancelstate(*state, NULL);
}

/* At the head of a function: the thread is not cancelled before it returns. */
#define NO_CANCEL \
	__attribute__((cleanup(no_cancel_end), unused)) const int no_cancel_saved = \
		no_cancel_begin()

#endif
