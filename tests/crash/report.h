/* SPDX-License-Identifier: BSD-2-Clause */
/* report: the table, a line for each case as soon as it is done. */
#ifndef MPSHM_TESTS_CRASH_REPORT_H
#define MPSHM_TESTS_CRASH_REPORT_H

#include "engine.h"

void report_head(void);
/* Returns the number of violations. */
uint32_t report_case(const char *name, const struct run *run);
/* The same for pairs, which share a line unless something was found. */
uint32_t report_pair(const char *name, const struct run *run);
void report_pairs(void);
void report_totals(void);

#endif
