/* SPDX-License-Identifier: BSD-2-Clause */
#include "queue_world.h"

#include "queue/queue.h"

#define SOON_US 15000

struct mpshm_queue *world_queue;
uint64_t queue_buffer[QUEUE_BLOCK_BYTES / 8 + 1];

static pid_t helper;
static const struct queue_state *state;

static void put_before(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		ledger_put_begin(LEDGER_BEFORE, 1, queue_buffer, state->bytes);
		WORLD_IS(mpshm_queue_try_put(world_queue, queue_buffer, state->bytes), 0);
		ledger_put_end(LEDGER_BEFORE, 1);
	}
}

/* A getter that dies with a claim in hand: by what a get does up to there. */
static void take_and_wait(void *context)
{
	struct mpmc *ring = &world_queue->ring;
	uint32_t count = *(const uint32_t *) context;
	while (count-- > 0) {
		struct frame_shm *frame;
		uint64_t position;
		WORLD_IS(queue_begin(world_queue, &frame), 0);
		WORLD_IS(mpmc_front(ring, frame, &position), 0);
		WORLD_IS(mpmc_claim_front(ring, frame, position), 1);
	}
	__atomic_store_n((uint32_t *) world_scratch(), 1, __ATOMIC_RELEASE);
	for (;;)
		(void) pause();
}

static void lease_and_wait(void *context)
{
	uint32_t count = *(const uint32_t *) context;
	struct mpshm_lease lease;
	while (count-- > 0)
		WORLD_IS(mpshm_queue_get_begin(world_queue, &lease, 0), state->bytes);
	__atomic_store_n((uint32_t *) world_scratch(), 1, __ATOMIC_RELEASE);
	for (;;)
		(void) pause();
}

/* Messages that `run` does something to and dies. */
static void fill_for_the_dead(uint32_t count, void (*run)(void *))
{
	put_before(count);
	pid_t dead = world_helper(run, &count);
	world_await(world_scratch());
	world_kill(dead);
}

static void give_back(uint32_t count)
{
	struct mpshm_lease leases[QUEUE_CAPACITY];
	put_before(count);
	for (uint32_t i = 0; i < count; i++)
		WORLD_IS(mpshm_queue_get_begin(world_queue, &leases[i], 0), state->bytes);
	for (uint32_t i = 0; i < count; i++)
		WORLD_IS(mpshm_queue_get_abort(world_queue, &leases[i]), 0);
}

/* Puts, or gets, one message; scratch[1] says that it is about to, scratch[2] that it has. */
static void help(void *context)
{
	enum queue_helper how = *(const enum queue_helper *) context;
	uint32_t *scratch = world_scratch();
	bool puts = how == QUEUE_SLEEPING_PUTTER || how == QUEUE_PUTTER_SOON;

	world_thread(NULL);
	if (how == QUEUE_GETTER_BEHIND) {
		__atomic_store_n(&scratch[1], 1, __ATOMIC_RELEASE);
		world_await(&scratch[3]);
	}
	if (puts)
		ledger_put_begin(LEDGER_HELPER, 1, queue_buffer, state->bytes);
	else
		ledger_get_begin(LEDGER_HELPER, 1, state->bytes);
	__atomic_store_n(&scratch[1], 1, __ATOMIC_RELEASE);
	if (how == QUEUE_PUTTER_SOON || how == QUEUE_GETTER_SOON)
		(void) usleep(SOON_US);
	ssize_t ret =
		puts ? mpshm_queue_put(world_queue, queue_buffer, state->bytes, CRASH_PATIENCE_NS)
		     : mpshm_queue_get(world_queue, ledger_log(LEDGER_HELPER)->buffer,
	                               QUEUE_BLOCK_BYTES, CRASH_PATIENCE_NS);
	if (ret < 0 && ret != -EPIPE && ret != -ETIMEDOUT && ret != -ENOBUFS)
		world_failed(__FILE__, __LINE__, "the helper's call", ret);
	if (ret == -ETIMEDOUT)
		crash_fault(CRASH_HANG, "a sleeper was never woken");
	if (puts)
		ledger_put_end(LEDGER_HELPER, ret == 0);
	else
		ledger_get_end(LEDGER_HELPER, ret >= 0);
	__atomic_store_n(&scratch[2], 1, __ATOMIC_RELEASE);
}

/* All the while, until it is woken. */
static bool sleeps(enum queue_helper how)
{
	return how == QUEUE_SLEEPING_GETTER || how == QUEUE_SLEEPING_PUTTER;
}

static void await_sleep(enum queue_helper how)
{
	const struct wait_shm *wait = how == QUEUE_SLEEPING_PUTTER ? &world_queue->shm->not_full
	                                                           : &world_queue->shm->not_empty;
	for (struct patience p = {0}; patience(&p);) {
		if (atomic32_load_acquire(&wait->word) & WAIT_SLEEPERS)
			break;
		(void) usleep(20);
	}
	(void) usleep(100);
}

void queue_lease(struct mpshm_lease *ret_lease)
{
	WORLD_IS(mpshm_queue_get_begin(world_queue, ret_lease, 0), state->bytes);
	if (state->helper != QUEUE_GETTER_BEHIND)
		return;
	__atomic_store_n((uint32_t *) world_scratch() + 3, 1, __ATOMIC_RELEASE);
	await_sleep(state->helper);
}

void queue_setup(const struct crash_case *self)
{
	const struct mpshm_queue_options options = {
		.capacity = QUEUE_CAPACITY,
		.max_message_bytes = 1024,
		.slot_bytes = 64,
		.pool_bytes = 16384,
	};

	state = self->with;
	world_begin();
	WORLD_IS(mpshm_queue_open(&world_queue, world_segment, "queue", MPSHM_CREATE, &options),
	         MPSHM_CREATED);
	for (uint32_t i = 0; i < state->skipped; i++) {
		WORLD_IS(mpshm_queue_try_put(world_queue, queue_buffer, state->bytes), 0);
		WORLD_IS(mpshm_queue_try_get(world_queue, queue_buffer, sizeof queue_buffer),
		         state->bytes);
	}
	if (state->taken) {
		fill_for_the_dead(state->taken, take_and_wait);
		WORLD_IS(mpshm_segment_recover(world_segment), 1);
	}
	give_back(state->back);
	if (state->held)
		fill_for_the_dead(state->held, lease_and_wait);
	put_before(state->filled);
	if (state->shut)
		WORLD_IS(mpshm_queue_shutdown(world_queue), 0);
	helper = 0;
	if (state->helper == QUEUE_NO_HELPER)
		return;
	enum queue_helper how = state->helper;
	helper = world_helper(help, &how);
	world_await((uint32_t *) world_scratch() + 1);
	if (sleeps(how))
		await_sleep(how);
}

static bool put_own(void)
{
	ledger_put_begin(LEDGER_SURVIVOR, 1, queue_buffer, state->bytes);
	int ret = mpshm_queue_try_put(world_queue, queue_buffer, state->bytes);
	ledger_put_end(LEDGER_SURVIVOR, ret == 0);
	if (ret != 0 && ret != -EAGAIN && ret != -ENOBUFS && ret != -EPIPE)
		world_failed(__FILE__, __LINE__, "put", ret);
	return ret == 0 || ret == -EPIPE;
}

/* As receive, by a lease. */
static ssize_t lease_one(struct mpshm_message *ret_message, int64_t timeout_ns)
{
	struct mpshm_lease lease;
	ssize_t bytes = mpshm_queue_get_begin(world_queue, &lease, timeout_ns);
	if (bytes < 0)
		return bytes;
	memcpy(queue_buffer, lease.data, (size_t) bytes);
	*ret_message = lease.message;
	WORLD_IS(mpshm_queue_get_commit(world_queue, &lease), 0);
	return bytes;
}

static bool get_some(void)
{
	struct mpshm_message message;
	/* By a short sleep now and then: what is woken, and what slices repair. */
	int64_t timeout = crash_step() % 3 == 0 ? 300 * MPSHM_MICROSECOND : 0;
	ssize_t ret = crash_step() % 4 == 1
	                      ? lease_one(&message, timeout)
	                      : mpshm_queue_receive(world_queue, queue_buffer, sizeof queue_buffer,
	                                            &message, timeout);
	if (ret < 0) {
		if (ret != -EAGAIN && ret != -ETIMEDOUT && ret != -EPIPE)
			world_failed(__FILE__, __LINE__, "get", ret);
		return false;
	}
	crash_progress();
	ledger_deliver(queue_buffer, (size_t) ret, message.flags & MPSHM_MESSAGE_REDELIVERED);
	return true;
}

void queue_poke(const struct crash_case *self)
{
	(void) self;
	bool done = false;
	for (int64_t until = crash_now() + 4000000; crash_now() < until;) {
		(void) get_some();
		done = done || put_own();
	}
}

static void check_pool(void)
{
	for (uint32_t c = 0; c < world_queue->pool.classes; c++) {
		const struct pool_class *class = &world_queue->pool.class_table[c];
		for (uint32_t i = 0; i < class->count; i++) {
			uint64_t word = atomic64_load_acquire(
				&world_queue->pool.descriptors[class->first_block + i].word);
			uint64_t map = atomic64_load_acquire(&class->free_map[i / 64]);
			if (block_kind(word) != BLOCK_FREE)
				crash_fault(CRASH_LEAK, "block %u of class %u is not free: %llx", i,
				            c, (unsigned long long) word);
			else if (!(map >> i % 64 & 1))
				crash_fault(CRASH_LEAK, "free block %u of class %u is not found", i,
				            c);
		}
	}
}

static void check_whole(void)
{
	uint64_t message[5] = {0};
	size_t size = mpshm_queue_size(world_queue);

	if (size != 0)
		crash_fault(CRASH_LEAK, "a drained queue has size %zu", size);
	for (message[0] = 0; message[0] < QUEUE_CAPACITY; message[0]++) {
		int ret = mpshm_queue_try_put(world_queue, message, sizeof message);
		if (ret != 0)
			crash_fault(CRASH_LEAK, "the queue takes %llu of %u (%d)",
			            (unsigned long long) message[0], QUEUE_CAPACITY, ret);
	}
	if (mpshm_queue_try_put(world_queue, message, sizeof message) != -EAGAIN)
		crash_fault(CRASH_LEAK, "the queue takes more than its capacity");
	for (uint64_t i = 0; i < QUEUE_CAPACITY; i++)
		if (mpshm_queue_try_get(world_queue, message, sizeof message) < 0 ||
		    message[0] != i)
			crash_fault(CRASH_TORN, "the drained queue's message %llu is wrong",
			            (unsigned long long) i);
}

/* The helper sleeps, so what it waits for has to come: from us, once all else is done. */
static void free_helper(bool *put)
{
	uint32_t *scratch = world_scratch();
	if (!helper)
		return;
	for (struct patience p = {0}; patience(&p);) {
		if (__atomic_load_n(&scratch[2], __ATOMIC_ACQUIRE)) {
			if (sleeps(state->helper))
				crash_woken();
			break;
		}
		bool puts = state->helper == QUEUE_SLEEPING_PUTTER ||
		            state->helper == QUEUE_PUTTER_SOON;
		if (puts)
			(void) get_some();
		else if (!*put)
			*put = put_own();
		(void) usleep(50);
	}
	(void) world_join(helper);
	helper = 0;
}

void queue_check(const struct crash_case *self)
{
	bool put = false, shut = queue_closed(world_queue);

	(void) self;
	free_helper(&put);
	ledger_collect();
	for (struct patience p = {0}; patience(&p);) {
		(void) get_some();
		put = put || shut || put_own();
		if (put && ledger_missing() == 0)
			break;
	}
	if (!put || ledger_missing() > 0)
		crash_fault(CRASH_HANG, put ? "nobody can get what is there" : "nobody can put");
	crash_all_done();
	WORLD_IS(mpshm_segment_recover(world_segment) >= 0, 1);
	while (get_some())
		;
	ledger_judge(true);
	if (!shut)
		check_whole();
	else if (mpshm_queue_try_get(world_queue, queue_buffer, sizeof queue_buffer) != -EPIPE)
		crash_fault(CRASH_HANG, "a queue that was shut down does not end");
	check_pool();
	world_check_leftovers(0);
}

void queue_clean(const struct crash_case *self)
{
	(void) self;
	WORLD_IS(mpshm_queue_close(world_queue), 0);
	world_end();
}
