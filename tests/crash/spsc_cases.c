/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc: the victim has one side; the survivor, who has the other, goes on until it is
 * told that nobody is there any more, and then opens the dead one's side as its successor.
 */
#include "cases.h"
#include "world.h"

#define CAPACITY 8u
#define BATCH 4u
#define BYTES 24u

struct side_state {
	uint32_t skipped, filled;
	bool pushes; /* the victim is the producer */
};

static struct mpshm_spsc *ours, *theirs;
static char sent[BATCH][BYTES];
static const struct mpshm_spsc_options options = {.capacity = CAPACITY, .element_bytes = BYTES};

static struct mpshm_spsc *side(unsigned flags)
{
	struct mpshm_spsc *ring;
	int ret = mpshm_spsc_open(&ring, world_segment, "spsc", flags | MPSHM_CREATE, &options);
	if (ret != MPSHM_CREATED && ret != MPSHM_ATTACHED)
		world_failed(__FILE__, __LINE__, "spsc_open", ret);
	return ring;
}

static void push_one(int actor, struct mpshm_spsc *ring)
{
	ledger_put_begin(actor, 1, sent, BYTES);
	WORLD_IS(mpshm_spsc_try_push(ring, sent), 0);
	ledger_put_end(actor, 1);
}

static void setup(const struct crash_case *self)
{
	const struct side_state *state = self->with;
	char element[BYTES] = {0};

	world_begin();
	struct mpshm_spsc *both = side(MPSHM_PRODUCER | MPSHM_CONSUMER);
	for (uint32_t i = 0; i < state->skipped; i++) {
		WORLD_IS(mpshm_spsc_try_push(both, element), 0);
		WORLD_IS(mpshm_spsc_try_pop(both, element), 0);
	}
	for (uint32_t i = 0; i < state->filled; i++)
		push_one(LEDGER_BEFORE, both);
	WORLD_IS(mpshm_spsc_close(both), 0);
	ours = side((state->pushes ? MPSHM_CONSUMER : MPSHM_PRODUCER) | MPSHM_WATCH_PEER);
}

static void ready(const struct crash_case *self)
{
	const struct side_state *state = self->with;
	world_thread(self);
	theirs = side((state->pushes ? MPSHM_PRODUCER : MPSHM_CONSUMER) | MPSHM_WATCH_PEER);
}

static void ready_to_put(const struct crash_case *self)
{
	ready(self);
	ledger_put_begin(LEDGER_VICTIM, 1, sent, BYTES);
}

static void ready_to_put_some(const struct crash_case *self)
{
	ready(self);
	ledger_put_begin(LEDGER_VICTIM, BATCH, sent, BYTES);
}

static void ready_to_get(const struct crash_case *self)
{
	ready(self);
	ledger_get_begin(LEDGER_VICTIM, 1, BYTES);
}

static void ready_to_get_some(const struct crash_case *self)
{
	ready(self);
	ledger_get_begin(LEDGER_VICTIM, BATCH, BYTES);
}

#define before_push ready_to_put
static void push(const struct crash_case *self)
{
	(void) self;
	ledger_put_end(LEDGER_VICTIM, mpshm_spsc_try_push(theirs, sent) == 0);
}

#define before_pop ready_to_get
static void pop(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(LEDGER_VICTIM,
	               mpshm_spsc_try_pop(theirs, ledger_log(LEDGER_VICTIM)->buffer) == 0);
}

#define before_push_bulk ready_to_put_some
static void push_bulk(const struct crash_case *self)
{
	(void) self;
	ledger_put_end(LEDGER_VICTIM, mpshm_spsc_try_push_bulk(theirs, sent, BATCH));
}

#define before_pop_bulk ready_to_get_some
static void pop_bulk(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(LEDGER_VICTIM,
	               mpshm_spsc_try_pop_bulk(theirs, ledger_log(LEDGER_VICTIM)->buffer, BATCH));
}

#define before_reserve_commit ready_to_put_some
static void reserve_commit(const struct crash_case *self)
{
	struct mpshm_span span;
	(void) self;
	ssize_t count = mpshm_spsc_try_reserve(theirs, BATCH, &span);
	for (ssize_t i = 0; i < count; i++)
		memcpy(mpshm_span_element(&span, (size_t) i), sent[i], BYTES);
	if (count > 0)
		(void) mpshm_spsc_commit(theirs, &span, (size_t) count);
	ledger_put_end(LEDGER_VICTIM, count);
}

#define before_peek_release ready_to_get_some
static void peek_release(const struct crash_case *self)
{
	char *buffer = ledger_log(LEDGER_VICTIM)->buffer;
	struct mpshm_span span;
	(void) self;
	ssize_t count = mpshm_spsc_try_peek(theirs, BATCH, &span);
	for (ssize_t i = 0; i < count; i++)
		memcpy(buffer + (size_t) i * BYTES, mpshm_span_element(&span, (size_t) i), BYTES);
	if (count > 0)
		(void) mpshm_spsc_release(theirs, &span, (size_t) count);
	ledger_get_end(LEDGER_VICTIM, count);
}

/* The successor of a side, whose owner may be dead, or have closed it. */
static struct mpshm_spsc *succeed(unsigned flags)
{
	for (struct patience p = {0}; patience(&p);) {
		struct mpshm_spsc *ring;
		int ret = mpshm_spsc_open(&ring, world_segment, "spsc", flags, NULL);
		if (ret == MPSHM_ATTACHED)
			return ring;
		if (ret != -EBUSY)
			world_failed(__FILE__, __LINE__, "spsc_open", ret);
	}
	crash_fault(CRASH_HANG, "the dead one's side can't be had");
	return NULL;
}

static void pop_all(struct mpshm_spsc *consumer)
{
	char element[BYTES];
	while (mpshm_spsc_try_pop(consumer, element) == 0) {
		crash_progress();
		ledger_deliver(element, BYTES, false);
	}
}

/* Drain, or fill, the ring until the survivor is told of the death. */
static void await_the_news(const struct side_state *state)
{
	char element[BYTES];
	int ret = -EAGAIN;

	for (struct patience p = {0}; ret == -EAGAIN && patience(&p);) {
		if (state->pushes) {
			pop_all(ours);
			ret = mpshm_spsc_try_pop(ours, element);
		} else {
			for (; mpshm_spsc_size(ours) < CAPACITY; crash_progress())
				push_one(LEDGER_SURVIVOR, ours);
			ret = mpshm_spsc_try_push(ours, element);
		}
	}
	if (ret != -EOWNERDEAD)
		crash_fault(CRASH_HANG, "who waits for the dead one is told %d", ret);
	else
		crash_progress();
}

static void check_whole(struct mpshm_spsc *producer, struct mpshm_spsc *consumer)
{
	uint64_t element[BYTES / 8] = {0};
	for (element[0] = 0; element[0] < CAPACITY; element[0]++)
		if (mpshm_spsc_try_push(producer, element) != 0)
			crash_fault(CRASH_LEAK, "the ring takes %llu of %u",
			            (unsigned long long) element[0], CAPACITY);
	if (mpshm_spsc_try_push(producer, element) != -EAGAIN)
		crash_fault(CRASH_LEAK, "the ring takes more than its capacity");
	for (uint64_t i = 0; i < CAPACITY; i++)
		if (mpshm_spsc_try_pop(consumer, element) != 0 || element[0] != i)
			crash_fault(CRASH_TORN, "the drained ring's element is wrong");
}

static void check(const struct crash_case *self)
{
	const struct side_state *state = self->with;

	ledger_collect();
	await_the_news(state);
	theirs = succeed(state->pushes ? MPSHM_PRODUCER : MPSHM_CONSUMER);
	if (!theirs)
		return;
	crash_progress();
	struct mpshm_spsc *producer = state->pushes ? theirs : ours;
	struct mpshm_spsc *consumer = state->pushes ? ours : theirs;
	pop_all(consumer);
	push_one(LEDGER_SURVIVOR, producer);
	pop_all(consumer);
	crash_all_done();
	ledger_judge(false);
	check_whole(producer, consumer);
	world_check_leftovers(0);
}

static void clean(const struct crash_case *self)
{
	(void) self;
	WORLD_IS(mpshm_spsc_close(ours), 0);
	if (theirs)
		WORLD_IS(mpshm_spsc_close(theirs), 0);
	world_end();
}

static const struct side_state put_empty = {.skipped = 5, .pushes = true};
static const struct side_state put_wrap = {.skipped = 3, .filled = 4, .pushes = true};
static const struct side_state put_full = {.skipped = 5, .filled = 8, .pushes = true};
static const struct side_state get_empty = {.skipped = 5};
static const struct side_state get_wrap = {.skipped = 6, .filled = 4};
static const struct side_state get_full = {.skipped = 6, .filled = 8};

#define CASE(operation, state) \
	&(const struct crash_case) \
	{ \
		.name = "spsc." #operation "." #state, .setup = setup, \
		.ready = before_##operation, .operate = operation, .check = check, .clean = clean, \
		.with = &(state) \
	}
#define PUTS(operation) \
	CASE(operation, put_empty), CASE(operation, put_wrap), CASE(operation, put_full)
#define GETS(operation) \
	CASE(operation, get_empty), CASE(operation, get_wrap), CASE(operation, get_full)

const struct crash_case *const spsc_cases[] = {
	PUTS(push),         GETS(pop), PUTS(push_bulk), GETS(pop_bulk), PUTS(reserve_commit),
	GETS(peek_release), NULL,
};
