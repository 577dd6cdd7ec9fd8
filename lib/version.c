/* SPDX-License-Identifier: BSD-2-Clause */
#include <mpshm/base.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

const char *mpshm_version(void)
{
	return TEXT(MPSHM_VERSION_MAJOR) "." TEXT(MPSHM_VERSION_MINOR) "." TEXT(
		MPSHM_VERSION_PATCH);
}
