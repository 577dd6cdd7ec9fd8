/* SPDX-License-Identifier: BSD-2-Clause */
/* The text whose lines are sent: mapped, read-only. */
#ifndef BENCH_DEMO_TEXT_H
#define BENCH_DEMO_TEXT_H

#include "request.h"

#include <stddef.h>

struct text {
	const char *start; /* NULL where it is empty */
	size_t bytes;
	char name[200]; /* for people */
};

/*
 * The user's file, or one that is put together.  0; -EINTR: asked to end; another
 * negative errno that was told on stderr.
 */
int text_open(struct text *text, const struct request *request);
void text_close(struct text *text);

/* Part `index` of `parts` about equal ones: whole lines, from *ret_from up to *ret_to. */
void text_part(const struct text *text, unsigned index, unsigned parts, size_t *ret_from,
               size_t *ret_to);

/*
 * Put `bytes` bytes of text together in a temporary file that has no name any
 * more.  Its descriptor; -EINTR; another negative errno that was told on stderr.
 */
int corpus_make(const struct request *request, uint64_t bytes, struct text *text);

#endif
