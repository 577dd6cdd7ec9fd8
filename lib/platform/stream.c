/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/stream.h"

#include <string.h>

#if defined(__x86_64__)
#include <emmintrin.h>
#include <stdint.h>

#define LINE_BYTES 64u

void mpshm_i_stream_copy(void *to, const void *from, size_t bytes)
{
	char *target = to;
	const char *source = from;
	size_t head = -(uintptr_t) target % LINE_BYTES;

	if (head > bytes)
		head = bytes;
	memcpy(target, source, head);
	target += head, source += head, bytes -= head;

	/* Whole lines, all four parts at once: a line that is written in part is fetched
	 * after all. */
	for (; bytes >= LINE_BYTES;
	     bytes -= LINE_BYTES, target += LINE_BYTES, source += LINE_BYTES) {
		__m128i *line = (__m128i *) (void *) target;
		const __m128i *part = (const __m128i *) (const void *) source;
		__m128i a = _mm_loadu_si128(part), b = _mm_loadu_si128(part + 1);
		__m128i c = _mm_loadu_si128(part + 2), d = _mm_loadu_si128(part + 3);
		_mm_stream_si128(line, a);
		_mm_stream_si128(line + 1, b);
		_mm_stream_si128(line + 2, c);
		_mm_stream_si128(line + 3, d);
	}
	memcpy(target, source, bytes);
	/* Streamed stores keep no order of their own, not even before a release store. */
	_mm_sfence();
}

#else

void mpshm_i_stream_copy(void *to, const void *from, size_t bytes)
{
	memcpy(to, from, bytes);
}

#endif
