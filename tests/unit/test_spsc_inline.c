/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc, inline: both ways to push and pop an element of 8 bytes, or of 64, do the same, and
 * where the inline one may not, it does not.
 */
#include "objects.h"

#include "ring/spsc.h"
/* What a user sees, who did not look into the library. */
#define mpshm_spsc_try_push(...) mpshm_spsc_push_inline(__VA_ARGS__)
#define mpshm_spsc_try_pop(...) mpshm_spsc_pop_inline(__VA_ARGS__)

#define BOTH (MPSHM_PRODUCER | MPSHM_CONSUMER)

static struct mpshm_spsc *ring_of(uint32_t capacity, uint32_t element_bytes)
{
	struct mpshm_spsc *ring;
	const struct mpshm_spsc_options options = {capacity, element_bytes, {0}};
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "ring", MPSHM_CREATE | BOTH, &options),
	                 MPSHM_CREATED);
	return ring;
}

static const uint32_t inline_bytes[] = {8, 64};

/* A word, and what follows from it. */
struct line {
	uint64_t words[8];
};

static struct line line_of(uint64_t word)
{
	struct line line;
	for (uint64_t i = 0; i < COUNT_OF(line.words); i++)
		line.words[i] = word + (i << 48);
	return line;
}

static void ck_line(const struct line *got, uint64_t word, uint32_t bytes)
{
	struct line wanted = line_of(word);
	ck_assert_mem_eq(got, &wanted, bytes);
}

static bool goes_inline(const struct spsc_side *side)
{
	return mpshm_spsc_goes_inline(&side->end);
}

/* Every way in meets every way out, at every fill of a small ring, over many laps. */
START_TEST(spsc_inline_and_called_are_the_same_operations)
{
	const uint32_t bytes = inline_bytes[_i];
	struct mpshm_spsc *ring = ring_of(8, bytes);
	uint64_t in = 0, out = 0;
	struct line sent, got;

	for (unsigned turn = 0; turn < 4096; turn++) {
		unsigned puts = turn % 11, gets = turn / 11 % 11;
		for (unsigned i = 0; i < puts; i++) {
			sent = line_of(in);
			int ret = (turn + i) % 3 ? mpshm_spsc_try_push(ring, &sent)
			                         : (mpshm_spsc_try_push) (ring, &sent);
			ck_assert_int_eq(ret, in - out == 8 ? -EAGAIN : 0);
			in += ret == 0;
			ck_assert_uint_eq(mpshm_spsc_size(ring), in - out);
		}
		for (unsigned i = 0; i < gets; i++) {
			got = line_of(UINT64_MAX);
			int ret = (turn + i) % 2 ? mpshm_spsc_try_pop(ring, &got)
			                         : (mpshm_spsc_try_pop) (ring, &got);
			ck_assert_int_eq(ret, in == out ? -EAGAIN : 0);
			ck_line(&got, ret == 0 ? out : UINT64_MAX, bytes);
			out += ret == 0;
			ck_assert_uint_eq(mpshm_spsc_size(ring), in - out);
		}
	}
	ck_assert_uint_gt(out, 1000);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_inline_is_for_elements_of_a_word_or_a_line_only)
{
	for (uint32_t bytes = 1; bytes <= 64; bytes++) {
		struct mpshm_spsc *ring = ring_of(8, bytes);
		char element[64], got[64] = "";
		memset(element, (int) bytes, sizeof element);
		ck_assert_int_eq(goes_inline(&ring->producer), bytes == 8 || bytes == 64);
		ck_assert_int_eq(goes_inline(&ring->consumer), false); /* empty */
		ck_assert_int_eq(mpshm_spsc_try_push(ring, element), 0);
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, got), 0);
		ck_assert_mem_eq(got, element, bytes);
		ck_assert_int_eq(mpshm_spsc_close(ring), 0);
		ck_assert_int_eq(mpshm_object_unlink(seg, "ring"), 0);
	}
}
END_TEST

/* Where lines are asked for ahead: to the last element before the bound, and across wraps. */
START_TEST(spsc_inline_moves_all_of_a_ring_of_any_capacity)
{
	for (uint32_t capacity = 1; capacity <= 1024; capacity *= 2) {
		const uint32_t bytes = inline_bytes[_i];
		struct mpshm_spsc *ring = ring_of(capacity, bytes);
		uint64_t in = 0, out = 0;
		struct line sent = line_of(0), got;
		for (uint64_t lap = 0; lap < 5; lap++) {
			while (mpshm_spsc_try_push(ring, &sent) == 0)
				sent = line_of(++in);
			ck_assert_uint_eq(in - out, capacity);
			for (uint64_t left = in - out - lap % capacity; left > 0; left--, out++) {
				ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
				ck_line(&got, out, bytes);
			}
		}
		ck_assert_int_eq(mpshm_spsc_close(ring), 0);
		ck_assert_int_eq(mpshm_object_unlink(seg, "ring"), 0);
	}
}
END_TEST

/* A handle whose sides begin where positions end. */
START_TEST(spsc_inline_goes_on_behind_the_last_position)
{
	struct mpshm_spsc *ring = ring_of(8, 8);
	const uint64_t start = UINT64_MAX - 20;
	uint64_t got;

	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "ring", 0, NULL), MPSHM_ATTACHED);
	atomic64_store_release(&ring->shm->tail, start);
	atomic64_store_release(&ring->shm->head, start);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "ring", BOTH, NULL), MPSHM_ATTACHED);
	for (uint64_t i = 0; i < 50; i++) {
		bool third = i % 3 == 0;
		ck_assert_int_eq(mpshm_spsc_try_push(ring, &i), 0);
		if (third)
			ck_assert_int_eq(mpshm_spsc_try_push(ring, &i), 0);
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
		ck_assert_uint_eq(got, i);
		if (third)
			ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), -EAGAIN);
	}
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

static void child_dies_with_the_producers_side(void *unused)
{
	struct mpshm_segment *mine;
	struct mpshm_spsc *ring;
	uint64_t element = 5;

	(void) unused;
	need_eq(mpshm_segment_open(&mine, segment_file(), MPSHM_NEW_MAPPING, NULL), MPSHM_ATTACHED);
	need_eq(mpshm_spsc_open(&ring, mine, "ring", MPSHM_PRODUCER, NULL), MPSHM_ATTACHED);
	need_eq(mpshm_spsc_try_push(ring, &element), 0);
}

START_TEST(spsc_inline_pop_is_told_that_the_producer_is_dead)
{
	struct mpshm_spsc *ring;
	const struct mpshm_spsc_options options = {8, 8, {0}};
	uint64_t got;
	int ret;

	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "ring",
	                                 MPSHM_CREATE | MPSHM_CONSUMER | MPSHM_WATCH_PEER,
	                                 &options),
	                 MPSHM_CREATED);
	child_does(child_dies_with_the_producers_side, NULL);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
	ck_assert_uint_eq(got, 5);
	while ((ret = mpshm_spsc_try_pop(ring, &got)) == -EAGAIN)
		;
	ck_assert_int_eq(ret, -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

/* The library would see an open span, which bars no inline call here. */
START_TEST(spsc_inline_makes_no_call)
{
	struct mpshm_spsc *ring = ring_of(8, inline_bytes[_i]);
	struct line sent = line_of(1), got;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_spsc_try_push(ring, &sent), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0); /* sees how many there are */
	ring->producer.open = ring->consumer.open = 1;
	ck_assert_int_eq((mpshm_spsc_try_push) (ring, &sent), -EBUSY);
	ck_assert_int_eq((mpshm_spsc_try_pop) (ring, &got), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_try_push(ring, &sent), 0);
	got = line_of(0);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
	ck_line(&got, 1, inline_bytes[_i]);
	ring->producer.open = ring->consumer.open = 0;
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_inline_writes_no_more_than_the_element)
{
	struct mpshm_spsc *ring = ring_of(8, inline_bytes[_i]);
	struct {
		uint64_t before;
		struct line got;
		uint64_t after;
	} around = {UINT64_MAX, line_of(0), UINT64_MAX};
	const struct line sent = line_of(7);

	ck_assert_int_eq(mpshm_spsc_try_push(ring, &sent), 0);
	ck_assert_int_eq(mpshm_spsc_try_push(ring, &sent), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &around.got), 0); /* called: it saw none */
	around.got = line_of(0);
	ck_assert_int_eq(goes_inline(&ring->consumer), true);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &around.got), 0);
	ck_line(&around.got, 7, inline_bytes[_i]);
	ck_assert_uint_eq(around.before & around.after, UINT64_MAX);
	if (inline_bytes[_i] == 8)
		ck_assert_uint_eq(around.got.words[1], line_of(0).words[1]);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

/* The compiler sees that the caller's is shorter. */
START_TEST(spsc_inline_leaves_a_short_variable_to_the_library)
{
	struct mpshm_spsc *ring = ring_of(8, 1);
	char in = 'x', out = 0;
	ck_assert_int_eq(mpshm_spsc_try_push(ring, &in), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &out), 0);
	ck_assert_int_eq(out, 'x');
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_inline_is_barred_by_an_open_span)
{
	struct mpshm_spsc *ring = ring_of(8, 8);
	uint64_t element = 1, got;
	struct mpshm_span in, out;

	ck_assert_int_eq(mpshm_spsc_try_push(ring, &element), 0);
	ck_assert_int_eq(mpshm_spsc_try_push(ring, &element), 0);
	ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 2, &in), 2);
	ck_assert_int_eq(mpshm_spsc_try_push(ring, &element), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0); /* the other side has none */
	ck_assert_int_eq(mpshm_spsc_commit(ring, &in, 0), 0);
	ck_assert_int_eq(goes_inline(&ring->producer), true);
	ck_assert_int_eq(mpshm_spsc_try_push(ring, &element), 0);
	ck_assert_int_eq(mpshm_spsc_try_peek(ring, 1, &out), 1);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_release(ring, &out, 1), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), -EAGAIN);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_inline_without_the_side_returns_eperm)
{
	struct mpshm_spsc *both = ring_of(8, 8), *none;
	uint64_t element = 1;

	ck_assert_int_eq(mpshm_spsc_try_push(both, &element), 0);
	ck_assert_int_eq(mpshm_spsc_open(&none, seg, "ring", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_spsc_try_push(none, &element), -EPERM);
	ck_assert_int_eq(mpshm_spsc_try_pop(none, &element), -EPERM);
	ck_assert_int_eq(mpshm_spsc_close(none), 0);
	ck_assert_int_eq(mpshm_spsc_close(both), 0);
}
END_TEST

static struct mpshm_spsc *parents;

static void child_has_no_side(void *known)
{
	uint64_t element = 9;

	/* Before and after it has an identity of its own. */
	for (int i = 0; i < 2; i++) {
		need_eq(mpshm_spsc_try_push(parents, &element), -EPERM);
		need_eq(mpshm_spsc_try_pop(parents, &element), -EPERM);
		need_eq(mpshm_thread_attach(seg), 0);
	}
	(void) known;
}

START_TEST(spsc_inline_in_a_forked_child_returns_eperm)
{
	uint64_t element = 1;

	parents = ring_of(8, 8);
	ck_assert_int_eq(mpshm_spsc_try_push(parents, &element), 0);
	ck_assert_int_eq(mpshm_spsc_try_push(parents, &element), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop(parents, &element), 0);
	child_does(child_has_no_side, NULL);
	ck_assert_uint_eq(mpshm_spsc_size(parents), 1);
	ck_assert_int_eq(mpshm_spsc_try_pop(parents, &element), 0);
	ck_assert_uint_eq(element, 1);
	ck_assert_int_eq(mpshm_spsc_close(parents), 0);
}
END_TEST

static void child_takes_over(void *unused)
{
	struct mpshm_segment *mine;
	struct mpshm_spsc *ring;
	uint64_t element = 3, got;

	(void) unused;
	need_eq(mpshm_segment_open(&mine, segment_file(), MPSHM_NEW_MAPPING, NULL), MPSHM_ATTACHED);
	need_eq(mpshm_spsc_open(&ring, mine, "ring", BOTH, NULL), MPSHM_ATTACHED);
	need_eq(mpshm_spsc_try_pop(ring, &got), 0);
	need_eq(got, 2);
	need_eq(mpshm_spsc_try_push(ring, &element), 0);
	need_eq(mpshm_spsc_try_pop(ring, &got), 0);
	need_eq(got, 3);
	need_eq(mpshm_spsc_try_pop(ring, &got), -EAGAIN);
}

/* Each inline call has published its position: none is kept back. */
START_TEST(spsc_inline_is_all_there_for_a_successor)
{
	struct mpshm_spsc *ring = ring_of(8, 8);
	uint64_t element, got;

	for (element = 1; element <= 2; element++)
		ck_assert_int_eq(mpshm_spsc_try_push(ring, &element), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	child_does(child_takes_over, NULL);
}
END_TEST

Suite *suite_spsc_inline(void)
{
	Suite *suite = suite_create("spsc_inline");
	TCase *tcase = objects_tcase(suite, "spsc_inline");
	tcase_add_loop_test(tcase, spsc_inline_and_called_are_the_same_operations, 0,
	                    COUNT_OF(inline_bytes));
	tcase_add_test(tcase, spsc_inline_is_for_elements_of_a_word_or_a_line_only);
	tcase_add_loop_test(tcase, spsc_inline_moves_all_of_a_ring_of_any_capacity, 0,
	                    COUNT_OF(inline_bytes));
	tcase_add_test(tcase, spsc_inline_goes_on_behind_the_last_position);
	tcase_add_test(tcase, spsc_inline_pop_is_told_that_the_producer_is_dead);
	tcase_add_loop_test(tcase, spsc_inline_writes_no_more_than_the_element, 0,
	                    COUNT_OF(inline_bytes));
	tcase_add_loop_test(tcase, spsc_inline_makes_no_call, 0, COUNT_OF(inline_bytes));
	tcase_add_test(tcase, spsc_inline_leaves_a_short_variable_to_the_library);
	tcase_add_test(tcase, spsc_inline_is_barred_by_an_open_span);
	tcase_add_test(tcase, spsc_inline_without_the_side_returns_eperm);
	tcase_add_test(tcase, spsc_inline_in_a_forked_child_returns_eperm);
	tcase_add_test(tcase, spsc_inline_is_all_there_for_a_successor);
	suite_add_tcase(suite, tcase);
	return suite;
}
