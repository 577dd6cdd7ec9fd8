/* SPDX-License-Identifier: BSD-2-Clause */
#include "output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "status.h"

#define BUFFERS 16
#define BUFFER_BYTES 1024

static char *next_buffer(void)
{
	static char buffers[BUFFERS][BUFFER_BYTES];
	static unsigned next;

	return buffers[next++ % BUFFERS];
}

const char *escaped(const char *string)
{
	static const char hex[] = "0123456789abcdef";
	char *buffer = next_buffer();
	char *end = buffer + BUFFER_BYTES - sizeof("\\xff...");
	char *at = buffer;

	for (; *string && at < end; string++) {
		unsigned char byte = (unsigned char) *string;
		if (byte >= ' ' && byte < 0x7f && byte != '\\') {
			*at++ = *string;
			continue;
		}
		*at++ = '\\';
		if (byte != '\\') {
			*at++ = 'x';
			*at++ = hex[byte >> 4];
			*at++ = hex[byte & 15];
		} else {
			*at++ = '\\';
		}
	}
	strcpy(at, *string ? "..." : "");
	return buffer;
}

const char *formatted(const char *format, ...)
{
	char *buffer = next_buffer();
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(buffer, BUFFER_BYTES, format, arguments);
	va_end(arguments);
	return buffer;
}

const char *human_bytes(uint64_t bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double scaled = (double) bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024)
		return formatted("%uB", (unsigned) bytes);
	/* 1023.95 would print as 1024.0. */
	for (; scaled >= 1023.95 && unit + 1 < sizeof(units) / sizeof(*units); unit++)
		scaled /= 1024;
	return formatted("%.1f%s", scaled, units[unit]);
}

const char *human_count(uint64_t count)
{
	static const char units[] = "kMGTPE";
	double scaled = (double) count / 1000;
	size_t unit = 0;

	if (count < 10000000)
		return formatted("%u", (unsigned) count);
	for (; scaled >= 999.95 && units[unit + 1]; unit++)
		scaled /= 1000;
	return formatted("%.1f%c", scaled, units[unit]);
}

const char *human_age(uint64_t ns)
{
	unsigned long long seconds = ns / NS_PER_SECOND;

	if (seconds < 60)
		return formatted("%llus", seconds);
	if (seconds < 3600)
		return formatted("%llum%02llus", seconds / 60, seconds % 60);
	if (seconds < 86400)
		return formatted("%lluh%02llum", seconds / 3600, seconds / 60 % 60);
	return formatted("%llud%02lluh", seconds / 86400, seconds / 3600 % 24);
}

const char *human_time(uint64_t ns)
{
	time_t seconds = (time_t) (ns / NS_PER_SECOND);
	char *buffer = next_buffer();
	struct tm broken_down;

	if (!localtime_r(&seconds, &broken_down) ||
	    strftime(buffer, BUFFER_BYTES, "%Y-%m-%d %H:%M:%S", &broken_down) == 0)
		return "?";
	return buffer;
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t) now.tv_sec * NS_PER_SECOND + (uint64_t) now.tv_nsec;
}

void complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("mpshm-stat: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

static int output_error;

void output_check(void)
{
	if (ferror(stdout) && output_error == 0)
		output_error = errno ? errno : EIO;
}

int output_finish(void)
{
	output_check();
	if (fflush(stdout) != 0 && output_error == 0)
		output_error = errno;
	/* EBADF with all of it flushed: there was no stdout, and nothing to say there. */
	if (fclose(stdout) != 0 && errno != EBADF && output_error == 0)
		output_error = errno;
	if (output_error == 0)
		return 0;
	complain("standard output: %s", strerror(output_error));
	return -1;
}

_Noreturn void out_of_memory(void)
{
	complain("out of memory");
	exit(STATUS_UNHEALTHY);
}
