/* SPDX-License-Identifier: BSD-2-Clause */
/* cases: the lists that main puts together. */
#ifndef MPSHM_TESTS_CRASH_CASES_H
#define MPSHM_TESTS_CRASH_CASES_H

#include "crash.h"

extern const struct crash_case *const mpmc_cases[];
extern const struct crash_case *const queue_cases[];
extern const struct crash_case *const spsc_cases[];
extern const struct crash_case *const spsc_pair_cases[];
extern const struct crash_case *const value_cases[];
extern const struct crash_case *const recovery_cases[];
extern const struct crash_case *const segment_cases[];
extern const struct crash_case *const object_cases[];

#endif
