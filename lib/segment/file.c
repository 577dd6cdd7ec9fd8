/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "platform/error.h"
#include "platform/shm.h"

/* Between the two attempts the file may come or go; this often is no accident. */
#define OPEN_TRIES 1000

static int open_failed(int error, const char *name)
{
	switch (error) {
	case ENOENT:
		return mpshm_i_fail(error, "segment %s: there is none", name);
	case ENOTTY:
		return mpshm_i_fail(EBADMSG, "segment %s: not a segment, and no regular file",
		                    name);
	default:
		return mpshm_i_fail(error, "segment %s: its file can't be opened: %s", name,
		                    strerror(error));
	}
}

int mpshm_i_file_open(const char *name, bool create)
{
	int fd = -ENOENT;

	/* O_CREAT only where there is none: see mpshm_i_shm_open(). */
	for (int i = 0; i < OPEN_TRIES; i++) {
		fd = mpshm_i_shm_open(name, O_RDWR, 0);
		if (fd != -ENOENT || !create)
			break;
		fd = mpshm_i_shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
		if (fd != -EEXIST)
			break;
	}
	return fd < 0 ? open_failed(-fd, name) : fd;
}

static int hold(int fd, const char *name, int64_t byte, short type)
{
	int ret = mpshm_i_shm_lock(fd, byte, type, false);
	if (ret == -EAGAIN)
		return FILE_AGAIN;
	if (ret < 0)
		return mpshm_i_fail(-ret, "segment %s: its file can't be locked: %s", name,
		                    strerror(-ret));
	int linked = mpshm_i_shm_is_linked(fd, name);
	if (linked < 0)
		return mpshm_i_fail(-linked, "segment %s: its file can't be looked at: %s", name,
		                    strerror(-linked));
	return linked ? 0 : FILE_AGAIN;
}

int mpshm_i_file_hold(int fd, const char *name, short type)
{
	return hold(fd, name, LIVENESS_BYTE_ATTACH, type);
}

int mpshm_i_file_hold_creation(int fd, const char *name)
{
	return hold(fd, name, LIVENESS_BYTE_CREATE, F_WRLCK);
}

void mpshm_i_file_let_go(int fd)
{
	(void) mpshm_i_shm_lock(fd, LIVENESS_BYTE_UNLINK, F_UNLCK, false);
	(void) mpshm_i_shm_lock(fd, LIVENESS_BYTE_CREATE, F_UNLCK, false);
	(void) mpshm_i_shm_lock(fd, LIVENESS_BYTE_ATTACH, F_UNLCK, false);
}

int mpshm_i_file_unlink(int fd, const char *name)
{
	char path[SHM_PATH_MAX];

	int ret = hold(fd, name, LIVENESS_BYTE_UNLINK, F_WRLCK);
	if (ret != 0)
		return ret;
	mpshm_i_shm_path(name, path);
	if (unlink(path) < 0 && errno != ENOENT)
		return mpshm_i_fail(errno == EPERM ? EACCES : errno,
		                    "segment %s: it can't be unlinked: %s", name, strerror(errno));
	return 0;
}

static bool is_file_of(const struct mpshm_segment *segment, int fd)
{
	struct stat file;

	return fd >= 0 && fstat(fd, &file) == 0 && (uint64_t) file.st_dev == segment->device &&
	       (uint64_t) file.st_ino == segment->inode;
}

int mpshm_i_segment_fd(struct mpshm_segment *segment)
{
	if (is_file_of(segment, segment->fd))
		return segment->fd;

	/* Closed by the host, and perhaps another file of the host's by now: not ours to
	 * close. */
	int fd = mpshm_i_shm_open(segment->name, O_RDWR, 0);
	if (fd == -ENOENT)
		return -ESTALE;
	if (fd < 0)
		return fd;
	if (!is_file_of(segment, fd)) {
		(void) close(fd);
		return -ESTALE;
	}
	/* Relaxed: who reads it without the mutex checks it. */
	__atomic_store_n(&segment->fd, fd, __ATOMIC_RELAXED);
	return fd;
}
