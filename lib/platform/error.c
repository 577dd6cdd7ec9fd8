/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include <mpshm/base.h>

_Thread_local const char *mpshm_i_detail __attribute__((tls_model("initial-exec"))) = "";

static _Thread_local char text[384];

int mpshm_i_fail(int error, const char *format, ...)
{
	int saved = errno;
	va_list arguments;
	va_start(arguments, format);
	(void) vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	mpshm_i_detail = text;
	errno = saved;
	return -error;
}

const char *mpshm_error_detail(void)
{
	return mpshm_i_detail;
}
