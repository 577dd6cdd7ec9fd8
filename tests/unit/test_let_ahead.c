/* SPDX-License-Identifier: BSD-2-Clause */
/* let_ahead: when patience grows, when it ends, and that nobody waits twice at one place. */
#include "suites.h"

#include "ring/let_ahead.h"

#define CAPACITY 4096u
#define BYTES 8u

static struct let_ahead patience;
static uint64_t place;

/* The next time that it ran dry, after a wait that brought so many. */
static uint32_t brought(uint64_t elements)
{
	let_ahead_brought(&patience, elements, CAPACITY, BYTES);
	return patience.ns.raw;
}

/* A flood, until it bears no more. */
static void flood(void)
{
	for (int i = 0; i < 100; i++)
		(void) brought(FLOOD_ENOUGH - 1);
	ck_assert_uint_eq(patience.ns.raw, LET_AHEAD_MOST_NS);
}

static void begin(void)
{
	patience = (struct let_ahead){0};
	place = 0;
}

START_TEST(let_ahead_does_not_wait_before_there_was_a_flood)
{
	for (place = 1; place < 100; place++) {
		ck_assert(!let_ahead(&patience, place));
		(void) brought(place % 2);
	}
}
END_TEST

START_TEST(let_ahead_grows_in_a_flood_step_by_step_to_its_bound)
{
	uint32_t before = 0, steps = 0;
	for (; before < LET_AHEAD_MOST_NS; steps++) {
		uint32_t now = brought(FLOOD_ENOUGH - 1);
		ck_assert_uint_gt(now, before);
		ck_assert_uint_le(now, LET_AHEAD_MOST_NS);
		before = now;
	}
	ck_assert_uint_gt(steps, 5); /* a short burst is over by then */
}
END_TEST

START_TEST(let_ahead_waits_once_at_a_place)
{
	flood();
	ck_assert(let_ahead(&patience, 7));
	for (int i = 0; i < 100; i++)
		ck_assert(!let_ahead(&patience, 7));
	ck_assert(let_ahead(&patience, 8));
}
END_TEST

START_TEST(let_ahead_ends_where_nothing_one_or_half_a_ring_comes)
{
	static const uint64_t elements[] = {0, 1, CAPACITY / 2 + 1, CAPACITY, UINT64_MAX};
	for (size_t i = 0; i < sizeof elements / sizeof *elements; i++) {
		flood();
		for (int times = 0; times < 10; times++)
			(void) brought(elements[i]);
		ck_assert_uint_eq(patience.ns.raw, 0);
	}
}
END_TEST

START_TEST(let_ahead_is_no_longer_than_what_comes_is_worth)
{
	flood();
	/* Ten at a time, as a stream that nobody hurries would bring. */
	for (int times = 0; times < 100; times++)
		(void) brought(10);
	ck_assert_uint_le(patience.ns.raw,
	                  10 * FLOOD_ELEMENT_NS(BYTES) + 10 * FLOOD_ELEMENT_NS(BYTES) / 4);
}
END_TEST

START_TEST(let_ahead_stays_where_it_brings_enough)
{
	for (int times = 0; times < 3; times++)
		(void) brought(FLOOD_ENOUGH - 1);
	uint32_t ns = patience.ns.raw;
	for (int times = 0; times < 100; times++)
		ck_assert_uint_eq(brought(FLOOD_ENOUGH), ns);
}
END_TEST

Suite *suite_let_ahead(void)
{
	Suite *suite = suite_create("let_ahead");
	TCase *tcase = tcase_create("let_ahead");
	tcase_add_checked_fixture(tcase, begin, NULL);
	tcase_add_test(tcase, let_ahead_does_not_wait_before_there_was_a_flood);
	tcase_add_test(tcase, let_ahead_grows_in_a_flood_step_by_step_to_its_bound);
	tcase_add_test(tcase, let_ahead_waits_once_at_a_place);
	tcase_add_test(tcase, let_ahead_ends_where_nothing_one_or_half_a_ring_comes);
	tcase_add_test(tcase, let_ahead_is_no_longer_than_what_comes_is_worth);
	tcase_add_test(tcase, let_ahead_stays_where_it_brings_enough);
	suite_add_tcase(suite, tcase);
	return suite;
}
