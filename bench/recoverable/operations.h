/* SPDX-License-Identifier: BSD-2-Clause */
/* Each call of the public interface, many times, for an instruction counter. */
#ifndef BENCH_RECOVERABLE_OPERATIONS_H
#define BENCH_RECOVERABLE_OPERATIONS_H

#include "library.h"

/* Names and how often each is called, one a line, in the order in which they are run. */
void operations_list(void);

/* Load the build and run each of them, the counted ones inside of operations_measure().
 * 0 or a negative errno, told on stderr. */
int operations_run(enum build build);

#endif
