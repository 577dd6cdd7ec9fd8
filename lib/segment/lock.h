/* SPDX-License-Identifier: BSD-2-Clause */
/* lock: the owner lock of layout/owner.h, which outlives any holder's death. */
#ifndef MPSHM_SEGMENT_LOCK_H
#define MPSHM_SEGMENT_LOCK_H

#include "segment/segment.h"

/*
 * Who has to take the directory lock before it is a participant (it resolves the
 * dead to get a slot) holds this byte meanwhile, and is the owner "newcomer" with
 * a generation of its own making: one at a time, and as provably alive as others.
 */
#define LIVENESS_BYTE_NEWCOMER (LIVENESS_BYTE_ATTACH + 1)
#define OWNER_NEWCOMER_PARTICIPANT UINT32_C(0xfffe)

/*
 * All three with segment->mutex held, which serialises the threads of a process;
 * `self` is the owner word to hold the lock by.  0: taken; 1: taken over from a
 * dead holder, so that what the lock guards may be half-done.
 *
 * acquire waits for as long as the holder lives and keeps it.  try never waits:
 * -EAGAIN where a live holder has it.
 */
int mpshm_i_lock_acquire(struct mpshm_segment *segment, struct lock_shm *lock, uint64_t self);
int mpshm_i_lock_try(struct mpshm_segment *segment, struct lock_shm *lock, uint64_t self);
void mpshm_i_lock_release(struct mpshm_segment *segment, struct lock_shm *lock, uint64_t self);

#endif
