/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * create: a new segment, laid out in a file by one process at a time.
 *
 * A file is locked in two bytes by who works at it, through the descriptor that
 * opened it:
 *
 *   ATTACH  shared by who attaches or creates, exclusive by who unlinks: the name
 *           stands for that file from the look at it until one is registered
 *   CREATE  exclusive by who creates, with ATTACH shared; or unlinks what it
 *           failed to create
 *
 * So whoever unlinks a name holds ATTACH exclusive, or CREATE, and nobody can
 * remove a newer file than the one that it looked at.  Both go with the process.
 */
#ifndef MPSHM_SEGMENT_CREATE_H
#define MPSHM_SEGMENT_CREATE_H

#include <sys/types.h>

#include "segment/check.h"
#include "segment/segment.h"

/* What a new segment is to be like: options with defaults, checked. */
struct segment_plan {
	struct segment_geometry geometry;
	mode_t mode;
	gid_t group;
};

/* Check the options (NULL: defaults) and resolve them.  0, -EINVAL, -ENOMEM. */
int mpshm_i_segment_plan(struct segment_plan *ret_plan, const char *name,
                         const struct mpshm_segment_options *options);

/*
 * Under the CREATE lock: make `fd`, whatever a dead creator left in it, a file of the
 * planned length, owner, mode, and with memory for its tables, else all zeros.
 * 0; -EACCES: the file is somebody else's; -ENOSPC...
 */
int mpshm_i_segment_prepare_file(int fd, const char *name, const struct segment_plan *plan);

/* Write the header of a mapped, prepared file; ready is not set yet.  0 or -errno. */
int mpshm_i_segment_write_header(struct segment_shm *shm, const struct segment_plan *plan,
                                 uint8_t ret_uuid[16]);

/* From here on it is a segment. */
void mpshm_i_segment_publish(struct segment_shm *shm);

#endif
