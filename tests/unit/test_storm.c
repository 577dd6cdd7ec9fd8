/* SPDX-License-Identifier: BSD-2-Clause */
/* A few seconds of what tests/stress/kill_storm does for as long as one likes. */
#include "objects.h"

#include "../stress/storm.h"

#define KILLS_LEAST 20u

/* Returns how many were killed: on a loaded machine few. */
static uint64_t storm_holds(enum storm_kind kind)
{
	const struct storm_plan plan = {.kind = kind,
	                                .producers = kind == STORM_SPSC ? 1 : 2,
	                                .consumers = kind == STORM_SPSC ? 1 : 2,
	                                .span_ns = 3 * MPSHM_SECOND,
	                                .kill_every_us = 2000,
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
	return result.kills;
}

START_TEST(mpmc_history_holds_while_producers_and_consumers_are_killed_at_random)
{
	for (uint64_t kills = 0; kills <= KILLS_LEAST;)
		kills += storm_holds(STORM_MPMC);
}
END_TEST

START_TEST(spsc_history_holds_while_either_side_is_killed_at_random_and_taken_over)
{
	for (uint64_t kills = 0; kills <= KILLS_LEAST;)
		kills += storm_holds(STORM_SPSC);
}
END_TEST

START_TEST(queue_history_holds_while_producers_and_consumers_are_killed_at_random)
{
	for (uint64_t kills = 0; kills <= KILLS_LEAST;)
		kills += storm_holds(STORM_QUEUE);
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
	return suite;
}
