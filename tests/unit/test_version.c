/* SPDX-License-Identifier: BSD-2-Clause */
/* The version is told alike by the build, the header and the library. */
#include "suites.h"

#include <mpshm.h>

#include <stdio.h>

START_TEST(version_of_the_library_is_that_of_the_package)
{
	ck_assert_str_eq(mpshm_version(), PACKAGE_VERSION);
}
END_TEST

START_TEST(version_of_the_header_is_that_of_the_library)
{
	char header[32];
	snprintf(header, sizeof header, "%d.%d.%d", MPSHM_VERSION_MAJOR, MPSHM_VERSION_MINOR,
	         MPSHM_VERSION_PATCH);
	ck_assert_str_eq(header, mpshm_version());
}
END_TEST

Suite *suite_version(void)
{
	Suite *suite = suite_create("version");
	TCase *tcase = tcase_create("version");
	tcase_add_test(tcase, version_of_the_library_is_that_of_the_package);
	tcase_add_test(tcase, version_of_the_header_is_that_of_the_library);
	suite_add_tcase(suite, tcase);
	return suite;
}
