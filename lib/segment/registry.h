/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * registry: the segments that this process has attached, found by name without a lock.
 *
 * A look-up is a read-side section of liburcu (bp); who takes an attachment out
 * waits for the readers before it frees the memory.  In a forked child liburcu may
 * wait for threads that exist in the parent only, unless fork handlers were called,
 * which are the host's to call, once; so there the readers are counted instead.
 */
#ifndef MPSHM_SEGMENT_REGISTRY_H
#define MPSHM_SEGMENT_REGISTRY_H

#include <stdbool.h>

#include "segment/segment.h"

/* No participant: one who is not registered. */
#define PARTICIPANT_NONE UINT32_MAX

/* This process's identity; 0: no memory.  A forked child drops here what it inherited. */
uint64_t mpshm_i_registry_process(void);

/*
 * Serialises attaching within this process.  Where it is held, the thread is inside
 * the fork gate, so that fork() never copies it locked.  lock also makes the
 * registry ready; 0 or a negative errno.
 */
int mpshm_i_registry_lock(void);
void mpshm_i_registry_unlock(void);

/* With the lock held: a new attachment, with a serial of its own, visible from now on. */
void mpshm_i_registry_add(struct mpshm_segment *segment);

/*
 * Take a reference to the attachment of that name: of the file (device, inode), or,
 * where file is NULL, the newest.  NULL: there is none.
 */
struct registry_file {
	uint64_t device, inode;
};
struct mpshm_segment *mpshm_i_registry_take(const char *name, const struct registry_file *file);

/* Give one of several references back.  false: it is the last, and still held. */
bool mpshm_i_registry_drop(struct mpshm_segment *segment);

/* Give the last one back; nobody can take one from then on.  false: it is not the last. */
bool mpshm_i_registry_drop_last(struct mpshm_segment *segment);

/* Make it invisible, and wait until no reader is left.  true: its memory may be freed. */
bool mpshm_i_registry_remove(struct mpshm_segment *segment);

/*
 * While an attachment is pinned, remove waits.  false: it is gone, or on its way; no
 * unpin then.  `segment` is not touched unless it is there.
 */
struct registry_pin {
	bool counted;
};
bool mpshm_i_registry_pin(struct registry_pin *pin, const struct mpshm_segment *segment,
                          uint32_t serial);
void mpshm_i_registry_unpin(const struct registry_pin *pin);

#endif
