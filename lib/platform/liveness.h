/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * liveness: proof from the kernel that a process lives.
 *
 * A live participant holds a write lock (OFD) on one byte of the segment's file,
 * far beyond its end.  The lock is carried by a mapping, not by a descriptor: it
 * survives whatever the host does to its descriptors, is not inherited by a
 * forked child, and is dropped by the kernel when the process dies or execs, in
 * any pid namespace.
 */
#ifndef MPSHM_PLATFORM_LIVENESS_H
#define MPSHM_PLATFORM_LIVENESS_H

#include <stdint.h>

/* Bytes of the file that are locked; nothing is ever stored there. */
#define LIVENESS_BYTE_CREATE ((int64_t) 1 << 62)        /* creation of the segment */
#define LIVENESS_BYTE_ATTACH (LIVENESS_BYTE_CREATE + 1) /* attach (shared), unlink (exclusive) */
#define LIVENESS_BYTE_UNLINK (LIVENESS_BYTE_CREATE + 3) /* the last steps of an unlink */
#define LIVENESS_BYTE_PARTICIPANT(i) (LIVENESS_BYTE_CREATE + 16 + (int64_t) (i))

/* It stays where it is while it is held. */
struct liveness_lock {
	void *mapping;                     /* carries the lock; NULL: not held */
	struct liveness_lock *next_copied; /* liveness.c's own */
};

/*
 * Take the write lock on `byte` of the file that `fd` is open on (the file is
 * opened anew through /proc/self/fd, or by `path` where that is not there; the
 * new open file is checked to be the same inode).  `path` is as for open(2).
 * 0; -EAGAIN: somebody holds it; another negative errno.
 */
int mpshm_i_liveness_acquire(struct liveness_lock *lock, int fd, const char *path, int64_t byte);
void mpshm_i_liveness_release(struct liveness_lock *lock);

/*
 * Forget a lock that was inherited through fork.  The mapping is not there in the
 * child, so there is nothing to release; where it is, it is dropped.
 */
void mpshm_i_liveness_forget(struct liveness_lock *lock);

/* Is the byte write-locked by anybody else's open file?  1, 0, or a negative errno. */
int mpshm_i_liveness_held(int fd, int64_t byte);

#endif
