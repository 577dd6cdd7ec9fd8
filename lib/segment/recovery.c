/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * recovery: find the dead, and see to it that what they left is resolved.
 *
 * Declaring dead takes proof and one CAS, and no lock.  Resolving takes the directory
 * lock, so that objects stay where they are and that nobody does it twice at once;
 * whoever dies at it is taken over like any holder.
 */
#include "segment/recovery.h"

#include <errno.h>

#include "platform/error.h"
#include "platform/keep_errno.h"
#include "platform/no_cancel.h"
#include "segment/resolve.h"

/* ACTIVE(g) -> DEAD(g) for each that is proven dead.  Is any slot DEAD? */
static bool declare_dead(struct mpshm_segment *segment)
{
	bool any = false;

	for (uint32_t i = 0; i < segment->participants_max; i++) {
		atomic64 *word = &segment->participants[i].state;
		uint64_t state = atomic64_load_acquire(word);
		uint32_t generation = participant_state_generation(state);

		if (participant_state_kind(state) == PARTICIPANT_DEAD)
			any = true;
		if (participant_state_kind(state) != PARTICIPANT_ACTIVE)
			continue;
		if (mpshm_i_owner_alive_locked(segment, owner_make(i, generation)))
			continue;

		/* Fails where it left, or somebody else was faster.  A death behind it: DEAD
		 * stands, and anyone resolves it. */
		(void) atomic64_cas(word, &state, participant_state(PARTICIPANT_DEAD, generation));
		any = true;
	}
	return any;
}

/* Returns how many participants were resolved; cells of gone threads count in *orphans. */
static int resolve_all(struct mpshm_segment *segment, int *orphans)
{
	int resolved = 0;

	*orphans = mpshm_i_resolve_orphans(segment);
	for (uint32_t i = 0; i < segment->participants_max; i++) {
		uint64_t state = atomic64_load_acquire(&segment->participants[i].state);
		if (participant_state_kind(state) == PARTICIPANT_DEAD &&
		    mpshm_i_resolve_participant(segment, i, participant_state_generation(state)))
			resolved++;
	}
	return resolved;
}

static bool has_work(struct mpshm_segment *segment)
{
	bool dead = declare_dead(segment);
	return dead || mpshm_i_has_orphans(segment);
}

int mpshm_i_recover_held(struct mpshm_segment *segment)
{
	int orphans = 0;
	int resolved = has_work(segment) ? resolve_all(segment, &orphans) : 0;

	return resolved + orphans;
}

int mpshm_i_recover(struct mpshm_segment *segment)
{
	NO_CANCEL;
	KEEP_ERRNO;
	int resolved = 0, orphans = 0;

	if (pthread_mutex_trylock(&segment->mutex) != 0)
		return 0;
	if (has_work(segment) && mpshm_i_directory_trylock(segment) == 0) {
		resolved = resolve_all(segment, &orphans);
		mpshm_i_directory_unlock(segment);
	}
	pthread_mutex_unlock(&segment->mutex);
	return resolved + orphans;
}

static int recover_waiting(struct mpshm_segment *segment)
{
	int orphans;

	if (!has_work(segment))
		return 0;
	int ret = mpshm_i_directory_lock(segment);
	if (ret < 0)
		return ret;
	ret = resolve_all(segment, &orphans);
	mpshm_i_directory_unlock(segment);
	return ret;
}

int mpshm_segment_recover(struct mpshm_segment *segment)
{
	NO_CANCEL;
	KEEP_ERRNO;

	if (!segment)
		return mpshm_i_fail(EINVAL, "recover: no segment");
	int ret = mpshm_i_segment_register(segment);
	if (ret < 0)
		return ret;
	pthread_mutex_lock(&segment->mutex);
	ret = recover_waiting(segment);
	pthread_mutex_unlock(&segment->mutex);
	return ret;
}
