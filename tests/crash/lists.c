/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"

const struct crash_case *const *const crash_lists[] = {
	mpmc_cases,
	queue_cases,
	NULL,
};
