/* SPDX-License-Identifier: BSD-2-Clause */
/* futex: wait on and wake a 32-bit word that processes share. */
#ifndef MPSHM_PLATFORM_FUTEX_H
#define MPSHM_PLATFORM_FUTEX_H

#include "platform/atomic.h"

/*
 * Sleep while *word is `expected`, at most `timeout_ns` (negative: for ever).
 * 0: woken, or the word differed, or for no reason at all; -ETIMEDOUT;
 * -EINTR: a signal handler ran, SA_RESTART or not.  Another negative errno
 * (-ENOSYS in a sandbox, -EFAULT) comes at once: to wait again would be to spin.
 */
int mpshm_i_futex_wait(const atomic32 *word, uint32_t expected, int64_t timeout_ns);

/* Wake up to `count` sleepers; returns how many were woken, or a negative errno. */
int mpshm_i_futex_wake(const atomic32 *word, int count);

#endif
