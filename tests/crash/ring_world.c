/* SPDX-License-Identifier: BSD-2-Clause */
#include "ring_world.h"

#include <signal.h>

#include "ring/mpmc_handle.h"

struct mpshm_mpmc *world_ring;

static void push_before(uint32_t count)
{
	char element[RING_ELEMENT_BYTES];
	for (uint32_t i = 0; i < count; i++) {
		ledger_put_begin(LEDGER_BEFORE, 1, element, sizeof element);
		WORLD_IS(mpshm_mpmc_try_push(world_ring, element), 0);
		ledger_put_end(LEDGER_BEFORE, 1);
	}
}

static void go_through(uint32_t count)
{
	char element[RING_ELEMENT_BYTES] = {0};
	for (uint32_t i = 0; i < count; i++) {
		WORLD_IS(mpshm_mpmc_try_push(world_ring, element), 0);
		WORLD_IS(mpshm_mpmc_try_pop(world_ring, element), 0);
	}
}

/* A consumer that dies with a claim in hand. */
static void take_and_wait(void *context)
{
	struct mpshm_span span;
	size_t count = *(const uint32_t *) context;
	WORLD_IS(mpshm_mpmc_try_peek(world_ring, count, &span), count);
	__atomic_store_n((uint32_t *) world_scratch(), 1, __ATOMIC_RELEASE);
	for (;;)
		(void) pause();
}

void ring_setup(const struct crash_case *self)
{
	const struct ring_state *state = self->with;
	const struct mpshm_mpmc_options options = {
		.capacity = RING_CAPACITY,
		.element_bytes = RING_ELEMENT_BYTES,
		.words = state->apart ? MPSHM_WORDS_APART : MPSHM_WORDS_AUTO,
	};
	struct mpshm_span span;

	world_begin();
	WORLD_IS(mpshm_mpmc_open(&world_ring, world_segment, "ring", MPSHM_CREATE, &options),
	         MPSHM_CREATED);
	go_through(state->skipped);
	if (state->tombs) {
		WORLD_IS(mpshm_mpmc_try_reserve(world_ring, state->tombs, &span), state->tombs);
		WORLD_IS(mpshm_mpmc_commit(world_ring, &span, 0), 0);
	}
	push_before(state->taken);
	ledger_log(LEDGER_DEBRIS)->wanted = state->taken;
	if (state->taken) {
		uint32_t count = state->taken;
		pid_t dead = world_helper(take_and_wait, &count);
		world_await(world_scratch());
		world_kill(dead);
		if (state->recovered)
			WORLD_IS(mpshm_segment_recover(world_segment), 1);
	}
	push_before(state->filled);
}

static bool push_own(void)
{
	char element[RING_ELEMENT_BYTES];
	ledger_put_begin(LEDGER_SURVIVOR, 1, element, sizeof element);
	int ret = mpshm_mpmc_try_push(world_ring, element);
	ledger_put_end(LEDGER_SURVIVOR, ret == 0);
	if (ret != 0 && ret != -EAGAIN)
		world_failed(__FILE__, __LINE__, "push", ret);
	return ret == 0;
}

/* One after the other, by bursts, or in place: each kill point by one of them. */
static ssize_t pop_some(void)
{
	char elements[4][RING_ELEMENT_BYTES];
	struct mpshm_span span;
	ssize_t count;

	switch (crash_step() % 3) {
	case 0:
		count = mpshm_mpmc_try_pop(world_ring, elements[0]);
		count = count == 0 ? 1 : count;
		break;
	case 1:
		count = mpshm_mpmc_try_pop_burst(world_ring, elements, 4);
		break;
	default:
		count = mpshm_mpmc_try_peek(world_ring, 4, &span);
		for (ssize_t i = 0; i < count; i++)
			memcpy(elements[i], mpshm_span_element(&span, (size_t) i),
			       RING_ELEMENT_BYTES);
		if (count > 0)
			WORLD_IS(mpshm_mpmc_release(world_ring, &span), 0);
	}
	for (ssize_t i = 0; i < count; i++)
		ledger_deliver(elements[i], RING_ELEMENT_BYTES, false);
	if (count > 0)
		crash_progress();
	else if (count != -EAGAIN)
		world_failed(__FILE__, __LINE__, "pop", count);
	return count;
}

void ring_poke(const struct crash_case *self)
{
	(void) self;
	bool pushed = false;
	for (int64_t until = crash_now() + 4000000; crash_now() < until;) {
		(void) pop_some();
		pushed = pushed || push_own();
	}
}

/* All of the capacity is there, in order, and no more. */
static void check_whole(void)
{
	uint64_t element[RING_ELEMENT_BYTES / 8] = {0};
	size_t size = mpshm_mpmc_size(world_ring);

	if (size != 0)
		crash_fault(CRASH_LEAK, "a drained ring has size %zu", size);
	for (uint64_t i = 0; i < RING_CAPACITY; i++) {
		element[0] = i;
		int ret = mpshm_mpmc_try_push(world_ring, element);
		if (ret != 0)
			crash_fault(CRASH_LEAK, "the ring takes %llu of %u (%d)",
			            (unsigned long long) i, RING_CAPACITY, ret);
	}
	if (mpshm_mpmc_try_push(world_ring, element) != -EAGAIN)
		crash_fault(CRASH_LEAK, "the ring takes more than its capacity");
	for (uint64_t i = 0; i < RING_CAPACITY; i++)
		if (mpshm_mpmc_try_pop(world_ring, element) != 0 || element[0] != i)
			crash_fault(CRASH_TORN, "the drained ring's element %llu is wrong",
			            (unsigned long long) i);
	if (atomic64_load_acquire(&world_ring->ring.shm->redelivery_map) != 0)
		crash_fault(CRASH_LEAK, "something is still to be delivered again");
}

void ring_check(const struct crash_case *self)
{
	(void) self;
	bool pushed = false;

	ledger_collect();
	for (struct patience p = {0}; patience(&p);) {
		(void) pop_some();
		pushed = pushed || push_own();
		if (pushed && ledger_missing() == 0)
			break;
	}
	if (!pushed || ledger_missing() > 0)
		crash_fault(CRASH_HANG,
		            pushed ? "nobody can pop what is there" : "nobody can push");
	crash_all_done();
	WORLD_IS(mpshm_segment_recover(world_segment) >= 0, 1);
	while (pop_some() > 0)
		;
	ledger_judge(false);
	check_whole();
	world_check_leftovers(0);
}

/* Children of the victims.  Nobody's zombie is left: whoever adopts orphans reaps. */
static uint32_t *children(void)
{
	return (uint32_t *) world_scratch() + 16;
}

void ring_beget(void)
{
	pid_t survivor = getppid();
	pid_t child = fork();
	if (child < 0)
		world_failed(__FILE__, __LINE__, "fork", errno);
	while (child == 0 && kill(survivor, 0) == 0)
		(void) usleep(50000);
	if (child == 0)
		_exit(0);
	__atomic_store_n(&children()[crash_victim()], (uint32_t) child, __ATOMIC_RELEASE);
}

void ring_clean(const struct crash_case *self)
{
	(void) self;
	for (int i = 0; i < 2; i++)
		if (children()[i] > 0)
			(void) kill((pid_t) children()[i], SIGKILL);
	WORLD_IS(mpshm_mpmc_close(world_ring), 0);
	world_end();
}
