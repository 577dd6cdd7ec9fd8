/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * copy: elements and messages in and out of shared memory.
 *
 * Small ones go by 8-byte words: a wide vector load of bytes that the caller has
 * just stored narrowly would wait for those stores to drain.  Long ones go as
 * platform/long_copy.h says.
 */
#ifndef MPSHM_RING_COPY_H
#define MPSHM_RING_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "platform/long_copy.h"

#define COPY_WORDS_MAX 64u

static inline void copy_word(char *to, const char *from)
{
	uint64_t word;
	memcpy(&word, from, 8);
	__asm__ volatile("" : "+r"(word)); /* keeps it one */
	memcpy(to, &word, 8);
}

static inline void copy_element(void *to, const void *from, size_t bytes)
{
	if (bytes == 8) {
		memcpy(to, from, 8);
		return;
	}
	if (bytes >= LONG_COPY_LEAST) {
		mpshm_i_long_copy(to, from, bytes);
		return;
	}
	if (bytes > COPY_WORDS_MAX) {
		memcpy(to, from, bytes);
		return;
	}
	char *target = to;
	const char *source = from;
	for (; bytes >= 32; bytes -= 32, target += 32, source += 32) {
		copy_word(target, source);
		copy_word(target + 8, source + 8);
		copy_word(target + 16, source + 16);
		copy_word(target + 24, source + 24);
	}
	for (; bytes >= 8; bytes -= 8, target += 8, source += 8)
		copy_word(target, source);
	for (; bytes > 0; bytes--)
		*target++ = *source++;
}

#endif
