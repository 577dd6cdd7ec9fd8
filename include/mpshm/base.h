/* SPDX-License-Identifier: BSD-2-Clause */
/* What all objects share: versions, timeouts, flags, spans, errors in words. */
#ifndef MPSHM_BASE_H
#define MPSHM_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MPSHM_VERSION_MAJOR 0
#define MPSHM_VERSION_MINOR 1
#define MPSHM_VERSION_PATCH 0

#ifdef __cplusplus
#define MPSHM_BEGIN_DECLS extern "C" {
#define MPSHM_END_DECLS }
#else
#define MPSHM_BEGIN_DECLS
#define MPSHM_END_DECLS
#endif

/* Timeouts: relative, in nanoseconds, as int64_t. */
#define MPSHM_FOREVER ((int64_t) -1)
#define MPSHM_MICROSECOND ((int64_t) 1000)
#define MPSHM_MILLISECOND ((int64_t) 1000000)
#define MPSHM_SECOND ((int64_t) 1000000000)

/* Flags of the ..._open() calls.  Each call says which it takes. */
#define MPSHM_CREATE 0x1u       /* create it where it does not exist */
#define MPSHM_EXCLUSIVE 0x2u    /* with MPSHM_CREATE: -EEXIST where it exists */
#define MPSHM_PRODUCER 0x4u     /* spsc: take the producer's side */
#define MPSHM_CONSUMER 0x8u     /* spsc: take the consumer's side */
#define MPSHM_NEW_MAPPING 0x10u /* segment: attach once more, at another address */
#define MPSHM_WATCH_PEER 0x20u  /* spsc: be told when nobody is at the other side any more */
#define MPSHM_PREFAULT 0x40u    /* segment: map pages when objects are opened, not at first touch */
#define MPSHM_HUGE_PAGES 0x80u  /* segment: ask the system for huge pages */

/* What a successful ..._open() returns. */
#define MPSHM_ATTACHED 0 /* it existed */
#define MPSHM_CREATED 1  /* this call created it */

/* Longest name of a segment or an object, in bytes: A-Za-z0-9._- */
#define MPSHM_NAME_MAX 200

MPSHM_BEGIN_DECLS

struct mpshm_segment;

/*
 * Consecutive elements of a ring, as zero-copy calls hand them out.  A ring is
 * circular, so the elements lie in up to two runs; element i is
 * mpshm_span_element(span, i), and where stride_bytes equals the element size a
 * run may be copied whole.  The pointers are valid until the span is given back.
 */
struct mpshm_span {
	void *first;         /* run 1: first_count elements */
	void *second;        /* run 2: the other count - first_count */
	size_t first_count;  /* in elements */
	size_t count;        /* in elements, both runs */
	size_t stride_bytes; /* from one element to the next */
	uint64_t position;   /* of the first element, counted from the ring's creation */
	uint64_t cookie;     /* the library's own */
};

static inline void *mpshm_span_element(const struct mpshm_span *span, size_t i)
{
	return i < span->first_count ? (void *) ((char *) span->first + i * span->stride_bytes)
	                             : (void *) ((char *) span->second +
	                                         (i - span->first_count) * span->stride_bytes);
}

/*
 * The last failure of the calling thread in words: what, where, the limit or
 * both versions, what to do.  One line, no newline; "" where no call has failed yet.  Ask
 * right behind the failure: the thread's next call, even one that succeeds, may change it.
 */
const char *mpshm_error_detail(void);

/* The library's version at run time, such as "0.1.0". */
const char *mpshm_version(void);

MPSHM_END_DECLS
#endif
