/* SPDX-License-Identifier: BSD-2-Clause */
/* words: states and kinds as words, problems as sentences. */
#include <string.h>

#include "output.h"
#include "view.h"

#define SEGMENT_FILES "/dev/shm/mpshm."

struct state_words {
	const char *word;
	enum status status;
	const char *what;
	const char *advice; /* where it ends in a blank, the segment's file follows */
};

#define REMOVE "end its users, let them create it anew, and before that remove "
#define OVERWRITTEN "somebody wrote over it: " REMOVE

static const struct state_words states[] = {
	[VIEW_OK] = {"ok", STATUS_HEALTHY, "", ""},
	[VIEW_DEAD_PEER] = {"dead-peer", STATUS_UNHEALTHY,
                            "a participant died and what it left is not resolved yet",
                            "that happens when a living one meets it, opens the segment, or calls "
                            "mpshm_segment_recover()"},
	[VIEW_DAMAGED] = {"corrupt", STATUS_UNHEALTHY, "failed a check", OVERWRITTEN},
	/* No ill: in a moment it is there. */
	[VIEW_CREATING] = {"creating", STATUS_HEALTHY, "it is being created",
                           "try again; where it stays so, its creator died, and the next one to "
                           "open it with MPSHM_CREATE takes over"},
	[VIEW_INCOMPATIBLE] = {"incompat", STATUS_INCOMPATIBLE, "another layout",
                               "look at it with the mpshm-stat of the version that made it; to "
                               "change versions, end its users and remove "},
	[VIEW_TRUNCATED] = {"truncated", STATUS_UNHEALTHY, "truncated",
                            "its users die of SIGBUS where they touch what is missing: " REMOVE},
	[VIEW_CORRUPT] = {"corrupt", STATUS_UNHEALTHY, "corrupt", OVERWRITTEN},
	[VIEW_OTHER] = {"other", STATUS_UNHEALTHY, "not a segment",
                        "no process can create a segment of this name until somebody removes "},
	[VIEW_DENIED] = {"denied", STATUS_PERMISSION, "no permission to read it",
                         "run mpshm-stat as root, or as who owns, or may read, "},
	[VIEW_ABSENT] = {"absent", STATUS_NOT_FOUND, "no such segment",
                         "mpshm-stat list shows those there are"},
	[VIEW_BAD_NAME] = {"bad-name", STATUS_USAGE, "no name for a segment",
                           "names are 1 to 200 of A-Za-z0-9._-"},
	[VIEW_FAILED] = {"failed", STATUS_UNHEALTHY, "could not be read",
                         "that is about this process or system, not about the segment"},
};

const char *view_word(const struct view *view)
{
	return states[view->state].word;
}

enum status view_status(const struct view *view)
{
	return states[view->state].status;
}

/* What is the matter, without what to do. */
static const char *view_matter(const struct view *view)
{
	const char *what = states[view->state].what;

	switch (view->state) {
	case VIEW_DEAD_PEER:
		return formatted("%u dead: %s", view->dead, what);
	case VIEW_DAMAGED:
		return formatted("%u of its entries %s", view->damaged, what);
	case VIEW_ABSENT:
	case VIEW_BAD_NAME:
		return what;
	default:
		/* The library's words may say it already. */
		if (strncmp(view->detail, what, strlen(what)) == 0)
			return escaped(view->detail);
		return formatted("%s: %s", what, escaped(view->detail));
	}
}

const char *view_problem(const struct view *view)
{
	const char *advice = states[view->state].advice;
	size_t length = strlen(advice);

	if (view->state == VIEW_OK)
		return "";
	if (advice[length - 1] == ' ')
		return formatted("%s; %s" SEGMENT_FILES "%s", view_matter(view), advice,
		                 escaped(view->name));
	return formatted("%s; %s", view_matter(view), advice);
}

const char *kind_word(uint32_t kind)
{
	switch (kind) {
	case MPSHM_KIND_SPSC:
		return "spsc";
	case MPSHM_KIND_MPMC:
		return "mpmc";
	case MPSHM_KIND_QUEUE:
		return "queue";
	case MPSHM_KIND_VALUE:
		return "value";
	case MPSHM_KIND_COUNTER:
		return "counter";
	default:
		return formatted("kind-%u", kind);
	}
}

bool kind_holds_elements(uint32_t kind)
{
	return kind == MPSHM_KIND_SPSC || kind == MPSHM_KIND_MPMC || kind == MPSHM_KIND_QUEUE;
}

const char *liveness_word(uint32_t liveness)
{
	return liveness == MPSHM_ALIVE ? "alive" : liveness == MPSHM_DEAD ? "dead" : "unknown";
}

const char *object_state_word(const struct object_view *object)
{
	const struct mpshm_object_info *info = &object->info;

	if (object->damaged)
		return "corrupt";
	if (object->dead_peer)
		return "dead-peer";
	if (info->unlinked)
		return "unlinked";
	if (info->shut_down)
		return "shut-down";
	if (kind_holds_elements(info->kind) && info->used >= info->capacity)
		return "full";
	return info->openers == 0 ? "idle" : "ok";
}
