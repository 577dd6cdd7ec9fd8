/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alive: is an owner alive?  Dead is said only on proof.
 *
 * Any thread may ask, with or without segment->mutex: the descriptor is read
 * without it, and a host may have closed or reused it.  A verdict of death
 * therefore counts only where the descriptor is the segment's file before and
 * after the look, and shows our own liveness lock as held.  (Who is not registered
 * has none, and goes by the file alone.)
 */
#include "segment/recovery.h"

#include <sys/stat.h>

#include "platform/keep_errno.h"
#include "platform/no_cancel.h"
#include "platform/process.h"
#include "segment/lock.h"

bool mpshm_i_segment_registered(const struct mpshm_segment *segment)
{
	/* Acquire: who sees the identity sees the slot that was taken under it. */
	return __atomic_load_n(&segment->process, __ATOMIC_ACQUIRE) == *mpshm_i_process &&
	       segment->self != OWNER_NONE;
}

static bool is_our_file(const struct mpshm_segment *segment, int fd)
{
	struct stat status;

	return fd >= 0 && fstat(fd, &status) == 0 && (uint64_t) status.st_dev == segment->device &&
	       (uint64_t) status.st_ino == segment->inode;
}

/* 1: the byte is held; 0: it is free, proven; negative: this descriptor can't tell. */
static int probe(const struct mpshm_segment *segment, int fd, int64_t byte)
{
	if (!is_our_file(segment, fd))
		return -EBADF;
	int held = mpshm_i_liveness_held(fd, byte);
	if (held != 0)
		return held;
	if (mpshm_i_segment_registered(segment) &&
	    mpshm_i_liveness_held(fd, LIVENESS_BYTE_PARTICIPANT(segment->participant)) != 1)
		return -EBADF;
	return is_our_file(segment, fd) ? 0 : -EBADF;
}

/* Unknown counts as held. */
static bool byte_held(struct mpshm_segment *segment, int64_t byte, bool mutex_held)
{
	/* Relaxed: private to this process; an outdated number is found out by probe(). */
	int fd = __atomic_load_n(&segment->fd, __ATOMIC_RELAXED);
	int held = probe(segment, fd, byte);
	if (held >= 0)
		return held != 0;

	/* The descriptor is lost.  Who can't have the mutex at once leaves it to others. */
	if (!mutex_held && pthread_mutex_trylock(&segment->mutex) != 0)
		return true;
	fd = mpshm_i_segment_fd(segment);
	if (fd >= 0)
		held = probe(segment, fd, byte);
	if (!mutex_held)
		pthread_mutex_unlock(&segment->mutex);
	return held != 0;
}

static bool owner_alive(struct mpshm_segment *segment, uint64_t owner, bool mutex_held)
{
	owner &= OWNER_BITS;
	if (owner == OWNER_NONE)
		return false;
	if (owner == segment->self && mpshm_i_segment_registered(segment))
		return true;

	uint32_t participant = owner_participant(owner);
	if (participant == OWNER_NEWCOMER_PARTICIPANT) {
		/* While we have the byte no other newcomer can be alive. */
		if (segment->newcomer.mapping)
			return owner == segment->newcomer_owner;
		return byte_held(segment, LIVENESS_BYTE_NEWCOMER, mutex_held);
	}
	if (participant >= segment->participants_max)
		return false;

	/* A slot that has left ACTIVE(g) never comes back to it: no system call needed.
	 * Else the slot was taken before ACTIVE(g) was stored, and is held while it
	 * lives; should it be the successor's lock that we see, the next look tells. */
	uint64_t state = atomic64_load_acquire(&segment->participants[participant].state);
	if (state != participant_state(PARTICIPANT_ACTIVE, owner_generation(owner)))
		return false;
	return byte_held(segment, LIVENESS_BYTE_PARTICIPANT(participant), mutex_held);
}

bool mpshm_i_owner_alive(struct mpshm_segment *segment, uint64_t owner)
{
	NO_CANCEL;
	KEEP_ERRNO;
	return owner_alive(segment, owner, false);
}

bool mpshm_i_owner_alive_locked(struct mpshm_segment *segment, uint64_t owner)
{
	KEEP_ERRNO;
	return owner_alive(segment, owner, true);
}
