/* SPDX-License-Identifier: BSD-2-Clause */
/* Segments: named shared memory that holds named objects. */
#ifndef MPSHM_SEGMENT_H
#define MPSHM_SEGMENT_H

#include <mpshm/base.h>

MPSHM_BEGIN_DECLS

/*
 * Options of a new segment.  Zero means the default; an existing segment keeps
 * what it was created with, and options are then ignored.
 */
struct mpshm_segment_options {
	uint64_t size_bytes;         /* address space for all objects; sparse: memory is
	                              * taken object by object.  Default 1 GiB */
	uint32_t directory_capacity; /* objects; default 128, at most 4096 */
	uint32_t participants_max;   /* processes attached at once; default 128, at most 1024 */
	uint32_t threads_max;        /* threads of all processes; default 512, at most 65536 */
	uint32_t mode;               /* permission bits; default 0600 */
	const char *group;           /* group to own it, a name or a number; default NULL: the
	                              * creator's.  Give a mode such as 0660 with it */
	uint32_t flags;              /* MPSHM_EPHEMERAL or 0 */
	uint32_t reserved[7];        /* zero */
};

#define MPSHM_EPHEMERAL 0x1u /* the last participant to close it unlinks it */

/*
 * Open the segment `name` and register this process as its participant.
 *
 * flags: MPSHM_CREATE, MPSHM_EXCLUSIVE, MPSHM_NEW_MAPPING, MPSHM_PREFAULT,
 * MPSHM_HUGE_PAGES.  Where this process has the segment attached already, the same
 * handle is returned once more (and wants one more close), unless MPSHM_NEW_MAPPING asks
 * for a second attachment: another participant, at another address.
 *
 * MPSHM_PREFAULT: the segment's tables now, and each object when it is opened, are mapped
 * page by page, so that no later access to them has to wait for that; memory they have in
 * any case.  MPSHM_HUGE_PAGES: the system is asked to back them by huge pages, which it
 * does where it has them for shared memory (Linux:
 * /sys/kernel/mm/transparent_hugepage/shmem_enabled), and as far as an extent covers whole
 * ones.  Both are an attachment's own choice, that of its first open, and wishes: what
 * can't be had is no error.
 *
 * Returns MPSHM_CREATED or MPSHM_ATTACHED, or
 *   -EINVAL   bad name, flag or option          -ENOENT  no such segment, no MPSHM_CREATE
 *   -EEXIST   MPSHM_EXCLUSIVE, and it exists    -EACCES  permission
 *   -ENOSPC   no room for its tables (also where RLIMIT_FSIZE forbids the size)
 *   -EPROTO   another layout version, architecture or word size
 *   -EBADMSG  not a segment, truncated, or a field failed its check
 *   -EUSERS   participants_max live processes are attached
 *   -ENOMEM, -EMFILE, -ENFILE, -EIO  of this process or system
 *
 * Race-free against any number of creators; a creator that died half-way is
 * taken over.  May block for as long as another process takes to create it.
 * Thread-safe; takes locks, so not for signal handlers.
 */
int mpshm_segment_open(struct mpshm_segment **ret_segment, const char *name, unsigned flags,
                       const struct mpshm_segment_options *options);

/*
 * The handle of a segment that this process has attached, without a lock or a
 * system call; it wants its own close.  0, or -ENOENT: it is not attached here; -EINVAL: bad name.
 */
int mpshm_segment_find(struct mpshm_segment **ret_segment, const char *name);

/*
 * Give the handle back.  Each open and find wants one close: who has opened or found
 * it may use it until its own close, whatever other threads close.  The last one of an
 * attachment leaves the segment: unregisters and unmaps; the handle is void then.
 *
 * 0, or of the last one -EBUSY: objects opened through it are open, or another thread is
 * met in a call that opens, closes or unlinks objects or recovers; nothing is changed then.
 */
int mpshm_segment_close(struct mpshm_segment *segment);

/*
 * Remove the name.  Who is attached goes on; the memory goes with the last of
 * them.  The name may be created anew at once.  Waits while somebody is in the middle
 * of attaching, a second at most: that one then finds the name gone, and opens anew.
 * 0, or -ENOENT, -EACCES, -EINVAL; -EBADMSG: the name is no regular file's.
 */
int mpshm_segment_unlink(const char *name);

/*
 * Resolve what dead participants left, now, instead of when somebody meets it.
 * Returns how many participants were found dead and resolved, or a negative errno.
 */
int mpshm_segment_recover(struct mpshm_segment *segment);

/*
 * Take the calling thread's cell in the segment now instead of at its first
 * operation: no later call of this thread on this segment's objects then takes
 * a lock or a system call beyond its own work, so that the try_ calls that push, pop,
 * put and get may be made from signal handlers (those of an spsc side only where no
 * other call on that side can be interrupted).  Spans and reservations may not be
 * opened there.  Given back when the thread exits, or by
 * mpshm_thread_detach().  0, or -EUSERS: threads_max threads have one.
 */
int mpshm_thread_attach(struct mpshm_segment *segment);

/*
 * Give the calling thread's cell back.  0, also where it has none; -EBUSY while it has a
 * span of an mpmc ring open.
 */
int mpshm_thread_detach(struct mpshm_segment *segment);

/*
 * Remove an object's name from the segment.  Who has it open goes on; its
 * memory is reused when no live process has it open.  0, or -ENOENT, -EINVAL.
 */
int mpshm_object_unlink(struct mpshm_segment *segment, const char *name);

/* The segment's name, and its 16-byte UUID: another creation, another UUID. */
const char *mpshm_segment_name(const struct mpshm_segment *segment);
void mpshm_segment_uuid(const struct mpshm_segment *segment, uint8_t ret_uuid[16]);

MPSHM_END_DECLS
#endif
