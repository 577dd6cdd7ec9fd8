/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc: the victim has one side; the survivor, who has the other, goes on until it is
 * told that nobody is there any more, and then opens the dead one's side as its successor.
 */
#include "cases.h"
#include "spsc_world.h"

static struct mpshm_spsc *ours;

/* Has the survivor the consumer's side? */
static bool consumes(const struct crash_case *self)
{
	const struct spsc_state *state = self->with;
	return state->survivor == MPSHM_CONSUMER;
}

static void setup(const struct crash_case *self)
{
	const struct spsc_state *state = self->with;
	spsc_begin(self);
	ours = spsc_side(state->survivor | MPSHM_WATCH_PEER);
}

/* Drain, or fill, the ring until the survivor is told of the death. */
static void await_the_news(const struct crash_case *self)
{
	char element[SPSC_BYTES_MOST];
	int ret = -EAGAIN;

	for (struct patience p = {0}; ret == -EAGAIN && patience(&p);) {
		if (consumes(self)) {
			spsc_get_all(ours);
			ret = mpshm_spsc_try_pop(ours, element);
		} else {
			for (; mpshm_spsc_size(ours) < SPSC_CAPACITY; crash_progress())
				spsc_put_one(LEDGER_SURVIVOR, ours);
			ret = mpshm_spsc_try_push(ours, element);
		}
	}
	if (ret != -EOWNERDEAD)
		crash_fault(CRASH_HANG, "who waits for the dead one is told %d", ret);
	else
		crash_progress();
}

static void check(const struct crash_case *self)
{
	ledger_collect();
	await_the_news(self);
	/* The successor of a side, whose owner may be dead, or have closed it. */
	spsc_theirs = spsc_side(consumes(self) ? MPSHM_PRODUCER : MPSHM_CONSUMER);
	if (!spsc_theirs)
		return;
	crash_progress();
	struct mpshm_spsc *producer = consumes(self) ? spsc_theirs : ours;
	struct mpshm_spsc *consumer = consumes(self) ? ours : spsc_theirs;
	spsc_get_all(consumer);
	spsc_put_run_of_one(LEDGER_SURVIVOR, producer);
	spsc_get_all(consumer);
	spsc_put_one(LEDGER_SURVIVOR, producer);
	spsc_get_all(consumer);
	crash_all_done();
	ledger_judge(false);
	spsc_check_whole(producer, consumer);
	world_check_leftovers(0);
}

static void clean(const struct crash_case *self)
{
	(void) self;
	WORLD_IS(mpshm_spsc_close(ours), 0);
	if (spsc_theirs)
		WORLD_IS(mpshm_spsc_close(spsc_theirs), 0);
	world_end();
}

#define STATES(type, of) \
	static const struct spsc_state put_empty_##type = { \
		.skipped = 5, .bytes = of, .survivor = MPSHM_CONSUMER}; \
	static const struct spsc_state put_wrap_##type = { \
		.skipped = 3, .filled = 4, .bytes = of, .survivor = MPSHM_CONSUMER}; \
	static const struct spsc_state put_full_##type = { \
		.skipped = 5, .filled = 8, .bytes = of, .survivor = MPSHM_CONSUMER}; \
	static const struct spsc_state get_empty_##type = { \
		.skipped = 5, .bytes = of, .survivor = MPSHM_PRODUCER}; \
	static const struct spsc_state get_one_##type = {.skipped = 6, \
	                                                 .filled = 1, \
	                                                 .bytes = of, \
	                                                 .looks = true, \
	                                                 .survivor = MPSHM_PRODUCER}; \
	static const struct spsc_state get_wrap_##type = { \
		.skipped = 6, .filled = 4, .bytes = of, .survivor = MPSHM_PRODUCER}; \
	static const struct spsc_state get_full_##type = { \
		.skipped = 6, .filled = 8, .bytes = of, .survivor = MPSHM_PRODUCER};
STATES(word, 8)
STATES(line, 64)
STATES(record, 24)

#define CASE(operation, before, state) \
	&(const struct crash_case) \
	{ \
		.name = "spsc." #operation "." #state, .setup = setup, \
		.ready = spsc_before_##before, .operate = spsc_##operation, .check = check, \
		.clean = clean, .with = &(state) \
	}
#define PUTS(operation, before, type) \
	CASE(operation, before, put_empty_##type), CASE(operation, before, put_wrap_##type), \
		CASE(operation, before, put_full_##type)
#define GETS(operation, before, type) \
	CASE(operation, before, get_empty_##type), CASE(operation, before, get_one_##type), \
		CASE(operation, before, get_wrap_##type), CASE(operation, before, get_full_##type)

const struct crash_case *const spsc_cases[] = {
	PUTS(push, put, word),
	GETS(pop, get, word),
	PUTS(push, put, line),
	GETS(pop, get, line),
	PUTS(push, put, record),
	GETS(pop, get, record),
	PUTS(push_bulk, puts, record),
	GETS(pop_bulk, gets, record),
	PUTS(reserve_commit, puts, record),
	GETS(peek_release, gets, record),
	NULL,
};
