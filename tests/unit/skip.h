/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * skip: what a test leaves out since the machine lacks something.  Check knows no skips,
 * so they are noted in memory that all tests share, and told at the end of the run.
 */
#ifndef MPSHM_TESTS_UNIT_SKIP_H
#define MPSHM_TESTS_UNIT_SKIP_H

/* The rest of this test; `lack` says in a few words what is not there. */
#define SKIP(lack) \
	do { \
		skip_note(__func__, lack); \
		return; \
	} while (0)

#define SKIP_UNLESS(able, lack) \
	do { \
		if (!(able)) \
			SKIP(lack); \
	} while (0)

/* A part of it. */
#define SKIP_PART(lack) skip_note(__func__, lack)

void skip_note(const char *test, const char *lack);

void skip_begin(void);      /* before the first test */
unsigned skip_report(void); /* a line each, and their number */

#endif
