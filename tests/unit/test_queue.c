/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: put and get of every length, what is told of a message, capacity, shutdown. */
#include "objects.h"

#include <pthread.h>
#include <stdlib.h>

#define MAX_BYTES 65536u

static struct mpshm_queue *queue;

static void queue_of(uint32_t capacity, uint32_t slot_bytes)
{
	const struct mpshm_queue_options options = {.capacity = capacity,
	                                            .max_message_bytes = MAX_BYTES,
	                                            .slot_bytes = slot_bytes,
	                                            .pool_bytes = 4u << 20};
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
}

static void queue_closed(void)
{
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
	ck_assert_int_eq(mpshm_object_unlink(seg, "queue"), 0);
}

/* Lengths around every boundary: slots, classes of blocks, the largest. */
static const uint32_t lengths[] = {0,    1,    7,    8,     39,    40,    41,    103,  104,  105,
                                   232,  233,  255,  256,   257,   511,   512,   513,  1000, 4072,
                                   4073, 4096, 4097, 30000, 32768, 32769, 65535, 65536};
static const uint32_t slots[] = {64, 128, 256, 4096};

START_TEST(queue_get_returns_what_was_put_for_every_length)
{
	char *in = malloc(MAX_BYTES), *out = malloc(MAX_BYTES + 1);
	queue_of(64, slots[_i]);
	for (uint64_t i = 0; i < COUNT_OF(lengths); i++) {
		pattern_fill(in, lengths[i], i);
		ck_assert_int_eq(mpshm_queue_put(queue, in, lengths[i], 0), 0);
	}
	ck_assert_uint_eq(mpshm_queue_size(queue), COUNT_OF(lengths));
	for (uint64_t i = 0; i < COUNT_OF(lengths); i++) {
		out[lengths[i]] = 'x';
		ck_assert_int_eq(mpshm_queue_get(queue, out, MAX_BYTES, 0), (ssize_t) lengths[i]);
		ck_assert(pattern_is(out, lengths[i], i));
		ck_assert_int_eq(out[lengths[i]], 'x');
	}
	ck_assert_int_eq(mpshm_queue_put(queue, NULL, 0, 0), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, NULL, 0), 0);
	free(in);
	free(out);
	queue_closed();
}
END_TEST

START_TEST(queue_message_longer_than_the_largest_returns_emsgsize)
{
	char *in = calloc(1, MAX_BYTES + 1);
	void *reserved;
	queue_of(4, 0);
	ck_assert_int_eq(mpshm_queue_put(queue, in, MAX_BYTES + 1, 0), -EMSGSIZE);
	ck_assert_int_eq(mpshm_queue_put(queue, in, SIZE_MAX, MPSHM_FOREVER), -EMSGSIZE);
	ck_assert_int_eq(mpshm_queue_try_put(queue, in, (size_t) 1 << 32), -EMSGSIZE);
	ck_assert_int_eq(mpshm_queue_reserve(queue, MAX_BYTES + 1, &reserved, 0), -EMSGSIZE);
	ck_assert_uint_eq(mpshm_queue_size(queue), 0);
	free(in);
	queue_closed();
}
END_TEST

START_TEST(queue_get_into_too_small_a_buffer_leaves_the_message_and_tells_its_length)
{
	char in[300], out[300];
	struct mpshm_message message;
	size_t bytes = _i ? 300 : 50; /* in a block; in its slot */
	queue_of(4, 0);
	pattern_fill(in, bytes, 5);
	ck_assert_int_eq(mpshm_queue_put_tagged(queue, in, bytes, 0x1234, 0), 0);
	memset(out, 'x', sizeof out);
	for (int i = 0; i < 300; i++) {
		memset(&message, 0, sizeof message);
		ck_assert_int_eq(mpshm_queue_receive(queue, out, bytes - 1, &message, 0),
		                 -EMSGSIZE);
		ck_assert_uint_eq(message.bytes, bytes);
		ck_assert_uint_eq(message.tag, 0x1234);
		ck_assert_uint_eq(message.position, 0);
		ck_assert_uint_eq(message.attempt, 0);
	}
	ck_assert_int_eq(mpshm_queue_get(queue, NULL, 0, MPSHM_FOREVER), -EMSGSIZE);
	ck_assert_int_eq(out[0], 'x');
	ck_assert_uint_eq(mpshm_queue_size(queue), 1);
	ck_assert_int_eq(mpshm_queue_get(queue, out, bytes, 0), (ssize_t) bytes);
	ck_assert(pattern_is(out, bytes, 5));
	queue_closed();
}
END_TEST

static void child_puts_one(void *ret_participant)
{
	need_eq(mpshm_queue_put_tagged(queue, "c", 1, 3, 0), 0);
	(void) ret_participant;
}

START_TEST(queue_receive_tells_tag_position_producer_and_length)
{
	struct mpshm_message message;
	char byte;
	uint32_t parent = 0;
	queue_of(4, 0);
	for (uint64_t i = 0; i < 10; i++) {
		if (i % 2)
			child_does(child_puts_one, NULL);
		else
			ck_assert_int_eq(mpshm_queue_put_tagged(queue, "p", 1, ~i, 0), 0);
		ck_assert_int_eq(mpshm_queue_receive(queue, &byte, 1, &message, 0), 1);
		ck_assert_int_eq(byte, i % 2 ? 'c' : 'p');
		ck_assert_uint_eq(message.tag, i % 2 ? 3 : ~i);
		ck_assert_uint_eq(message.position, i);
		ck_assert_uint_eq(message.bytes, 1);
		ck_assert_uint_eq(message.flags, 0);
		ck_assert_uint_eq(message.attempt, 0);
		if (i == 0)
			parent = message.producer;
		ck_assert_uint_eq(message.producer == parent, i % 2 == 0);
	}
	ck_assert_int_eq(mpshm_queue_put(queue, "p", 1, 0), 0);
	ck_assert_int_eq(mpshm_queue_receive(queue, &byte, 1, &message, 0), 1);
	ck_assert_uint_eq(message.tag, 0);
	queue_closed();
}
END_TEST

static const uint32_t capacities[] = {1, 2, 3, 5, 7, 8, 100, 1000};

START_TEST(queue_takes_exactly_its_capacity_and_size_empty_and_full_agree)
{
	uint32_t capacity = capacities[_i];
	queue_of(capacity, 64);
	ck_assert_uint_eq(mpshm_queue_capacity(queue), capacity);
	ck_assert_uint_eq(mpshm_queue_max_message_bytes(queue), MAX_BYTES);
	for (uint32_t lap = 0, first = 0; lap < 5; lap++) {
		uint32_t number = 0, got = 0;
		for (number = 0; number < capacity; number++) {
			ck_assert_uint_eq(mpshm_queue_size(queue), number);
			ck_assert_int_eq(mpshm_queue_try_put(queue, &number, sizeof number), 0);
		}
		ck_assert_uint_eq(mpshm_queue_size(queue), capacity);
		for (int i = 0; i < 20; i++)
			ck_assert_int_eq(mpshm_queue_try_put(queue, &number, sizeof number),
			                 -EAGAIN);
		for (number = 0; number < capacity; number++) {
			ck_assert_int_eq(mpshm_queue_try_get(queue, &got, sizeof got), sizeof got);
			ck_assert_uint_eq(got, number);
			ck_assert_uint_eq(mpshm_queue_size(queue), capacity - 1 - number);
		}
		for (int i = 0; i < 20; i++)
			ck_assert_int_eq(mpshm_queue_try_get(queue, &got, sizeof got), -EAGAIN);
		/* The next lap begins elsewhere. */
		for (; first <= lap; first++) {
			ck_assert_int_eq(mpshm_queue_try_put(queue, NULL, 0), 0);
			ck_assert_int_eq(mpshm_queue_try_get(queue, NULL, 0), 0);
		}
	}
	queue_closed();
}
END_TEST

START_TEST(queue_that_was_shut_down_drains_and_then_returns_epipe)
{
	char byte;
	void *message;
	char big[500] = {0};
	queue_of(4, 0);
	ck_assert_int_eq(mpshm_queue_reserve(queue, 10, &message, 0), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_put(queue, &"abc"[i], 1, 0), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	ck_assert_int_eq(mpshm_queue_try_put(queue, "x", 1), -EPIPE);
	ck_assert_int_eq(mpshm_queue_put(queue, big, sizeof big, 0), -EPIPE);
	ck_assert_int_eq(mpshm_queue_put(queue, "x", 1, MPSHM_FOREVER), -EPIPE);
	ck_assert_int_eq(mpshm_queue_commit(queue, message, 1, 0, MPSHM_FOREVER), -EPIPE);
	ck_assert_int_eq(mpshm_queue_abort(queue, message), 0);
	ck_assert_int_eq(mpshm_queue_reserve(queue, 10, &message, 0), -EPIPE);
	ck_assert_uint_eq(mpshm_queue_size(queue), 3);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(mpshm_queue_get(queue, &byte, 1, MPSHM_FOREVER), 1);
		ck_assert_int_eq(byte, "abc"[i]);
	}
	ck_assert_int_eq(mpshm_queue_get(queue, &byte, 1, MPSHM_FOREVER), -EPIPE);
	ck_assert_int_eq(mpshm_queue_try_get(queue, &byte, 1), -EPIPE);
	ck_assert_uint_eq(mpshm_queue_size(queue), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
	/* It stays so for who comes later. */
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_queue_try_put(queue, "x", 1), -EPIPE);
	ck_assert_int_eq(mpshm_queue_try_get(queue, &byte, 1), -EPIPE);
	queue_closed();
}
END_TEST

static void only_closes(void *context)
{
	(void) context;
	need_eq(mpshm_queue_close(queue), 0);
}

START_TEST(queue_close_as_a_forked_childs_first_call_returns)
{
	char byte;
	queue_of(4, 64);
	child_does(only_closes, NULL);
	/* With something of the parent's open, too. */
	void *message;
	ck_assert_int_eq(mpshm_queue_reserve(queue, 1, &message, 0), 0);
	child_does(only_closes, NULL);
	ck_assert_int_eq(mpshm_queue_commit(queue, message, 1, 0, 0), 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, &byte, 1), 1);
	queue_closed();
}
END_TEST

static volatile sig_atomic_t handled;

static void put_in_handler(int signal_number)
{
	(void) signal_number;
	int before = errno;
	if (mpshm_queue_try_put(queue, NULL, 0) == 0)
		handled++;
	errno = before;
}

static void *send_signals(void *target)
{
	for (int i = 0; i < 3000; i++) {
		(void) pthread_kill(*(pthread_t *) target, SIGUSR1);
		for (volatile int spin = 0; spin < 500; spin++)
			;
	}
	return NULL;
}

START_TEST(queue_put_in_a_signal_handler_does_not_harm_the_call_that_it_interrupted)
{
	pthread_t self = pthread_self(), sender;
	struct sigaction action = {.sa_handler = put_in_handler};
	char in[300], out[300];
	uint64_t put = 0, got = 0, empty = 0;
	queue_of(16, 0);
	ck_assert_int_eq(mpshm_thread_attach(seg), 0);
	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	ck_assert_int_eq(pthread_create(&sender, NULL, send_signals, &self), 0);
	for (uint64_t i = 0; i < 60000 || mpshm_queue_size(queue) > 0; i++) {
		if (i < 60000) {
			size_t bytes = put % 2 ? 300 : 60;
			pattern_fill(in, bytes, put);
			put += mpshm_queue_try_put(queue, in, bytes) == 0;
		}
		ssize_t bytes = mpshm_queue_try_get(queue, out, sizeof out);
		if (bytes == 0) {
			empty++;
		} else if (bytes > 0) {
			ck_assert_int_eq(bytes, got % 2 ? 300 : 60);
			ck_assert(pattern_is(out, (size_t) bytes, got++));
		}
	}
	ck_assert_int_eq(pthread_join(sender, NULL), 0);
	while (mpshm_queue_try_get(queue, out, sizeof out) == 0)
		empty++;
	ck_assert_uint_eq(got, put);
	ck_assert_uint_eq(empty, (uint64_t) handled);
	ck_assert_int_gt(handled, 0);
	queue_closed();
}
END_TEST

Suite *suite_queue(void)
{
	Suite *suite = suite_create("queue");
	TCase *tcase = objects_tcase(suite, "queue");
	tcase_add_loop_test(tcase, queue_get_returns_what_was_put_for_every_length, 0,
	                    (int) COUNT_OF(slots));
	tcase_add_test(tcase, queue_message_longer_than_the_largest_returns_emsgsize);
	tcase_add_loop_test(
		tcase, queue_get_into_too_small_a_buffer_leaves_the_message_and_tells_its_length, 0,
		2);
	tcase_add_test(tcase, queue_receive_tells_tag_position_producer_and_length);
	tcase_add_loop_test(tcase, queue_takes_exactly_its_capacity_and_size_empty_and_full_agree,
	                    0, (int) COUNT_OF(capacities));
	tcase_add_test(tcase, queue_that_was_shut_down_drains_and_then_returns_epipe);
	tcase_add_test(tcase, queue_close_as_a_forked_childs_first_call_returns);
	tcase_add_test(tcase,
	               queue_put_in_a_signal_handler_does_not_harm_the_call_that_it_interrupted);
	return suite;
}
