/* SPDX-License-Identifier: BSD-2-Clause */
/* detach: find and close attachments, unlink names. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/error.h"
#include "platform/keep_errno.h"
#include "platform/no_cancel.h"
#include "platform/shm.h"
#include "segment/attachment.h"
#include "segment/file.h"
#include "segment/participant.h"
#include "segment/registry.h"

/* Leaving must end, even where somebody is stopped in the middle of attaching: the
 * segment is that one's to unlink then, when it leaves. */
#define LEAVE_PATIENCE_NS INT64_C(1000000000)

/* Nor need unlinking wait for that one for ever: it looks, when it has registered,
 * whether the name is still there.  To wait spares it the second attempt. */
#define UNLINK_PATIENCE_NS INT64_C(1000000000)

int mpshm_segment_find(struct mpshm_segment **ret_segment, const char *name)
{
	if (!ret_segment)
		return mpshm_i_fail(EINVAL, "segment: nowhere to put the handle");
	if (!mpshm_i_name_valid(name))
		return mpshm_i_fail(EINVAL, "segment: not a name (1 to %d of A-Za-z0-9._-)",
		                    MPSHM_NAME_MAX);
	struct mpshm_segment *found = mpshm_i_registry_take(name, NULL);
	if (!found)
		return mpshm_i_fail(ENOENT, "segment %s: not attached in this process", name);
	*ret_segment = found;
	return 0;
}

/* The name's file, where it is ours; a descriptor of our own, not shared by fork. */
static int open_own_file(const struct mpshm_segment *segment)
{
	struct stat file;

	int fd = mpshm_i_shm_open(segment->name, O_RDWR, 0);
	if (fd >= 0 && (fstat(fd, &file) < 0 || (uint64_t) file.st_dev != segment->device ||
	                (uint64_t) file.st_ino != segment->inode)) {
		(void) close(fd);
		fd = -ENOENT;
	}
	return fd;
}

/*
 * Of those who leave at once, one after the other has the ATTACH byte, and is off its
 * own byte before it gives that up: the last one sees nobody.  Bytes that are held
 * count, states do not: a dead participant that nobody has recovered is not there.
 * A death before the unlink leaves the segment, for the next one to leave.
 */
static int try_leave_and_unlink(struct mpshm_segment *segment)
{
	if (mpshm_i_registry_lock() < 0)
		return 0;
	int fd = open_own_file(segment);
	int ret = fd < 0 ? 0 : mpshm_i_file_hold(fd, segment->name, F_WRLCK);
	if (fd >= 0 && ret == 0 && !mpshm_i_participant_others(segment, fd))
		(void) mpshm_i_file_unlink(fd, segment->name);
	if (ret != FILE_AGAIN)
		mpshm_i_participant_leave(segment);
	if (fd >= 0) {
		mpshm_i_file_let_go(fd);
		(void) close(fd);
	}
	mpshm_i_registry_unlock();
	return ret;
}

static void leave(struct mpshm_segment *segment)
{
	if ((segment->options & SEGMENT_EPHEMERAL) && mpshm_i_segment_registered(segment)) {
		int64_t deadline = mpshm_i_deadline(LEAVE_PATIENCE_NS);
		while (try_leave_and_unlink(segment) == FILE_AGAIN &&
		       mpshm_i_clock_now() < deadline)
			mpshm_i_clock_nap(FILE_NAP_NS);
	}
	mpshm_i_participant_leave(segment); /* unless it is done */
}

/* 1: not the last reference; 0: it was, and nobody can take one any more; -EBUSY. */
static int drop(struct mpshm_segment *segment)
{
	for (;;) {
		if (mpshm_i_registry_drop(segment))
			return 1;
		if (pthread_mutex_trylock(&segment->mutex) != 0)
			return mpshm_i_fail(EBUSY, "segment %s: a call on it is under way",
			                    segment->name);
		bool busy = segment->objects != NULL;
		bool last = !busy && mpshm_i_registry_drop_last(segment);
		pthread_mutex_unlock(&segment->mutex);
		if (busy)
			return mpshm_i_fail(EBUSY, "segment %s: objects in it are open",
			                    segment->name);
		if (last)
			return 0;
	}
}

int mpshm_segment_close(struct mpshm_segment *segment)
{
	NO_CANCEL;
	KEEP_ERRNO;
	struct stat file;

	if (!segment)
		return mpshm_i_fail(EINVAL, "segment: no handle");
	if (mpshm_i_registry_process() == 0)
		return mpshm_i_fail(ENOMEM, "segment %s: no memory for this process's identity",
		                    segment->name);
	int ret = drop(segment);
	if (ret != 0)
		return ret < 0 ? ret : 0;

	bool freeable = mpshm_i_registry_remove(segment);
	leave(segment);
	/* Only where the host has not closed it and opened another file of its own. */
	if (fstat(segment->fd, &file) == 0 && (uint64_t) file.st_dev == segment->device &&
	    (uint64_t) file.st_ino == segment->inode)
		(void) close(segment->fd);
	if (freeable)
		mpshm_i_attachment_discard(segment);
	else
		(void) munmap(segment->base, segment->bytes);
	return 0;
}

static int try_unlink(const char *name, bool wait)
{
	int ret = mpshm_i_registry_lock();
	if (ret < 0)
		return mpshm_i_fail(-ret, "segment %s: %s", name, strerror(-ret));
	int fd = mpshm_i_file_open(name, false);
	ret = fd < 0 ? fd : mpshm_i_file_hold(fd, name, F_WRLCK);
	if (ret == 0 || (ret == FILE_AGAIN && !wait))
		ret = mpshm_i_file_unlink(fd, name);
	if (fd >= 0) {
		mpshm_i_file_let_go(fd);
		(void) close(fd);
	}
	mpshm_i_registry_unlock();
	return ret;
}

int mpshm_segment_unlink(const char *name)
{
	NO_CANCEL;
	KEEP_ERRNO;
	int ret;

	if (!mpshm_i_name_valid(name))
		return mpshm_i_fail(EINVAL, "segment: not a name (1 to %d of A-Za-z0-9._-)",
		                    MPSHM_NAME_MAX);
	/* Again: somebody attaches just now, and is soon registered. */
	int64_t deadline = mpshm_i_deadline(UNLINK_PATIENCE_NS);
	while ((ret = try_unlink(name, mpshm_i_clock_now() < deadline)) == FILE_AGAIN)
		mpshm_i_clock_nap(FILE_NAP_NS);
	return ret;
}
