/* SPDX-License-Identifier: BSD-2-Clause */
/* mpmc: bulk and burst at every place of the ring; calls from signal handlers. */
#include "objects.h"

#include <pthread.h>

#define CAPACITY 8

static struct mpshm_mpmc *ring;

/* `at` / 2: where positions begin; its last bit: the words' layout. */
static void ring_at(int at, uint32_t element_bytes)
{
	const struct mpshm_mpmc_options options = {
		CAPACITY, element_bytes, at % 2 ? MPSHM_WORDS_BESIDE : MPSHM_WORDS_APART, {0}};
	uint64_t element[3] = {0};
	ck_assert_int_eq(mpshm_mpmc_open(&ring, seg, "ring", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	for (int i = 0; i < at / 2; i++) {
		ck_assert_int_eq(mpshm_mpmc_try_push(ring, element), 0);
		ck_assert_int_eq(mpshm_mpmc_try_pop(ring, element), 0);
	}
}

static const uint32_t numbers[] = {100, 101, 102, 103, 104, 105, 106, 107, 108, 109};

START_TEST(mpmc_bulk_moves_all_or_none_wherever_the_ring_wraps)
{
	uint32_t out[CAPACITY + 1];
	ring_at(_i, sizeof *out);
	for (size_t count = 1; count <= CAPACITY; count++) {
		ck_assert_int_eq(mpshm_mpmc_try_push_bulk(ring, numbers, count), (ssize_t) count);
		ck_assert_int_eq(mpshm_mpmc_try_push_bulk(ring, numbers, CAPACITY + 1 - count),
		                 -EAGAIN);
		ck_assert_uint_eq(mpshm_mpmc_size(ring), count);
		if (count < CAPACITY)
			ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, out, count + 1), -EAGAIN);
		memset(out, 0, sizeof out);
		ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, out, count), (ssize_t) count);
		ck_assert_mem_eq(out, numbers, count * sizeof *out);
		ck_assert_uint_eq(out[count], 0);
		ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, out, 1), -EAGAIN);
	}
	ck_assert_int_eq(mpshm_mpmc_try_push_bulk(ring, numbers, 0), 0);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, out, 0), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push_bulk(ring, numbers, CAPACITY + 1), -EINVAL);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, out, CAPACITY + 1), -EINVAL);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, out, SIZE_MAX), -EINVAL);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

START_TEST(mpmc_burst_moves_what_fits_wherever_the_ring_wraps)
{
	uint32_t out[CAPACITY + 3] = {0};
	ring_at(_i, sizeof *out);
	ck_assert_int_eq(mpshm_mpmc_try_pop_burst(ring, out, 3), -EAGAIN);
	ck_assert_int_eq(mpshm_mpmc_try_push_burst(ring, numbers, 0), 0);
	ck_assert_int_eq(mpshm_mpmc_try_pop_burst(ring, out, 0), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push_burst(ring, numbers, 5), 5);
	ck_assert_int_eq(mpshm_mpmc_try_push_burst(ring, numbers + 5, 5), 3);
	ck_assert_int_eq(mpshm_mpmc_try_push_burst(ring, numbers, 1), -EAGAIN);
	ck_assert_int_eq(mpshm_mpmc_try_pop_burst(ring, out, 6), 6);
	ck_assert_int_eq(mpshm_mpmc_try_pop_burst(ring, out + 6, SIZE_MAX), 2);
	ck_assert_mem_eq(out, numbers, CAPACITY * sizeof *out);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

START_TEST(mpmc_batches_of_odd_sizes_keep_their_elements_whole)
{
	char in[CAPACITY][19], out[CAPACITY][19];
	ring_at(_i, sizeof in[0]);
	for (uint64_t seed = 0; seed < 20; seed++) {
		size_t count = 1 + seed % CAPACITY;
		for (size_t i = 0; i < count; i++)
			pattern_fill(in[i], sizeof in[i], seed * CAPACITY + i);
		ck_assert_int_eq(mpshm_mpmc_try_push_burst(ring, in, count), (ssize_t) count);
		ck_assert_int_eq(mpshm_mpmc_try_pop_burst(ring, out, count), (ssize_t) count);
		for (size_t i = 0; i < count; i++)
			ck_assert(pattern_is(out[i], sizeof out[i], seed * CAPACITY + i));
	}
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

#define EACH 30000

struct batcher {
	uint64_t id;
	uint64_t *left, *sum;
	bool bulk;
};

static void *produce(void *context)
{
	const struct batcher *me = context;
	uint64_t batch[5], next = 1;
	while (next <= EACH) {
		size_t count = EACH - next + 1 < 5 ? (size_t) (EACH - next + 1) : 5;
		for (uint64_t i = 0; i < count; i++)
			batch[i] = me->id << 48 | (next + i);
		ssize_t done = me->bulk ? mpshm_mpmc_try_push_bulk(ring, batch, count)
		                        : mpshm_mpmc_try_push_burst(ring, batch, count);
		need(done > 0 || done == -EAGAIN);
		if (done > 0)
			next += (uint64_t) done;
		else
			(void) sched_yield();
	}
	return NULL;
}

static void *consume(void *context)
{
	const struct batcher *me = context;
	uint64_t batch[CAPACITY], last[2] = {0};
	while (__atomic_load_n(me->left, __ATOMIC_ACQUIRE) != 0) {
		ssize_t done = mpshm_mpmc_try_pop_burst(ring, batch, CAPACITY);
		need(done > 0 || done == -EAGAIN);
		if (done < 0)
			(void) sched_yield();
		for (ssize_t i = 0; i < done; i++) {
			uint64_t id = batch[i] >> 48, sequence = batch[i] & 0xffffffffffff;
			need(id < 2 && sequence > last[id]);
			last[id] = sequence;
			(void) __atomic_fetch_add(me->sum, batch[i], __ATOMIC_RELAXED);
		}
		if (done > 0)
			(void) __atomic_fetch_sub(me->left, (uint64_t) done, __ATOMIC_RELEASE);
	}
	return NULL;
}

START_TEST(mpmc_batches_of_many_threads_neither_lose_nor_double)
{
	uint64_t left = 2 * EACH, sum = 0, expected = 0;
	struct batcher batchers[4];
	pthread_t threads[4];
	ring_at(_i, 8);
	for (uint64_t i = 0; i < 4; i++) {
		batchers[i] = (struct batcher){i, &left, &sum, i == 0};
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, i < 2 ? produce : consume, &batchers[i]),
			0);
	}
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	for (uint64_t id = 0; id < 2; id++)
		expected += EACH * (id << 48) + (uint64_t) EACH * (EACH + 1) / 2;
	ck_assert_uint_eq(sum, expected);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

static volatile sig_atomic_t handled, refused;

/* Pushes one and pops one, whatever it interrupted. */
static void push_in_handler(int signal_number)
{
	uint64_t element = 1000000;
	(void) signal_number;
	int before = errno;
	if (mpshm_mpmc_try_push(ring, &element) == 0)
		handled++;
	else
		refused++;
	errno = before;
}

static void *send_signals(void *target)
{
	for (int i = 0; i < 4000; i++) {
		(void) pthread_kill(*(pthread_t *) target, SIGUSR1);
		for (volatile int spin = 0; spin < 400; spin++)
			;
	}
	return NULL;
}

START_TEST(mpmc_push_in_a_signal_handler_does_not_harm_the_push_that_it_interrupted)
{
	pthread_t self = pthread_self(), sender;
	struct sigaction action = {.sa_handler = push_in_handler};
	uint64_t plain = 0, got, from_handler = 0, seen = 0;
	ring_at(0, 8);
	ck_assert_int_eq(mpshm_thread_attach(seg), 0);
	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	ck_assert_int_eq(pthread_create(&sender, NULL, send_signals, &self), 0);
	for (uint64_t i = 0; i < 200000; i++) {
		plain += mpshm_mpmc_try_push(ring, &plain) == 0;
		if (mpshm_mpmc_try_pop(ring, &got) == 0) {
			if (got == 1000000)
				from_handler++;
			else
				ck_assert_uint_eq(got, seen++);
		}
	}
	ck_assert_int_eq(pthread_join(sender, NULL), 0);
	while (mpshm_mpmc_try_pop(ring, &got) == 0) {
		if (got == 1000000)
			from_handler++;
		else
			ck_assert_uint_eq(got, seen++);
	}
	ck_assert_uint_eq(seen, plain);
	ck_assert_uint_eq(from_handler, (uint64_t) handled);
	ck_assert_int_gt(handled, 0);
	/* Nothing stays announced: the handle can be closed. */
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

Suite *suite_mpmc_batch(void)
{
	Suite *suite = suite_create("mpmc_batch");
	TCase *tcase = objects_tcase(suite, "batch");
	tcase_add_loop_test(tcase, mpmc_bulk_moves_all_or_none_wherever_the_ring_wraps, 0,
	                    2 * CAPACITY);
	tcase_add_loop_test(tcase, mpmc_burst_moves_what_fits_wherever_the_ring_wraps, 0,
	                    2 * CAPACITY);
	tcase_add_loop_test(tcase, mpmc_batches_of_odd_sizes_keep_their_elements_whole, 0, 2);
	tcase_add_loop_test(tcase, mpmc_batches_of_many_threads_neither_lose_nor_double, 0, 2);
	tcase = objects_tcase(suite, "signals");
	tcase_add_test(tcase,
	               mpmc_push_in_a_signal_handler_does_not_harm_the_push_that_it_interrupted);
	return suite;
}
