/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An OFD lock belongs to the open file and is given up with the last reference to it.
 * Here that is a mapping that no child gets: the descriptor is closed at once.
 *
 * Between open and close a fork in another thread would copy the descriptor, or the
 * mapping before MADV_DONTFORK, and the child would keep a dead parent looking alive:
 * the fork gate holds it back.  A bare clone(2) within these microseconds is not
 * seen; its child must exec or end before the lock can become free.
 *
 * Where advice is not meant (platform/advice.h) every child gets the mapping.  There a
 * fork handler takes it away; until that has run the lock stands.  What a bare clone got
 * goes with its first call of ours.
 */
#include "platform/liveness.h"

#include "platform/advice.h"
#include "platform/atomic.h"
#include "platform/forkgate.h"
#include "platform/keep_errno.h"
#include "platform/shm.h"

#include <fcntl.h>
#include <pthread.h>
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

/*
 * The locks whose mapping a child gets, changed inside the fork gate only: a child made
 * by fork() finds the list whole.  Empty where advice is meant.
 */
static struct liveness_lock *copied;
static pthread_mutex_t copied_mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic32 handler_ready;

static void drop_copies_in_child(void)
{
	KEEP_ERRNO;

	for (struct liveness_lock *lock = copied; lock; lock = lock->next_copied) {
		(void) munmap(lock->mapping, mapping_bytes());
		lock->mapping = NULL;
	}
	copied = NULL;
}

/* Two first callers may both register it: the second run of the handler finds nothing. */
static int handler_register(void)
{
	/* [LV-A1] pairs with [LV-R1]: each fork from here on drops what it has copied */
	if (atomic32_load_acquire(&handler_ready) != 0)
		return 0;
	int error = pthread_atfork(NULL, NULL, drop_copies_in_child);
	if (error == 0)
		/* [LV-R1] pairs with [LV-A1]: registered */
		atomic32_store_release(&handler_ready, 1);
	return -error;
}

static void copied_add(struct liveness_lock *lock)
{
	pthread_mutex_lock(&copied_mutex);
	lock->next_copied = copied;
	copied = lock;
	pthread_mutex_unlock(&copied_mutex);
}

/* Was it there? */
static bool copied_remove(struct liveness_lock *lock)
{
	pthread_mutex_lock(&copied_mutex);
	struct liveness_lock **at = &copied;
	while (*at && *at != lock)
		at = &(*at)->next_copied;
	bool there = *at != NULL;
	if (there)
		*at = lock->next_copied;
	pthread_mutex_unlock(&copied_mutex);
	return there;
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

	/* Registered outside the gate: older C libraries hold a lock of theirs while a fork
	 * waits there, and take it to register. */
	bool copies = !advice_is_meant();
	int error = copies ? handler_register() : 0;
	if (error == 0)
		error = mpshm_i_forkgate_enter(&pass);
	if (error < 0)
		return error;
	int anew = open_anew(fd, path);
	error = anew < 0 ? unlike_held(anew) : lock_by_mapping(anew, byte, &lock->mapping);
	if (anew >= 0)
		(void) close(anew);
	if (copies && error == 0)
		copied_add(lock);
	mpshm_i_forkgate_leave(&pass);
	return error;
}

/*
 * In the gate, so that no child gets the mapping and not its place in the list.  The gate
 * lets us in: its handlers were registered when the lock was taken.
 */
static bool release_copied(struct liveness_lock *lock)
{
	struct forkgate_pass pass;

	/* relaxed: who took the lock has seen it, and gave us the lock */
	if (!lock->mapping || atomic32_load_relaxed(&handler_ready) == 0 ||
	    mpshm_i_forkgate_enter(&pass) < 0)
		return false;
	bool there = copied_remove(lock);
	if (there)
		(void) munmap(lock->mapping, mapping_bytes());
	mpshm_i_forkgate_leave(&pass);
	return there;
}

void mpshm_i_liveness_release(struct liveness_lock *lock)
{
	KEEP_ERRNO;
	if (lock->mapping && !release_copied(lock))
		(void) munmap(lock->mapping, mapping_bytes());
	lock->mapping = NULL;
}

void mpshm_i_liveness_forget(struct liveness_lock *lock)
{
	KEEP_ERRNO;
	(void) release_copied(lock);
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
