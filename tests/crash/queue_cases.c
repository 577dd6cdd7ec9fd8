/* SPDX-License-Identifier: BSD-2-Clause */
#include "cases.h"
#include "queue_world.h"

static const struct queue_state *state_of(const struct crash_case *self)
{
	return self->with;
}

static void before_put(const struct crash_case *self)
{
	world_thread(self);
	ledger_put_begin(ledger_victim(), 1, queue_buffer, state_of(self)->bytes);
}

static void put(const struct crash_case *self)
{
	const struct queue_state *state = state_of(self);
	ledger_put_end(ledger_victim(), mpshm_queue_put(world_queue, queue_buffer, state->bytes,
	                                                state->timeout_ns) == 0);
}

static void before_get(const struct crash_case *self)
{
	world_thread(self);
	ledger_get_begin(ledger_victim(), 1, state_of(self)->bytes);
}

static void get(const struct crash_case *self)
{
	ledger_get_end(ledger_victim(),
	               mpshm_queue_get(world_queue, ledger_log(ledger_victim())->buffer,
	                               QUEUE_BLOCK_BYTES, state_of(self)->timeout_ns) >= 0);
}

#define before_reserve_commit before_put
static void reserve_commit(const struct crash_case *self)
{
	const struct queue_state *state = state_of(self);
	void *message;
	int ret = mpshm_queue_reserve(world_queue, state->bytes, &message, state->timeout_ns);
	if (ret == 0) {
		memcpy(message, queue_buffer, state->bytes);
		ret = mpshm_queue_commit(world_queue, message, state->bytes, 7, state->timeout_ns);
		if (ret < 0)
			(void) mpshm_queue_abort(world_queue, message);
	}
	ledger_put_end(ledger_victim(), ret == 0);
}

static void before_reserve_abort(const struct crash_case *self)
{
	world_thread(self);
}

static void reserve_abort(const struct crash_case *self)
{
	void *message;
	int ret = mpshm_queue_reserve(world_queue, state_of(self)->bytes, &message, 0);
	if (ret == 0)
		(void) mpshm_queue_abort(world_queue, message);
}

/* Nothing is ever said to have been got, so all has to come. */
static struct mpshm_lease held;

#define before_lease before_reserve_abort
static void lease(const struct crash_case *self)
{
	(void) mpshm_queue_get_begin(world_queue, &held, state_of(self)->timeout_ns);
}

static void before_lease_abort(const struct crash_case *self)
{
	world_thread(self);
	queue_lease(&held);
}

static void lease_abort(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_queue_get_abort(world_queue, &held);
}

static void before_lease_commit(const struct crash_case *self)
{
	before_get(self);
	queue_lease(&held);
	memcpy(ledger_log(ledger_victim())->buffer, held.data, held.message.bytes);
}

static void lease_commit(const struct crash_case *self)
{
	(void) self;
	ledger_get_end(ledger_victim(), mpshm_queue_get_commit(world_queue, &held) == 0);
}

#define before_recover before_reserve_abort
static void recover(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_segment_recover(world_segment);
}

#define before_shut_down before_reserve_abort
static void shut_down(const struct crash_case *self)
{
	(void) self;
	(void) mpshm_queue_shutdown(world_queue);
}

static const struct queue_state short_ = {.skipped = 3, .filled = 3, .bytes = QUEUE_INLINE_BYTES};
static const struct queue_state long_ = {.skipped = 7, .filled = 3, .bytes = QUEUE_BLOCK_BYTES};
static const struct queue_state empty = {.skipped = 3, .bytes = QUEUE_INLINE_BYTES};
static const struct queue_state empty_long = {.skipped = 3, .bytes = QUEUE_BLOCK_BYTES};
static const struct queue_state full = {.skipped = 3, .filled = 6, .bytes = QUEUE_INLINE_BYTES};
static const struct queue_state full_long = {.skipped = 3, .filled = 6, .bytes = QUEUE_BLOCK_BYTES};
static const struct queue_state again = {
	.skipped = 3, .taken = 1, .filled = 2, .bytes = QUEUE_INLINE_BYTES};
static const struct queue_state again_long = {
	.skipped = 3, .taken = 1, .filled = 2, .bytes = QUEUE_BLOCK_BYTES};
static const struct queue_state back = {
	.skipped = 3, .back = 2, .filled = 1, .bytes = QUEUE_INLINE_BYTES};
static const struct queue_state back_long = {
	.skipped = 7, .back = 2, .filled = 1, .bytes = QUEUE_BLOCK_BYTES};
static const struct queue_state of_the_dead = {
	.skipped = 3, .held = 2, .filled = 1, .bytes = QUEUE_INLINE_BYTES};
static const struct queue_state of_the_dead_long = {
	.skipped = 7, .held = 2, .filled = 1, .bytes = QUEUE_BLOCK_BYTES};
static const struct queue_state last = {
	.skipped = 3, .filled = 1, .bytes = QUEUE_INLINE_BYTES, .helper = QUEUE_GETTER_BEHIND};
static const struct queue_state last_long = {
	.skipped = 3, .filled = 1, .bytes = QUEUE_BLOCK_BYTES, .helper = QUEUE_GETTER_BEHIND};
static const struct queue_state shut = {.skipped = 3,
                                        .filled = 1,
                                        .shut = true,
                                        .bytes = QUEUE_BLOCK_BYTES,
                                        .helper = QUEUE_GETTER_BEHIND};
static const struct queue_state to_sleeper = {
	.skipped = 3, .bytes = QUEUE_INLINE_BYTES, .helper = QUEUE_SLEEPING_GETTER};
static const struct queue_state to_sleeper_long = {
	.skipped = 3, .bytes = QUEUE_BLOCK_BYTES, .helper = QUEUE_SLEEPING_GETTER};
static const struct queue_state from_sleeper = {
	.skipped = 3, .filled = 6, .bytes = QUEUE_INLINE_BYTES, .helper = QUEUE_SLEEPING_PUTTER};
static const struct queue_state from_sleeper_long = {
	.skipped = 3, .filled = 6, .bytes = QUEUE_BLOCK_BYTES, .helper = QUEUE_SLEEPING_PUTTER};
/* Victims that sleep: until they are woken, and until their time is over. */
static const struct queue_state asleep_empty = {.skipped = 3,
                                                .bytes = QUEUE_INLINE_BYTES,
                                                .helper = QUEUE_PUTTER_SOON,
                                                .timeout_ns = MPSHM_SECOND};
static const struct queue_state asleep_full = {.skipped = 3,
                                               .filled = 6,
                                               .bytes = QUEUE_INLINE_BYTES,
                                               .helper = QUEUE_GETTER_SOON,
                                               .timeout_ns = MPSHM_SECOND};
static const struct queue_state late_empty = {
	.skipped = 3, .bytes = QUEUE_INLINE_BYTES, .timeout_ns = 8 * MPSHM_MILLISECOND};
static const struct queue_state late_full = {
	.skipped = 3, .filled = 6, .bytes = QUEUE_BLOCK_BYTES, .timeout_ns = 8 * MPSHM_MILLISECOND};

#define CASE(operation, state, its_flags) \
	&(const struct crash_case) \
	{ \
		.name = "queue." #operation "." #state, .setup = queue_setup, \
		.ready = before_##operation, .operate = operation, .check = queue_check, \
		.clean = queue_clean, .poke = queue_poke, .with = &(state), .flags = (its_flags) \
	}

const struct crash_case *const queue_cases[] = {
	CASE(put, short_, CRASH_QUICK),
	CASE(put, long_, CRASH_QUICK),
	CASE(put, empty, 0),
	CASE(put, full, 0),
	CASE(put, full_long, 0),
	CASE(put, again, 0),
	CASE(put, to_sleeper, 0),
	CASE(put, to_sleeper_long, 0),
	CASE(put, asleep_full, 0),
	CASE(put, late_full, 0),
	CASE(get, short_, CRASH_QUICK),
	CASE(get, long_, CRASH_QUICK),
	CASE(get, empty, 0),
	CASE(get, full, 0),
	CASE(get, full_long, 0),
	CASE(get, again, 0),
	CASE(get, again_long, 0),
	CASE(get, from_sleeper, 0),
	CASE(get, from_sleeper_long, 0),
	CASE(get, asleep_empty, 0),
	CASE(get, late_empty, 0),
	CASE(get, back, 0),
	CASE(get, back_long, 0),
	CASE(lease, short_, CRASH_QUICK | CRASH_LEAVES),
	CASE(lease, long_, CRASH_QUICK | CRASH_LEAVES),
	CASE(lease, empty, CRASH_LEAVES),
	CASE(lease, full, CRASH_LEAVES),
	CASE(lease, full_long, CRASH_LEAVES),
	CASE(lease, again, CRASH_LEAVES),
	CASE(lease, again_long, CRASH_LEAVES),
	CASE(lease, back, CRASH_LEAVES),
	CASE(lease, back_long, CRASH_LEAVES),
	CASE(lease, from_sleeper, CRASH_LEAVES),
	CASE(lease, from_sleeper_long, CRASH_LEAVES),
	CASE(lease, asleep_empty, CRASH_LEAVES),
	CASE(lease, late_empty, CRASH_LEAVES),
	CASE(lease_commit, short_, 0),
	CASE(lease_commit, long_, 0),
	CASE(lease_commit, back, 0),
	CASE(lease_commit, shut, CRASH_ALONE),
	CASE(lease_abort, short_, CRASH_QUICK),
	CASE(lease_abort, long_, 0),
	CASE(lease_abort, back_long, 0),
	CASE(lease_abort, last, CRASH_ALONE),
	CASE(lease_abort, last_long, CRASH_ALONE),
	CASE(lease_abort, shut, CRASH_ALONE),
	CASE(recover, of_the_dead, 0),
	CASE(recover, of_the_dead_long, 0),
	CASE(reserve_commit, short_, 0),
	CASE(reserve_commit, long_, 0),
	CASE(reserve_commit, full_long, 0),
	CASE(reserve_commit, to_sleeper_long, 0),
	CASE(reserve_abort, long_, 0),
	CASE(reserve_abort, empty_long, 0),
	CASE(shut_down, short_, 0),
	CASE(shut_down, full_long, 0),
	CASE(shut_down, to_sleeper, 0),
	CASE(shut_down, from_sleeper, 0),
	NULL,
};
