/* SPDX-License-Identifier: BSD-2-Clause */
/* object: named objects of a segment: create, open, close, and the classes of them. */
#ifndef MPSHM_SEGMENT_OBJECT_H
#define MPSHM_SEGMENT_OBJECT_H

#include "layout/directory.h"
#include "segment/segment.h"

/* An object that this process has open; part of every handle. */
struct object {
	struct mpshm_segment *segment;
	void *shm;
	uint64_t bytes;
	uint32_t index; /* in the directory */
	uint32_t incarnation;
	struct object *next; /* in segment->objects, under segment->mutex */
};

/* A dead participant's frame, as recovery hands it to the object that it names. */
struct dead_frame {
	enum frame_operation operation;
	uint64_t position;
	uint32_t count;
};

/*
 * What the segment layer has to know of a type of objects.  The functions get an
 * object that may not be open in this process, whose extent was checked, but
 * whose contents were not: they check what they use.
 */
struct object_class {
	enum object_type type;
	const char *name; /* "spsc ring" */

	/* Resolve every position that the frame names.  true: each has moved on or was
	 * never claimed, so the frame may be emptied.  NULL: none of its frames. */
	bool (*resolve_frame)(struct object *object, const struct dead_frame *frame);

	/* Give back what the dead owner holds in the object beside frames; called after
	 * all its frames were resolved.  Idempotent.  NULL: nothing. */
	void (*resolve_owner)(struct object *object, uint64_t dead_owner);
};

/* Every class there is, NULL-terminated; defined in lib/classes.c, the only file
 * that sees both the segment layer and all types. */
extern const struct object_class *const mpshm_i_object_classes[];

/* How a new object is laid out: `bytes` of zeroed memory at `shm`. */
struct object_plan {
	uint64_t bytes;
	void (*lay_out)(void *shm, const void *context);
	const void *context;
};

/*
 * What each ..._open() asks before all else.  0, or -EINVAL: one of them is NULL, or the
 * name is none.
 */
int mpshm_i_object_arguments(const void *ret_handle, const struct mpshm_segment *segment,
                             const char *name);

/*
 * Open the object `name`, or with MPSHM_CREATE create it by `plan` (NULL without
 * MPSHM_CREATE).  flags: MPSHM_CREATE, MPSHM_EXCLUSIVE; others are the caller's
 * business.  The name is a valid one.
 * MPSHM_CREATED or MPSHM_ATTACHED, or -EINVAL, -ENOENT, -EEXIST, -ENOTTY,
 * -ENOSPC, -EBADMSG, with the detail noted.  `object` is linked into the segment and
 * must stay where it is until it is closed.
 */
int mpshm_i_object_open(struct object *object, struct mpshm_segment *segment, const char *name,
                        unsigned flags, const struct object_class *class,
                        const struct object_plan *plan);

/* 0.  Blocks while a live process has the directory lock. */
int mpshm_i_object_close(struct object *object);

/*
 * For a forked child that has just registered, with segment->mutex held and
 * without the directory lock: mark the inherited objects as open by the new
 * participant too.  -ESTALE: one of them is gone; nothing is marked then.
 */
int mpshm_i_objects_inherit(struct mpshm_segment *segment);

#endif
