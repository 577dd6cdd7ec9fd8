/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recovery itself: a process has died with things in hand, the victim dies at
 * recovering that, and the survivor then recovers both.
 */
#include "cases.h"
#include "queue/queue.h"
#include "ring/mpmc_handle.h"
#include "segment/directory.h"
#include "ring_world.h"

struct debris {
	void (*leave)(void *unused); /* in the one that dies first */
	void (*setup)(void);
	void (*check)(void);
	void (*poke)(void); /* what a survivor tries beside a recoverer that stands still */
	/* What the ring counts in the end; a recoverer that is killed may lose one of each. */
	struct {
		uint64_t recovered, tombstoned, redelivered;
	} counted;
};

static struct mpshm_queue *queue;
static const struct mpmc_shm *counts; /* of the object in directory entry 0; or NULL */
static uint64_t message[64];

static void died_here(void)
{
	__atomic_store_n((uint32_t *) world_scratch(), 1, __ATOMIC_RELEASE);
	for (;;)
		(void) pause();
}

/* What came out; of 1 to the number that was put in. */
static struct {
	uint64_t which;
	uint32_t count;
} seen;

static void note_seen(uint64_t number, uint64_t last)
{
	crash_progress();
	if (number < 1 || number > last)
		crash_fault(CRASH_TORN, "number %llu came", (unsigned long long) number);
	else if (seen.which >> number & 1)
		crash_fault(CRASH_DUPLICATE, "number %llu came twice", (unsigned long long) number);
	seen.which |= UINT64_C(1) << (number & 63);
	seen.count++;
}

static void open_ring(void)
{
	const struct mpshm_mpmc_options options = {.capacity = 16, .element_bytes = 8};
	WORLD_IS(mpshm_mpmc_open(&world_ring, world_segment, "ring", MPSHM_CREATE, &options),
	         MPSHM_CREATED);
	counts = world_ring->ring.shm;
	for (uint64_t i = 1; i <= 6; i++)
		WORLD_IS(mpshm_mpmc_try_push(world_ring, &i), 0);
}

static void open_queue(void)
{
	const struct mpshm_queue_options options = {
		.capacity = 8, .max_message_bytes = 512, .slot_bytes = 64, .pool_bytes = 8192};
	WORLD_IS(mpshm_queue_open(&queue, world_segment, "queue", MPSHM_CREATE, &options),
	         MPSHM_CREATED);
	counts = queue->ring.shm;
	for (message[0] = 1; message[0] <= 3; message[0]++)
		WORLD_IS(mpshm_queue_try_put(queue, message, sizeof message), 0);
}

static void leave_reserved(void *unused)
{
	struct mpshm_span span;
	(void) unused;
	WORLD_IS(mpshm_mpmc_try_reserve(world_ring, 4, &span), 4);
	died_here();
}

static void leave_peeked(void *unused)
{
	struct mpshm_span span;
	(void) unused;
	WORLD_IS(mpshm_mpmc_try_peek(world_ring, 4, &span), 4);
	died_here();
}

/* Frames of both kinds, an adoption, and tombstones in between. */
static void leave_much(void *unused)
{
	struct mpshm_span spans[3];
	(void) unused;
	WORLD_IS(mpshm_mpmc_try_reserve(world_ring, 2, &spans[0]), 2);
	WORLD_IS(mpshm_mpmc_try_peek(world_ring, 1, &spans[1]), 1);
	WORLD_IS(mpshm_mpmc_try_peek(world_ring, 3, &spans[2]), 3);
	died_here();
}

static void leave_blocks(void *unused)
{
	void *block;
	struct frame_shm *frame;
	uint64_t position;
	(void) unused;
	WORLD_IS(mpshm_queue_reserve(queue, 400, &block, 0), 0);
	WORLD_IS(queue_begin(queue, &frame), 0);
	WORLD_IS(mpmc_front(&queue->ring, frame, &position), 0);
	WORLD_IS(mpmc_claim_front(&queue->ring, frame, position), 1);
	died_here();
}

/* Dead in the directory lock, with an object half created, and another open. */
static void leave_directory(void *unused)
{
	(void) unused;
	WORLD_IS(mpshm_i_directory_lock(world_segment), 0);
	struct entry_shm *entry = &world_segment->directory[5];
	entry->extents[0].offset = world_segment->heap_at + 65536;
	entry->extents[0].bytes = 8192;
	atomic64_store_release(&entry->state, entry_state(ENTRY_CREATING, 1));
	died_here();
}

static void take_element(void)
{
	uint64_t element;
	if (mpshm_mpmc_try_pop(world_ring, &element) == 0)
		note_seen(element, 6);
}

static void check_ring(void)
{
	uint64_t element;
	for (struct patience p = {0}; patience(&p) && seen.count < 6;)
		take_element();
	if (seen.count < 6)
		crash_fault(CRASH_LOSS, "%u of 6 elements came", seen.count);
	WORLD_IS(mpshm_segment_recover(world_segment) >= 0, 1);
	/* Tombstones go with the pop that finds them. */
	if (mpshm_mpmc_try_pop(world_ring, &element) == 0)
		crash_fault(CRASH_DUPLICATE, "a seventh element");
	for (element = 0; element < 16; element++)
		if (mpshm_mpmc_try_push(world_ring, &element) != 0)
			crash_fault(CRASH_LEAK, "the ring takes %llu of 16",
			            (unsigned long long) element);
	WORLD_IS(mpshm_mpmc_close(world_ring), 0);
}

static void take_message(void)
{
	if (mpshm_queue_get(queue, message, sizeof message, MPSHM_MILLISECOND) >= 0)
		note_seen(message[0], 3);
}

static void check_queue(void)
{
	for (struct patience p = {0}; patience(&p) && seen.count < 3;)
		take_message();
	if (seen.count < 3)
		crash_fault(CRASH_LOSS, "%u of 3 messages came", seen.count);
	WORLD_IS(mpshm_segment_recover(world_segment) >= 0, 1);
	for (uint32_t i = 0; i < queue->pool.blocks; i++)
		if (block_kind(atomic64_load_acquire(&queue->pool.descriptors[i].word)) !=
		    BLOCK_FREE)
			crash_fault(CRASH_LEAK, "block %u is not free", i);
	for (uint32_t i = 0; i < 8; i++)
		if (mpshm_queue_try_put(queue, message, 8) != 0)
			crash_fault(CRASH_LEAK, "the queue takes %u of 8", i);
	WORLD_IS(mpshm_queue_close(queue), 0);
}

/* A new object can be made, and nothing of the half-made one is there. */
static void check_directory(void)
{
	struct mpshm_value *value;
	WORLD_IS(mpshm_value_open(&value, world_segment, "value", MPSHM_CREATE, NULL),
	         MPSHM_CREATED);
	crash_progress();
	WORLD_IS(mpshm_value_close(value), 0);
	WORLD_IS(mpshm_object_unlink(world_segment, "value"), 0);
	for (uint32_t i = 0; i < world_segment->directory_capacity; i++)
		if (entry_state_kind(atomic64_load_acquire(&world_segment->directory[i].state)) !=
		    ENTRY_EMPTY)
			crash_fault(CRASH_LEAK, "directory entry %u is not empty", i);
}

static void no_object(void)
{
	counts = NULL;
}

static void no_poke(void) {}

static void setup(const struct crash_case *self)
{
	const struct debris *debris = self->with;
	memset(&seen, 0, sizeof seen);
	world_begin();
	debris->setup();
	pid_t dead = world_helper(debris->leave, NULL);
	world_await(world_scratch());
	world_kill(dead);
}

static void recover(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_segment_recover(world_segment);
}

static void count_is(const char *what, uint64_t count, uint64_t expected)
{
	if (count > expected || count + 1 < expected)
		crash_fault(count > expected ? CRASH_DUPLICATE : CRASH_LOSS,
		            "%llu counted as %s, not %llu", (unsigned long long) count, what,
		            (unsigned long long) expected);
}

static void check_counts(const struct debris *debris)
{
	if (!counts)
		return;
	/* The first one died with the object open, and so did one victim or two. */
	uint64_t deaths = atomic64_load_relaxed(&world_segment->directory[0].peer_deaths);
	if (deaths > 3)
		crash_fault(CRASH_DUPLICATE, "%llu deaths counted", (unsigned long long) deaths);
	count_is("recovered", atomic64_load_relaxed(&counts->recovered), debris->counted.recovered);
	count_is("tombstoned", atomic64_load_relaxed(&counts->tombstoned),
	         debris->counted.tombstoned);
	count_is("redelivered", atomic64_load_relaxed(&counts->redelivered),
	         debris->counted.redelivered);
}

static void check(const struct crash_case *self)
{
	const struct debris *debris = self->with;
	debris->check();
	check_counts(debris);
	crash_all_done();
	world_check_leftovers(0);
}

static void poke(const struct crash_case *self)
{
	const struct debris *debris = self->with;
	for (int64_t until = crash_now() + 4000000; crash_now() < until;)
		debris->poke();
}

static void clean(const struct crash_case *self)
{
	(void) self;
	world_end();
}

static const struct debris reserved = {
	leave_reserved, open_ring, check_ring, take_element, {4, 4, 0}};
static const struct debris peeked = {leave_peeked, open_ring, check_ring, take_element, {4, 0, 4}};
static const struct debris much = {leave_much, open_ring, check_ring, take_element, {6, 2, 4}};
static const struct debris blocks = {
	leave_blocks, open_queue, check_queue, take_message, {1, 0, 1}};
static const struct debris directory = {
	leave_directory, no_object, check_directory, no_poke, {0, 0, 0}};

/* Whoever registers recovers, so the victim does both. */
#define CASE(state) \
	&(const struct crash_case) \
	{ \
		.name = "recover." #state, .setup = setup, .operate = recover, .check = check, \
		.clean = clean, .poke = poke, .with = &(state) \
	}

const struct crash_case *const recovery_cases[] = {
	CASE(reserved), CASE(peeked), CASE(much), CASE(blocks), CASE(directory), NULL,
};
