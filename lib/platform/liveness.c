/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An OFD lock belongs to the open file and is given up with the last reference to it.
 * Here that is a mapping that no child gets: the descriptor is closed at once.
 *
 * Between open and close a fork in another thread would copy the descriptor, or the
 * mapping before MADV_DONTFORK, and the child would keep a dead parent looking alive:
 * the fork gate holds it back.  A bare clone(2) within these microseconds is not
 * seen; its child must exec or end before the lock can become free.
 */
#include "platform/liveness.h"

#include "platform/forkgate.h"
#include "platform/keep_errno.h"
#include "platform/shm.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

/* O_NONBLOCK: should `path` stand for something else by now, it can't hang us. */
#define ANEW_FLAGS (O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int open_anew(int fd, const char *path)
{
	char link[32];
	struct stat ours;
	struct stat theirs;

	if (fstat(fd, &ours) < 0)
		return -errno;
	(void) snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	int anew = mpshm_i_shm_lift(open(link, ANEW_FLAGS));
	int error = errno;
	if (anew < 0 && path) {
		anew = mpshm_i_shm_lift(open(path, ANEW_FLAGS | O_NOFOLLOW));
		if (error == ENOENT)
			error = errno; /* no /proc: the path's error is the telling one */
	}
	if (anew < 0)
		return -error;

	error = fstat(anew, &theirs) < 0 ? -errno : 0;
	if (error == 0 && (ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino))
		error = -ESTALE;
	if (error < 0) {
		(void) close(anew);
		return error;
	}
	return anew;
}

/* Never accessed: it is there for the reference that it holds on the open file. */
static size_t mapping_bytes(void)
{
	return (size_t) sysconf(_SC_PAGESIZE);
}

/* -EAGAIN says "held": here it would say "over RLIMIT_MEMLOCK", or "a lease is on it". */
static int unlike_held(int error)
{
	return error == -EAGAIN ? -EBUSY : error;
}

static int lock_by_mapping(int fd, int64_t byte, void **ret_mapping)
{
	void *mapping = mmap(NULL, mapping_bytes(), PROT_NONE, MAP_SHARED, fd, 0);
	if (mapping == MAP_FAILED)
		return unlike_held(-errno);

	int error = madvise(mapping, mapping_bytes(), MADV_DONTFORK) < 0 ? -errno : 0;
	if (error < 0)
		error = unlike_held(error);
	else
		error = mpshm_i_shm_lock(fd, byte, F_WRLCK, false);
	if (error < 0) {
		(void) munmap(mapping, mapping_bytes());
		return error;
	}
	*ret_mapping = mapping;
	return 0;
}

int mpshm_i_liveness_acquire(struct liveness_lock *lock, int fd, const char *path, int64_t byte)
{
	KEEP_ERRNO;
	struct forkgate_pass pass;

	int error = mpshm_i_forkgate_enter(&pass);
	if (error < 0)
		return error;
	int anew = open_anew(fd, path);
	error = anew < 0 ? unlike_held(anew) : lock_by_mapping(anew, byte, &lock->mapping);
	if (anew >= 0)
		(void) close(anew);
	mpshm_i_forkgate_leave(&pass);
	return error;
}

void mpshm_i_liveness_release(struct liveness_lock *lock)
{
	KEEP_ERRNO;
	if (lock->mapping)
		(void) munmap(lock->mapping, mapping_bytes());
	lock->mapping = NULL;
}

void mpshm_i_liveness_forget(struct liveness_lock *lock)
{
	lock->mapping = NULL;
}

int mpshm_i_liveness_held(int fd, int64_t byte)
{
	KEEP_ERRNO;
	struct flock probe = {
		.l_type = F_RDLCK, /* conflicts with write locks only */
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};
	while (fcntl(fd, F_OFD_GETLK, &probe) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return probe.l_type != F_UNLCK;
}
