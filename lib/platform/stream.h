/* SPDX-License-Identifier: BSD-2-Clause */
/* stream: copies of long messages to where another CPU will read them. */
#ifndef MPSHM_PLATFORM_STREAM_H
#define MPSHM_PLATFORM_STREAM_H

#include <stddef.h>

/* From so many bytes on it is worth it. */
#define STREAM_LEAST 4096u

/*
 * memcpy() that goes past this CPU's caches, where the machine can.  An ordinary store
 * first fetches the line from the CPU that read it last, one by one; streamed, it is
 * only told that the line is gone.  All stores are done, for others to see, before any
 * store that follows.
 */
void mpshm_i_stream_copy(void *to, const void *from, size_t bytes);

#endif
