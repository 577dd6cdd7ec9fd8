/* SPDX-License-Identifier: BSD-2-Clause */
/* What people are told of this process; 0 or "" where /proc does not say. */
#include "platform/process.h"

#include "platform/keep_errno.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define COMMAND_BYTES 32

/* /proc/self/stat counts its fields from 1; the 2nd may hold blanks and parentheses. */
#define STAT_FIELD_STATE 3
#define STAT_FIELD_START 22

/* Always a string, shorter than `bytes`. */
static void read_text(const char *path, char *ret_text, size_t bytes)
{
	ssize_t length = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		length = read(fd, ret_text, bytes - 1);
		(void) close(fd);
	}
	ret_text[length < 0 ? 0 : length] = '\0';
}

/* The kernel's line ends in a newline; a hostile name may hold a terminal's commands. */
static void make_printable(char *text)
{
	text[strcspn(text, "\n")] = '\0';
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

static uint64_t start_ticks(const char *stat_text)
{
	const char *field = strrchr(stat_text, ')');
	if (!field)
		return 0;
	for (int i = STAT_FIELD_STATE; i <= STAT_FIELD_START; i++) {
		field = strchr(field + 1, ' ');
		if (!field)
			return 0;
	}
	return strtoull(field + 1, NULL, 10);
}

void mpshm_i_process_describe(char ret_command[32], uint64_t *ret_start_ticks,
                              uint64_t *ret_pid_namespace)
{
	KEEP_ERRNO;
	char text[1024];
	struct stat space;

	read_text("/proc/self/comm", text, COMMAND_BYTES);
	make_printable(text);
	memset(ret_command, 0, COMMAND_BYTES);
	memcpy(ret_command, text, strlen(text));

	read_text("/proc/self/stat", text, sizeof text);
	*ret_start_ticks = start_ticks(text);
	*ret_pid_namespace = stat("/proc/self/ns/pid", &space) < 0 ? 0 : space.st_ino;
}
