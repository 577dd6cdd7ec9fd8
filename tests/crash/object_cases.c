/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of each kind: created, opened, closed, unlinked by a victim. */
#include <sys/stat.h>

#include "cases.h"
#include "segment/directory.h"
#include "segment/segment.h"
#include "world.h"

struct kind {
	int (*open)(unsigned flags);
	int (*close)(void);
};

struct start {
	const struct kind *kind;
	bool exists; /* and the survivor has not opened it */
};

static struct mpshm_mpmc *mpmc;
static struct mpshm_spsc *spsc;
static struct mpshm_queue *queue;
static struct mpshm_value *value;
static struct mpshm_counter *counter;

static int mpmc_open(unsigned flags)
{
	const struct mpshm_mpmc_options options = {.capacity = 16, .element_bytes = 8};
	return mpshm_mpmc_open(&mpmc, world_segment, "object", flags, &options);
}

static int mpmc_close(void)
{
	return mpshm_mpmc_close(mpmc);
}

static int spsc_open(unsigned flags)
{
	const struct mpshm_spsc_options options = {.capacity = 16, .element_bytes = 8};
	return mpshm_spsc_open(&spsc, world_segment, "object",
	                       flags | MPSHM_PRODUCER | MPSHM_CONSUMER, &options);
}

static int spsc_close(void)
{
	return mpshm_spsc_close(spsc);
}

static int queue_open(unsigned flags)
{
	const struct mpshm_queue_options options = {
		.capacity = 16, .max_message_bytes = 512, .pool_bytes = 8192};
	return mpshm_queue_open(&queue, world_segment, "object", flags, &options);
}

static int queue_close(void)
{
	return mpshm_queue_close(queue);
}

static int value_open(unsigned flags)
{
	return mpshm_value_open(&value, world_segment, "object", flags, NULL);
}

static int value_close(void)
{
	return mpshm_value_close(value);
}

static int counter_open(unsigned flags)
{
	return mpshm_counter_open(&counter, world_segment, "object", flags, NULL);
}

static int counter_close(void)
{
	return mpshm_counter_close(counter);
}

static const struct kind *kind_of(const struct crash_case *self)
{
	return ((const struct start *) self->with)->kind;
}

static int64_t memory_before;

/* Memory of the segment's file, in blocks of 512 bytes. */
static int64_t memory_taken(void)
{
	char path[100];
	struct stat status;
	(void) snprintf(path, sizeof path, "/dev/shm/mpshm.%s", world_name());
	WORLD_IS(stat(path, &status), 0);
	return status.st_blocks;
}

static void setup(const struct crash_case *self)
{
	const struct start *start = self->with;
	world_begin();
	memory_before = memory_taken();
	if (start->exists) {
		WORLD_IS(start->kind->open(MPSHM_CREATE), MPSHM_CREATED);
		WORLD_IS(start->kind->close(), 0);
	}
}

static void create(const struct crash_case *self)
{
	(void) kind_of(self)->open(MPSHM_CREATE);
}

static void open_(const struct crash_case *self)
{
	(void) kind_of(self)->open(0);
}

/* Of a pair the second can't have a side of a spsc ring that the first has. */
static bool has_it;

static void opened(const struct crash_case *self)
{
	world_thread(self);
	has_it = kind_of(self)->open(MPSHM_CREATE) >= 0;
}

static void close_(const struct crash_case *self)
{
	if (has_it)
		(void) kind_of(self)->close();
}

static void unlink_(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_object_unlink(world_segment, "object");
}

static void check(const struct crash_case *self)
{
	const struct kind *kind = kind_of(self);
	int ret;

	for (struct patience p = {0}; (ret = kind->open(MPSHM_CREATE)) < 0;)
		if (ret != -EBUSY || !patience(&p)) {
			crash_fault(CRASH_HANG, "it can't be opened: %d (%s)", ret,
			            mpshm_error_detail());
			return;
		}
	crash_progress();
	WORLD_IS(kind->close(), 0);
	WORLD_IS(mpshm_object_unlink(world_segment, "object"), 0);
	crash_all_done();
	world_check_leftovers(0);
	for (uint32_t i = 0; i < world_segment->directory_capacity; i++)
		if (entry_state_kind(atomic64_load_acquire(&world_segment->directory[i].state)) !=
		    ENTRY_EMPTY)
			crash_fault(CRASH_LEAK, "directory entry %u is left", i);
	if (memory_taken() != memory_before)
		crash_fault(CRASH_LEAK, "the segment takes %lld blocks, not %lld",
		            (long long) memory_taken(), (long long) memory_before);
}

static void open_and_close(void *kind)
{
	if (((const struct kind *) kind)->open(0) >= 0)
		(void) ((const struct kind *) kind)->close();
}

static void poke(const struct crash_case *self)
{
	world_attempt(open_and_close, (void *) (uintptr_t) kind_of(self));
}

static void clean(const struct crash_case *self)
{
	(void) self;
	world_end();
}

#define CASE(operation, its_ready, what, type, state) \
	&(const struct crash_case) \
	{ \
		.name = "object." what "." #type, .setup = setup, .ready = its_ready, \
		.operate = operation, .check = check, .clean = clean, .poke = poke, \
		.with = &state##_##type, .flags = CRASH_LEAVES \
	}
#define CASES(type) \
	CASE(create, world_thread, "create", type, new), \
		CASE(open_, world_thread, "open", type, old), \
		CASE(close_, opened, "close", type, old), \
		CASE(unlink_, world_thread, "unlink", type, old), \
		CASE(unlink_, opened, "unlink_open", type, old)
#define KIND(type) \
	static const struct kind type##_kind = {type##_open, type##_close}; \
	static const struct start old_##type = {&type##_kind, true}; \
	static const struct start new_##type = {&type##_kind, false}

KIND(mpmc);
KIND(spsc);
KIND(queue);
KIND(value);
KIND(counter);

const struct crash_case *const object_cases[] = {
	CASES(mpmc), CASES(spsc), CASES(queue), CASES(value), CASES(counter), NULL,
};
