/* SPDX-License-Identifier: BSD-2-Clause */
/* Every test file includes this: it declares the suite that the file exports. */
#ifndef MPSHM_TESTS_UNIT_SUITES_H
#define MPSHM_TESTS_UNIT_SUITES_H

#include <check.h>

#define SUITE(name) Suite *suite_##name(void);
#include "suites.def"
#undef SUITE

#endif
