/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: asserts of sizes and offsets, as numbers, beside each shared struct.
 *
 * Every struct has its LAYOUT_SIZE, every field in it that is not reserved its
 * LAYOUT_AT, and doc/LAYOUT.md the same numbers: tests/lint/layout.sh compares.
 */
#ifndef MPSHM_LAYOUT_CHECK_H
#define MPSHM_LAYOUT_CHECK_H

#include <assert.h>
#include <stddef.h>

#define LAYOUT_SIZE(type, bytes) static_assert(sizeof(type) == (bytes), #type " has moved")
#define LAYOUT_AT(type, field, offset, bytes) \
	static_assert(offsetof(type, field) == (offset) && \
	                      sizeof(((type *) NULL)->field) == (bytes), \
	              #type "." #field " has moved")

/* Lines that different processes write lie this far apart: two 64-byte lines,
 * since x86-64 prefetches them in pairs. */
#define LAYOUT_LINE 128u

/* Objects start at, and take, multiples of this. */
#define LAYOUT_PAGE 4096u

#endif
