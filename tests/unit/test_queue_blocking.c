/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: timeouts, wake-ups between threads and processes, shutdown, signals. */
#include "objects.h"

#include "queue/queue.h"

#include <pthread.h>
#include <stdlib.h>

#define SHORT_NS (40 * MPSHM_MILLISECOND)

static struct mpshm_queue *queue, *back;

static struct mpshm_queue *queue_of(const char *name, uint32_t capacity)
{
	struct mpshm_queue *made;
	const struct mpshm_queue_options options = {.capacity = capacity,
	                                            .max_message_bytes = 1024};
	ck_assert_int_eq(mpshm_queue_open(&made, seg, name, MPSHM_CREATE, &options), MPSHM_CREATED);
	return made;
}

START_TEST(queue_timeout_covers_the_whole_time_and_changes_nothing)
{
	char byte = 'x';
	queue = queue_of("queue", 1);
	int64_t begin = now_ns();
	ck_assert_int_eq(mpshm_queue_get(queue, &byte, 1, SHORT_NS), -ETIMEDOUT);
	ck_assert_int_ge(now_ns() - begin, SHORT_NS);
	ck_assert_int_eq(mpshm_queue_get(queue, &byte, 1, 1), -ETIMEDOUT);
	ck_assert_int_eq(mpshm_queue_put(queue, "a", 1, SHORT_NS), 0);
	begin = now_ns();
	ck_assert_int_eq(mpshm_queue_put(queue, "b", 1, SHORT_NS), -ETIMEDOUT);
	ck_assert_int_ge(now_ns() - begin, SHORT_NS);
	/* Longer than a slice of sleep. */
	begin = now_ns();
	ck_assert_int_eq(mpshm_queue_put(queue, "b", 1, 250 * MPSHM_MILLISECOND), -ETIMEDOUT);
	ck_assert_int_ge(now_ns() - begin, 250 * MPSHM_MILLISECOND);
	ck_assert_uint_eq(mpshm_queue_size(queue), 1);
	ck_assert_int_eq(mpshm_queue_get(queue, &byte, 1, INT64_MAX), 1);
	ck_assert_int_eq(byte, 'a');
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

#define ROUNDS 20000

static void echo(void *context)
{
	uint64_t number = 0;
	(void) context;
	for (uint64_t i = 0; i < ROUNDS; i++) {
		need_eq(mpshm_queue_get(queue, &number, sizeof number, MPSHM_FOREVER), 8);
		need_eq(number, i);
		need_eq(mpshm_queue_put(back, &number, sizeof number, MPSHM_FOREVER), 0);
	}
}

START_TEST(queue_ping_pong_between_processes_never_loses_a_wake)
{
	uint64_t number;
	queue = queue_of("there", 1);
	back = queue_of("back", 1);
	pid_t child = child_start(echo, NULL);
	for (uint64_t i = 0; i < ROUNDS; i++) {
		ck_assert_int_eq(mpshm_queue_put(queue, &i, sizeof i, MPSHM_FOREVER), 0);
		ck_assert_int_eq(mpshm_queue_get(back, &number, sizeof number, MPSHM_FOREVER), 8);
		ck_assert_uint_eq(number, i);
	}
	child_ends_well(child);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
	ck_assert_int_eq(mpshm_queue_close(back), 0);
}
END_TEST

static void *get_until_shut_down(void *context)
{
	uint32_t number;
	uint64_t *taken = context;
	ssize_t bytes;
	while ((bytes = mpshm_queue_get(queue, &number, sizeof number, MPSHM_FOREVER)) >= 0)
		(void) __atomic_fetch_add(taken, 1, __ATOMIC_RELAXED);
	need_eq(bytes, -EPIPE);
	return NULL;
}

static void *put_until_shut_down(void *context)
{
	uint32_t number = 0;
	uint64_t *put = context;
	int ret;
	while ((ret = mpshm_queue_put(queue, &number, sizeof number, MPSHM_FOREVER)) == 0)
		(void) __atomic_fetch_add(put, 1, __ATOMIC_RELAXED);
	need_eq(ret, -EPIPE);
	return NULL;
}

static void *put_long_until_shut_down(void *context)
{
	char big[1024] = {0};
	(void) context;
	int ret;
	while ((ret = mpshm_queue_put(queue, big, sizeof big, MPSHM_FOREVER)) == 0)
		;
	need_eq(ret, -EPIPE);
	return NULL;
}

static void child_gets(void *context)
{
	(void) get_until_shut_down(context);
}

static void child_puts(void *context)
{
	(void) put_until_shut_down(context);
}

START_TEST(queue_shutdown_wakes_every_blocked_getter)
{
	pthread_t threads[3];
	uint64_t *taken = shared_memory(sizeof *taken);
	queue = queue_of("queue", 4);
	pid_t child = child_start(child_gets, taken);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, get_until_shut_down, taken), 0);
	while (atomic32_load_acquire(&queue->waiting) < 3)
		nap_ms(1);
	ck_assert_int_eq(mpshm_queue_close(queue), -EBUSY);
	ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	child_ends_well(child);
	ck_assert_uint_eq(*taken, 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_shutdown_wakes_every_blocked_putter_and_what_was_put_drains)
{
	pthread_t threads[3];
	uint64_t *put = shared_memory(sizeof *put), drained = 0;
	uint32_t number;
	queue = queue_of("queue", 5);
	pid_t child = child_start(child_puts, put);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, put_until_shut_down, put), 0);
	nap_ms(100);
	/* This one waits with a block in hand. */
	ck_assert_int_eq(pthread_create(&threads[2], NULL, put_long_until_shut_down, NULL), 0);
	nap_ms(50);
	ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	child_ends_well(child);
	while (mpshm_queue_get(queue, &number, sizeof number, MPSHM_FOREVER) >= 0)
		drained++;
	ck_assert_uint_eq(drained, *put);
	ck_assert_uint_eq(drained, 5);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

static void on_signal(int signal_number)
{
	(void) signal_number;
}

static void *interrupt(void *target)
{
	for (int i = 0; i < 60; i++) {
		(void) usleep(1000);
		(void) pthread_kill(*(pthread_t *) target, SIGUSR1);
	}
	return NULL;
}

START_TEST(queue_signals_neither_end_a_wait_nor_lengthen_the_timeout)
{
	pthread_t self = pthread_self(), sender;
	const struct sigaction action = {.sa_handler = on_signal}; /* no SA_RESTART */
	char byte;
	queue = queue_of("queue", 1);
	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	ck_assert_int_eq(pthread_create(&sender, NULL, interrupt, &self), 0);
	int64_t begin = now_ns();
	ck_assert_int_eq(mpshm_queue_get(queue, &byte, 1, 3 * SHORT_NS), -ETIMEDOUT);
	ck_assert_int_ge(now_ns() - begin, 3 * SHORT_NS);
	ck_assert_int_eq(pthread_join(sender, NULL), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

#define PRODUCERS 3
#define CONSUMERS 3
#define EACH 3000

struct end {
	uint64_t producer;
	uint64_t *left;
};

/* Mixed lengths: the content is the pattern of the tag, producer:16 | sequence:48. */
static void *produce(void *context)
{
	const struct end *end = context;
	char message[1024];
	for (uint64_t i = 1; i <= EACH; i++) {
		uint64_t tag = end->producer << 48 | i;
		size_t bytes = (size_t) (tag * 2654435761u % 1025);
		pattern_fill(message, bytes, tag);
		need_eq(mpshm_queue_put_tagged(queue, message, bytes, tag, MPSHM_FOREVER), 0);
	}
	return NULL;
}

static void *consume(void *context)
{
	const struct end *end = context;
	uint64_t last[PRODUCERS] = {0};
	struct mpshm_message told;
	char message[1024];
	for (;;) {
		ssize_t bytes =
			mpshm_queue_receive(queue, message, sizeof message, &told, MPSHM_FOREVER);
		if (bytes == -EPIPE)
			return NULL;
		uint64_t producer = told.tag >> 48, sequence = told.tag & 0xffffffffffff;
		need_eq(bytes, told.tag * 2654435761u % 1025);
		need(pattern_is(message, (size_t) bytes, told.tag));
		need(producer < PRODUCERS && sequence > last[producer]);
		last[producer] = sequence;
		if (__atomic_sub_fetch(end->left, 1, __ATOMIC_ACQ_REL) == 0)
			need_eq(mpshm_queue_shutdown(queue), 0);
	}
}

static void child_produces(void *context)
{
	(void) produce(context);
}

static void child_consumes(void *context)
{
	(void) consume(context);
}

START_TEST(queue_is_fifo_per_producer_and_loses_nothing_between_threads_and_processes)
{
	struct end ends[PRODUCERS + CONSUMERS];
	pthread_t threads[PRODUCERS + CONSUMERS];
	pid_t children[PRODUCERS + CONSUMERS];
	uint64_t *left = shared_memory(sizeof *left);
	static const uint32_t capacities[] = {1, 3, 64};
	*left = (uint64_t) PRODUCERS * EACH;
	queue = queue_of("queue", capacities[_i]);
	for (uint64_t i = 0; i < COUNT_OF(ends); i++) {
		ends[i] = (struct end){i, left};
		if (i == 0 || i == PRODUCERS)
			children[i] = child_start(i < PRODUCERS ? child_produces : child_consumes,
			                          &ends[i]);
	}
	for (uint64_t i = 0; i < COUNT_OF(ends); i++)
		if (i != 0 && i != PRODUCERS)
			ck_assert_int_eq(pthread_create(&threads[i], NULL,
			                                i < PRODUCERS ? produce : consume,
			                                &ends[i]),
			                 0);
	for (uint64_t i = 0; i < COUNT_OF(ends); i++) {
		if (i == 0 || i == PRODUCERS)
			child_ends_well(children[i]);
		else
			ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	}
	ck_assert_uint_eq(*left, 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_is_one_at_two_addresses)
{
	struct mpshm_segment *second = second_mapping();
	struct mpshm_queue *other;
	char in[1000], out[1000];
	queue = queue_of("queue", 4);
	ck_assert_int_eq(mpshm_queue_open(&other, second, "queue", 0, NULL), MPSHM_ATTACHED);
	for (uint64_t i = 0; i < 100; i++) {
		size_t bytes = (size_t) (i * 10);
		void *block, *same;
		pattern_fill(in, bytes, i);
		ck_assert_int_eq(mpshm_queue_try_put(i % 2 ? queue : other, in, bytes), 0);
		ck_assert_int_eq(mpshm_queue_try_get(i % 2 ? other : queue, out, sizeof out),
		                 (ssize_t) bytes);
		ck_assert(pattern_is(out, bytes, i));
		/* A reservation belongs to the attachment that made it. */
		ck_assert_int_eq(mpshm_queue_reserve(other, bytes, &block, 0), 0);
		ck_assert_int_eq(mpshm_queue_commit(queue, block, bytes, 0, 0), -EINVAL);
		ck_assert_int_eq(mpshm_queue_reserve(queue, bytes, &same, 0), 0);
		ck_assert_ptr_ne(block, same);
		ck_assert_int_eq(mpshm_queue_abort(other, block), 0);
		ck_assert_int_eq(mpshm_queue_abort(queue, same), 0);
	}
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
	ck_assert_int_eq(mpshm_queue_close(other), 0);
	ck_assert_int_eq(mpshm_segment_close(second), 0);
}
END_TEST

static void without_membarrier(void)
{
	(void) setenv("MPSHM_NO_MEMBARRIER", "1", 1);
}

Suite *suite_queue_blocking(void)
{
	Suite *suite = suite_create("queue_blocking");
	for (int plain = 0; plain < 2; plain++) {
		TCase *tcase = tcase_create(plain ? "without membarrier" : "with membarrier");
		if (plain)
			tcase_add_checked_fixture(tcase, without_membarrier, NULL);
		objects_fixture(tcase);
		suite_add_tcase(suite, tcase);
		tcase_set_timeout(tcase, 30);
		tcase_add_test(tcase, queue_timeout_covers_the_whole_time_and_changes_nothing);
		tcase_add_test(tcase, queue_ping_pong_between_processes_never_loses_a_wake);
		tcase_add_test(tcase, queue_shutdown_wakes_every_blocked_getter);
		tcase_add_test(tcase,
		               queue_shutdown_wakes_every_blocked_putter_and_what_was_put_drains);
		tcase_add_test(tcase, queue_signals_neither_end_a_wait_nor_lengthen_the_timeout);
		tcase_add_loop_test(
			tcase,
			queue_is_fifo_per_producer_and_loses_nothing_between_threads_and_processes,
			0, 3);
		tcase_add_test(tcase, queue_is_one_at_two_addresses);
	}
	return suite;
}
