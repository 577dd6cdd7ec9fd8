/* SPDX-License-Identifier: BSD-2-Clause */
/* directory: entries and extents.  Everything here wants segment->mutex and the
 * directory lock held. */
#ifndef MPSHM_SEGMENT_DIRECTORY_H
#define MPSHM_SEGMENT_DIRECTORY_H

#include "segment/object.h"
#include "segment/segment.h"

/*
 * Extents.  read copies one, each word once.  valid: it lies in the heap, on page
 * bounds; nothing else may become a pointer.  find: the lowest free place for
 * `bytes`, a multiple of LAYOUT_PAGE; -ENOSPC.
 */
struct extent_shm mpshm_i_extent_read(const struct extent_shm *extent);
bool mpshm_i_extent_valid(const struct mpshm_segment *segment, struct extent_shm extent);
int mpshm_i_extent_find(struct mpshm_segment *segment, uint64_t bytes, uint64_t *ret_offset);

/* The index of the READY entry of that name, or -ENOENT. */
int mpshm_i_entry_find(struct mpshm_segment *segment, const char *name);

/* Make one by the plan: its index; -ENOSPC, -EINVAL, or what the file answered.
 * Failure leaves nothing. */
int mpshm_i_entry_create(struct mpshm_segment *segment, const char *name, enum object_type type,
                         const struct object_plan *plan);

/* Take the name away: READY -> UNLINKED. */
void mpshm_i_entry_unlink(struct mpshm_segment *segment, uint32_t index);

/* Give its memory back and empty it, if it is UNLINKED and no live participant
 * has it open. */
void mpshm_i_entry_reap(struct mpshm_segment *segment, uint32_t index);

/* Fill in where the object of a READY or UNLINKED entry lies.  -ENOENT: it is neither;
 * -EBADMSG: its extent failed the check. */
int mpshm_i_entry_bind(struct mpshm_segment *segment, uint32_t index, struct object *object);

void mpshm_i_opener_set(struct mpshm_segment *segment, uint32_t index);
/* true: it had the mark. */
bool mpshm_i_opener_clear(struct mpshm_segment *segment, uint32_t index, uint32_t participant);
bool mpshm_i_opener_has(const struct mpshm_segment *segment, uint32_t index, uint32_t participant);

/* Finish, or roll back, what a dead holder of the lock left half-done. */
void mpshm_i_directory_mend(struct mpshm_segment *segment);

/* A field failed its check: remembered in the segment for people to see. */
void mpshm_i_segment_corrupt(struct mpshm_segment *segment);

#endif
