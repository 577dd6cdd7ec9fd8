/* SPDX-License-Identifier: BSD-2-Clause */
/* The name that a program tells of itself, and gives its segment.  Each main.c has it. */
#ifndef BENCH_COMMON_PROGRAM_H
#define BENCH_COMMON_PROGRAM_H

extern const char program_name[];

#endif
