/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc with a victim on either side: a producer frozen while its consumer is killed, or
 * the other way round.  The survivor then succeeds both.
 */
#include "cases.h"
#include "spsc_world.h"

/* Nothing can be done behind a frozen side, save to see who is alive. */
static void poke(const struct crash_case *self)
{
	(void) self;
	WORLD_IS(mpshm_segment_recover(world_segment) >= 0, 1);
}

static void check(const struct crash_case *self)
{
	(void) self;
	ledger_collect();
	struct mpshm_spsc *both = spsc_side(MPSHM_PRODUCER | MPSHM_CONSUMER);
	if (!both)
		return;
	spsc_get_all(both);
	spsc_put_one(LEDGER_SURVIVOR, both);
	spsc_get_all(both);
	crash_all_done();
	ledger_judge(false);
	spsc_check_whole(both, both);
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

static const struct spsc_state empty = {.skipped = 5, .bytes = 24};
static const struct spsc_state wrap = {.skipped = 6, .filled = 4, .bytes = 24};
static const struct spsc_state full = {.skipped = 6, .filled = 8, .bytes = 24};

#define CASE(operation, before, side, state) \
	&(const struct crash_case) \
	{ \
		.name = "spsc_both." #operation "." #state, .setup = spsc_begin, \
		.ready = spsc_before_##before, .operate = spsc_##operation, .check = check, \
		.clean = clean, .poke = poke, .holds = &(side), .with = &(state), \
		.flags = CRASH_LEAVES \
	}
#define CASES(state) \
	CASE(push, put, producer, state), CASE(push_burst, puts, producer, state), \
		CASE(reserve_commit, puts, producer, state), CASE(pop, get, consumer, state), \
		CASE(pop_burst, gets, consumer, state), CASE(peek_release, gets, consumer, state)

const struct crash_case *const spsc_pair_cases[] = {
	CASES(empty),
	CASES(wrap),
	CASES(full),
	NULL,
};
