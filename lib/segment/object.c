/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object: open, close and unlink the named objects of a segment.
 *
 * All under the segment's mutex and the directory lock.  A process marks each
 * object that it has open in the entry's opener bitmap, once however many handles
 * it has: the memory of an unlinked object waits for these marks.
 */
#include "segment/object.h"

#include <errno.h>

#include "platform/error.h"
#include "platform/no_cancel.h"
#include "platform/shm.h"
#include "segment/attachment.h"
#include "segment/directory.h"
#include "segment/recovery.h"
#include "segment/registry.h"

/* Per-object features that this version knows: none yet. */
#define OBJECT_FEATURES UINT32_C(0)

static atomic64 *opener_word(const struct mpshm_segment *segment, uint32_t index,
                             uint32_t participant)
{
	return &segment->directory[index].openers[participant / 64];
}

void mpshm_i_opener_set(struct mpshm_segment *segment, uint32_t index)
{
	(void) atomic64_fetch_or(opener_word(segment, index, segment->participant),
	                         UINT64_C(1) << segment->participant % 64);
}

bool mpshm_i_opener_clear(struct mpshm_segment *segment, uint32_t index, uint32_t participant)
{
	uint64_t bit = UINT64_C(1) << participant % 64;
	return (atomic64_fetch_and(opener_word(segment, index, participant), ~bit) & bit) != 0;
}

bool mpshm_i_opener_has(const struct mpshm_segment *segment, uint32_t index, uint32_t participant)
{
	uint64_t bits = atomic64_load_acquire(opener_word(segment, index, participant));
	return (bits >> participant % 64 & 1) != 0;
}

static int lock(struct mpshm_segment *segment)
{
	pthread_mutex_lock(&segment->mutex);
	int ret = mpshm_i_directory_lock(segment);
	if (ret < 0)
		pthread_mutex_unlock(&segment->mutex);
	return ret;
}

static void unlock(struct mpshm_segment *segment)
{
	mpshm_i_directory_unlock(segment);
	pthread_mutex_unlock(&segment->mutex);
}

/* Make it; where something is short, once more after what the dead held was given back. */
static int create(struct mpshm_segment *segment, const char *name, const struct object_class *class,
                  const struct object_plan *plan)
{
	if (!plan)
		return mpshm_i_fail(EINVAL, "object %s: nothing says how to create it", name);
	int index = mpshm_i_entry_create(segment, name, class->type, plan);
	if (index == -ENOSPC) {
		(void) mpshm_i_recover_held(segment);
		mpshm_i_directory_mend(segment); /* memory that could not be given back before */
		index = mpshm_i_entry_create(segment, name, class->type, plan);
	}
	return index;
}

/* Is it of that class, and of a form that this version understands? */
static int check(const struct entry_shm *entry, const char *name, const struct object_class *class)
{
	if (entry->type != (uint32_t) class->type)
		return mpshm_i_fail(ENOTTY, "object %s: no %s but an object of type %u", name,
		                    class->name, entry->type);
	if ((entry->features & ~OBJECT_FEATURES) != 0)
		return mpshm_i_fail(
			EPROTO,
			"object %s: made by a later version: features 0x%x, known here are 0x%x",
			name, entry->features, OBJECT_FEATURES);
	return 0;
}

static int open_locked(struct object *object, struct mpshm_segment *segment, const char *name,
                       unsigned flags, const struct object_class *class,
                       const struct object_plan *plan)
{
	int done = MPSHM_ATTACHED;
	int index = mpshm_i_entry_find(segment, name);

	if (index >= 0 && (flags & MPSHM_EXCLUSIVE))
		return mpshm_i_fail(EEXIST, "object %s: exists in segment %s", name, segment->name);
	if (index < 0) {
		if (!(flags & MPSHM_CREATE))
			return mpshm_i_fail(ENOENT, "object %s: none in segment %s", name,
			                    segment->name);
		index = create(segment, name, class, plan);
		if (index < 0)
			return index;
		done = MPSHM_CREATED;
	}
	int ret = check(&segment->directory[index], name, class);
	if (ret < 0)
		return ret;
	ret = mpshm_i_entry_bind(segment, (uint32_t) index, object);
	if (ret < 0)
		return mpshm_i_fail(-ret, "object %s: its place in segment %s fails the check",
		                    name, segment->name);

	/* A death before this: a whole object that nobody has open.  Behind it: our mark
	 * stays until recovery clears it. */
	mpshm_i_opener_set(segment, (uint32_t) index);
	object->next = segment->objects;
	segment->objects = object;
	return done;
}

int mpshm_i_object_arguments(const void *ret_handle, const struct mpshm_segment *segment,
                             const char *name)
{
	if (!ret_handle || !segment)
		return mpshm_i_fail(EINVAL, "object: %s",
		                    segment ? "nowhere to put the handle" : "no segment");
	if (!mpshm_i_name_valid(name))
		return mpshm_i_fail(EINVAL, "object: not a name (1 to %d of A-Za-z0-9._-)",
		                    MPSHM_NAME_MAX);
	return 0;
}

int mpshm_i_object_open(struct object *object, struct mpshm_segment *segment, const char *name,
                        unsigned flags, const struct object_class *class,
                        const struct object_plan *plan)
{
	NO_CANCEL;
	if ((flags & MPSHM_EXCLUSIVE) && !(flags & MPSHM_CREATE))
		return mpshm_i_fail(EINVAL, "object %s: MPSHM_EXCLUSIVE goes with MPSHM_CREATE",
		                    name);
	int ret = mpshm_i_segment_register(segment);
	if (ret < 0)
		return ret;
	ret = lock(segment);
	if (ret < 0)
		return ret;
	ret = open_locked(object, segment, name, flags, class, plan);
	unlock(segment);
	if (ret >= 0) /* it is ours, and its memory with it: no lock is needed */
		mpshm_i_attachment_prepare(segment, object->shm, object->bytes);
	return ret;
}

static bool same(const struct object *a, const struct object *b)
{
	return a->index == b->index && a->incarnation == b->incarnation;
}

/* Out of the list; true: it was this process's last of that object. */
static bool unlink_handle(struct object *object)
{
	struct object **at = &object->segment->objects;
	bool last = true;

	while (*at) {
		if (*at == object) {
			*at = object->next;
			continue;
		}
		last = last && !same(*at, object);
		at = &(*at)->next;
	}
	object->next = NULL;
	return last;
}

int mpshm_i_object_close(struct object *object)
{
	NO_CANCEL;
	struct mpshm_segment *segment = object->segment;

	/* In a forked child: sets free the locks that other threads held at the fork. */
	(void) mpshm_i_registry_process();

	/* A forked child that never registered has no mark of its own; its parent's
	 * stays. */
	if (!mpshm_i_segment_registered(segment)) {
		pthread_mutex_lock(&segment->mutex);
		(void) unlink_handle(object);
		pthread_mutex_unlock(&segment->mutex);
		return 0;
	}
	int ret = lock(segment);
	if (ret < 0)
		return ret;
	if (unlink_handle(object)) {
		/* A death between: no mark, but perhaps UNLINKED still; mend() reaps it. */
		(void) mpshm_i_opener_clear(segment, object->index, segment->participant);
		mpshm_i_entry_reap(segment, object->index);
	}
	unlock(segment);
	return 0;
}

int mpshm_i_objects_inherit(struct mpshm_segment *segment)
{
	int ret = mpshm_i_directory_lock(segment);
	if (ret < 0)
		return ret;
	for (const struct object *o = segment->objects; o && ret == 0; o = o->next) {
		struct object now;
		ret = mpshm_i_entry_bind(segment, o->index, &now);
		if (ret < 0 || !same(o, &now) || o->shm != now.shm || o->bytes != now.bytes)
			ret = mpshm_i_fail(
				ESTALE,
				"segment %s: an object that was open before the fork is gone",
				segment->name);
	}
	for (const struct object *o = segment->objects; o && ret == 0; o = o->next)
		mpshm_i_opener_set(segment, o->index);
	mpshm_i_directory_unlock(segment);
	return ret;
}

int mpshm_object_unlink(struct mpshm_segment *segment, const char *name)
{
	NO_CANCEL;
	int ret = mpshm_i_object_arguments(segment, segment, name);
	if (ret < 0)
		return ret;
	ret = mpshm_i_segment_register(segment);
	if (ret < 0)
		return ret;
	ret = lock(segment);
	if (ret < 0)
		return ret;
	int index = mpshm_i_entry_find(segment, name);
	if (index >= 0) {
		mpshm_i_entry_unlink(segment, (uint32_t) index);
		mpshm_i_entry_reap(segment, (uint32_t) index);
	} else {
		ret = mpshm_i_fail(ENOENT, "object %s: none in segment %s", name, segment->name);
	}
	unlock(segment);
	return ret;
}
