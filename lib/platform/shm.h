/* SPDX-License-Identifier: BSD-2-Clause */
/* shm: files of POSIX shared memory, their locks, their memory. */
#ifndef MPSHM_PLATFORM_SHM_H
#define MPSHM_PLATFORM_SHM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The directory where segments are files, and the prefix of each, "mpshm.". */
#define SHM_DIRECTORY "/dev/shm"
#define SHM_PREFIX "mpshm."
#define SHM_PATH_MAX 256

/* 1 to 200 of A-Za-z0-9._- ; anything else is no name. */
bool mpshm_i_name_valid(const char *name);

/* SHM_DIRECTORY "/" SHM_PREFIX name, into ret_path[SHM_PATH_MAX]. */
void mpshm_i_shm_path(const char *name, char *ret_path);

/*
 * Open the file of the segment `name` (O_CLOEXEC, O_NOFOLLOW added; never on
 * descriptors 0 to 2).  open_flags as open(2).  A descriptor, or a negative
 * errno; -ENOTTY where it is no regular file.  O_CREAT belongs with O_EXCL: in a
 * sticky directory the kernel may refuse O_CREAT on somebody else's file (EACCES,
 * fs.protected_regular), which opening without it allows.
 */
int mpshm_i_shm_open(const char *name, int open_flags, mode_t mode);

/*
 * A descriptor 0 to 2, which a host that closed them would read and write, is moved
 * up; others, and negative ones, come back as they are.  -1 and errno on failure.
 */
int mpshm_i_shm_lift(int fd);

/* Is `fd` the file that the name stands for now?  1, 0, or a negative errno. */
int mpshm_i_shm_is_linked(int fd, const char *name);

/*
 * Lock one byte of an open file, for this open file (F_OFD_SETLK...), as
 * opposed to a liveness lock given up with the descriptor.  type: F_RDLCK,
 * F_WRLCK or F_UNLCK.  wait: block until it is free, through signals.  A read lock
 * needs a readable descriptor, a write lock a writable one (-EBADF).  0; -EAGAIN:
 * held by another; another negative errno.
 */
int mpshm_i_shm_lock(int fd, int64_t byte, short type, bool wait);

/*
 * Give the range memory, zeroed where it had none, so that no access raises SIGBUS
 * later; the file grows where the range ends beyond it.  0; -ENOSPC: no room in the
 * file system, or it would grow beyond RLIMIT_FSIZE; another negative errno.  On
 * failure the range may be partly given: punch what you don't keep.
 */
int mpshm_i_shm_reserve(int fd, uint64_t offset, uint64_t bytes);

/* Take the range's memory back; it reads as zeros.  0 or a negative errno. */
int mpshm_i_shm_punch(int fd, uint64_t offset, uint64_t bytes);

/* Set the file's length: 0; -ENOSPC: RLIMIT_FSIZE forbids it (to try would kill); ... */
int mpshm_i_shm_set_bytes(int fd, uint64_t bytes);

/*
 * Map the whole file shared: writable or read-only; not in core dumps, no swap
 * reserved.  huge: where huge pages can begin.  0 or a negative errno.
 */
int mpshm_i_shm_map(int fd, uint64_t bytes, bool writable, bool huge, void **ret_base);

/*
 * For a range of a writable mapping, all of which has memory: have its pages mapped now;
 * ask for huge ones where whole ones lie in it.  What can't be done is left out.
 */
void mpshm_i_shm_prefault(void *start, uint64_t bytes);
void mpshm_i_shm_ask_huge(void *start, uint64_t bytes);

#endif
