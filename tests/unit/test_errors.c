/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every error that a public call documents, header by header: the number, and the words
 * that go with it.  Not here, since they want other processes, limits or damaged bytes:
 *
 *   -EACCES, -EMFILE, -ENOMEM, -EPROTO, -EBADMSG of a segment      creation
 *   -EUSERS of participants                                        segment, queue_leases
 *   -ESTALE, -EPERM of what a child inherited                      fork, spsc
 *   -EUSERS, -ENOBUFS of threads                      queue_wraps, mpmc_spans, queue_leases
 *   -EBADMSG of objects                             *_hostile, queue_options, queue_leases
 *   -EPROTO, -EAGAIN, -EBADF of a look                             inspect_damaged
 */
#include "objects.h"

#include <stdio.h>

#include "layout/queue.h"
#include "segment/segment.h"

/* The call fails so, in words of its own: not those that the last failure left. */
#define FAILS(error, words, call) \
	do { \
		struct mpshm_segment *none_; \
		ck_assert_int_eq(mpshm_segment_find(&none_, "an-earlier-failure"), -ENOENT); \
		ck_assert_int_eq((call), -(error)); \
		ck_assert_ptr_null(strstr(mpshm_error_detail(), "an-earlier-failure")); \
		ck_assert_msg(strstr(mpshm_error_detail(), (words)), "\"%s\" lacks \"%s\"", \
		              mpshm_error_detail(), (words)); \
		ck_assert_ptr_null(strchr(mpshm_error_detail(), '\n')); \
	} while (0)

static char big[2000];

/* Whatever is opened needs a place for the handle, a segment and a name. */
#define FAILS_WITHOUT(open, handle, options) \
	do { \
		FAILS(EINVAL, "nowhere", open(NULL, seg, "x", MPSHM_CREATE, options)); \
		FAILS(EINVAL, "no segment", open(handle, NULL, "x", MPSHM_CREATE, options)); \
		FAILS(EINVAL, "not a name", open(handle, seg, NULL, MPSHM_CREATE, options)); \
		FAILS(EINVAL, "not a name", open(handle, seg, "a\nb", 0x8000, options)); \
		FAILS(EINVAL, "x: unknown flag", open(handle, seg, "x", 0x8000, options)); \
		FAILS(EINVAL, "x: MPSHM_EXCLUSIVE", \
		      open(handle, seg, "x", MPSHM_EXCLUSIVE, options)); \
		FAILS(ENOENT, "x: none in segment", open(handle, seg, "x", 0, NULL)); \
	} while (0)

/* It exists, and so does something else. */
#define FAILS_BESIDE(open, handle, name, other, options) \
	do { \
		FAILS(EEXIST, name ": exists in segment", \
		      open(handle, seg, name, MPSHM_CREATE | MPSHM_EXCLUSIVE, options)); \
		FAILS(ENOTTY, other ": no ", open(handle, seg, other, 0, NULL)); \
	} while (0)

/* 26 MiB of 256 are left: too little for what follows. */
static struct mpshm_queue *fill_the_segment(void)
{
	const struct mpshm_queue_options most = {.pool_bytes = UINT64_C(230) << 20};
	struct mpshm_queue *queue;
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "most", MPSHM_CREATE, &most), MPSHM_CREATED);
	return queue;
}

/* Where two objects are in it. */
static void fill_the_directory(void)
{
	struct mpshm_value *value;
	char name[16];
	for (int i = 0; i < 32 - 2; i++) {
		(void) snprintf(name, sizeof name, "filler%d", i);
		ck_assert_int_ge(mpshm_value_open(&value, seg, name, MPSHM_CREATE, NULL), 0);
		ck_assert_int_eq(mpshm_value_close(value), 0);
	}
}

START_TEST(errors_of_segments)
{
	const struct mpshm_segment_options reserved = {.reserved = {1}};
	struct mpshm_segment *segment;
	struct mpshm_value *value;

	FAILS(EINVAL, "nowhere", mpshm_segment_open(NULL, "x", 0, NULL));
	FAILS(EINVAL, "not a name", mpshm_segment_open(&segment, "a/b", 0, NULL));
	FAILS(EINVAL, "x: unknown flags", mpshm_segment_open(&segment, "x", 0x8000, NULL));
	FAILS(EINVAL, "x: MPSHM_EXCLUSIVE",
	      mpshm_segment_open(&segment, "x", MPSHM_EXCLUSIVE, NULL));
	FAILS(EINVAL, "x: a reserved option",
	      mpshm_segment_open(&segment, "x", MPSHM_CREATE, &reserved));
	FAILS(ENOENT, "none", mpshm_segment_open(&segment, "errors-none", 0, NULL));
	FAILS(EEXIST, "it exists",
	      mpshm_segment_open(&segment, segment_file(), MPSHM_CREATE | MPSHM_EXCLUSIVE, NULL));
	FAILS(EINVAL, "nowhere", mpshm_segment_find(NULL, "x"));
	FAILS(EINVAL, "not a name", mpshm_segment_find(&segment, NULL));
	FAILS(EINVAL, "no handle", mpshm_segment_close(NULL));
	FAILS(EINVAL, "not a name", mpshm_segment_unlink(NULL));
	FAILS(ENOENT, "errors-none", mpshm_segment_unlink("errors-none"));
	FAILS(EINVAL, "no segment", mpshm_segment_recover(NULL));
	FAILS(EINVAL, "no segment", mpshm_thread_attach(NULL));
	FAILS(EINVAL, "no segment", mpshm_thread_detach(NULL));
	FAILS(EINVAL, "no segment", mpshm_object_unlink(NULL, "x"));
	FAILS(EINVAL, "not a name", mpshm_object_unlink(seg, NULL));
	FAILS(ENOENT, "x: none", mpshm_object_unlink(seg, "x"));
	ck_assert_int_eq(mpshm_value_open(&value, seg, "value", MPSHM_CREATE, NULL), MPSHM_CREATED);
	FAILS(EBUSY, "objects in it are open", mpshm_segment_close(seg));
	ck_assert_int_eq(mpshm_value_close(value), 0);
}
END_TEST

START_TEST(errors_of_spsc_rings)
{
	const struct mpshm_spsc_options options = {.capacity = 4, .element_bytes = 8};
	const struct mpshm_spsc_options large = {.capacity = 1u << 20, .element_bytes = 1024};
	const unsigned both = MPSHM_PRODUCER | MPSHM_CONSUMER;
	struct mpshm_spsc *ring, *second, *none;
	struct mpshm_value *value;
	struct mpshm_span span;

	FAILS_WITHOUT(mpshm_spsc_open, &none, &options);
	FAILS(EINVAL, "wants options", mpshm_spsc_open(&none, seg, "x", MPSHM_CREATE, NULL));
	ck_assert_int_eq(mpshm_value_open(&value, seg, "value", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "spsc", MPSHM_CREATE | both, &options),
	                 MPSHM_CREATED);
	FAILS_BESIDE(mpshm_spsc_open, &none, "spsc", "value", &options);
	FAILS(EINVAL, "spsc: it has capacity 4", mpshm_spsc_open(&none, seg, "spsc", 0, &large));
	FAILS(EBUSY, "the producer's side",
	      mpshm_spsc_open(&none, seg, "spsc", MPSHM_PRODUCER, NULL));
	FAILS(ENOSPC, "large: no 1073745920 bytes",
	      mpshm_spsc_open(&none, seg, "large", MPSHM_CREATE, &large));
	FAILS(EINVAL, "no handle", mpshm_spsc_close(NULL));

	ck_assert_int_eq(mpshm_spsc_open(&second, seg, "spsc", 0, NULL), MPSHM_ATTACHED);
	FAILS(EPERM, "does not have that side", mpshm_spsc_try_push(second, big));
	FAILS(EPERM, "does not have that side", mpshm_spsc_commit(second, &span, 0));
	FAILS(EINVAL, "0xc is not one", mpshm_spsc_peer(second, both));
	ck_assert_int_eq(mpshm_spsc_peer(second, MPSHM_PRODUCER), 0);
	ck_assert_int_eq(mpshm_spsc_close(second), 0);
	FAILS(EINVAL, "5 elements", mpshm_spsc_try_push_bulk(ring, big, 5));
	FAILS(EINVAL, "5 elements", mpshm_spsc_try_pop_bulk(ring, big, 5));
	FAILS(EINVAL, "0 elements", mpshm_spsc_try_reserve(ring, 0, &span));
	FAILS(EINVAL, "0 elements", mpshm_spsc_try_peek(ring, 0, &span));
	FAILS(EAGAIN, "empty", mpshm_spsc_try_pop(ring, big));
	FAILS(EAGAIN, "empty", mpshm_spsc_try_pop_bulk(ring, big, 1));
	FAILS(EAGAIN, "empty", mpshm_spsc_try_pop_burst(ring, big, 1));
	FAILS(EAGAIN, "empty", mpshm_spsc_try_peek(ring, 1, &span));
	ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, big, 4), 4);
	FAILS(EAGAIN, "full", mpshm_spsc_try_push(ring, big));
	FAILS(EAGAIN, "full", mpshm_spsc_try_push_bulk(ring, big, 1));
	FAILS(EAGAIN, "full", mpshm_spsc_try_push_burst(ring, big, 1));
	FAILS(EAGAIN, "full", mpshm_spsc_try_reserve(ring, 1, &span));
	ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, big, 4), 4);
	ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 1, &span), 1);
	FAILS(EBUSY, "span open", mpshm_spsc_try_push(ring, big));
	FAILS(EBUSY, "span open", mpshm_spsc_try_push_burst(ring, big, 1));
	FAILS(EBUSY, "span open", mpshm_spsc_try_reserve(ring, 1, &span));
	FAILS(EBUSY, "span is open", mpshm_spsc_close(ring));
	FAILS(EINVAL, "2 elements", mpshm_spsc_commit(ring, &span, 2));
	ck_assert_int_eq(mpshm_spsc_commit(ring, &span, 0), 0);
	FAILS(EINVAL, "no span", mpshm_spsc_commit(ring, &span, 0));
	FAILS(EINVAL, "no span", mpshm_spsc_release(ring, &span, 0));
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "spsc", 0, NULL), MPSHM_ATTACHED);
	FAILS(EPIPE, "producer has closed", mpshm_spsc_peer(ring, MPSHM_PRODUCER));
	ck_assert_int_eq(mpshm_spsc_open(&second, seg, "new", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	FAILS(EAGAIN, "nobody has had", mpshm_spsc_peer(second, MPSHM_CONSUMER));
	ck_assert_int_eq(mpshm_spsc_close(second), 0);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	ck_assert_int_eq(mpshm_value_close(value), 0);
}
END_TEST

static void ring_says_full_and_empty(struct mpshm_mpmc *ring)
{
	struct mpshm_span span;

	FAILS(EAGAIN, "empty", mpshm_mpmc_try_pop(ring, big));
	FAILS(EAGAIN, "empty", mpshm_mpmc_try_pop_bulk(ring, big, 2));
	FAILS(EAGAIN, "empty", mpshm_mpmc_try_pop_burst(ring, big, 2));
	FAILS(EAGAIN, "empty", mpshm_mpmc_try_peek(ring, 1, &span));
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(mpshm_mpmc_try_push(ring, big), 0);
	FAILS(EAGAIN, "full", mpshm_mpmc_try_push(ring, big));
	FAILS(EAGAIN, "full", mpshm_mpmc_try_push_bulk(ring, big, 2));
	FAILS(EAGAIN, "full", mpshm_mpmc_try_push_burst(ring, big, 2));
	FAILS(EAGAIN, "full", mpshm_mpmc_try_reserve(ring, 1, &span));
}

START_TEST(errors_of_mpmc_rings)
{
	const struct mpshm_mpmc_options options = {.capacity = 4, .element_bytes = 8};
	const struct mpshm_mpmc_options large = {.capacity = 1u << 20, .element_bytes = 1024};
	const struct mpshm_mpmc_options odd = {.capacity = 3, .element_bytes = 8};
	struct mpshm_span span, spans[MPSHM_MPMC_SPANS_MAX];
	struct mpshm_mpmc *ring, *none;
	struct mpshm_value *value;

	FAILS_WITHOUT(mpshm_mpmc_open, &none, &options);
	FAILS(EINVAL, "wants options", mpshm_mpmc_open(&none, seg, "x", MPSHM_CREATE, NULL));
	FAILS(EINVAL, "power of two", mpshm_mpmc_open(&none, seg, "x", MPSHM_CREATE, &odd));
	ck_assert_int_eq(mpshm_value_open(&value, seg, "value", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_mpmc_open(&ring, seg, "mpmc", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	FAILS_BESIDE(mpshm_mpmc_open, &none, "mpmc", "value", &options);
	FAILS(EINVAL, "it has capacity 4", mpshm_mpmc_open(&none, seg, "mpmc", 0, &large));
	FAILS(ENOSPC, "large: no ", mpshm_mpmc_open(&none, seg, "large", MPSHM_CREATE, &large));
	FAILS(EINVAL, "no handle", mpshm_mpmc_close(NULL));

	ring_says_full_and_empty(ring);
	FAILS(EINVAL, "5 elements", mpshm_mpmc_try_push_bulk(ring, big, 5));
	FAILS(EINVAL, "5 elements", mpshm_mpmc_try_pop_bulk(ring, big, 5));
	FAILS(EINVAL, "no elements", mpshm_mpmc_try_reserve(ring, 0, &span));
	FAILS(EINVAL, "no elements", mpshm_mpmc_try_peek(ring, 0, &span));
	for (int i = 0; i < MPSHM_MPMC_SPANS_MAX; i++)
		ck_assert_int_eq(mpshm_mpmc_try_peek(ring, 1, &spans[i]), 1);
	FAILS(ENOBUFS, "4 spans", mpshm_mpmc_try_peek(ring, 1, &span));
	FAILS(ENOBUFS, "4 spans", mpshm_mpmc_try_reserve(ring, 1, &span));
	FAILS(EBUSY, "span open", mpshm_mpmc_close(ring));
	FAILS(EBUSY, "reservation", mpshm_thread_detach(seg));
	FAILS(EINVAL, "no such span", mpshm_mpmc_commit(ring, &spans[0], 1));
	for (int i = 0; i < MPSHM_MPMC_SPANS_MAX; i++)
		ck_assert_int_eq(mpshm_mpmc_release(ring, &spans[i]), 0);
	FAILS(EINVAL, "no such span", mpshm_mpmc_release(ring, &spans[0]));
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
	ck_assert_int_eq(mpshm_value_close(value), 0);
}
END_TEST

START_TEST(errors_of_opening_queues)
{
	const struct mpshm_queue_options options = {.capacity = 3, .max_message_bytes = 1000};
	const struct mpshm_queue_options large = {.capacity = 1u << 26};
	const struct mpshm_queue_options poor = {.pool_bytes = 1};
	struct mpshm_queue *queue, *none;
	struct mpshm_value *value;

	FAILS_WITHOUT(mpshm_queue_open, &none, &options);
	FAILS(EINVAL, "pool_bytes 1", mpshm_queue_open(&none, seg, "x", MPSHM_CREATE, &poor));
	ck_assert_int_eq(mpshm_value_open(&value, seg, "value", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	FAILS_BESIDE(mpshm_queue_open, &none, "queue", "value", &options);
	FAILS(EINVAL, "it has capacity 3", mpshm_queue_open(&none, seg, "queue", 0, &large));
	FAILS(ENOSPC, "large: no ", mpshm_queue_open(&none, seg, "large", MPSHM_CREATE, &large));
	FAILS(EINVAL, "no handle", mpshm_queue_close(NULL));
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
	ck_assert_int_eq(mpshm_value_close(value), 0);
}
END_TEST

static void queue_says_empty(struct mpshm_queue *queue)
{
	struct mpshm_lease lease;
	char out[10];

	FAILS(EAGAIN, "empty", mpshm_queue_get_begin(queue, &lease, 0));
	FAILS(ETIMEDOUT, "no message", mpshm_queue_get_begin(queue, &lease, 1));
	FAILS(EAGAIN, "empty", mpshm_queue_try_get(queue, out, sizeof out));
	FAILS(EAGAIN, "empty", mpshm_queue_get(queue, out, sizeof out, 0));
	FAILS(EAGAIN, "empty", mpshm_queue_receive(queue, out, sizeof out, NULL, 0));
	FAILS(ETIMEDOUT, "no message", mpshm_queue_get(queue, out, sizeof out, 1));
	FAILS(ETIMEDOUT, "no message", mpshm_queue_receive(queue, out, sizeof out, NULL, 1));
}

static void queue_says_full(struct mpshm_queue *queue)
{
	void *block;

	ck_assert_int_eq(mpshm_queue_reserve(queue, 10, &block, 0), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_put(queue, big, 20, 0), 0);
	FAILS(EAGAIN, "full", mpshm_queue_try_put(queue, big, 1));
	FAILS(EAGAIN, "full", mpshm_queue_put(queue, big, 1, 0));
	FAILS(EAGAIN, "full", mpshm_queue_put_tagged(queue, big, 1, 0, 0));
	FAILS(EAGAIN, "full", mpshm_queue_put(queue, big, 1000, 0));
	FAILS(EAGAIN, "full", mpshm_queue_commit(queue, block, 1, 0, 0));
	FAILS(ETIMEDOUT, "full", mpshm_queue_put(queue, big, 1, 1));
	FAILS(ETIMEDOUT, "full", mpshm_queue_put_tagged(queue, big, 1000, 0, 1));
	FAILS(ETIMEDOUT, "full", mpshm_queue_commit(queue, block, 1, 0, 1));
	FAILS(EBUSY, "reservation is open", mpshm_queue_close(queue));
	FAILS(EINVAL, "11 bytes exceed the 10", mpshm_queue_commit(queue, block, 11, 0, 0));
	ck_assert_int_eq(mpshm_queue_abort(queue, block), 0);
	FAILS(EINVAL, "no reservation", mpshm_queue_abort(queue, block));
	FAILS(EINVAL, "no reservation", mpshm_queue_commit(queue, big, 0, 0, 0));
}

static void queue_says_no_block(struct mpshm_queue *queue)
{
	void *blocks[8];
	int count = 0;

	while (mpshm_queue_reserve(queue, 1000, &blocks[count], 0) == 0)
		ck_assert_int_lt(++count, 8);
	FAILS(ENOBUFS, "no block", mpshm_queue_reserve(queue, 1000, &blocks[count], 0));
	FAILS(ENOBUFS, "no block", mpshm_queue_try_put(queue, big, 1000));
	FAILS(ENOBUFS, "no block", mpshm_queue_put_tagged(queue, big, 1000, 0, 0));
	FAILS(ETIMEDOUT, "no block", mpshm_queue_reserve(queue, 1000, &blocks[count], 1));
	FAILS(ETIMEDOUT, "no block", mpshm_queue_put(queue, big, 1000, 1));
	while (count > 0)
		ck_assert_int_eq(mpshm_queue_abort(queue, blocks[--count]), 0);
}

/* A lease of a message that came in its slot needs a block, and there is none. */
static void queue_says_no_block_for_a_lease(struct mpshm_queue *queue)
{
	struct mpshm_lease lease = {0}, other;
	void *blocks[MPSHM_QUEUE_RESERVATIONS_MAX], *last;
	int count = 0;
	char out[20];

	FAILS(EINVAL, "no open lease", mpshm_queue_get_commit(queue, &lease));
	FAILS(EINVAL, "no open lease", mpshm_queue_get_abort(queue, &lease));
	ck_assert_int_eq(mpshm_queue_put(queue, big, 20, 0), 0);
	ck_assert_int_eq(mpshm_queue_put(queue, big, 20, 0), 0);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &lease, 0), 20);
	for (size_t bytes = 1000; bytes > 0; bytes /= 2)
		while (mpshm_queue_reserve(queue, bytes, &last, 0) == 0) {
			ck_assert_int_lt(count, MPSHM_QUEUE_RESERVATIONS_MAX);
			blocks[count++] = last;
		}
	FAILS(ENOBUFS, "needs a block", mpshm_queue_get_begin(queue, &other, 0));
	FAILS(ETIMEDOUT, "no block", mpshm_queue_get_begin(queue, &other, 1));
	FAILS(EBUSY, "queue: ", mpshm_queue_close(queue));
	while (count > 0)
		ck_assert_int_eq(mpshm_queue_abort(queue, blocks[--count]), 0);
	ck_assert_int_eq(mpshm_queue_get_commit(queue, &lease), 0);
	FAILS(EINVAL, "no open lease", mpshm_queue_get_commit(queue, &lease));
	ck_assert_int_eq(mpshm_queue_get(queue, out, sizeof out, 0), 20);
}

static void queue_says_shut_down(struct mpshm_queue *queue)
{
	struct mpshm_lease lease;
	void *block, *other;
	char out[20];

	ck_assert_int_eq(mpshm_queue_reserve(queue, 1, &block, 0), 0);
	ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	FAILS(EPIPE, "shut down", mpshm_queue_put(queue, big, 1, MPSHM_FOREVER));
	FAILS(EPIPE, "shut down", mpshm_queue_try_put(queue, big, 1000));
	FAILS(EPIPE, "shut down", mpshm_queue_put_tagged(queue, big, 1, 0, 1));
	FAILS(EPIPE, "shut down", mpshm_queue_reserve(queue, 1, &other, MPSHM_FOREVER));
	FAILS(EPIPE, "shut down", mpshm_queue_commit(queue, block, 1, 0, MPSHM_FOREVER));
	ck_assert_int_eq(mpshm_queue_abort(queue, block), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_get(queue, out, sizeof out, 0), 20);
	FAILS(EPIPE, "all messages were taken", mpshm_queue_get(queue, out, 1, MPSHM_FOREVER));
	FAILS(EPIPE, "all messages were taken", mpshm_queue_try_get(queue, out, 1));
	FAILS(EPIPE, "all messages were taken", mpshm_queue_get_begin(queue, &lease, 1));
	FAILS(EPIPE, "all messages were taken", mpshm_queue_receive(queue, out, 1, NULL, 0));
}

START_TEST(errors_of_queues)
{
	const struct mpshm_queue_options options = {
		.capacity = 3, .max_message_bytes = 1000, .pool_bytes = 4096};
	struct mpshm_queue *queue;
	void *block;
	char out[4];

	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	FAILS(EMSGSIZE, "1001 bytes", mpshm_queue_put(queue, big, 1001, MPSHM_FOREVER));
	FAILS(EMSGSIZE, "1001 bytes", mpshm_queue_try_put(queue, big, 1001));
	FAILS(EMSGSIZE, "1001 bytes", mpshm_queue_put_tagged(queue, big, 1001, 0, 0));
	FAILS(EMSGSIZE, "bytes exceeds", mpshm_queue_put(queue, big, SIZE_MAX, 0));
	FAILS(EMSGSIZE, "1001 bytes", mpshm_queue_reserve(queue, 1001, &block, 0));
	queue_says_empty(queue);
	queue_says_no_block(queue);
	queue_says_no_block_for_a_lease(queue);
	queue_says_full(queue);
	FAILS(EMSGSIZE, "20 bytes, the buffer 4", mpshm_queue_get(queue, out, 4, 0));
	FAILS(EMSGSIZE, "20 bytes, the buffer 4", mpshm_queue_try_get(queue, out, 4));
	FAILS(EMSGSIZE, "20 bytes, the buffer 0", mpshm_queue_receive(queue, NULL, 0, NULL, 0));
	queue_says_shut_down(queue);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(errors_of_values_and_counters)
{
	const struct mpshm_counter_options counter_reserved = {.reserved = {1}};
	const struct mpshm_value_options value_reserved = {.reserved = {1}};
	struct mpshm_counter *counter, *no_counter;
	struct mpshm_value *value, *no_value;

	FAILS_WITHOUT(mpshm_value_open, &no_value, NULL);
	FAILS_WITHOUT(mpshm_counter_open, &no_counter, NULL);
	FAILS(EINVAL, "reserved", mpshm_value_open(&no_value, seg, "x", 0, &value_reserved));
	FAILS(EINVAL, "reserved", mpshm_counter_open(&no_counter, seg, "x", 0, &counter_reserved));
	ck_assert_int_eq(mpshm_value_open(&value, seg, "value", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_counter_open(&counter, seg, "counter", MPSHM_CREATE, NULL),
	                 MPSHM_CREATED);
	FAILS_BESIDE(mpshm_value_open, &no_value, "value", "counter", NULL);
	FAILS_BESIDE(mpshm_counter_open, &no_counter, "counter", "value", NULL);
	FAILS(EINVAL, "no handle", mpshm_value_close(NULL));
	FAILS(EINVAL, "no handle", mpshm_counter_close(NULL));

	/* The counter's own numbers, as a peer may have spoilt them; a value has none. */
	struct entry_shm *entry = &seg->directory[1];
	struct counter_shm *shm = (void *) (seg->base + entry->extents[0].offset);
	ck_assert_str_eq(entry->name, "counter");
	shm->stripes_at = UINT64_MAX;
	FAILS(EBADMSG, "counter: its geometry",
	      mpshm_counter_open(&no_counter, seg, "counter", 0, NULL));
	seg->directory[0].extents[0].offset += 1;
	FAILS(EBADMSG, "value: its place", mpshm_value_open(&no_value, seg, "value", 0, NULL));
	seg->directory[0].extents[0].offset -= 1;
	ck_assert_int_eq(mpshm_value_close(value), 0);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);

	fill_the_directory();
	FAILS(ENOSPC, "directory_capacity 32",
	      mpshm_value_open(&no_value, seg, "one-more", MPSHM_CREATE, NULL));
	FAILS(ENOSPC, "directory_capacity 32",
	      mpshm_counter_open(&no_counter, seg, "one-more", MPSHM_CREATE, NULL));
}
END_TEST

START_TEST(errors_of_a_segment_without_room)
{
	const struct mpshm_spsc_options of_spsc = {.capacity = 1u << 10, .element_bytes = 65536};
	const struct mpshm_mpmc_options of_mpmc = {.capacity = 1u << 10, .element_bytes = 65536};
	struct mpshm_queue *queue = fill_the_segment();
	struct mpshm_queue *no_queue;
	struct mpshm_spsc *spsc;
	struct mpshm_mpmc *mpmc;

	FAILS(ENOSPC, "size_bytes", mpshm_spsc_open(&spsc, seg, "x", MPSHM_CREATE, &of_spsc));
	FAILS(ENOSPC, "size_bytes", mpshm_mpmc_open(&mpmc, seg, "x", MPSHM_CREATE, &of_mpmc));
	const struct mpshm_queue_options of_queue = {.pool_bytes = UINT64_C(64) << 20};
	FAILS(ENOSPC, "size_bytes", mpshm_queue_open(&no_queue, seg, "x", MPSHM_CREATE, &of_queue));
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

static int never(const char *name, void *context)
{
	(void) name;
	(void) context;
	return 1;
}

START_TEST(errors_of_looking)
{
	struct mpshm_participant_info participant;
	struct mpshm_object_info object;
	struct mpshm_segment_info info;
	struct mpshm_inspect *inspect;
	uint32_t cursor = 0;

	FAILS(EINVAL, "not a name", mpshm_inspect_open(&inspect, NULL, NULL));
	FAILS(EINVAL, "nowhere", mpshm_inspect_open(NULL, segment_file(), NULL));
	FAILS(ENOENT, "errors-none", mpshm_inspect_open(&inspect, "errors-none", NULL));
	FAILS(EINVAL, "nobody to tell", mpshm_inspect_list(NULL, NULL));
	ck_assert_int_eq(mpshm_inspect_list(never, NULL), 1);
	FAILS(EINVAL, "no handle", mpshm_inspect_segment(NULL, &info));
	FAILS(EINVAL, "no handle", mpshm_inspect_object(NULL, &cursor, &object));
	FAILS(EINVAL, "no handle", mpshm_inspect_participant(NULL, &cursor, &participant));
	FAILS(EINVAL, "no handle", mpshm_inspect_has_open(NULL, 0, 0));
	mpshm_inspect_close(NULL);

	ck_assert_int_eq(mpshm_inspect_open(&inspect, segment_file(), NULL), 0);
	ck_assert_int_eq(mpshm_inspect_has_open(inspect, 31, 31), 0);
	FAILS(EINVAL, "no object 32", mpshm_inspect_has_open(inspect, 32, 0));
	FAILS(EINVAL, "no participant 32", mpshm_inspect_has_open(inspect, 0, 32));
	atomic64 *state = &seg->participants[0].state;
	uint64_t good = atomic64_load_relaxed(state);
	atomic64_store_relaxed(state, good | 0x40);
	FAILS(EBADMSG, "participant 0", mpshm_inspect_participant(inspect, &cursor, &participant));
	ck_assert_uint_eq(cursor, 1);
	atomic64_store_relaxed(state, good);
	mpshm_inspect_close(inspect);
}
END_TEST

Suite *suite_errors(void)
{
	Suite *suite = suite_create("errors");
	TCase *tcase = objects_tcase(suite, "errors");
	tcase_add_test(tcase, errors_of_segments);
	tcase_add_test(tcase, errors_of_spsc_rings);
	tcase_add_test(tcase, errors_of_mpmc_rings);
	tcase_add_test(tcase, errors_of_opening_queues);
	tcase_add_test(tcase, errors_of_queues);
	tcase_add_test(tcase, errors_of_values_and_counters);
	tcase_add_test(tcase, errors_of_a_segment_without_room);
	tcase_add_test(tcase, errors_of_looking);
	return suite;
}
