/* SPDX-License-Identifier: BSD-2-Clause */
/* participant: this process takes, and gives back, a participant slot of a segment. */
#ifndef MPSHM_SEGMENT_PARTICIPANT_H
#define MPSHM_SEGMENT_PARTICIPANT_H

#include "segment/registry.h"

/* How long, and how often, to try again after -EAGAIN. */
#define PARTICIPANT_PATIENCE_NS INT64_C(1000000000)
#define PARTICIPANT_NAP_NS 500000

/*
 * Without locks: take a free slot, recover the dead where there is none.  Never waits
 * for another process.  0; -EUSERS; -EAGAIN: all are taken, but not all takers live,
 * and somebody else is recovering the dead just now; ...
 */
int mpshm_i_participant_register(struct mpshm_segment *segment, uint64_t process);

/*
 * Give back cells, slot and lock.  Does nothing where this process, a forked child,
 * has not registered.
 */
void mpshm_i_participant_leave(struct mpshm_segment *segment);

/* Does anybody but us hold a participant's lock?  Unknown counts as yes. */
bool mpshm_i_participant_others(struct mpshm_segment *segment, int fd);

#endif
