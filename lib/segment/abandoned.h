/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MPSHM_SEGMENT_ABANDONED_H
#define MPSHM_SEGMENT_ABANDONED_H

#include "segment/object.h"

/*
 * Does a dead participant, or a thread that is gone, still announce something on the object?  A look at the
 * cells by plain loads; it asks the kernel only about owners of busy frames.
 */
bool mpshm_i_abandoned(const struct object *object);

/*
 * Does anybody, dead or alive, announce that it takes something out of the object?  Whoever
 * asks after all was claimed, and hears no, knows that all claims have come to their end.
 */
bool mpshm_i_being_taken(const struct object *object);

#endif
