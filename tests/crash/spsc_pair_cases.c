/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc with a victim on either side: a producer frozen while its consumer is killed, or
 * the other way round.  The survivor then succeeds both.
 */
#include "cases.h"
#include "world.h"

#define CAPACITY 8u
#define BATCH 4u
#define BYTES 24u

struct start {
	uint32_t skipped, filled;
};

static struct mpshm_spsc *ring; /* the victim's side */
static char messages[BATCH][BYTES];
static const struct mpshm_spsc_options options = {.capacity = CAPACITY, .element_bytes = BYTES};

static int actor(void)
{
	return LEDGER_VICTIM + crash_victim();
}

static struct mpshm_spsc *both_sides(void)
{
	struct mpshm_spsc *both = NULL;
	int ret = -EBUSY;
	for (struct patience p = {0}; ret == -EBUSY && patience(&p);)
		ret = mpshm_spsc_open(&both, world_segment, "spsc",
		                      MPSHM_CREATE | MPSHM_PRODUCER | MPSHM_CONSUMER, &options);
	return both;
}

static void setup(const struct crash_case *self)
{
	const struct start *start = self->with;

	world_begin();
	struct mpshm_spsc *both = both_sides();
	for (uint32_t i = 0; i < start->skipped; i++) {
		WORLD_IS(mpshm_spsc_try_push(both, messages), 0);
		WORLD_IS(mpshm_spsc_try_pop(both, messages), 0);
	}
	for (uint32_t i = 0; i < start->filled; i++) {
		ledger_put_begin(LEDGER_BEFORE, 1, messages, BYTES);
		WORLD_IS(mpshm_spsc_try_push(both, messages), 0);
		ledger_put_end(LEDGER_BEFORE, 1);
	}
	WORLD_IS(mpshm_spsc_close(both), 0);
}

static void take_side(unsigned flags)
{
	world_thread(NULL);
	WORLD_IS(mpshm_spsc_open(&ring, world_segment, "spsc", flags, NULL), MPSHM_ATTACHED);
}

static void before_put(const struct crash_case *self)
{
	(void) self;
	take_side(MPSHM_PRODUCER);
	ledger_put_begin(actor(), BATCH, messages, BYTES);
}

static void before_get(const struct crash_case *self)
{
	(void) self;
	take_side(MPSHM_CONSUMER);
	ledger_get_begin(actor(), BATCH, BYTES);
}

static void push(const struct crash_case *self)
{
	(void) self;
	ledger_put_end(actor(), mpshm_spsc_try_push(ring, messages) == 0);
}

static void pop(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(actor(), mpshm_spsc_try_pop(ring, ledger_log(actor())->buffer) == 0);
}

static void push_burst(const struct crash_case *self)
{
	(void) self;
	ledger_put_end(actor(), mpshm_spsc_try_push_burst(ring, messages, BATCH));
}

static void pop_burst(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(actor(), mpshm_spsc_try_pop_burst(ring, ledger_log(actor())->buffer, BATCH));
}

static void reserve_commit(const struct crash_case *self)
{
	struct mpshm_span span;
	(void) self;
	ssize_t count = mpshm_spsc_try_reserve(ring, BATCH, &span);
	for (ssize_t i = 0; i < count; i++)
		memcpy(mpshm_span_element(&span, (size_t) i), messages[i], BYTES);
	if (count > 0)
		(void) mpshm_spsc_commit(ring, &span, (size_t) count);
	ledger_put_end(actor(), count);
}

static void peek_release(const struct crash_case *self)
{
	struct mpshm_span span;
	(void) self;
	ssize_t count = mpshm_spsc_try_peek(ring, BATCH, &span);
	for (ssize_t i = 0; i < count; i++)
		memcpy(ledger_log(actor())->buffer + (size_t) i * BYTES,
		       mpshm_span_element(&span, (size_t) i), BYTES);
	if (count > 0)
		(void) mpshm_spsc_release(ring, &span, (size_t) count);
	ledger_get_end(actor(), count);
}

/* Nothing can be done behind a frozen side, save to see who is alive. */
static void poke(const struct crash_case *self)
{
	(void) self;
	WORLD_IS(mpshm_segment_recover(world_segment) >= 0, 1);
}

static void check(const struct crash_case *self)
{
	uint64_t element[BYTES / 8] = {0};
	(void) self;
	ledger_collect();
	struct mpshm_spsc *both = both_sides();
	if (!both) {
		crash_fault(CRASH_HANG, "the dead ones' sides can't be had");
		return;
	}
	ledger_put_begin(LEDGER_SURVIVOR, 1, messages, BYTES);
	ledger_put_end(LEDGER_SURVIVOR, mpshm_spsc_try_push(both, messages) == 0);
	while (mpshm_spsc_try_pop(both, messages) == 0) {
		crash_progress();
		ledger_deliver(messages, BYTES, false);
	}
	crash_all_done();
	ledger_judge(false);
	for (; element[0] < CAPACITY; element[0]++)
		if (mpshm_spsc_try_push(both, element) != 0)
			crash_fault(CRASH_LEAK, "the ring takes %llu of %u",
			            (unsigned long long) element[0], CAPACITY);
	WORLD_IS(mpshm_spsc_close(both), 0);
	world_check_leftovers(0);
}

static void clean(const struct crash_case *self)
{
	(void) self;
	world_end();
}

/* Who holds which side. */
static const char producer, consumer;

static const struct start empty = {.skipped = 5};
static const struct start wrap = {.skipped = 6, .filled = 4};
static const struct start full = {.skipped = 6, .filled = 8};

#define CASE(operation, before, side, state) \
	&(const struct crash_case) \
	{ \
		.name = "spsc_both." #operation "." #state, .setup = setup, .ready = before, \
		.operate = operation, .check = check, .clean = clean, .poke = poke, \
		.holds = &(side), .with = &(state), .flags = CRASH_LEAVES \
	}
#define CASES(state) \
	CASE(push, before_put, producer, state), CASE(push_burst, before_put, producer, state), \
		CASE(reserve_commit, before_put, producer, state), \
		CASE(pop, before_get, consumer, state), \
		CASE(pop_burst, before_get, consumer, state), \
		CASE(peek_release, before_get, consumer, state)

const struct crash_case *const spsc_pair_cases[] = {
	CASES(empty),
	CASES(wrap),
	CASES(full),
	NULL,
};
