/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * labels: which statements of a source file carry the label of a memory-order edge.
 *
 * A label is [NAME-X1] in a comment behind the statement or right before it.  Labels
 * that follow the words "pairs with" name the other end, which stands elsewhere; a comment
 * before something that begins in the first column belongs to no statement.
 */
#ifndef MPSHM_TESTS_CRASH_LABELS_H
#define MPSHM_TESTS_CRASH_LABELS_H

#include <stddef.h>
#include <stdint.h>

struct label {
	char name[28];
	uint32_t first, last; /* lines of the statement */
};

/* Allocates; returns how many.  A file that can't be read has none. */
size_t labels_read(const char *file, struct label **ret_labels);

#endif
