/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each operation is run twice: the first time for what happens only once, such as
 * taking a cell; the second time inside of operations_measure(), which the
 * instruction counter knows by its name.  Later operations take out what earlier
 * ones have put in.
 */
#include "operations.h"

#include "common/own_segment.h"
#include "common/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CAPACITY 1024
#define BATCH 32
#define CALLS 256
#define BATCHES (CALLS / BATCH)
#define WORD_BYTES 8
#define SHORT_BYTES 64
#define LONG_BYTES 4096
#define POOL_BYTES (CALLS * LONG_BYTES * 16)
#define PATIENCE_NS 10000000

static struct mpshm_spsc *producer, *consumer;
static struct mpshm_mpmc *mpmc;
static struct mpshm_queue *queue,
	*leased; /* a get also looks for what leases left, where one was */
static struct mpshm_value *value;
static struct mpshm_counter *counter;
static char buffer[LONG_BYTES];
static struct mpshm_span span;
static struct mpshm_message message;
static struct mpshm_lease lease;
static void *reserved;
static int64_t expected = 1;
static unsigned refusals;

static inline bool do_nothing(void)
{
	__asm__ volatile("" : : : "memory");
	return true;
}

/* `succeeds` is an expression that calls it. */
#define OPERATION(name, calls, succeeds) \
	static void name(void) \
	{ \
		unsigned i; \
\
		for (i = 0; i < (calls); i++) \
			refusals += !(succeeds); \
	}

OPERATION(nothing, CALLS, do_nothing())

OPERATION(spsc_try_push, CALLS, library.spsc_try_push(producer, buffer) == 0)
OPERATION(spsc_try_pop, CALLS, library.spsc_try_pop(consumer, buffer) == 0)
OPERATION(spsc_try_push_burst_32, BATCHES,
          library.spsc_try_push_burst(producer, buffer, BATCH) == BATCH)
OPERATION(spsc_try_pop_burst_32, BATCHES,
          library.spsc_try_pop_burst(consumer, buffer, BATCH) == BATCH)
OPERATION(spsc_try_push_bulk_32, BATCHES,
          library.spsc_try_push_bulk(producer, buffer, BATCH) == BATCH)
OPERATION(spsc_try_pop_bulk_32, BATCHES,
          library.spsc_try_pop_bulk(consumer, buffer, BATCH) == BATCH)
OPERATION(spsc_reserve_commit, CALLS,
          library.spsc_try_reserve(producer, 1, &span) == 1 &&
                  library.spsc_commit(producer, &span, 1) == 0)
OPERATION(spsc_peek_release, CALLS,
          library.spsc_try_peek(consumer, 1, &span) == 1 &&
                  library.spsc_release(consumer, &span, 1) == 0)
OPERATION(spsc_size, CALLS, library.spsc_size(producer) == 0)

OPERATION(mpmc_try_push, CALLS, library.mpmc_try_push(mpmc, buffer) == 0)
OPERATION(mpmc_try_pop, CALLS, library.mpmc_try_pop(mpmc, buffer) == 0)
OPERATION(mpmc_try_push_burst_32, BATCHES,
          library.mpmc_try_push_burst(mpmc, buffer, BATCH) == BATCH)
OPERATION(mpmc_try_pop_burst_32, BATCHES, library.mpmc_try_pop_burst(mpmc, buffer, BATCH) == BATCH)
OPERATION(mpmc_try_push_bulk_32, BATCHES, library.mpmc_try_push_bulk(mpmc, buffer, BATCH) == BATCH)
OPERATION(mpmc_try_pop_bulk_32, BATCHES, library.mpmc_try_pop_bulk(mpmc, buffer, BATCH) == BATCH)
OPERATION(mpmc_reserve_commit, CALLS,
          library.mpmc_try_reserve(mpmc, 1, &span) == 1 && library.mpmc_commit(mpmc, &span, 1) == 0)
OPERATION(mpmc_peek_release, CALLS,
          library.mpmc_try_peek(mpmc, 1, &span) == 1 && library.mpmc_release(mpmc, &span) == 0)
OPERATION(mpmc_size, CALLS, library.mpmc_size(mpmc) == 0)

OPERATION(queue_try_put, CALLS, library.queue_try_put(queue, buffer, SHORT_BYTES) == 0)
OPERATION(queue_try_get, CALLS, library.queue_try_get(queue, buffer, LONG_BYTES) == SHORT_BYTES)
OPERATION(queue_put, CALLS, library.queue_put(queue, buffer, SHORT_BYTES, PATIENCE_NS) == 0)
OPERATION(queue_get, CALLS,
          library.queue_get(queue, buffer, LONG_BYTES, PATIENCE_NS) == SHORT_BYTES)
OPERATION(queue_put_tagged, CALLS,
          library.queue_put_tagged(queue, buffer, SHORT_BYTES, 1, PATIENCE_NS) == 0)
OPERATION(queue_receive, CALLS,
          library.queue_receive(queue, buffer, LONG_BYTES, &message, PATIENCE_NS) == SHORT_BYTES)
OPERATION(queue_put_leased, CALLS, library.queue_put(leased, buffer, SHORT_BYTES, PATIENCE_NS) == 0)
OPERATION(queue_get_begin_commit, CALLS,
          library.queue_get_begin(leased, &lease, PATIENCE_NS) == SHORT_BYTES &&
                  library.queue_get_commit(leased, &lease) == 0)
OPERATION(queue_get_leased, CALLS,
          library.queue_get(leased, buffer, LONG_BYTES, PATIENCE_NS) == SHORT_BYTES)
OPERATION(queue_put_4096, CALLS, library.queue_put(queue, buffer, LONG_BYTES, PATIENCE_NS) == 0)
OPERATION(queue_get_4096, CALLS,
          library.queue_get(queue, buffer, LONG_BYTES, PATIENCE_NS) == LONG_BYTES)
OPERATION(queue_reserve_commit, CALLS,
          library.queue_reserve(queue, LONG_BYTES, &reserved, PATIENCE_NS) == 0 &&
                  library.queue_commit(queue, reserved, LONG_BYTES, 0, PATIENCE_NS) == 0)
OPERATION(queue_get_4096_again, CALLS,
          library.queue_get(queue, buffer, LONG_BYTES, PATIENCE_NS) == LONG_BYTES)
OPERATION(queue_reserve_abort, CALLS,
          library.queue_reserve(queue, LONG_BYTES, &reserved, PATIENCE_NS) == 0 &&
                  library.queue_abort(queue, reserved) == 0)
OPERATION(queue_size, CALLS, library.queue_size(queue) == 0)

OPERATION(value_load, CALLS, library.value_load(value) >= 0)
OPERATION(value_store, CALLS, (library.value_store(value, 1), true))
OPERATION(value_add, CALLS, library.value_add(value, 1) > 0)
OPERATION(value_exchange, CALLS, library.value_exchange(value, 1) > 0)
OPERATION(value_compare_exchange, CALLS, library.value_compare_exchange(value, &expected, 1) == 1)

OPERATION(counter_add, CALLS, library.counter_add(counter, 1) == 0)
OPERATION(counter_sum, CALLS, library.counter_sum(counter) > 0)

static const struct {
	const char *name;
	unsigned calls;
	void (*run)(void);
} operations[] = {
	{"nothing", CALLS, nothing},
	{"spsc_try_push", CALLS, spsc_try_push},
	{"spsc_try_pop", CALLS, spsc_try_pop},
	{"spsc_try_push_burst_32", BATCHES, spsc_try_push_burst_32},
	{"spsc_try_pop_burst_32", BATCHES, spsc_try_pop_burst_32},
	{"spsc_try_push_bulk_32", BATCHES, spsc_try_push_bulk_32},
	{"spsc_try_pop_bulk_32", BATCHES, spsc_try_pop_bulk_32},
	{"spsc_reserve_commit", CALLS, spsc_reserve_commit},
	{"spsc_peek_release", CALLS, spsc_peek_release},
	{"spsc_size", CALLS, spsc_size},
	{"mpmc_try_push", CALLS, mpmc_try_push},
	{"mpmc_try_pop", CALLS, mpmc_try_pop},
	{"mpmc_try_push_burst_32", BATCHES, mpmc_try_push_burst_32},
	{"mpmc_try_pop_burst_32", BATCHES, mpmc_try_pop_burst_32},
	{"mpmc_try_push_bulk_32", BATCHES, mpmc_try_push_bulk_32},
	{"mpmc_try_pop_bulk_32", BATCHES, mpmc_try_pop_bulk_32},
	{"mpmc_reserve_commit", CALLS, mpmc_reserve_commit},
	{"mpmc_peek_release", CALLS, mpmc_peek_release},
	{"mpmc_size", CALLS, mpmc_size},
	{"queue_try_put", CALLS, queue_try_put},
	{"queue_try_get", CALLS, queue_try_get},
	{"queue_put", CALLS, queue_put},
	{"queue_get", CALLS, queue_get},
	{"queue_put_tagged", CALLS, queue_put_tagged},
	{"queue_receive", CALLS, queue_receive},
	{"queue_put_leased", CALLS, queue_put_leased},
	{"queue_get_begin_commit", CALLS, queue_get_begin_commit},
	{"queue_put_leased", CALLS, queue_put_leased},
	{"queue_get_leased", CALLS, queue_get_leased},
	{"queue_put_4096", CALLS, queue_put_4096},
	{"queue_get_4096", CALLS, queue_get_4096},
	{"queue_reserve_commit", CALLS, queue_reserve_commit},
	{"queue_get_4096_again", CALLS, queue_get_4096_again},
	{"queue_reserve_abort", CALLS, queue_reserve_abort},
	{"queue_size", CALLS, queue_size},
	{"value_load", CALLS, value_load},
	{"value_store", CALLS, value_store},
	{"value_add", CALLS, value_add},
	{"value_exchange", CALLS, value_exchange},
	{"value_compare_exchange", CALLS, value_compare_exchange},
	{"counter_add", CALLS, counter_add},
	{"counter_sum", CALLS, counter_sum},
};

#define OPERATIONS_COUNT (sizeof(operations) / sizeof(*operations))

/* Known to the instruction counter by its name. */
__attribute__((noinline, used)) static void operations_measure(void (*run)(void))
{
	run();
	__asm__ volatile("" : : : "memory"); /* not a jump: it must be seen to return */
}

static int open_all(struct mpshm_segment *segment)
{
	struct mpshm_spsc_options spsc_options = {.capacity = CAPACITY,
	                                          .element_bytes = WORD_BYTES};
	struct mpshm_mpmc_options mpmc_options = {.capacity = CAPACITY,
	                                          .element_bytes = WORD_BYTES};
	struct mpshm_queue_options queue_options = {
		.capacity = CAPACITY, .max_message_bytes = LONG_BYTES, .pool_bytes = POOL_BYTES};
	int error = library.spsc_open(&producer, segment, "spsc", MPSHM_CREATE | MPSHM_PRODUCER,
	                              &spsc_options);

	if (error >= 0)
		error = library.spsc_open(&consumer, segment, "spsc", MPSHM_CONSUMER, NULL);
	if (error >= 0)
		error = library.mpmc_open(&mpmc, segment, "mpmc", MPSHM_CREATE, &mpmc_options);
	if (error >= 0)
		error = library.queue_open(&queue, segment, "queue", MPSHM_CREATE, &queue_options);
	if (error >= 0)
		error = library.queue_open(&leased, segment, "leased", MPSHM_CREATE,
		                           &queue_options);
	if (error >= 0)
		error = library.value_open(&value, segment, "value", MPSHM_CREATE, NULL);
	if (error >= 0)
		error = library.counter_open(&counter, segment, "counter", MPSHM_CREATE, NULL);
	return error < 0 ? error : 0;
}

static int run_all(const char *name)
{
	struct mpshm_segment *segment;
	unsigned i;
	int error = library.segment_open(&segment, name, MPSHM_NEW_MAPPING, NULL);

	if (error >= 0)
		error = open_all(segment);
	if (error < 0) {
		fprintf(stderr, "%s: %s: %s\n", program_name, strerror(-error),
		        library.error_detail());
		return error;
	}
	for (i = 0; i < OPERATIONS_COUNT; i++)
		operations[i].run();
	for (i = 0; i < OPERATIONS_COUNT; i++)
		operations_measure(operations[i].run);
	if (refusals > 0)
		fprintf(stderr, "%s: %u calls failed\n", program_name, refusals);
	return refusals > 0 ? -EBADMSG : 0;
}

void operations_list(void)
{
	unsigned i;

	for (i = 0; i < OPERATIONS_COUNT; i++)
		printf("%s %u\n", operations[i].name, operations[i].calls);
}

int operations_run(enum build build)
{
	struct own_segment own;
	int error = library_load(build);

	if (error < 0 || own_segment_create(&own) < 0)
		return -ENOMEM;
	error = run_all(own.name);
	return own_segment_remove(&own) < 0 ? -EIO : error;
}
