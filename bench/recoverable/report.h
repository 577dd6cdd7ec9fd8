/* SPDX-License-Identifier: BSD-2-Clause */
/* The table. */
#ifndef BENCH_RECOVERABLE_REPORT_H
#define BENCH_RECOVERABLE_REPORT_H

#include "duel.h"

void report_heading(void);
void report_trial(const struct trial *trial, const struct duel *duel);

/* What the columns mean. */
void report_legend(void);

#endif
