/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_world: the queue that its cases share, and how survivors check it. */
#ifndef MPSHM_TESTS_CRASH_QUEUE_WORLD_H
#define MPSHM_TESTS_CRASH_QUEUE_WORLD_H

#include "world.h"

#define QUEUE_CAPACITY 6u
#define QUEUE_INLINE_BYTES 40u
#define QUEUE_BLOCK_BYTES 300u

enum queue_helper {
	QUEUE_NO_HELPER,
	QUEUE_SLEEPING_GETTER, /* another process is asleep in get */
	QUEUE_SLEEPING_PUTTER, /* in put */
	QUEUE_PUTTER_SOON,     /* it puts some milliseconds later, for a victim that sleeps */
	QUEUE_GETTER_SOON,
	QUEUE_GETTER_BEHIND, /* asleep in get once the victim has its lease */
};

struct queue_state {
	uint32_t skipped;
	uint32_t taken;  /* messages that a dead getter had claimed; recovered */
	uint32_t held;   /* that a dead one had leased; not recovered */
	uint32_t back;   /* whose lease was aborted */
	uint32_t filled; /* by messages of `bytes`, as the victim's */
	bool shut;
	size_t bytes;
	enum queue_helper helper;
	int64_t timeout_ns; /* of the victim's operation */
};

extern struct mpshm_queue *world_queue;
extern uint64_t queue_buffer[QUEUE_BLOCK_BYTES / 8 + 1];

/* In the victim: take a lease, and see to it that the helper waits. */
void queue_lease(struct mpshm_lease *ret_lease);

void queue_setup(const struct crash_case *self);
void queue_check(const struct crash_case *self);
void queue_poke(const struct crash_case *self);
void queue_clean(const struct crash_case *self);

#endif
