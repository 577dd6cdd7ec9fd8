/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inspect: look into a live segment, read-only, without becoming a participant.
 *
 * What is told is a moment's truth, read without a lock; every field that comes
 * from the segment is checked before it is used, so that a corrupt or hostile
 * segment gives an error or odd numbers, never a crash.  (A file truncated while
 * it is looked at raises SIGBUS in any reader of a mapping; inspect copies by
 * read calls where it can be told so instead.)
 */
#ifndef MPSHM_INSPECT_H
#define MPSHM_INSPECT_H

#include <mpshm/base.h>

MPSHM_BEGIN_DECLS

struct mpshm_inspect;

/* What a file of the name turned out to be. */
enum mpshm_segment_state {
	MPSHM_SEGMENT_OK = 0,
	MPSHM_SEGMENT_CREATING,  /* its creator is at work, or died at it */
	MPSHM_SEGMENT_FOREIGN,   /* another layout version, architecture or word size */
	MPSHM_SEGMENT_TRUNCATED, /* shorter than its header says */
	MPSHM_SEGMENT_CORRUPT,   /* a field failed its check */
	MPSHM_SEGMENT_OTHER,     /* not a segment at all */
};

enum mpshm_object_kind {
	MPSHM_KIND_SPSC = 1,
	MPSHM_KIND_MPMC = 2,
	MPSHM_KIND_QUEUE = 3,
	MPSHM_KIND_VALUE = 4,
	MPSHM_KIND_COUNTER = 5,
};

enum mpshm_liveness { MPSHM_DEAD = 0, MPSHM_ALIVE = 1, MPSHM_LIVENESS_UNKNOWN = 2 };

struct mpshm_segment_info {
	char name[MPSHM_NAME_MAX + 1];
	uint8_t uuid[16];
	uint32_t layout_major, layout_minor;
	uint64_t size_bytes;     /* address space */
	uint64_t memory_bytes;   /* memory that it takes now */
	uint64_t heap_bytes;     /* address space left for objects */
	uint64_t created_ns;     /* CLOCK_REALTIME */
	uint32_t creator_pid;    /* in the creator's pid namespace */
	uint32_t mode, uid, gid; /* of the file */
	uint32_t directory_capacity, objects;
	uint32_t participants_max, participants;
	uint32_t threads_max, threads;
	uint64_t peer_deaths;     /* participants found dead and resolved */
	uint64_t lock_take_overs; /* of the directory's lock, from one who died with it */
	uint32_t ephemeral;       /* 1: the last one out unlinks it */
	uint32_t reserved[5];
};

/*
 * What deaths an object has seen is counted once each, behind the step that resolved
 * it: never twice, and one too few where the process that resolved it was itself killed
 * right there.
 */
struct mpshm_object_info {
	char name[MPSHM_NAME_MAX + 1];
	uint32_t index;       /* its place in the directory */
	uint32_t incarnation; /* how often that place has been used */
	uint32_t kind;        /* enum mpshm_object_kind; others may come */
	uint32_t unlinked;    /* 1: its name is gone, somebody has it open */
	uint64_t memory_bytes;
	uint64_t created_ns;
	uint64_t capacity;           /* rings, queue: elements or messages; else 0 */
	uint64_t used;               /* rings, queue: in it now */
	uint64_t element_bytes;      /* rings; queue: its largest message */
	uint64_t put_total;          /* rings, queue: claimed by producers since creation */
	uint64_t get_total;          /* rings, queue: claimed by consumers since creation */
	int64_t value;               /* value, counter */
	uint32_t shut_down;          /* queue */
	uint32_t openers;            /* participants that have it open */
	uint32_t producer, consumer; /* spsc: participant of the side, or UINT32_MAX */
	uint64_t pool_blocks, pool_blocks_used; /* queue */
	uint64_t waiters_put, waiters_get;      /* queue: 1 where somebody may be asleep, else 0 */
	uint64_t recovered;   /* rings, queue: positions of the dead that were resolved; spsc:
	                       * sides of the dead that were taken over */
	uint64_t redelivered; /* elements whose consumer died, or aborted, that another one got */
	uint64_t tombstoned;  /* puts cut off */
	uint64_t dropped;     /* elements given up since 255 consumers died of them */
	uint64_t peer_deaths; /* participants that died with it open, found and resolved */
	uint32_t leased;      /* queue: messages in getters' hands */
	uint32_t returned;    /* queue: those whose lease ended without a commit */
	uint32_t reserved[2];
};

struct mpshm_participant_info {
	uint32_t index;
	uint32_t generation; /* how often the slot has been used */
	uint32_t pid;        /* in its own pid namespace: for people, never for decisions */
	uint32_t uid;
	uint32_t liveness;    /* enum mpshm_liveness, by the kernel-held lock */
	uint32_t threads;     /* cells that it holds */
	uint64_t attached_ns; /* CLOCK_REALTIME */
	char command[32];
	uint32_t reserved[8];
};

/*
 * Look at the segment `name`.  Needs read permission only.  0, or -EINVAL (bad
 * name), -ENOENT, -EACCES; -EPROTO foreign; -EBADMSG truncated, corrupt or no
 * segment; -EAGAIN being created.  ret_state, which may be NULL, tells which of
 * them in every case but -EINVAL, -ENOENT and -EACCES.
 */
int mpshm_inspect_open(struct mpshm_inspect **ret_inspect, const char *name,
                       enum mpshm_segment_state *ret_state);

/* NULL: there is nothing to close. */
void mpshm_inspect_close(struct mpshm_inspect *inspect);

/*
 * 0.  This and the calls below: -EBADMSG also where the file was truncated meanwhile;
 * -EBADF: the host closed the descriptor.
 */
int mpshm_inspect_segment(struct mpshm_inspect *inspect, struct mpshm_segment_info *ret_info);

/*
 * The object, or participant, at the cursor or behind it; *cursor starts at 0
 * and is moved behind what was returned.  1: filled; 0: no more; -EBADMSG: the
 * entry at *cursor - 1 failed its check, and the next call goes on behind it.
 */
int mpshm_inspect_object(struct mpshm_inspect *inspect, uint32_t *cursor,
                         struct mpshm_object_info *ret_info);
int mpshm_inspect_participant(struct mpshm_inspect *inspect, uint32_t *cursor,
                              struct mpshm_participant_info *ret_info);

/* 1 where the participant has the object (its index) open, 0 where not; -EINVAL: no such index. */
int mpshm_inspect_has_open(struct mpshm_inspect *inspect, uint32_t object, uint32_t participant);

/*
 * Call `visit` with the name of every segment file of this machine, in order of
 * name, until it returns non-zero; returns that, 0, or a negative errno (-EINVAL:
 * `visit` is NULL).
 */
int mpshm_inspect_list(int (*visit)(const char *name, void *context), void *context);

MPSHM_END_DECLS
#endif
