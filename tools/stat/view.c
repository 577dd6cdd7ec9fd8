/* SPDX-License-Identifier: BSD-2-Clause */
#include "view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"

static enum view_state state_of_failure(int error, enum mpshm_segment_state state)
{
	switch (-error) {
	case ENOENT:
		return VIEW_ABSENT;
	case EACCES:
	case EPERM:
		return VIEW_DENIED;
	case EINVAL:
		return VIEW_BAD_NAME;
	case EPROTO:
		return VIEW_INCOMPATIBLE;
	case EAGAIN:
		return VIEW_CREATING;
	case EBADMSG:
		return state == MPSHM_SEGMENT_TRUNCATED ? VIEW_TRUNCATED
		       : state == MPSHM_SEGMENT_OTHER   ? VIEW_OTHER
		                                        : VIEW_CORRUPT;
	default:
		return VIEW_FAILED;
	}
}

static void note_failure(struct view *view, int error, enum mpshm_segment_state state)
{
	const char *detail = mpshm_error_detail();
	const char *about = formatted("segment %s: ", view->name);

	view->state = state_of_failure(error, state);
	/* Who reads it knows which segment it is. */
	if (strncmp(detail, about, strlen(about)) == 0)
		detail += strlen(about);
	snprintf(view->detail, sizeof(view->detail), "%s", *detail ? detail : strerror(-error));
}

/* Room for one element more in an array that doubles when `count` is a power of two. */
static void *with_room(void *array, uint32_t count, size_t bytes)
{
	if (count & (count - 1))
		return array;
	array = reallocarray(array, count ? (size_t) count * 2 : 1, bytes);
	if (!array)
		out_of_memory();
	return array;
}

static void load_participants(struct view *view)
{
	uint32_t cursor = 0;

	for (;;) {
		view->participants = with_room(view->participants, view->participants_count,
		                               sizeof(*view->participants));
		struct mpshm_participant_info *info = &view->participants[view->participants_count];
		int result = mpshm_inspect_participant(view->inspect, &cursor, info);
		if (result == 0)
			return;
		if (result < 0) {
			view->damaged++;
			if (result != -EBADMSG)
				return;
			continue;
		}
		view->participants_count++;
		view->alive += info->liveness == MPSHM_ALIVE;
		view->dead += info->liveness == MPSHM_DEAD;
		view->unknown += info->liveness != MPSHM_ALIVE && info->liveness != MPSHM_DEAD;
	}
}

static bool opened_by_dead(const struct view *view, const struct object_view *object)
{
	for (uint32_t i = 0; i < view->participants_count; i++)
		if (view->participants[i].liveness == MPSHM_DEAD &&
		    view_has_open(view, object, &view->participants[i]))
			return true;
	return false;
}

static void load_objects(struct view *view)
{
	uint32_t cursor = 0;

	for (;;) {
		view->objects =
			with_room(view->objects, view->objects_count, sizeof(*view->objects));
		struct object_view *object = &view->objects[view->objects_count];
		memset(object, 0, sizeof(*object));
		int result = mpshm_inspect_object(view->inspect, &cursor, &object->info);
		if (result == 0)
			return;
		view->objects_count++;
		if (result < 0) {
			memset(object, 0, sizeof(*object));
			object->info.index = cursor - 1;
			object->damaged = true;
			view->damaged++;
			if (result != -EBADMSG)
				return;
			continue;
		}
		object->dead_peer = opened_by_dead(view, object);
	}
}

void view_open(struct view *ret_view, const char *name)
{
	enum mpshm_segment_state state = MPSHM_SEGMENT_OK;
	int result;

	memset(ret_view, 0, sizeof(*ret_view));
	ret_view->name = name;
	result = mpshm_inspect_open(&ret_view->inspect, name, &state);
	if (result < 0) {
		ret_view->inspect = NULL;
		note_failure(ret_view, result, state);
		return;
	}
	result = mpshm_inspect_segment(ret_view->inspect, &ret_view->segment);
	if (result < 0) {
		note_failure(ret_view, result, MPSHM_SEGMENT_CORRUPT);
		mpshm_inspect_close(ret_view->inspect);
		ret_view->inspect = NULL;
		return;
	}
	load_participants(ret_view);
	load_objects(ret_view);
	ret_view->state = ret_view->damaged ? VIEW_DAMAGED
	                  : ret_view->dead  ? VIEW_DEAD_PEER
	                                    : VIEW_OK;
}

void view_close(struct view *view)
{
	if (view->inspect)
		mpshm_inspect_close(view->inspect);
	free(view->participants);
	free(view->objects);
	memset(view, 0, sizeof(*view));
}

const struct mpshm_participant_info *view_participant(const struct view *view, uint32_t index)
{
	for (uint32_t i = 0; i < view->participants_count; i++)
		if (view->participants[i].index == index)
			return &view->participants[i];
	return NULL;
}

bool view_has_open(const struct view *view, const struct object_view *object,
                   const struct mpshm_participant_info *participant)
{
	return !object->damaged &&
	       mpshm_inspect_has_open(view->inspect, object->info.index, participant->index) == 1;
}
