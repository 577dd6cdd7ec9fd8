/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments and objects: created, opened, closed, unlinked.  The survivor of those
 * is a newcomer, or one who was attached all along; either must find a segment that
 * works, and nothing left over in the end.
 */
#include "cases.h"
#include "segment/directory.h"
#include "segment/segment.h"
#include "world.h"

static struct mpshm_segment *victims;

/* How it is before the operation. */
enum before {
	NOTHING,
	SEGMENT,          /* it exists, and the survivor is not attached */
	SEGMENT_ATTACHED, /* the survivor is attached */
};

static void setup(const struct crash_case *self)
{
	enum before before = *(const enum before *) self->with;

	world_segment = NULL;
	if (before == NOTHING) {
		(void) mpshm_segment_unlink(world_name());
		return;
	}
	world_begin();
	if (before == SEGMENT) {
		WORLD_IS(mpshm_segment_close(world_segment), 0);
		world_segment = NULL;
	}
}

static void segment_open(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_segment_open(&victims, world_name(), MPSHM_CREATE, &world_options);
}

static void segment_close(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_segment_close(victims);
}

static void segment_unlink(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_segment_unlink(world_name());
}

static void thread_attach(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_thread_attach(world_segment);
}

static void thread_detach(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_thread_detach(world_segment);
}

/* A forked child that was attached by its parent leaves as itself. */
static void leave(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_segment_close(world_segment);
}

/* Everything can be made in it, and used. */
static void use_segment(void)
{
	struct mpshm_queue *queue;
	char text[8];

	WORLD_IS(mpshm_queue_open(&queue, world_segment, "q", MPSHM_CREATE, NULL), MPSHM_CREATED);
	WORLD_IS(mpshm_queue_try_put(queue, "message", 8), 0);
	WORLD_IS(mpshm_queue_try_get(queue, text, sizeof text), 8);
	WORLD_IS(mpshm_queue_close(queue), 0);
	WORLD_IS(mpshm_object_unlink(world_segment, "q"), 0);
}

static void check_empty_directory(void)
{
	for (uint32_t i = 0; i < world_segment->directory_capacity; i++) {
		uint64_t state = atomic64_load_acquire(&world_segment->directory[i].state);
		if (entry_state_kind(state) != ENTRY_EMPTY)
			crash_fault(CRASH_LEAK, "directory entry %u is left: %llx", i,
			            (unsigned long long) state);
	}
}

static void check(const struct crash_case *self)
{
	struct mpshm_segment *again;

	(void) self;
	/* Whoever is attached stays so when the name goes; the name may be gone, or not. */
	if (world_segment)
		use_segment();
	int ret = mpshm_segment_open(&again, world_name(), MPSHM_CREATE, &world_options);
	if (ret < 0) {
		crash_fault(CRASH_HANG, "the segment can't be opened: %d (%s)", ret,
		            mpshm_error_detail());
		return;
	}
	crash_progress();
	if (world_segment) {
		check_empty_directory();
		world_check_leftovers(0);
		WORLD_IS(mpshm_segment_close(world_segment), 0);
	}
	world_segment = again;
	use_segment();
	crash_all_done();
	check_empty_directory();
	world_check_leftovers(0);
}

static void open_and_close(void *unused)
{
	struct mpshm_segment *again;
	(void) unused;
	if (mpshm_segment_open(&again, world_name(), MPSHM_CREATE, &world_options) >= 0)
		(void) mpshm_segment_close(again);
}

static void poke(const struct crash_case *self)
{
	(void) self;
	world_attempt(open_and_close, NULL);
}

static void clean(const struct crash_case *self)
{
	char path[100];

	(void) self;
	world_end();
	(void) snprintf(path, sizeof path, "/dev/shm/mpshm.%s", world_name());
	if (access(path, F_OK) == 0) {
		crash_fault(CRASH_LEAK, "%s is left", path);
		(void) unlink(path);
	}
}

static void open_first(const struct crash_case *self)
{
	segment_open(self);
}

static const enum before nothing = NOTHING, segment = SEGMENT, attached = SEGMENT_ATTACHED;

#define CASE(operation, its_ready, state) \
	&(const struct crash_case) \
	{ \
		.name = #operation "." #state, .setup = setup, .ready = its_ready, \
		.operate = operation, .check = check, .clean = clean, .poke = poke, \
		.with = &(state), .flags = CRASH_LEAVES \
	}

const struct crash_case *const segment_cases[] = {
	CASE(segment_open, NULL, nothing),
	CASE(segment_open, NULL, segment),
	CASE(segment_open, NULL, attached),
	CASE(segment_close, open_first, nothing),
	CASE(segment_close, open_first, segment),
	CASE(segment_unlink, NULL, segment),
	CASE(segment_unlink, NULL, attached),
	CASE(thread_attach, NULL, attached),
	CASE(thread_detach, world_thread, attached),
	CASE(leave, world_thread, attached),
	NULL,
};
