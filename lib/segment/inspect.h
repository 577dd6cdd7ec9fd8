/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inspect: the private side of <mpshm/inspect.h>.  All is read by pread(2), into
 * copies that are checked before use: nothing is mapped, so that nothing can raise
 * SIGBUS, and nothing changes between check and use.
 */
#ifndef MPSHM_SEGMENT_INSPECT_H
#define MPSHM_SEGMENT_INSPECT_H

#include "layout/segment.h"
#include "segment/check.h"
#include <mpshm/inspect.h>

struct mpshm_inspect {
	int fd; /* read-only */
	uint64_t device, inode;
	char name[MPSHM_NAME_MAX + 1];
	struct segment_geometry geometry; /* checked when it was opened, then kept */
	struct segment_shm header;        /* as it was then, for people */
};

/* `bytes` bytes of the file: 0; -EBADMSG where it ends before; what pread(2) said. */
int mpshm_i_inspect_read(const struct mpshm_inspect *inspect, uint64_t offset, void *ret_buffer,
                         uint64_t bytes);

/* Is the descriptor still the file that was opened?  0 or -EBADF, in words. */
int mpshm_i_inspect_usable(const struct mpshm_inspect *inspect);

bool mpshm_i_inspect_extent_valid(const struct mpshm_inspect *inspect, struct extent_shm extent);

/* How many cells can be in use, by the header as it is now. */
int mpshm_i_inspect_cells(const struct mpshm_inspect *inspect, uint32_t *ret_cells);

/* Fill in what the type of object knows.  -EBADMSG: its head fails the check. */
int mpshm_i_inspect_head(const struct mpshm_inspect *inspect, enum object_type type,
                         struct extent_shm extent, struct mpshm_object_info *info);

#endif
