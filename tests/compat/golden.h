/* SPDX-License-Identifier: BSD-2-Clause */
/* What is in the golden segment: written by make-golden.c, read by unit/test_golden.c. */
#ifndef MPSHM_TESTS_COMPAT_GOLDEN_H
#define MPSHM_TESTS_COMPAT_GOLDEN_H

#include <mpshm.h>

/*
 * The file: lines of text.
 *   mpshm-golden BYTES     the segment's length
 *   OFFSET HEX...          64 bytes at that offset; lines of zeros are left out
 */
#define GOLDEN_LINE 64u

#define GOLDEN_SPSC_ELEMENTS 5u    /* numbers 1000... of a ring of 8, behind 6 popped */
#define GOLDEN_MPMC_ELEMENTS 3u    /* numbers 2000... of a ring of 4, behind 3 popped */
#define GOLDEN_BATCH_ELEMENTS 7u   /* 3-byte elements, words apart */
#define GOLDEN_QUEUE_MESSAGES 4u   /* of 0, 100, 300 and 1000 bytes, tag 3000... */
#define GOLDEN_CLAIMED_ELEMENTS 5u /* numbers 4000... of a ring of 8; of them: */
#define GOLDEN_TAKEN 0u            /* claimed by a consumer that died */
#define GOLDEN_RESERVED 3u         /* claimed by a producer that died, and never published */
#define GOLDEN_LEASED_MESSAGES 6u  /* tag 5000..., lengths as below; each leased but the last */
#define GOLDEN_VALUE (-123456789012345)
#define GOLDEN_COUNTER 4242

static const size_t golden_lengths[GOLDEN_QUEUE_MESSAGES] = {0, 100, 300, 1000};

/* What became of each message of the second queue. */
enum golden_lease { GOLDEN_HELD, GOLDEN_COMMITTED, GOLDEN_ABORTED, GOLDEN_WAITS };
static const struct {
	size_t bytes; /* in its slot, in a block */
	enum golden_lease lease;
} golden_leases[GOLDEN_LEASED_MESSAGES] = {
	{60, GOLDEN_HELD},    {700, GOLDEN_HELD},    {61, GOLDEN_COMMITTED},
	{62, GOLDEN_ABORTED}, {500, GOLDEN_ABORTED}, {63, GOLDEN_WAITS},
};

static inline unsigned char golden_byte(unsigned message, size_t i)
{
	return (unsigned char) (message * 31 + i * 7 + 1);
}

#endif
