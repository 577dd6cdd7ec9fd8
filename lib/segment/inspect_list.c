/* SPDX-License-Identifier: BSD-2-Clause */
/* inspect_list: the names of all segments of this machine. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/error.h"
#include "platform/keep_errno.h"
#include "platform/shm.h"
#include <mpshm/inspect.h>

#define PREFIX_BYTES (sizeof SHM_PREFIX - 1)

static int is_segment(const struct dirent *entry)
{
	return strncmp(entry->d_name, SHM_PREFIX, PREFIX_BYTES) == 0 &&
	       mpshm_i_name_valid(entry->d_name + PREFIX_BYTES);
}

/* By bytes, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int mpshm_inspect_list(int (*visit)(const char *name, void *context), void *context)
{
	KEEP_ERRNO;
	struct dirent **entries;
	int ret = 0;

	if (!visit)
		return mpshm_i_fail(EINVAL, "segments: nobody to tell");
	int count = scandir(SHM_DIRECTORY, &entries, is_segment, by_name);
	if (count < 0)
		return mpshm_i_fail(errno, "segments: " SHM_DIRECTORY ": %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		if (ret == 0)
			ret = visit(entries[i]->d_name + PREFIX_BYTES, context);
		free(entries[i]);
	}
	free(entries);
	return ret;
}
