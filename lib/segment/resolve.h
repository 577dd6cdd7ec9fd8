/* SPDX-License-Identifier: BSD-2-Clause */
/* resolve: what one dead participant, or one gone thread, left.  With
 * segment->mutex and the directory lock held. */
#ifndef MPSHM_SEGMENT_RESOLVE_H
#define MPSHM_SEGMENT_RESOLVE_H

#include "segment/segment.h"

/* Resolve all that the participant left, up to DEAD(g) -> FREE(g).  false: not all
 * could be resolved now. */
bool mpshm_i_resolve_participant(struct mpshm_segment *segment, uint32_t participant,
                                 uint32_t generation);

/* Go on with the cells of gone threads whose processes live; how many are free now. */
int mpshm_i_resolve_orphans(struct mpshm_segment *segment);
bool mpshm_i_has_orphans(const struct mpshm_segment *segment);

#endif
