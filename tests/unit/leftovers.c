/* SPDX-License-Identifier: BSD-2-Clause */
#include "leftovers.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/shm.h"

#define PREFIX SHM_PREFIX "test-"

static bool lives(long pid)
{
	return kill((pid_t) pid, 0) == 0 || errno != ESRCH;
}

/* Some number in the name may be a process's, and none is that of a living one. */
static bool is_of_the_dead(const char *name)
{
	bool has_number = false;

	for (const char *at = name; *at != '\0';) {
		char *end;
		if (!isdigit((unsigned char) *at)) {
			at++;
			continue;
		}
		long number = strtol(at, &end, 10);
		if (number > 1 && lives(number))
			return false;
		has_number = has_number || number > 1;
		at = end;
	}
	return has_number;
}

/* In another pid namespace, say. */
static bool is_free(int folder, const char *name)
{
	struct flock any = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat file;

	int fd = openat(folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	bool is = fstat(fd, &file) == 0 && S_ISREG(file.st_mode) && file.st_uid == geteuid() &&
	          fcntl(fd, F_OFD_GETLK, &any) == 0 && any.l_type == F_UNLCK;
	(void) close(fd);
	return is;
}

void leftovers_remove(void)
{
	DIR *folder = opendir(SHM_DIRECTORY);
	const struct dirent *entry;

	if (!folder)
		return;
	while ((entry = readdir(folder)))
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0 &&
		    is_of_the_dead(entry->d_name + strlen(PREFIX)) &&
		    is_free(dirfd(folder), entry->d_name))
			(void) unlinkat(dirfd(folder), entry->d_name, 0);
	(void) closedir(folder);
}
