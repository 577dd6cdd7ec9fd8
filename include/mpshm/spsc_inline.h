/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc, inline: push and pop of an element of 8 bytes without a call, where a call would be a
 * fourth of the work.  Included by <mpshm/spsc.h>; nothing in here is for its users to name.
 *
 * mpshm_spsc_try_push() and mpshm_spsc_try_pop() become macros, as the C library's functions
 * may be: (mpshm_spsc_try_push)(ring, element) and &mpshm_spsc_try_push are the library's
 * functions, and so is each where MPSHM_NO_INLINE is defined, or ThreadSanitizer watches.
 * Both ways do the same.
 *
 * What is laid open here is part of the library's binary interface: it changes with the
 * library's soname only.  A library that has no use for it leaves `inline_for` at
 * MPSHM_SPSC_CALLED, keeps `process` readable, and every call reaches it.
 */
#ifndef MPSHM_SPSC_INLINE_H
#define MPSHM_SPSC_INLINE_H

#include <mpshm/spsc.h>
#include <string.h>

MPSHM_BEGIN_DECLS

/*
 * One side of a handle, private memory of the process that has it.  The producer's is at
 * the handle's beginning, the consumer's MPSHM_SPSC_END_BYTES behind it.
 */
struct mpshm_spsc_end {
	uint64_t position;   /* of the next element to move; what *published holds */
	uint64_t bound;      /* up to here elements are there, or room is, as last seen */
	uint64_t mask;       /* capacity - 1 */
	char *elements;      /* in this process's mapping */
	uint64_t *published; /* tail, or head */
	const volatile uint64_t *process; /* this process's identity: 0 in a forked child */
	uint64_t inline_for;              /* whose inline calls may use this side */
	uint64_t reserved;
};

#define MPSHM_SPSC_END_BYTES 256
#define MPSHM_SPSC_CALLED UINT64_MAX /* nobody's; no process has this identity */

/* Does the compiler see that it is shorter?  Then the ring is one of other elements. */
#define MPSHM_SPSC_OTHER_SIZE(element) (__builtin_object_size(element, 0) < 8)

static inline int mpshm_spsc_goes_inline(const struct mpshm_spsc_end *end)
{
	return __builtin_expect(end->position != end->bound && *end->process == end->inline_for,
	                        1) != 0;
}

static inline char *mpshm_spsc_element(const struct mpshm_spsc_end *end, uint64_t position)
{
	return end->elements + (position & end->mask) * 8;
}

/*
 * Once a line: is there, or is free, what will be moved this many elements later?  Its line
 * is asked for now, so that it has come by then.  Beyond the bound it would be taken away
 * from the other side, who is still at it.
 */
#define MPSHM_SPSC_AHEAD 64

static inline int mpshm_spsc_has_ahead(const struct mpshm_spsc_end *end, uint64_t position)
{
	return (position & 7) == 0 && end->bound - position > MPSHM_SPSC_AHEAD + 7;
}

/* Ask for a line that will be written. */
static inline void mpshm_spsc_fetch_to_write(const void *line)
{
#if defined(__x86_64__)
	/* Without options compilers take the instruction for reading. */
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *) line));
#else
	__builtin_prefetch(line, 1);
#endif
}

/*
 * [SPSC-R0] the store of tail -> [SPSC-A0] its load by a pop that runs dry: payload visible.
 * [SPSC-R1] the store of head -> [SPSC-A1] its load by a push that finds it full: slot read.
 * Both loads are in the library.  A death before the store: nothing was pushed, or popped.
 */
static inline int mpshm_spsc_push_inline(struct mpshm_spsc *ring, const void *element)
{
	struct mpshm_spsc_end *end = (struct mpshm_spsc_end *) (void *) ring;
	uint64_t position = end->position;

	if (MPSHM_SPSC_OTHER_SIZE(element) || !mpshm_spsc_goes_inline(end))
		return mpshm_spsc_try_push(ring, element);
	if (mpshm_spsc_has_ahead(end, position))
		mpshm_spsc_fetch_to_write(mpshm_spsc_element(end, position + MPSHM_SPSC_AHEAD));
	memcpy(mpshm_spsc_element(end, position), element, 8);
	end->position = position + 1;
	__atomic_store_n(end->published, position + 1, __ATOMIC_RELEASE); /* [SPSC-R0] */
	return 0;
}

static inline int mpshm_spsc_pop_inline(struct mpshm_spsc *ring, void *ret_element)
{
	struct mpshm_spsc_end *end =
		(struct mpshm_spsc_end *) (void *) ((char *) ring + MPSHM_SPSC_END_BYTES);
	uint64_t position = end->position;

	if (MPSHM_SPSC_OTHER_SIZE(ret_element) || !mpshm_spsc_goes_inline(end))
		return mpshm_spsc_try_pop(ring, ret_element);
	if (mpshm_spsc_has_ahead(end, position))
		__builtin_prefetch(mpshm_spsc_element(end, position + MPSHM_SPSC_AHEAD));
	memcpy(ret_element, mpshm_spsc_element(end, position), 8);
	end->position = position + 1;
	__atomic_store_n(end->published, position + 1, __ATOMIC_RELEASE); /* [SPSC-R1] */
	return 0;
}

/* A program under ThreadSanitizer would be told of a race with the library's loads. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MPSHM_SPSC_TSAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define MPSHM_SPSC_TSAN 1
#endif

#if !defined(MPSHM_NO_INLINE) && (!defined(MPSHM_SPSC_TSAN) || defined(MPSHM_TSAN))
/* Of any number of arguments: a compound literal has commas. */
#define mpshm_spsc_try_push(...) mpshm_spsc_push_inline(__VA_ARGS__)
#define mpshm_spsc_try_pop(...) mpshm_spsc_pop_inline(__VA_ARGS__)
#endif

MPSHM_END_DECLS
#endif
