/* SPDX-License-Identifier: BSD-2-Clause */
/* long_copy: copies of what is long, from or to lines that another CPU has. */
#ifndef MPSHM_PLATFORM_LONG_COPY_H
#define MPSHM_PLATFORM_LONG_COPY_H

#include <stddef.h>

/* From so many bytes on it is worth it. */
#define LONG_COPY_LEAST 512u

/*
 * memcpy(), by the processor's own string move where it has a fast one (x86-64: ERMS).  That
 * knows from the beginning which lines it will write in full, so it need not fetch what is in
 * them from the CPU that read them last, and it asks for many at once.  Inside it no order
 * of stores is promised; all are done before any store that follows.
 */
void mpshm_i_long_copy(void *to, const void *from, size_t bytes);

#endif
