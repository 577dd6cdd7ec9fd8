/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc, inline: push and pop of an element of 8 bytes, or of a line of 64, without a call, which
 * would be a fourth of the work.  Included by <mpshm/spsc.h>; nothing in here is for its users to name.
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
	uint64_t element_bytes;
};

#define MPSHM_SPSC_END_BYTES 256
#define MPSHM_SPSC_CALLED UINT64_MAX /* nobody's; no process has this identity */

/* Without it compilers leave out of line what is used twice in a file. */
#define MPSHM_SPSC_INLINE static inline __attribute__((always_inline))

/* The sizes of elements that move inline. */
#define MPSHM_SPSC_WORD_BYTES 8
#define MPSHM_SPSC_LINE_BYTES 64

/*
 * May an element of this size, which is what the ring's are, move now?  Not where the compiler
 * sees that the caller's is shorter: then the ring is another one.
 */
#define MPSHM_SPSC_MOVES(end, element, bytes) \
	((end)->element_bytes == (bytes) && __builtin_object_size(element, 0) >= (bytes))

MPSHM_SPSC_INLINE int mpshm_spsc_goes_inline(const struct mpshm_spsc_end *end)
{
	return __builtin_expect(end->position != end->bound && *end->process == end->inline_for,
	                        1) != 0;
}

MPSHM_SPSC_INLINE char *mpshm_spsc_element(const struct mpshm_spsc_end *end, uint64_t position,
                                           uint64_t bytes)
{
	return end->elements + (position & end->mask) * bytes;
}

/*
 * Once a line: is there, or is free, what will be moved MPSHM_SPSC_AHEAD_BYTES later?  Its line
 * is asked for now, so that it has come by then.  Beyond the bound it would be taken away
 * from the other side, who is still at it.
 */
#define MPSHM_SPSC_AHEAD_BYTES 512

MPSHM_SPSC_INLINE int mpshm_spsc_has_ahead(const struct mpshm_spsc_end *end, uint64_t position,
                                           uint64_t bytes)
{
	const uint64_t in_line = MPSHM_SPSC_LINE_BYTES / bytes;

	return position % in_line == 0 &&
	       end->bound - position > MPSHM_SPSC_AHEAD_BYTES / bytes + in_line - 1;
}

/* Ask for a line that will be written. */
MPSHM_SPSC_INLINE void mpshm_spsc_fetch_to_write(const void *line)
{
#if defined(__x86_64__)
	/* Without options compilers take the instruction for reading. */
	__asm__ volatile("prefetchw %0" : : "m"(*(const char *) line));
#else
	__builtin_prefetch(line, 1);
#endif
}

/* By words: a wide load of what was just stored narrowly would wait for those stores. */
MPSHM_SPSC_INLINE void mpshm_spsc_copy_word(char *to, const char *from)
{
	uint64_t word;

	memcpy(&word, from, sizeof(word));
	__asm__ volatile("" : "+r"(word)); /* keeps it one */
	memcpy(to, &word, sizeof(word));
}

MPSHM_SPSC_INLINE void mpshm_spsc_copy(char *to, const char *from, uint64_t bytes)
{
	if (bytes == MPSHM_SPSC_WORD_BYTES) {
		memcpy(to, from, MPSHM_SPSC_WORD_BYTES);
		return;
	}
	mpshm_spsc_copy_word(to, from);
	mpshm_spsc_copy_word(to + 8, from + 8);
	mpshm_spsc_copy_word(to + 16, from + 16);
	mpshm_spsc_copy_word(to + 24, from + 24);
	mpshm_spsc_copy_word(to + 32, from + 32);
	mpshm_spsc_copy_word(to + 40, from + 40);
	mpshm_spsc_copy_word(to + 48, from + 48);
	mpshm_spsc_copy_word(to + 56, from + 56);
}

/*
 * [SPSC-R0] the store of tail -> [SPSC-A0] its load by a pop that runs dry: payload visible.
 * [SPSC-R1] the store of head -> [SPSC-A1] its load by a push that finds it full: slot read.
 * Both loads are in the library.  A death before the store: nothing was pushed, or popped.
 */
MPSHM_SPSC_INLINE int mpshm_spsc_push_of(struct mpshm_spsc_end *end, const void *element,
                                         uint64_t bytes)
{
	uint64_t position = end->position;

	if (mpshm_spsc_has_ahead(end, position, bytes))
		mpshm_spsc_fetch_to_write(
			mpshm_spsc_element(end, position + MPSHM_SPSC_AHEAD_BYTES / bytes, bytes));
	mpshm_spsc_copy(mpshm_spsc_element(end, position, bytes), (const char *) element, bytes);
	end->position = position + 1;
	__atomic_store_n(end->published, position + 1, __ATOMIC_RELEASE); /* [SPSC-R0] */
	return 0;
}

MPSHM_SPSC_INLINE int mpshm_spsc_pop_of(struct mpshm_spsc_end *end, void *ret_element,
                                        uint64_t bytes)
{
	uint64_t position = end->position;

	if (mpshm_spsc_has_ahead(end, position, bytes))
		__builtin_prefetch(
			mpshm_spsc_element(end, position + MPSHM_SPSC_AHEAD_BYTES / bytes, bytes));
	mpshm_spsc_copy((char *) ret_element, mpshm_spsc_element(end, position, bytes), bytes);
	end->position = position + 1;
	__atomic_store_n(end->published, position + 1, __ATOMIC_RELEASE); /* [SPSC-R1] */
	return 0;
}

MPSHM_SPSC_INLINE int mpshm_spsc_push_inline(struct mpshm_spsc *ring, const void *element)
{
	struct mpshm_spsc_end *end = (struct mpshm_spsc_end *) (void *) ring;

	if (mpshm_spsc_goes_inline(end)) {
		if (MPSHM_SPSC_MOVES(end, element, MPSHM_SPSC_WORD_BYTES))
			return mpshm_spsc_push_of(end, element, MPSHM_SPSC_WORD_BYTES);
		if (MPSHM_SPSC_MOVES(end, element, MPSHM_SPSC_LINE_BYTES))
			return mpshm_spsc_push_of(end, element, MPSHM_SPSC_LINE_BYTES);
	}
	return mpshm_spsc_try_push(ring, element);
}

MPSHM_SPSC_INLINE int mpshm_spsc_pop_inline(struct mpshm_spsc *ring, void *ret_element)
{
	struct mpshm_spsc_end *end =
		(struct mpshm_spsc_end *) (void *) ((char *) ring + MPSHM_SPSC_END_BYTES);

	if (mpshm_spsc_goes_inline(end)) {
		if (MPSHM_SPSC_MOVES(end, ret_element, MPSHM_SPSC_WORD_BYTES))
			return mpshm_spsc_pop_of(end, ret_element, MPSHM_SPSC_WORD_BYTES);
		if (MPSHM_SPSC_MOVES(end, ret_element, MPSHM_SPSC_LINE_BYTES))
			return mpshm_spsc_pop_of(end, ret_element, MPSHM_SPSC_LINE_BYTES);
	}
	return mpshm_spsc_try_pop(ring, ret_element);
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
