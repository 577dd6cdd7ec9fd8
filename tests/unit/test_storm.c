/* SPDX-License-Identifier: BSD-2-Clause */
/* A few seconds of what tests/stress/kill_storm does for as long as one likes. */
#include "able.h"
#include "objects.h"
#include "skip.h"

#include "../stress/storm.h"

#include <stdlib.h>

#define KILLS_LEAST 20u

/* In rounds of so many ids; 0: of as many as there may be. */
static struct storm_result storm_holds(enum storm_kind kind, uint32_t ids)
{
	const struct storm_plan plan = {.kind = kind,
	                                .producers = kind == STORM_SPSC ? 1 : 2,
	                                .consumers = kind == STORM_SPSC ? 1 : 2,
	                                .span_ns = 3 * MPSHM_SECOND,
	                                .kill_every_us = 2000,
	                                .ids = ids,
	                                .seed = (uint64_t) now_ns()};
	struct storm_result result;
	int ret = storm_run(&plan, &result);
	ck_assert_msg(
		ret == 0,
		"seed %llu: lost %llu, doubled %llu, phantom %llu, torn %llu, disordered %llu, "
		"leaked %llu, stalled %llu, late %llu; %s",
		(unsigned long long) plan.seed, (unsigned long long) result.lost,
		(unsigned long long) result.doubled, (unsigned long long) result.phantom,
		(unsigned long long) result.torn, (unsigned long long) result.disordered,
		(unsigned long long) result.leaked, (unsigned long long) result.stalled,
		(unsigned long long) result.late, result.why);
	ck_assert_uint_gt(result.got, 0);
	return result;
}

/* On a loaded machine few are killed. */
static void storms_hold(enum storm_kind kind)
{
	for (uint64_t kills = 0; kills <= KILLS_LEAST;)
		kills += storm_holds(kind, 0).kills;
}

START_TEST(mpmc_history_holds_while_producers_and_consumers_are_killed_at_random)
{
	SKIP_UNLESS(able_to_fork_fast(), "who is killed was hardly born");
	storms_hold(STORM_MPMC);
}
END_TEST

START_TEST(spsc_history_holds_while_either_side_is_killed_at_random_and_taken_over)
{
	SKIP_UNLESS(able_to_fork_fast(), "who is killed was hardly born");
	storms_hold(STORM_SPSC);
}
END_TEST

START_TEST(queue_history_holds_while_producers_and_consumers_are_killed_at_random)
{
	SKIP_UNLESS(able_to_fork_fast(), "who is killed was hardly born");
	storms_hold(STORM_QUEUE);
}
END_TEST

/* What is left of one round must not come in the next. */
START_TEST(history_holds_over_as_many_rounds_as_one_likes)
{
	SKIP_UNLESS(able_to_fork_fast(), "who is killed was hardly born");
	while (storm_holds((enum storm_kind) _i, 3000).rounds < 3)
		;
}
END_TEST

/* A log of one round, told by hand: is the verdict on it as it should be? */
#define IDS 8u
static struct storm_log *judged;

static void judge_begin(void)
{
	judged = calloc(1, sizeof *judged);
	ck_assert_ptr_nonnull(judged);
	judged->ids = IDS;
	judged->next_id = 1;
	storm_log_begin(judged);
}

static void judge_end(void)
{
	free(judged);
}

/* An id, of which the log then says these flags. */
static uint64_t sent(uint8_t flags)
{
	uint64_t id = judged->next_id++;
	storm_note(judged, id, STORM_INTENT);
	storm_note(judged, id, flags);
	return id;
}

static struct storm_result judgement(enum storm_kind kind, bool drained, int expected)
{
	struct storm_result result = {0};
	ck_assert_int_eq(storm_judge(judged, kind, drained, &result), expected);
	storm_log_begin(judged);
	return result;
}

START_TEST(judge_finds_nothing_in_what_may_be)
{
	storm_got(judged, sent(STORM_ACKED));
	storm_got(judged, sent(STORM_INTENT));
	storm_got(judged, sent(STORM_ACKED | STORM_IN_HAND));
	(void) sent(STORM_INTENT);
	(void) sent(STORM_KEPT);
	(void) sent(STORM_MAYBE | STORM_ACKED);
	struct storm_result told = judgement((enum storm_kind) _i, true, 0);
	ck_assert_uint_eq(told.sent, 6);
	ck_assert_uint_eq(told.acked, 3);
	ck_assert_uint_eq(told.got, 3);
	ck_assert_uint_eq(told.maybe, 1);
	ck_assert_uint_eq(told.rounds, 1);
}
END_TEST

START_TEST(judge_finds_a_loss_only_where_all_was_drained)
{
	for (int drained = 0; drained <= 1; drained++)
		for (uint8_t flag = 0; flag <= STORM_IN_HAND; flag += STORM_IN_HAND) {
			storm_got(judged, sent(STORM_ACKED));
			(void) sent(STORM_ACKED | flag);
			ck_assert_int_eq(judgement((enum storm_kind) _i, drained, -drained).lost,
			                 drained);
		}
}
END_TEST

START_TEST(judge_finds_what_came_twice)
{
	uint64_t id = sent(STORM_ACKED);
	storm_got(judged, id);
	storm_got(judged, id);
	ck_assert_uint_eq(judgement((enum storm_kind) _i, true, -1).doubled, 1);
}
END_TEST

/* Where one consumer follows another, what the dead one had acknowledged must not come. */
START_TEST(judge_finds_what_came_beside_a_maybe_in_an_spsc_ring_only)
{
	int surely = _i == STORM_SPSC;
	storm_got(judged, sent(STORM_ACKED | STORM_MAYBE));
	ck_assert_int_eq(judgement((enum storm_kind) _i, true, -surely).doubled, surely);
}
END_TEST

START_TEST(judge_finds_what_nobody_sent)
{
	const uint64_t nobodys[] = {0, judged->next_id, judged->next_id + IDS, UINT64_MAX};
	for (size_t i = 0; i < COUNT_OF(nobodys); i++) {
		storm_got(judged, nobodys[i]);
		ck_assert_uint_eq(judgement((enum storm_kind) _i, true, -1).phantom, 1);
	}
	storm_got(judged, sent(STORM_KEPT));
	ck_assert_uint_eq(judgement((enum storm_kind) _i, true, -1).phantom, 1);
}
END_TEST

START_TEST(judge_finds_what_was_settled_in_an_earlier_round)
{
	uint64_t got = sent(STORM_ACKED), never = sent(STORM_INTENT);
	storm_got(judged, got);
	ck_assert_uint_eq(judgement((enum storm_kind) _i, true, 0).got, 1);
	(void) sent(STORM_INTENT);
	(void) sent(STORM_INTENT);
	storm_got(judged, got);
	storm_got(judged, never);
	struct storm_result told = judgement((enum storm_kind) _i, true, -1);
	ck_assert_uint_eq(told.phantom, 2);
	ck_assert_uint_eq(told.got, 0);
}
END_TEST

START_TEST(judge_finds_torn_and_disordered_elements)
{
	char element[STORM_ELEMENT_BYTES] = {0};
	uint64_t first = sent(STORM_ACKED), second = sent(STORM_ACKED);
	memcpy(element, &second, sizeof second);
	storm_got_element(judged, element);
	memcpy(element, &first, sizeof first);
	storm_got_element(judged, element);
	struct storm_result told = judgement(STORM_SPSC, true, -1);
	ck_assert_uint_eq(told.torn, 2);
	ck_assert_uint_eq(told.disordered, 1);
	/* Each round is judged for itself. */
	told = judgement(STORM_SPSC, true, 0);
	ck_assert_uint_eq(told.torn + told.disordered, 0);
}
END_TEST

Suite *suite_storm(void)
{
	Suite *suite = suite_create("storm");
	TCase *tcase = objects_tcase(suite, "storm");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase,
	               mpmc_history_holds_while_producers_and_consumers_are_killed_at_random);
	tcase_add_test(tcase,
	               spsc_history_holds_while_either_side_is_killed_at_random_and_taken_over);
	tcase_add_test(tcase,
	               queue_history_holds_while_producers_and_consumers_are_killed_at_random);
	const int kinds = STORM_QUEUE + 1;
	tcase_add_loop_test(tcase, history_holds_over_as_many_rounds_as_one_likes, 0, kinds);
	tcase = tcase_create("judge");
	tcase_add_checked_fixture(tcase, judge_begin, judge_end);
	tcase_add_loop_test(tcase, judge_finds_nothing_in_what_may_be, 0, kinds);
	tcase_add_loop_test(tcase, judge_finds_a_loss_only_where_all_was_drained, 0, kinds);
	tcase_add_loop_test(tcase, judge_finds_what_came_twice, 0, kinds);
	tcase_add_loop_test(tcase, judge_finds_what_came_beside_a_maybe_in_an_spsc_ring_only, 0,
	                    kinds);
	tcase_add_loop_test(tcase, judge_finds_what_nobody_sent, 0, kinds);
	tcase_add_loop_test(tcase, judge_finds_what_was_settled_in_an_earlier_round, 0, kinds);
	tcase_add_test(tcase, judge_finds_torn_and_disordered_elements);
	suite_add_tcase(suite, tcase);
	return suite;
}
