/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment: one attachment of this process to a segment, in private memory.
 *
 * Geometry is checked once, at attach, and kept here: what a peer writes into
 * the segment's header later changes nothing for us.
 */
#ifndef MPSHM_SEGMENT_SEGMENT_H
#define MPSHM_SEGMENT_SEGMENT_H

#include <pthread.h>

#include "layout/segment.h"
#include "platform/liveness.h"
#include <mpshm/segment.h>
#include <urcu/rculfhash.h>

struct object;

struct mpshm_segment {
	/* Set at attach, then constant. */
	char *base;
	uint64_t bytes;
	struct segment_shm *shm;
	struct participant_shm *participants;
	struct cell_shm *cells;
	struct entry_shm *directory;
	uint32_t participants_max;
	uint32_t threads_max;
	uint32_t directory_capacity;
	uint32_t options;
	uint64_t heap_at;
	uint8_t uuid[16];
	char name[MPSHM_NAME_MAX + 1];
	uint64_t device, inode;
	uint32_t serial; /* numbers this process's attachments; picks the thread slot */
	bool membarrier; /* this process is registered: publishers may go without fence */
	bool prefault;   /* MPSHM_PREFAULT, MPSHM_HUGE_PAGES */
	bool huge;

	/* Who we are; set at registration, and again by a forked child. */
	uint32_t participant;
	uint64_t self;    /* owner word */
	uint64_t process; /* identity that registered, see platform/process.h */
	struct liveness_lock alive;
	struct liveness_lock
		newcomer;        /* held while the directory lock is, by who is no participant */
	uint64_t newcomer_owner; /* the owner word that goes with it; under `mutex` */

	/* Under `mutex`, which is taken before the segment's directory lock. */
	pthread_mutex_t mutex;
	int fd;                 /* the file, for probing and for memory; never locked through */
	struct object *objects; /* open in this process, linked */

	/* The registry's. */
	atomic32 references; /* opens of this attachment; 0: on its way out */
	bool additional;     /* by MPSHM_NEW_MAPPING: another one comes first in look-ups */
	struct cds_lfht_node node;
};

/*
 * The descriptor, verified to be still the segment's file (a host may close
 * or reuse descriptors), else opened anew by name.  Call with `mutex` held.
 * -ESTALE: it can't be had any more (unlinked, and the host closed ours).
 */
int mpshm_i_segment_fd(struct mpshm_segment *segment);

/*
 * Make sure that this process, perhaps a forked child, is registered with the
 * segment.  Call it without locks.  0, or -EUSERS, -ESTALE (an object that the child
 * inherited is gone)...
 */
int mpshm_i_segment_register(struct mpshm_segment *segment);

/* Is this very process (not one that it was forked from) registered? */
bool mpshm_i_segment_registered(const struct mpshm_segment *segment);

/*
 * The directory lock: serialises open, create, unlink, close and the last step of
 * recovery, across processes.  Taken with `mutex` held.  A dead holder is
 * taken over and its half-done work rolled back before lock returns.  Who is not
 * registered may take it too: as the newcomer, of whom there is one at a time.
 *
 * lock waits while a live holder keeps it; trylock returns -EAGAIN then.
 */
int mpshm_i_directory_lock(struct mpshm_segment *segment);
int mpshm_i_directory_trylock(struct mpshm_segment *segment);
void mpshm_i_directory_unlock(struct mpshm_segment *segment);

#endif
