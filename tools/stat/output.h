/* SPDX-License-Identifier: BSD-2-Clause */
/* output: strings made safe for terminals, numbers for people, stdout's errors. */
#ifndef MPSHM_STAT_OUTPUT_H
#define MPSHM_STAT_OUTPUT_H

#include <stdint.h>
#include <stdio.h>

#define NS_PER_SECOND UINT64_C(1000000000)

/*
 * The strings that these return lie in a ring of 16 buffers and are good until
 * 16 further calls.  `escaped` cuts what exceeds 1000 bytes.
 */

/* Bytes other than printable ASCII as \xNN, a backslash as \\: whatever a segment
 * holds, it can't move the cursor or end the line. */
const char *escaped(const char *string);

const char *human_bytes(uint64_t bytes); /* 512B 64.0KiB 1.2GiB */
const char *human_count(uint64_t count); /* 1234567 12.3M 4.5G */
const char *human_age(uint64_t ns);      /* 12s 3m07s 2h15m 4d03h */
const char *human_time(uint64_t ns);     /* 2024-02-29 12:00:00, local time */
const char *formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* CLOCK_REALTIME, as segments note it. */
uint64_t now_ns(void);

/* "mpshm-stat: ..." and a newline, on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Call it after some output: keeps why writing failed, where it did. */
void output_check(void);

/* Flush and close stdout: 0, or -1 where any of the output was lost; says so. */
int output_finish(void);

_Noreturn void out_of_memory(void);

#endif
