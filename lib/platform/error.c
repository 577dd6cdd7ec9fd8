/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <mpshm/base.h>

static _Thread_local char detail[384];

int mpshm_i_fail(int error, const char *format, ...)
{
	int saved = errno;
	va_list arguments;
	va_start(arguments, format);
	(void) vsnprintf(detail, sizeof detail, format, arguments);
	va_end(arguments);
	errno = saved;
	return -error;
}

const char *mpshm_error_detail(void)
{
	return detail;
}
