/* SPDX-License-Identifier: BSD-2-Clause */
/* attachment: the private side of a segment: a mapping, and what is known of it. */
#ifndef MPSHM_SEGMENT_ATTACHMENT_H
#define MPSHM_SEGMENT_ATTACHMENT_H

#include "segment/check.h"
#include "segment/segment.h"

/*
 * Map the file.  The attachment has one reference, is no participant yet, and takes
 * `fd` over only where all that follows succeeds.  0 or a negative errno with words.
 */
int mpshm_i_attachment_make(struct mpshm_segment **ret_segment, const char *name, int fd,
                            const struct segment_geometry *geometry, unsigned flags);

/* Memory of the segment comes into use: as its flags wish. */
void mpshm_i_attachment_prepare(struct mpshm_segment *segment, void *start, uint64_t bytes);

/* The opposite; leaves the descriptor open. */
void mpshm_i_attachment_discard(struct mpshm_segment *segment);

#endif
