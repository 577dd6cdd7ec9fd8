/* SPDX-License-Identifier: BSD-2-Clause */
#include "spsc_world.h"

#include "ring/spsc.h"
/* What a user sees, who did not look into the library. */
#define mpshm_spsc_try_push(...) mpshm_spsc_push_inline(__VA_ARGS__)
#define mpshm_spsc_try_pop(...) mpshm_spsc_pop_inline(__VA_ARGS__)

struct mpshm_spsc *spsc_theirs;

static size_t bytes; /* of an element */
static char messages[SPSC_BATCH * SPSC_BYTES_MOST];

struct mpshm_spsc *spsc_side(unsigned flags)
{
	const struct mpshm_spsc_options options = {.capacity = SPSC_CAPACITY,
	                                           .element_bytes = (uint32_t) bytes};
	for (struct patience p = {0}; patience(&p);) {
		struct mpshm_spsc *ring;
		int ret = mpshm_spsc_open(&ring, world_segment, "spsc", flags | MPSHM_CREATE,
		                          &options);
		if (ret >= 0)
			return ring;
		if (ret != -EBUSY)
			world_failed(__FILE__, __LINE__, "spsc_open", ret);
	}
	crash_fault(CRASH_HANG, "the dead one's side can't be had");
	return NULL;
}

void spsc_put_one(int actor, struct mpshm_spsc *ring)
{
	ledger_put_begin(actor, 1, messages, bytes);
	WORLD_IS(mpshm_spsc_try_push(ring, messages), 0);
	ledger_put_end(actor, 1);
}

void spsc_put_run_of_one(int actor, struct mpshm_spsc *ring)
{
	ledger_put_begin(actor, 1, messages, bytes);
	WORLD_IS(mpshm_spsc_try_push_burst(ring, messages, 1), 1);
	ledger_put_end(actor, 1);
}

void spsc_begin(const struct crash_case *self)
{
	const struct spsc_state *state = self->with;
	char element[SPSC_BYTES_MOST] = {0};

	world_begin();
	bytes = state->bytes;
	spsc_theirs = NULL;
	struct mpshm_spsc *both = spsc_side(MPSHM_PRODUCER | MPSHM_CONSUMER);
	for (uint32_t i = 0; i < state->skipped; i++) {
		WORLD_IS(mpshm_spsc_try_push(both, element), 0);
		WORLD_IS(mpshm_spsc_try_pop(both, element), 0);
	}
	for (uint32_t i = 0; i < state->filled; i++)
		spsc_put_one(LEDGER_BEFORE, both);
	WORLD_IS(mpshm_spsc_close(both), 0);
}

void spsc_get_all(struct mpshm_spsc *ring)
{
	char element[SPSC_BYTES_MOST];
	while (mpshm_spsc_try_pop(ring, element) == 0) {
		crash_progress();
		ledger_deliver(element, bytes, false);
	}
}

void spsc_check_whole(struct mpshm_spsc *producer, struct mpshm_spsc *consumer)
{
	uint64_t element[SPSC_BYTES_MOST / 8] = {0};
	for (element[0] = 0; element[0] < SPSC_CAPACITY; element[0]++)
		if (mpshm_spsc_try_push(producer, element) != 0)
			crash_fault(CRASH_LEAK, "the ring takes %llu of %u",
			            (unsigned long long) element[0], SPSC_CAPACITY);
	if (mpshm_spsc_try_push(producer, element) != -EAGAIN)
		crash_fault(CRASH_LEAK, "the ring takes more than its capacity");
	for (uint64_t i = 0; i < SPSC_CAPACITY; i++)
		if (mpshm_spsc_try_pop(consumer, element) != 0 || element[0] != i)
			crash_fault(CRASH_TORN, "the drained ring's element is wrong");
}

static void take_side(const struct crash_case *self, unsigned side)
{
	const struct spsc_state *state = self->with;
	world_thread(self);
	spsc_theirs = spsc_side(side | (state->survivor ? MPSHM_WATCH_PEER : 0));
	if (state->looks) /* as if the ring had been empty when it looked last */
		spsc_theirs->consumer.end.bound = spsc_theirs->consumer.end.position;
}

void spsc_before_put(const struct crash_case *self)
{
	take_side(self, MPSHM_PRODUCER);
	ledger_put_begin(ledger_victim(), 1, messages, bytes);
}

void spsc_before_puts(const struct crash_case *self)
{
	take_side(self, MPSHM_PRODUCER);
	ledger_put_begin(ledger_victim(), SPSC_BATCH, messages, bytes);
}

void spsc_before_get(const struct crash_case *self)
{
	take_side(self, MPSHM_CONSUMER);
	ledger_get_begin(ledger_victim(), 1, bytes);
}

void spsc_before_gets(const struct crash_case *self)
{
	take_side(self, MPSHM_CONSUMER);
	ledger_get_begin(ledger_victim(), SPSC_BATCH, bytes);
}

static char *buffer(void)
{
	return ledger_log(ledger_victim())->buffer;
}

void spsc_push(const struct crash_case *self)
{
	(void) self;
	ledger_put_end(ledger_victim(), mpshm_spsc_try_push(spsc_theirs, messages) == 0);
}

void spsc_push_bulk(const struct crash_case *self)
{
	(void) self;
	ledger_put_end(ledger_victim(),
	               mpshm_spsc_try_push_bulk(spsc_theirs, messages, SPSC_BATCH));
}

void spsc_push_burst(const struct crash_case *self)
{
	(void) self;
	ledger_put_end(ledger_victim(),
	               mpshm_spsc_try_push_burst(spsc_theirs, messages, SPSC_BATCH));
}

void spsc_reserve_commit(const struct crash_case *self)
{
	struct mpshm_span span;
	(void) self;
	ssize_t count = mpshm_spsc_try_reserve(spsc_theirs, SPSC_BATCH, &span);
	for (ssize_t i = 0; i < count; i++)
		memcpy(mpshm_span_element(&span, (size_t) i), messages + (size_t) i * bytes, bytes);
	if (count > 0)
		(void) mpshm_spsc_commit(spsc_theirs, &span, (size_t) count);
	ledger_put_end(ledger_victim(), count);
}

void spsc_pop(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(ledger_victim(), mpshm_spsc_try_pop(spsc_theirs, buffer()) == 0);
}

void spsc_pop_bulk(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(ledger_victim(), mpshm_spsc_try_pop_bulk(spsc_theirs, buffer(), SPSC_BATCH));
}

void spsc_pop_burst(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(ledger_victim(),
	               mpshm_spsc_try_pop_burst(spsc_theirs, buffer(), SPSC_BATCH));
}

void spsc_peek_release(const struct crash_case *self)
{
	struct mpshm_span span;
	(void) self;
	ssize_t count = mpshm_spsc_try_peek(spsc_theirs, SPSC_BATCH, &span);
	for (ssize_t i = 0; i < count; i++)
		memcpy(buffer() + (size_t) i * bytes, mpshm_span_element(&span, (size_t) i), bytes);
	if (count > 0)
		(void) mpshm_spsc_release(spsc_theirs, &span, (size_t) count);
	ledger_get_end(ledger_victim(), count);
}
