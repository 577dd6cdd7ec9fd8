/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment: the header of a segment's file, and where its parts lie.
 *
 *   0                 header                        one page
 *   participants_at   participants_max participants 256 bytes each
 *   cells_at          threads_max intent cells      128 bytes each
 *   directory_at      directory_capacity entries    512 bytes each
 *   heap_at           objects, page by page, to segment_bytes
 *
 * Each part starts on a page.  Everything before the heap has memory from the
 * creation on; the heap is sparse.
 */
#ifndef MPSHM_LAYOUT_SEGMENT_H
#define MPSHM_LAYOUT_SEGMENT_H

#include "layout/directory.h"
#include "layout/owner.h"
#include "layout/participant.h"

#define SEGMENT_MAGIC "MPSHM\r\n\x1a" /* 8 bytes; a text-mode copy breaks it */
#define SEGMENT_LAYOUT_MAJOR 1u
#define SEGMENT_LAYOUT_MINOR 0u
#define SEGMENT_BYTE_ORDER UINT32_C(0x01020304)
#define SEGMENT_READY UINT32_C(0x59444552) /* "REDY" */

/* Feature bits this version knows: none yet.  An unknown compat bit may be
 * ignored, an unknown ro_compat bit forbids writing, an incompat one, use. */
#define SEGMENT_FEATURES_COMPAT UINT64_C(0)
#define SEGMENT_FEATURES_RO_COMPAT UINT64_C(0)
#define SEGMENT_FEATURES_INCOMPAT UINT64_C(0)

/* Option bits, fixed at creation. */
#define SEGMENT_EPHEMERAL 0x1u

struct segment_shm {
	/* Line 0 and 1: written by the creator before `ready`, then kept. */
	char magic[8];
	uint32_t layout_major;
	uint32_t layout_minor;
	uint64_t features_compat;
	uint64_t features_ro_compat;
	uint64_t features_incompat;
	uint32_t byte_order;
	uint16_t word_bytes;
	uint16_t line_bytes;
	uint32_t header_bytes;
	uint32_t page_bytes;
	uint64_t segment_bytes;
	uint8_t uuid[16];
	uint64_t created_ns;
	uint32_t creator_pid;
	uint32_t options;
	uint32_t participants_max;
	uint32_t threads_max;
	uint32_t directory_capacity;
	uint32_t reserved0;
	uint64_t participants_at;
	uint64_t cells_at;
	uint64_t directory_at;
	uint64_t heap_at;
	uint64_t reserved1[12];
	/* Stored last, with release; whoever reads it with acquire sees all of the above. */
	atomic32 ready;
	uint32_t reserved2[3];

	/* Line 2: read by every waker, written (once) by a participant without membarrier. */
	atomic32 fence_required; /* sticky: wakers must fence */
	atomic32 corrupt;        /* sticky: a field failed its check; for people */
	uint64_t reserved3[15];

	/* Line 3. */
	struct lock_shm directory_lock; /* guards the directory, and recovery's bookkeeping */
	uint64_t reserved4[14];

	/* Line 4: statistics, for people. */
	atomic64 peer_deaths; /* participants found dead and resolved */
	atomic64 recoveries;  /* takeovers of a dead one's directory lock */
	atomic32
		cells_high; /* all cells in use are below; any, only raised, before a cell is used */
	uint32_t reserved5[27];

	uint64_t reserved6[432];
};
LAYOUT_SIZE(struct segment_shm, 4096);
LAYOUT_AT(struct segment_shm, magic, 0, 8);
LAYOUT_AT(struct segment_shm, layout_major, 8, 4);
LAYOUT_AT(struct segment_shm, layout_minor, 12, 4);
LAYOUT_AT(struct segment_shm, features_compat, 16, 8);
LAYOUT_AT(struct segment_shm, features_ro_compat, 24, 8);
LAYOUT_AT(struct segment_shm, features_incompat, 32, 8);
LAYOUT_AT(struct segment_shm, byte_order, 40, 4);
LAYOUT_AT(struct segment_shm, word_bytes, 44, 2);
LAYOUT_AT(struct segment_shm, line_bytes, 46, 2);
LAYOUT_AT(struct segment_shm, header_bytes, 48, 4);
LAYOUT_AT(struct segment_shm, page_bytes, 52, 4);
LAYOUT_AT(struct segment_shm, segment_bytes, 56, 8);
LAYOUT_AT(struct segment_shm, uuid, 64, 16);
LAYOUT_AT(struct segment_shm, created_ns, 80, 8);
LAYOUT_AT(struct segment_shm, creator_pid, 88, 4);
LAYOUT_AT(struct segment_shm, options, 92, 4);
LAYOUT_AT(struct segment_shm, participants_max, 96, 4);
LAYOUT_AT(struct segment_shm, threads_max, 100, 4);
LAYOUT_AT(struct segment_shm, directory_capacity, 104, 4);
LAYOUT_AT(struct segment_shm, participants_at, 112, 8);
LAYOUT_AT(struct segment_shm, cells_at, 120, 8);
LAYOUT_AT(struct segment_shm, directory_at, 128, 8);
LAYOUT_AT(struct segment_shm, heap_at, 136, 8);
LAYOUT_AT(struct segment_shm, ready, 240, 4);
LAYOUT_AT(struct segment_shm, fence_required, 256, 4);
LAYOUT_AT(struct segment_shm, corrupt, 260, 4);
LAYOUT_AT(struct segment_shm, directory_lock, 384, 16);
LAYOUT_AT(struct segment_shm, peer_deaths, 512, 8);
LAYOUT_AT(struct segment_shm, recoveries, 520, 8);
LAYOUT_AT(struct segment_shm, cells_high, 528, 4);

#endif
