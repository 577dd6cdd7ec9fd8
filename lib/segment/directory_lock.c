/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directory_lock: the lock that a segment's directory and recovery go under.
 *
 * A participant holds it by its own owner word.  Who is no participant yet first
 * takes the newcomer's byte, so that it is as provably alive, and holds the lock
 * as "newcomer"; the generation is of its own making, so that a take-over from a
 * dead newcomer can't be repeated on the next one.
 */
#include "segment/directory.h"

#include <errno.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/error.h"
#include "platform/shm.h"
#include "segment/lock.h"

#define NEWCOMER_NAP_NS 500000

static int newcomer_begin(struct mpshm_segment *segment, bool wait)
{
	char path[SHM_PATH_MAX];

	/* The mutex is ours, so one that is still there came by fork. */
	mpshm_i_liveness_forget(&segment->newcomer);
	mpshm_i_shm_path(segment->name, path);
	for (;;) {
		int fd = mpshm_i_segment_fd(segment);
		if (fd < 0)
			return fd;
		int ret = mpshm_i_liveness_acquire(&segment->newcomer, fd, path,
		                                   LIVENESS_BYTE_NEWCOMER);
		if (ret == 0)
			break;
		if (ret != -EAGAIN || !wait)
			return ret;
		mpshm_i_clock_nap(NEWCOMER_NAP_NS); /* another one is at it: rare and short */
	}
	segment->newcomer_owner =
		owner_make(OWNER_NEWCOMER_PARTICIPANT,
	                   (uint32_t) mpshm_i_clock_now() ^ (uint32_t) getpid() << 16);
	return 0;
}

static int lock(struct mpshm_segment *segment, bool wait)
{
	struct lock_shm *shared = &segment->shm->directory_lock;
	bool newcomer = !mpshm_i_segment_registered(segment);

	if (newcomer) {
		int ret = newcomer_begin(segment, wait);
		if (ret < 0)
			return ret;
	}
	uint64_t self = newcomer ? segment->newcomer_owner : segment->self;
	int got = wait ? mpshm_i_lock_acquire(segment, shared, self)
	               : mpshm_i_lock_try(segment, shared, self);
	if (got < 0) {
		mpshm_i_liveness_release(&segment->newcomer);
		return got;
	}

	/* A death in mend() leaves a dead holder again, and the next one mends. */
	if (got == 1)
		mpshm_i_directory_mend(segment);
	return 0;
}

int mpshm_i_directory_lock(struct mpshm_segment *segment)
{
	int ret = lock(segment, true);
	if (ret < 0)
		return mpshm_i_fail(-ret, "segment %s: its directory can't be locked",
		                    segment->name);
	return 0;
}

int mpshm_i_directory_trylock(struct mpshm_segment *segment)
{
	return lock(segment, false);
}

void mpshm_i_directory_unlock(struct mpshm_segment *segment)
{
	/* Whoever registered meanwhile still holds it as the newcomer that it was. */
	bool newcomer = segment->newcomer.mapping != NULL;

	mpshm_i_lock_release(segment, &segment->shm->directory_lock,
	                     newcomer ? segment->newcomer_owner : segment->self);
	mpshm_i_liveness_release(&segment->newcomer);
}
