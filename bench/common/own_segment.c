/* SPDX-License-Identifier: BSD-2-Clause */
/* A segment that nobody else has, for the time of one run. */
#include "own_segment.h"

#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAMES_TRIED 100

int library_refused(const char *what, int error)
{
	const char *detail = mpshm_error_detail();

	fprintf(stderr, "%s: %s: %s%s%s\n", program_name, what, strerror(-error),
	        detail[0] == '\0' ? "" : ": ", detail);
	return error;
}

int own_segment_create(struct own_segment *own)
{
	int i, error = -EEXIST;

	/* An earlier process of our pid, killed, may have left its segment: leave it alone. */
	for (i = 0; error == -EEXIST && i < NAMES_TRIED; i++) {
		int length = snprintf(own->name, sizeof(own->name), "%s.%d", program_name,
		                      (int) getpid());

		if (i > 0)
			snprintf(own->name + length, sizeof(own->name) - (size_t) length, ".%d", i);
		error = mpshm_segment_open(&own->segment, own->name, MPSHM_CREATE | MPSHM_EXCLUSIVE,
		                           NULL);
	}
	return error < 0 ? library_refused(own->name, error) : 0;
}

int own_segment_remove(struct own_segment *own)
{
	int closed = mpshm_segment_close(own->segment);
	int unlinked = mpshm_segment_unlink(own->name);

	if (closed < 0)
		library_refused("closing the segment", closed);
	if (unlinked < 0)
		library_refused("unlinking the segment", unlinked);
	return closed < 0 ? closed : unlinked;
}
