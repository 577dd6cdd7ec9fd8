/* SPDX-License-Identifier: BSD-2-Clause */
/* values and counters: before or after, never between; and what was added stays. */
#include "cases.h"
#include "world.h"

#define BEFORE 1000
#define ADDEND 7
#define VICTIMS 2

static struct mpshm_value *value;
static struct mpshm_counter *counter;

static void setup(const struct crash_case *self)
{
	const struct mpshm_value_options options = {.initial = BEFORE};
	(void) self;
	world_begin();
	WORLD_IS(mpshm_value_open(&value, world_segment, "value", MPSHM_CREATE, &options),
	         MPSHM_CREATED);
	WORLD_IS(mpshm_counter_open(&counter, world_segment, "counter", MPSHM_CREATE, NULL),
	         MPSHM_CREATED);
	WORLD_IS(mpshm_counter_add(counter, BEFORE), 0);
}

/* What came of it, for each victim: 0, or 1 once the call has returned. */
static void finished(void)
{
	uint32_t *scratch = world_scratch();
	__atomic_store_n(&scratch[crash_victim()], 1, __ATOMIC_SEQ_CST);
}

static void value_add(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_value_add(value, ADDEND);
	finished();
}

static void value_store(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_value_store(value, BEFORE + ADDEND);
	finished();
}

static void value_exchange(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_value_exchange(value, BEFORE + ADDEND);
	finished();
}

static void value_compare_exchange(const struct crash_case *self)
{
	int64_t expected = BEFORE;
	(void) self;
	(void) mpshm_value_compare_exchange(value, &expected, BEFORE + ADDEND);
	finished();
}

static void counter_add(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_counter_add(counter, ADDEND);
	finished();
}

/* Of `begun` operations `done` have returned. */
static void judge(const char *what, int64_t now, uint32_t begun, uint32_t done)
{
	int64_t times = (now - BEFORE) / ADDEND;

	if (now != BEFORE + times * ADDEND || times < 0 || times > begun)
		crash_fault(CRASH_TORN, "the %s is %lld", what, (long long) now);
	else if (times < done)
		crash_fault(CRASH_LOSS, "the %s is %lld", what, (long long) now);
}

static void check(const struct crash_case *self)
{
	const uint32_t *scratch = world_scratch();
	uint32_t done = scratch[0] + scratch[1];
	bool counts = self->operate == counter_add;
	int64_t sum = mpshm_counter_sum(counter);

	judge("value", mpshm_value_load(value), counts ? 0 : VICTIMS, counts ? 0 : done);
	judge("counter", sum, counts ? VICTIMS : 0, counts ? done : 0);
	crash_all_done();
	WORLD_IS(mpshm_segment_recover(world_segment) >= 0, 1);
	if (mpshm_counter_sum(counter) != sum)
		crash_fault(CRASH_LOSS, "recovery changed a counter");
	WORLD_IS(mpshm_counter_add(counter, 1), 0);
	if (mpshm_counter_sum(counter) != sum + 1)
		crash_fault(CRASH_LOSS, "the counter does not count on");
	world_check_leftovers(0);
}

static void clean(const struct crash_case *self)
{
	(void) self;
	WORLD_IS(mpshm_value_close(value), 0);
	WORLD_IS(mpshm_counter_close(counter), 0);
	world_end();
}

/* Only where each adds: of two that exchange one is enough. */
static void poke_value(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_value_add(value, 0);
}

static void poke_counter(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_counter_add(counter, 0);
}

#define CASE(operation, before, suffix, its_poke) \
	&(const struct crash_case) \
	{ \
		.name = #operation suffix, .setup = setup, .ready = before, .operate = operation, \
		.check = check, .clean = clean, .poke = its_poke \
	}

const struct crash_case *const value_cases[] = {
	CASE(value_add, world_thread, "", poke_value),
	CASE(value_store, world_thread, "", NULL),
	CASE(value_exchange, world_thread, "", NULL),
	CASE(value_compare_exchange, world_thread, "", NULL),
	CASE(counter_add, world_thread, "", poke_counter),
	CASE(counter_add, NULL, ".first",
             poke_counter), /* registers the process and takes a cell in it */
	NULL,
};
