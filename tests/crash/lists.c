/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

const struct crash_case *const *const crash_lists[] = {
	mpmc_cases,    queue_cases,  spsc_cases, spsc_pair_cases, value_cases, recovery_cases,
	segment_cases, object_cases, NULL,
};
