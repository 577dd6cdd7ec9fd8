/* SPDX-License-Identifier: BSD-2-Clause */
/* What the programs say about their command line: one line, what and what to do. */
#ifndef BENCH_COMMON_OPTIONS_H
#define BENCH_COMMON_OPTIONS_H

#include <stdint.h>

#define EXIT_USAGE 2

/* The argument of `option` as a whole number; otherwise tells the user and exits. */
uint64_t option_number(const char *option, const char *text, uint64_t min, uint64_t max);

/*
 * What a program leaves to us of what getopt_long() returned; exits.  'h': its help is
 * printed; 'v': its version; '?' or ':' for what was not taken: the user is told.  The
 * option string starts with ':' and opterr is 0.
 */
void option_common(int code, char *const argv[], void (*help)(void));

/* What was asked for has been printed: exits, with failure where it could not be. */
void option_answered(void);

/* Arguments that are left over where the program takes none: tells the user and exits. */
void option_no_arguments(int argc, char *const argv[]);

#endif
