/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolve: resolve, then clear, then FREE.
 *
 * A dead participant's frames are the only cheap pointers to what it left, so each
 * is emptied only when its positions are resolved, its cell freed only when all
 * frames are empty, its slot only when all cells are free.  Whoever dies in
 * between leaves the rest in place; each step done twice does nothing.
 */
#include "segment/resolve.h"

#include "platform/keep_errno.h"
#include "platform/no_cancel.h"
#include "segment/directory.h"
#include "segment/object.h"
#include "segment/recovery.h"

uint32_t mpshm_i_cells_used(const struct mpshm_segment *segment)
{
	/* [CELL-A1] pairs with the raise of cells_high in segment/thread.c, which comes
	 * before the first frame in a cell; who saw a claim therefore sees its cell. */
	uint32_t high = atomic32_load_acquire(&segment->shm->cells_high);
	return high < segment->threads_max ? high : segment->threads_max;
}

static const struct object_class *class_of(uint32_t type)
{
	for (size_t i = 0; mpshm_i_object_classes[i]; i++)
		if ((uint32_t) mpshm_i_object_classes[i]->type == type)
			return mpshm_i_object_classes[i];
	return NULL;
}

/* The object of an entry and its class.  false: there is no such object, or nobody
 * here knows its type, so there is nothing to resolve in it. */
static bool find_object(struct mpshm_segment *segment, uint32_t index, struct object *ret_object,
                        const struct object_class **ret_class)
{
	if (index >= segment->directory_capacity ||
	    mpshm_i_entry_bind(segment, index, ret_object) < 0)
		return false;
	*ret_class = class_of(segment->directory[index].type);
	return *ret_class != NULL;
}

static bool resolve_frame(struct mpshm_segment *segment, struct frame_shm *frame)
{
	uint64_t where = atomic64_load_acquire(&frame->where);
	uint64_t what = atomic64_load_acquire(&frame->what);
	const struct object_class *class;
	struct object object;

	if (where == 0)
		return true;
	if ((where & FRAME_BUSY) != 0 &&
	    find_object(segment, frame_object(what), &object, &class) &&
	    ((what >> 16) & 0xffff) == (object.incarnation & 0xffff) && class->resolve_frame) {
		const struct dead_frame dead = {
			.operation = frame_operation(what),
			.position = where & FRAME_POSITION_BITS,
			.count = frame_count(what),
		};
		if (!class->resolve_frame(&object, &dead))
			return false;
	}

	/* A death before this: the next one resolves the frame again, and finds it done. */
	(void) atomic64_cas(&frame->where, &where, 0);
	return true;
}

/* All frames; the others too where one can't be resolved now. */
static bool resolve_frames(struct mpshm_segment *segment, struct cell_shm *cell)
{
	bool all = true;

	for (uint32_t i = 0; i < CELL_FRAMES; i++)
		all = resolve_frame(segment, &cell->frames[i]) && all;
	return all;
}

static bool resolve_and_free(struct mpshm_segment *segment, struct cell_shm *cell, uint64_t owner)
{
	if (!resolve_frames(segment, cell))
		return false;

	/* [CELL-R1] pairs with the taking CAS in segment/thread.c: frames are empty. */
	(void) atomic64_cas(&cell->owner, &owner, OWNER_NONE);
	return true;
}

/*
 * Under the directory lock, like all resolving: of two who resolve a cell at once one
 * could free it, and the other then empty the same frame of its next user.  Who can't
 * have the lock at once leaves the orphan to any later recovery.
 */
bool mpshm_i_resolve_cell(struct mpshm_segment *segment, struct cell_shm *cell)
{
	NO_CANCEL;
	KEEP_ERRNO;
	bool resolved = false;

	/* From here on the frames veto nothing, while they still say what to resolve.  A
	 * death behind this: it is a cell of a dead participant like any other. */
	uint64_t owner = atomic64_fetch_or(&cell->owner, CELL_ORPHAN) | CELL_ORPHAN;

	if (pthread_mutex_trylock(&segment->mutex) != 0)
		return false;
	if (mpshm_i_directory_trylock(segment) == 0) {
		/* Somebody may have done it before we had the lock. */
		if (atomic64_load_acquire(&cell->owner) == owner)
			resolved = resolve_and_free(segment, cell, owner);
		else
			resolved = true;
		mpshm_i_directory_unlock(segment);
	}
	pthread_mutex_unlock(&segment->mutex);
	return resolved;
}

bool mpshm_i_has_orphans(const struct mpshm_segment *segment)
{
	uint32_t cells = mpshm_i_cells_used(segment);

	for (uint32_t i = 0; i < cells; i++)
		if (atomic64_load_acquire(&segment->cells[i].owner) & CELL_ORPHAN)
			return true;
	return false;
}

int mpshm_i_resolve_orphans(struct mpshm_segment *segment)
{
	uint32_t cells = mpshm_i_cells_used(segment);
	int resolved = 0;

	for (uint32_t i = 0; i < cells; i++) {
		uint64_t owner = atomic64_load_acquire(&segment->cells[i].owner);
		if ((owner & CELL_ORPHAN) && resolve_and_free(segment, &segment->cells[i], owner))
			resolved++;
	}
	return resolved;
}

static bool resolve_cells(struct mpshm_segment *segment, uint64_t dead)
{
	uint32_t cells = mpshm_i_cells_used(segment);
	bool all = true;

	for (uint32_t i = 0; i < cells; i++) {
		uint64_t owner = atomic64_load_acquire(&segment->cells[i].owner);
		if ((owner & OWNER_BITS) == dead)
			all = resolve_and_free(segment, &segment->cells[i], owner) && all;
	}
	return all;
}

static void orphan_cells(struct mpshm_segment *segment, uint64_t dead)
{
	uint32_t cells = mpshm_i_cells_used(segment);

	for (uint32_t i = 0; i < cells; i++) {
		uint64_t owner = dead;
		(void) atomic64_cas(&segment->cells[i].owner, &owner, dead | CELL_ORPHAN);
	}
}

/* What it held in each object that it had open; its mark goes last, since that is
 * what leads the next one here. */
static void resolve_objects(struct mpshm_segment *segment, uint32_t participant, uint64_t dead)
{
	for (uint32_t i = 0; i < segment->directory_capacity; i++) {
		const struct object_class *class;
		struct object object;

		if (!mpshm_i_opener_has(segment, i, participant))
			continue;
		if (find_object(segment, i, &object, &class) && class->resolve_owner)
			class->resolve_owner(&object, dead);
		/* Counted behind the mark, so never twice; a death between: one too few. */
		if (mpshm_i_opener_clear(segment, i, participant))
			(void) atomic64_fetch_add(&segment->directory[i].peer_deaths, 1);
		mpshm_i_entry_reap(segment, i);
	}
}

bool mpshm_i_resolve_participant(struct mpshm_segment *segment, uint32_t participant,
                                 uint32_t generation)
{
	uint64_t dead = owner_make(participant, generation);
	uint64_t state = participant_state(PARTICIPANT_DEAD, generation);

	/* What can't be resolved now (an index is full, somebody alive announces the same)
	 * stays in orphaned cells, for any later recovery: a process slot is too scarce
	 * to wait for that.  A death between: marked cells of a dead one, done again. */
	if (!resolve_cells(segment, dead))
		orphan_cells(segment, dead);
	resolve_objects(segment, participant, dead);

	/* [PART-R1] pairs with the registering CAS in segment/participant.c: nothing of the
	 * predecessor is left.  A death behind it: the count for people lacks one. */
	if (atomic64_cas(&segment->participants[participant].state, &state,
	                 participant_state(PARTICIPANT_FREE, generation)))
		(void) atomic64_fetch_add(&segment->shm->peer_deaths, 1);
	return true;
}
