/* SPDX-License-Identifier: BSD-2-Clause */
/* Where processes gather, so that they start together. */
#ifndef BENCH_COMMON_START_LINE_H
#define BENCH_COMMON_START_LINE_H

#include <stdint.h>

/* In memory that all of them share. */
struct start_line {
	_Alignas(64) uint32_t arrived;
	_Alignas(64) uint32_t beat;
	_Alignas(64) uint32_t go;
	uint32_t expected;
	uint32_t cpus;
	_Alignas(64) int64_t start_ns; /* when they went */
};

/* Before the processes are made.  cpus: how many they may run on. */
void start_line_reset(struct start_line *line, uint32_t expected, uint32_t cpus);

/*
 * Returns in all `expected` processes at once, when each of them has called it
 * and, where there are two CPUs, two of them are seen to run at the same time
 * (or have not been for START_LINE_PATIENCE_NS).
 *
 * Who waits spins instead of sleeping: it is on a CPU, or in a run queue, at the
 * moment of the start; nobody has to be woken one after the other.
 */
#define START_LINE_PATIENCE_NS INT64_C(10000000000)
void start_line_wait(struct start_line *line);

#endif
