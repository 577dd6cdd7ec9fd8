/* SPDX-License-Identifier: BSD-2-Clause */
/* spsc: open and close, one element, many elements. */
#include "objects.h"

#include <stdlib.h>

#define BOTH (MPSHM_PRODUCER | MPSHM_CONSUMER)

static struct mpshm_spsc *ring_of(uint32_t capacity, uint32_t element_bytes)
{
	struct mpshm_spsc *ring;
	const struct mpshm_spsc_options options = {capacity, element_bytes, {0}};
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "ring", MPSHM_CREATE | BOTH, &options),
	                 MPSHM_CREATED);
	return ring;
}

START_TEST(spsc_open_creates_once_and_then_attaches)
{
	struct mpshm_spsc *first, *second;
	const struct mpshm_spsc_options options = {.element_bytes = 12};
	ck_assert_int_eq(mpshm_spsc_open(&first, seg, "a", MPSHM_CREATE, &options), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_spsc_open(&second, seg, "a", MPSHM_CREATE, &options),
	                 MPSHM_ATTACHED);
	ck_assert_uint_eq(mpshm_spsc_capacity(second), 1024);
	ck_assert_uint_eq(mpshm_spsc_element_bytes(second), 12);
	ck_assert_uint_eq(mpshm_spsc_size(second), 0);
	ck_assert_int_eq(mpshm_spsc_close(second), 0);
	ck_assert_int_eq(mpshm_spsc_open(&second, seg, "a", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_spsc_close(second), 0);
	ck_assert_int_eq(mpshm_spsc_close(first), 0);
}
END_TEST

START_TEST(spsc_open_refuses_bad_arguments)
{
	static const struct {
		const char *name;
		unsigned flags;
		struct mpshm_spsc_options options;
	} refused[] = {
		{"", MPSHM_CREATE, {4, 8, {0}}},
		{"a/b", MPSHM_CREATE, {4, 8, {0}}},
		{"a", MPSHM_CREATE | MPSHM_NEW_MAPPING, {4, 8, {0}}},
		{"a", MPSHM_CREATE | 0x80000000u, {4, 8, {0}}},
		{"a", MPSHM_EXCLUSIVE, {4, 8, {0}}},
		{"a", MPSHM_CREATE | MPSHM_WATCH_PEER, {4, 8, {0}}},
		{"a", MPSHM_CREATE, {3, 8, {0}}},
		{"a", MPSHM_CREATE, {UINT32_MAX, 8, {0}}},
		{"a", MPSHM_CREATE, {4, 0, {0}}},
		{"a", MPSHM_CREATE, {4, 65537, {0}}},
		{"a", MPSHM_CREATE, {4, 8, {1}}},
		{"a", MPSHM_CREATE, {4, 8, {0, 0, 0, 0, 0, 1}}},
		{"a", 0, {4, 8, {0, 1}}},
	};
	struct mpshm_spsc *const untouched = (void *) &seg;
	struct mpshm_spsc *ring = untouched;
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		int ret = mpshm_spsc_open(&ring, seg, refused[i].name, refused[i].flags,
		                          &refused[i].options);
		ck_assert_msg(ret == -EINVAL, "row %zu: %d", i, ret);
		ck_assert_str_ne(mpshm_error_detail(), "");
	}
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "a", MPSHM_CREATE, NULL), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "a", 0, NULL), -ENOENT);
	ck_assert_ptr_eq(ring, untouched);
}
END_TEST

START_TEST(spsc_open_tells_exists_other_type_other_options_and_no_room)
{
	struct mpshm_spsc *ring = ring_of(8, 24), *other;
	struct mpshm_value *value;
	struct mpshm_spsc_options options = {8, 24, {0}};
	ck_assert_int_eq(
		mpshm_spsc_open(&other, seg, "ring", MPSHM_CREATE | MPSHM_EXCLUSIVE, &options),
		-EEXIST);
	options.capacity = 16;
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", 0, &options), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", MPSHM_CREATE, &options), -EINVAL);
	options = (struct mpshm_spsc_options){0, 25, {0}};
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", 0, &options), -EINVAL);
	options = (struct mpshm_spsc_options){0};
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", 0, &options), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_spsc_close(other), 0);

	ck_assert_int_eq(mpshm_value_open(&value, seg, "value", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "value", 0, NULL), -ENOTTY);
	ck_assert_int_eq(mpshm_value_close(value), 0);

	options = (struct mpshm_spsc_options){1u << 31, 65536, {0}};
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "big", MPSHM_CREATE, &options), -ENOSPC);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

static void side_is_busy(void *context)
{
	struct mpshm_spsc *ring;
	struct mpshm_segment *mine;
	(void) context;
	need_eq(mpshm_segment_open(&mine, segment_file(), MPSHM_NEW_MAPPING, NULL), MPSHM_ATTACHED);
	need_eq(mpshm_spsc_open(&ring, mine, "ring", MPSHM_PRODUCER, NULL), -EBUSY);
	need_eq(mpshm_spsc_open(&ring, mine, "ring", MPSHM_CONSUMER, NULL), -EBUSY);
	need_eq(mpshm_spsc_open(&ring, mine, "ring", 0, NULL), MPSHM_ATTACHED);
	need_eq(mpshm_spsc_size(ring), 1);
}

START_TEST(spsc_side_belongs_to_one_live_process)
{
	struct mpshm_spsc *ring = ring_of(4, 1), *other;
	ck_assert_int_eq(mpshm_spsc_try_push(ring, "x"), 0);
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", MPSHM_PRODUCER, NULL), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", BOTH, NULL), -EBUSY);
	child_does(side_is_busy, NULL);

	/* A failed open took nothing; a close gives both sides back. */
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", MPSHM_CONSUMER, NULL),
	                 MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "ring", BOTH, NULL), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "ring", MPSHM_PRODUCER, NULL), MPSHM_ATTACHED);
	char byte = 0;
	ck_assert_int_eq(mpshm_spsc_try_pop(other, &byte), 0);
	ck_assert_int_eq(byte, 'x');
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	ck_assert_int_eq(mpshm_spsc_close(other), 0);
}
END_TEST

START_TEST(spsc_calls_without_the_side_return_eperm)
{
	struct mpshm_spsc *producer, *consumer;
	const struct mpshm_spsc_options options = {4, 8, {0}};
	uint64_t element = 7;
	struct mpshm_span span = {0};
	ck_assert_int_eq(
		mpshm_spsc_open(&producer, seg, "r", MPSHM_CREATE | MPSHM_PRODUCER, &options),
		MPSHM_CREATED);
	ck_assert_int_eq(mpshm_spsc_open(&consumer, seg, "r", MPSHM_CONSUMER, NULL),
	                 MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_spsc_try_pop(producer, &element), -EPERM);
	ck_assert_int_eq(mpshm_spsc_try_pop_bulk(producer, &element, 1), -EPERM);
	ck_assert_int_eq(mpshm_spsc_try_pop_burst(producer, &element, 1), -EPERM);
	ck_assert_int_eq(mpshm_spsc_try_peek(producer, 1, &span), -EPERM);
	ck_assert_int_lt(mpshm_spsc_release(producer, &span, 0), 0);
	ck_assert_int_eq(mpshm_spsc_try_push(consumer, &element), -EPERM);
	ck_assert_int_eq(mpshm_spsc_try_push_bulk(consumer, &element, 1), -EPERM);
	ck_assert_int_eq(mpshm_spsc_try_push_burst(consumer, &element, 1), -EPERM);
	ck_assert_int_eq(mpshm_spsc_try_reserve(consumer, 1, &span), -EPERM);
	ck_assert_int_lt(mpshm_spsc_commit(consumer, &span, 0), 0);
	ck_assert_uint_eq(mpshm_spsc_size(consumer), 0);
	ck_assert_int_eq(mpshm_spsc_close(producer), 0);
	ck_assert_int_eq(mpshm_spsc_close(consumer), 0);
}
END_TEST

static void every_call_is_refused(void *context)
{
	struct mpshm_spsc *ring = context;
	uint64_t element = 0;
	struct mpshm_span span;
	need_eq(mpshm_spsc_try_push(ring, &element), -EPERM);
	need_eq(mpshm_spsc_try_pop(ring, &element), -EPERM);
	need_eq(mpshm_spsc_try_push_burst(ring, &element, 1), -EPERM);
	need_eq(mpshm_spsc_try_pop_bulk(ring, &element, 1), -EPERM);
	need_eq(mpshm_spsc_try_reserve(ring, 1, &span), -EPERM);
	need_eq(mpshm_spsc_try_peek(ring, 1, &span), -EPERM);
	need_eq(mpshm_spsc_size(ring), 1);
	need_eq(mpshm_spsc_close(ring), 0);
}

START_TEST(spsc_sides_do_not_pass_to_a_forked_child)
{
	struct mpshm_spsc *ring = ring_of(4, 8);
	uint64_t element = 42;
	ck_assert_int_eq(mpshm_spsc_try_push(ring, &element), 0);
	child_does(every_call_is_refused, ring);
	element = 0;
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &element), 0);
	ck_assert_uint_eq(element, 42);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

static const uint32_t element_sizes[] = {1,   3,   8,   24,   56,   57,   64,   200,
                                         256, 511, 512, 1024, 4096, 4097, 65536};

START_TEST(spsc_pop_returns_what_was_pushed_in_order_for_every_size)
{
	static const uint32_t capacities[] = {1, 2, 16};
	uint32_t bytes = element_sizes[_i];
	char *in = malloc(bytes), *out = malloc(bytes);
	for (size_t c = 0; c < COUNT_OF(capacities); c++) {
		struct mpshm_spsc *ring = ring_of(capacities[c], bytes);
		uint64_t pushed = 0, popped = 0;
		for (int lap = 0; lap < 5; lap++) {
			for (;;) {
				pattern_fill(in, bytes, pushed);
				int ret = mpshm_spsc_try_push(ring, in);
				if (ret == -EAGAIN)
					break;
				ck_assert_int_eq(ret, 0);
				pushed++;
			}
			ck_assert_uint_eq(pushed - popped, capacities[c]);
			ck_assert_uint_eq(mpshm_spsc_size(ring), capacities[c]);
			for (int i = 0; i <= lap && popped < pushed; i++, popped++) {
				ck_assert_int_eq(mpshm_spsc_try_pop(ring, out), 0);
				ck_assert(pattern_is(out, bytes, popped));
			}
		}
		while (mpshm_spsc_try_pop(ring, out) == 0)
			ck_assert(pattern_is(out, bytes, popped++));
		ck_assert_uint_eq(popped, pushed);
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, out), -EAGAIN);
		ck_assert_int_eq(mpshm_spsc_close(ring), 0);
		ck_assert_int_eq(mpshm_object_unlink(seg, "ring"), 0);
	}
	free(in);
	free(out);
}
END_TEST

START_TEST(spsc_ring_is_one_at_two_addresses)
{
	struct mpshm_segment *second = second_mapping();
	struct mpshm_spsc *in, *out;
	const struct mpshm_spsc_options options = {4, 8, {0}};
	ck_assert_int_eq(mpshm_spsc_open(&in, seg, "r", MPSHM_CREATE | MPSHM_PRODUCER, &options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_spsc_open(&out, second, "r", MPSHM_CONSUMER, NULL), MPSHM_ATTACHED);
	for (uint64_t i = 0, got; i < 100; i++) {
		ck_assert_int_eq(mpshm_spsc_try_push(in, &i), 0);
		ck_assert_int_eq(mpshm_spsc_try_pop(out, &got), 0);
		ck_assert_uint_eq(got, i);
	}
	ck_assert_int_eq(mpshm_spsc_close(in), 0);
	ck_assert_int_eq(mpshm_spsc_close(out), 0);
	ck_assert_int_eq(mpshm_segment_close(second), 0);
}
END_TEST

Suite *suite_spsc(void)
{
	Suite *suite = suite_create("spsc");
	TCase *tcase = objects_tcase(suite, "spsc");
	tcase_add_test(tcase, spsc_open_creates_once_and_then_attaches);
	tcase_add_test(tcase, spsc_open_refuses_bad_arguments);
	tcase_add_test(tcase, spsc_open_tells_exists_other_type_other_options_and_no_room);
	tcase_add_test(tcase, spsc_side_belongs_to_one_live_process);
	tcase_add_test(tcase, spsc_calls_without_the_side_return_eperm);
	tcase_add_test(tcase, spsc_sides_do_not_pass_to_a_forked_child);
	tcase_add_loop_test(tcase, spsc_pop_returns_what_was_pushed_in_order_for_every_size, 0,
	                    (int) COUNT_OF(element_sizes));
	tcase_add_test(tcase, spsc_ring_is_one_at_two_addresses);
	return suite;
}
