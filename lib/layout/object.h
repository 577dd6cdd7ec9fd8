/* SPDX-License-Identifier: BSD-2-Clause */
/* object: the shared parts of values, counters and spsc rings. */
#ifndef MPSHM_LAYOUT_OBJECT_H
#define MPSHM_LAYOUT_OBJECT_H

#include "layout/check.h"
#include "layout/owner.h"
#include "layout/participant.h"

/* Offsets inside an object count from the object's start. */

/*
 * What a waiter and its wakers share.  One line for the word, one for those who
 * wait on many things at once.
 */
struct wait_shm {
	atomic32 word; /* epoch:31 (bits 1 to 31) | sleepers:1 (bit 0), see sync/wait.h */
	atomic32 cpu;  /* CPU+1 where the waking side last ran; a hint, now and then stored */
	uint64_t reserved[15];
	atomic64 subscribers[PARTICIPANTS_LIMIT / 64]; /* reserved: whose doorbell to ring */
};
LAYOUT_SIZE(struct wait_shm, 256);
LAYOUT_AT(struct wait_shm, word, 0, 4);
LAYOUT_AT(struct wait_shm, cpu, 4, 4);
LAYOUT_AT(struct wait_shm, subscribers, 128, 128);

struct value_shm {
	atomic64 value; /* any, any order */
	uint64_t reserved[15];
	struct lock_shm lock; /* reserved: for values with a lock */
	uint64_t holder[14];  /* reserved */
};
LAYOUT_SIZE(struct value_shm, 256);
LAYOUT_AT(struct value_shm, value, 0, 8);
LAYOUT_AT(struct value_shm, lock, 128, 16);
LAYOUT_AT(struct value_shm, holder, 144, 112);

/* Stripe of thread cell t: at stripes_at + t * stripe_bytes + lane_at, an int64_t. */
struct counter_shm {
	uint64_t stripes_at;
	uint32_t stripe_bytes;
	uint32_t lane_at; /* reserved for counters that share an array; 0 */
	uint32_t stripes; /* the segment's threads_max */
	uint32_t reserved0;
	uint64_t reserved1[13];
};
LAYOUT_SIZE(struct counter_shm, 128);
LAYOUT_AT(struct counter_shm, stripes_at, 0, 8);
LAYOUT_AT(struct counter_shm, stripe_bytes, 8, 4);
LAYOUT_AT(struct counter_shm, lane_at, 12, 4);
LAYOUT_AT(struct counter_shm, stripes, 16, 4);

/* A stripe is written by the thread whose cell has its number, by plain adds,
 * and never zeroed: a successor goes on from what the dead one left. */
struct stripe_shm {
	atomic64 sum;
	uint64_t reserved[7];
};
LAYOUT_SIZE(struct stripe_shm, 64);
LAYOUT_AT(struct stripe_shm, sum, 0, 8);

/* A side's owner word without an owner: 0, nobody had it yet; or this, who had it
 * closed it. */
#define SIDE_LEFT (UINT64_C(1) << 48)

/*
 * Lamport's ring.  Positions count elements since creation and only grow;
 * element p lies in slot p mod capacity.  tail - head is the number of elements.
 */
struct spsc_shm {
	uint32_t capacity; /* creator; a power of two */
	uint32_t element_bytes;
	uint64_t elements_at; /* packed: element_bytes apart */
	uint64_t reserved0[14];

	atomic64 producer;   /* owner word of the process that has the side; or see SIDE_LEFT */
	atomic64 consumer;   /* likewise */
	atomic64 take_overs; /* sides taken over from the dead; any, add */
	atomic32 shut_down;  /* reserved */
	uint32_t reserved1;
	uint64_t reserved2[12];

	atomic64 tail; /* producer, release; consumer, acquire */
	uint64_t reserved3[15];

	atomic64 head; /* consumer, release; producer, acquire */
	uint64_t reserved4[15];

	struct wait_shm not_empty; /* reserved: blocking forms */
	struct wait_shm not_full;  /* reserved */
};
LAYOUT_SIZE(struct spsc_shm, 1024);
LAYOUT_AT(struct spsc_shm, capacity, 0, 4);
LAYOUT_AT(struct spsc_shm, element_bytes, 4, 4);
LAYOUT_AT(struct spsc_shm, elements_at, 8, 8);
LAYOUT_AT(struct spsc_shm, producer, 128, 8);
LAYOUT_AT(struct spsc_shm, consumer, 136, 8);
LAYOUT_AT(struct spsc_shm, take_overs, 144, 8);
LAYOUT_AT(struct spsc_shm, shut_down, 152, 4);
LAYOUT_AT(struct spsc_shm, tail, 256, 8);
LAYOUT_AT(struct spsc_shm, head, 384, 8);
LAYOUT_AT(struct spsc_shm, not_empty, 512, 256);
LAYOUT_AT(struct spsc_shm, not_full, 768, 256);

#endif
