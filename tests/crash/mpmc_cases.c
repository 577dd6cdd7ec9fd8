/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"
#include "ring_world.h"

#define BATCH 8u

/* What a victim puts, made before the first step; and where its gets go. */
static char sent[BATCH][RING_ELEMENT_BYTES];

static void ready_to_put(uint32_t count)
{
	world_thread(NULL);
	ledger_put_begin(ledger_victim(), count, sent, RING_ELEMENT_BYTES);
}

static void ready_to_get(uint32_t count)
{
	world_thread(NULL);
	ledger_get_begin(ledger_victim(), count, RING_ELEMENT_BYTES);
}

static void before_push(const struct crash_case *self)
{
	(void) self;
	ready_to_put(1);
}

static void push(const struct crash_case *self)
{
	(void) self;
	ledger_put_end(ledger_victim(), mpshm_mpmc_try_push(world_ring, sent) == 0);
}

static void before_pop(const struct crash_case *self)
{
	(void) self;
	ready_to_get(1);
}

static void pop(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(ledger_victim(),
	               mpshm_mpmc_try_pop(world_ring, ledger_log(ledger_victim())->buffer) == 0);
}

static void before_push_bulk(const struct crash_case *self)
{
	(void) self;
	ready_to_put(BATCH);
}

static void push_bulk(const struct crash_case *self)
{
	(void) self;
	ledger_put_end(ledger_victim(), mpshm_mpmc_try_push_bulk(world_ring, sent, BATCH));
}

static void before_pop_bulk(const struct crash_case *self)
{
	(void) self;
	ready_to_get(BATCH);
}

static void pop_bulk(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(
		ledger_victim(),
		mpshm_mpmc_try_pop_bulk(world_ring, ledger_log(ledger_victim())->buffer, BATCH));
}

#define before_push_burst before_push_bulk
static void push_burst(const struct crash_case *self)
{
	(void) self;
	ledger_put_end(ledger_victim(), mpshm_mpmc_try_push_burst(world_ring, sent, BATCH));
}

#define before_pop_burst before_pop_bulk
static void pop_burst(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(
		ledger_victim(),
		mpshm_mpmc_try_pop_burst(world_ring, ledger_log(ledger_victim())->buffer, BATCH));
}

static void before_reserve_commit(const struct crash_case *self)
{
	(void) self;
	ready_to_put(4);
}

/* Reserve up to 4, write them in place, publish all but one. */
static void reserve_commit(const struct crash_case *self)
{
	struct mpshm_span span;
	(void) self;
	ssize_t count = mpshm_mpmc_try_reserve(world_ring, 4, &span);
	for (ssize_t i = 0; i < count; i++)
		memcpy(mpshm_span_element(&span, (size_t) i), sent[i], RING_ELEMENT_BYTES);
	if (count > 0 && mpshm_mpmc_commit(world_ring, &span, (size_t) count - 1) == 0)
		count--;
	ledger_put_end(ledger_victim(), count);
}

static void before_peek_release(const struct crash_case *self)
{
	(void) self;
	ready_to_get(4);
}

static void peek_release(const struct crash_case *self)
{
	char *buffer = ledger_log(ledger_victim())->buffer;
	struct mpshm_span span;
	(void) self;
	ssize_t count = mpshm_mpmc_try_peek(world_ring, 4, &span);
	for (ssize_t i = 0; i < count; i++)
		memcpy(buffer + (size_t) i * RING_ELEMENT_BYTES,
		       mpshm_span_element(&span, (size_t) i), RING_ELEMENT_BYTES);
	if (count > 0 && mpshm_mpmc_release(world_ring, &span) != 0)
		count = 0;
	ledger_get_end(ledger_victim(), count);
}

/* What a signal handler does that comes in the middle: one claim within another. */
#define before_nest before_push_burst
static void nest(const struct crash_case *self)
{
	struct mpshm_span span;
	ssize_t count = 0;
	(void) self;
	if (mpshm_mpmc_try_reserve(world_ring, 1, &span) == 1) {
		memcpy(mpshm_span_element(&span, 0), sent[0], RING_ELEMENT_BYTES);
		count = mpshm_mpmc_try_push(world_ring, sent[1]) == 0;
		count += mpshm_mpmc_commit(world_ring, &span, 1) == 0;
	}
	ledger_put_end(ledger_victim(), count);
}

/* The victim has a child, which lives on and knows nothing of rings. */
#define before_parent_push before_parent
static void before_parent(const struct crash_case *self)
{
	before_push(self);
	ring_beget();
}
#define parent_push push

static const struct ring_state normal = {.skipped = 3, .filled = 8};
static const struct ring_state wrap = {.skipped = 12, .filled = 8};
static const struct ring_state apart = {.skipped = 12, .filled = 8, .apart = true};
static const struct ring_state empty = {.skipped = 5};
static const struct ring_state one = {.skipped = 15, .filled = 1};
static const struct ring_state one_free = {.skipped = 5, .filled = 15};
static const struct ring_state full = {.skipped = 5, .filled = 16};
static const struct ring_state tombs = {.skipped = 14, .tombs = 3, .filled = 8};
static const struct ring_state again = {.skipped = 3, .taken = 2, .filled = 8, .recovered = true};

#define CASE(operation, state, its_flags) \
	&(const struct crash_case) \
	{ \
		.name = "mpmc." #operation "." #state, .setup = ring_setup, \
		.ready = before_##operation, .operate = operation, .check = ring_check, \
		.clean = ring_clean, .poke = ring_poke, .with = &(state), .flags = its_flags \
	}

#define ON_ALL(operation) \
	CASE(operation, normal, CRASH_QUICK), CASE(operation, wrap, 0), CASE(operation, apart, 0), \
		CASE(operation, empty, 0), CASE(operation, one, 0), CASE(operation, one_free, 0), \
		CASE(operation, full, 0), CASE(operation, tombs, 0), \
		CASE(operation, again, CRASH_QUICK)

const struct crash_case *const mpmc_cases[] = {
	ON_ALL(push),
	ON_ALL(pop),
	ON_ALL(push_bulk),
	ON_ALL(pop_bulk),
	ON_ALL(push_burst),
	ON_ALL(pop_burst),
	ON_ALL(reserve_commit),
	ON_ALL(peek_release),
	ON_ALL(nest),
	CASE(parent_push, normal, 0),
	NULL,
};
