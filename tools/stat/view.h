/* SPDX-License-Identifier: BSD-2-Clause */
/* view: all that can be told of one segment at one moment, healthy or not. */
#ifndef MPSHM_STAT_VIEW_H
#define MPSHM_STAT_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include <mpshm.h>

#include "status.h"

enum view_state {
	VIEW_OK,
	VIEW_DEAD_PEER, /* readable; a participant is dead and not resolved */
	VIEW_DAMAGED,   /* readable; an entry failed its check */
	VIEW_CREATING,
	VIEW_INCOMPATIBLE,
	VIEW_TRUNCATED,
	VIEW_CORRUPT,
	VIEW_OTHER,
	VIEW_DENIED,
	VIEW_ABSENT,
	VIEW_BAD_NAME,
	VIEW_FAILED, /* out of memory, of descriptors... */
};

struct object_view {
	struct mpshm_object_info info; /* damaged: only its index */
	bool damaged;                  /* its directory entry failed its check */
	bool dead_peer;                /* a dead participant has it open */
};

struct view {
	const char *name; /* the caller's; never printed unescaped */
	enum view_state state;
	char detail[256]; /* the library's words where the state is not readable */

	/* Of a readable one: */
	struct mpshm_inspect *inspect;
	struct mpshm_segment_info segment;
	struct mpshm_participant_info *participants;
	uint32_t participants_count;
	uint32_t alive, dead, unknown;
	struct object_view *objects;
	uint32_t objects_count;
	uint32_t damaged; /* entries that failed their check */
};

/* Never fails: what went wrong is the view's state. */
void view_open(struct view *ret_view, const char *name);
void view_close(struct view *view);

/* Is there more than a state and a detail? */
static inline bool view_readable(const struct view *view)
{
	return view->inspect != NULL;
}

/* One word for STATE columns. */
const char *view_word(const struct view *view);

/* What the state is as an exit status. */
enum status view_status(const struct view *view);

/* What is the matter and what to do, one line, escaped; "" where all is well. */
const char *view_problem(const struct view *view);

/* The participant with that number, or NULL. */
const struct mpshm_participant_info *view_participant(const struct view *view, uint32_t index);

bool view_has_open(const struct view *view, const struct object_view *object,
                   const struct mpshm_participant_info *participant);

/* Words for people and for JSON alike. */
const char *kind_word(uint32_t kind);
const char *liveness_word(uint32_t liveness);
const char *object_state_word(const struct object_view *object);

/* Rings and queues have a capacity, totals and elements; values and counters a value. */
bool kind_holds_elements(uint32_t kind);

#endif
