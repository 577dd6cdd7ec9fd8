/* SPDX-License-Identifier: BSD-2-Clause */
#include "platform/shm.h"

#include "platform/keep_errno.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PATH_HEAD SHM_DIRECTORY "/" SHM_PREFIX
#define NAME_BYTES_MAX 200

_Static_assert(sizeof PATH_HEAD + NAME_BYTES_MAX <= SHM_PATH_MAX, "every valid name has a path");

/* Memory is given in steps of this, so that a signal costs one step and not the whole. */
#define RESERVE_STEP_BYTES (UINT64_C(16) << 20)
#define RESERVE_STEP_BYTES_MIN UINT64_C(4096)

bool mpshm_i_name_valid(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	if (!name)
		return false;
	size_t bytes = strnlen(name, NAME_BYTES_MAX + 1);
	return bytes >= 1 && bytes <= NAME_BYTES_MAX && strspn(name, allowed) == bytes;
}

void mpshm_i_shm_path(const char *name, char *ret_path)
{
	size_t bytes = strnlen(name, NAME_BYTES_MAX);
	memcpy(ret_path, PATH_HEAD, sizeof PATH_HEAD - 1);
	memcpy(ret_path + sizeof PATH_HEAD - 1, name, bytes);
	ret_path[sizeof PATH_HEAD - 1 + bytes] = '\0';
}

int mpshm_i_shm_lift(int fd)
{
	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	int lifted = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	int error = errno;
	(void) close(fd);
	errno = error;
	return lifted;
}

/* open(2) fails in its own words on what is no regular file. */
static int open_error(int error)
{
	switch (error) {
	case ELOOP:  /* a symbolic link */
	case EISDIR: /* a directory */
	case ENXIO:  /* a socket, or a FIFO without a reader */
		return -ENOTTY;
	default:
		return -error;
	}
}

int mpshm_i_shm_open(const char *name, int open_flags, mode_t mode)
{
	KEEP_ERRNO;
	char path[SHM_PATH_MAX];
	struct stat file;
	int fd;

	if (!mpshm_i_name_valid(name))
		return -EINVAL;
	mpshm_i_shm_path(name, path);

	/* O_NONBLOCK means nothing to a regular file; a planted FIFO can't hang us. */
	open_flags |= O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
	do {
		fd = mpshm_i_shm_lift(open(path, open_flags, mode));
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return open_error(errno);

	int error = fstat(fd, &file) < 0 ? -errno : S_ISREG(file.st_mode) ? 0 : -ENOTTY;
	if (error < 0) {
		(void) close(fd);
		return error;
	}
	return fd;
}

int mpshm_i_shm_is_linked(int fd, const char *name)
{
	KEEP_ERRNO;
	char path[SHM_PATH_MAX];
	struct stat file;
	struct stat named;

	if (!mpshm_i_name_valid(name))
		return -EINVAL;
	mpshm_i_shm_path(name, path);
	if (fstat(fd, &file) < 0)
		return -errno;
	if (file.st_nlink == 0)
		return 0;
	if (lstat(path, &named) < 0)
		return errno == ENOENT ? 0 : -errno;
	return file.st_dev == named.st_dev && file.st_ino == named.st_ino;
}

int mpshm_i_shm_lock(int fd, int64_t byte, short type, bool wait)
{
	KEEP_ERRNO;
	struct flock lock = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1,
	};
	while (fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock) < 0) {
		if (errno == EACCES)
			return -EAGAIN; /* POSIX allows both for "held by another" */
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

/*
 * The kernel raises SIGXFSZ, which kills, where a file is to *grow* beyond the limit;
 * what lies below its present end may be filled whatever the limit.
 */
static int growth_allowed(int fd, uint64_t end)
{
	struct rlimit limit;
	struct stat file;

	if (end > INT64_MAX)
		return -EFBIG;
	if (fstat(fd, &file) < 0)
		return -errno;
	if (end <= (uint64_t) file.st_size)
		return 0;
	if (getrlimit(RLIMIT_FSIZE, &limit) < 0)
		return -errno;
	return limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur ? -ENOSPC : 0;
}

/*
 * What can't fit is refused before it fills the file system for everybody else on its
 * way to failure.  All that the file has may lie in the range: the rest is needed.
 */
static int room_possible(int fd, uint64_t bytes)
{
	struct statvfs room;
	struct stat file;

	if (fstat(fd, &file) < 0 || fstatvfs(fd, &room) < 0)
		return 0; /* a sandbox that doesn't say: to try will tell */
	uint64_t given = (uint64_t) file.st_blocks * 512;
	if (room.f_blocks == 0 || room.f_frsize == 0 || bytes <= given)
		return 0; /* no blocks at all: a tmpfs without a limit */
	return (bytes - given) / room.f_frsize > room.f_bavail ? -ENOSPC : 0;
}

int mpshm_i_shm_reserve(int fd, uint64_t offset, uint64_t bytes)
{
	KEEP_ERRNO;
	uint64_t step = RESERVE_STEP_BYTES;

	if (bytes > UINT64_MAX - offset)
		return -EFBIG;
	int error = growth_allowed(fd, offset + bytes);
	if (error == 0)
		error = room_possible(fd, bytes);
	if (error < 0)
		return error;

	while (bytes > 0) {
		uint64_t now = bytes < step ? bytes : step;
		if (fallocate(fd, 0, (off_t) offset, (off_t) now) == 0) {
			offset += now;
			bytes -= now;
		} else if (errno == EINTR) {
			/*
			 * tmpfs of older kernels took the interrupted step back.  Under a fast timer only a
			 * shorter one ever ends.
			 */
			if (step > RESERVE_STEP_BYTES_MIN)
				step /= 2;
		} else if (errno == EOPNOTSUPP) {
			/* Emulated by a write to each page: nobody else may write there yet. */
			return -posix_fallocate(fd, (off_t) offset, (off_t) bytes);
		} else {
			return -errno;
		}
	}
	return 0;
}

int mpshm_i_shm_punch(int fd, uint64_t offset, uint64_t bytes)
{
	KEEP_ERRNO;
	const int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	if (bytes > INT64_MAX || offset > INT64_MAX - bytes)
		return -EFBIG;
	if (bytes == 0)
		return 0;
	while (fallocate(fd, mode, (off_t) offset, (off_t) bytes) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int mpshm_i_shm_set_bytes(int fd, uint64_t bytes)
{
	KEEP_ERRNO;
	int error = growth_allowed(fd, bytes);
	if (error < 0)
		return error;
	while (ftruncate(fd, (off_t) bytes) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}

#define HUGE_BYTES (UINT64_C(2) << 20)

/* Address space that begins with a huge page; what is mapped there is to be replaced. */
static void *huge_place(size_t bytes)
{
	char *hole = mmap(NULL, bytes + HUGE_BYTES, PROT_NONE,
	                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (hole == MAP_FAILED)
		return NULL;
	size_t before = -(uintptr_t) hole % HUGE_BYTES;
	if (before > 0)
		(void) munmap(hole, before);
	(void) munmap(hole + before + bytes, HUGE_BYTES - before);
	return hole + before;
}

int mpshm_i_shm_map(int fd, uint64_t bytes, bool writable, bool huge, void **ret_base)
{
	KEEP_ERRNO;
	if (bytes > SIZE_MAX - HUGE_BYTES)
		return -ENOMEM;
	void *place = huge ? huge_place((size_t) bytes) : NULL;
	void *base = mmap(place, (size_t) bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ,
	                  MAP_SHARED | MAP_NORESERVE | (place ? MAP_FIXED : 0), fd, 0);
	if (base == MAP_FAILED) {
		int error = errno;
		if (place)
			(void) munmap(place, (size_t) bytes);
		return -error;
	}

	/* A wish, not a need: without it a core dump is larger. */
	(void) madvise(base, (size_t) bytes, MADV_DONTDUMP);
	*ret_base = base;
	return 0;
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25 /* Linux 6.1 */
#endif

void mpshm_i_shm_prefault(void *start, uint64_t bytes)
{
	KEEP_ERRNO;
	uint64_t page = (uint64_t) sysconf(_SC_PAGESIZE);
	char *first = (char *) start - (uintptr_t) start % page;
	uint64_t length = bytes + (uint64_t) ((char *) start - first);

	if (madvise(first, (size_t) length, MADV_POPULATE_WRITE) == 0)
		return;
	/* An older kernel: a page of a shared mapping that was read may be written. */
	for (uint64_t at = 0; at < length; at += page)
		(void) *(const volatile char *) (first + at);
}

/* The advice is for pages that come later; those that are there are collapsed. */
void mpshm_i_shm_ask_huge(void *start, uint64_t bytes)
{
	KEEP_ERRNO;
	uint64_t skip = -(uintptr_t) start % HUGE_BYTES;
	uint64_t whole = skip > bytes ? 0 : (bytes - skip) / HUGE_BYTES * HUGE_BYTES;

	if (whole > 0 && madvise((char *) start + skip, (size_t) whole, MADV_HUGEPAGE) == 0)
		(void) madvise((char *) start + skip, (size_t) whole, MADV_COLLAPSE);
}
