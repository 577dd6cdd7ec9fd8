/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Processes and threads that come and go leave nothing: some of what
 * tests/stress/attach_and_die does 100,000 times.
 */
#include "able.h"
#include "effort.h"
#include "objects.h"
#include "skip.h"

#include "../stress/mortals.h"

#include <pthread.h>

enum { LIVES = 1000, THREADS = 20000, AT_ONCE = 4 };

START_TEST(segment_is_as_it_was_after_1000_processes_attached_worked_and_were_killed)
{
	const struct mortals_plan plan = {.lives = LIVES, .seed = (uint64_t) now_ns()};
	struct mortals_result result;

	SKIP_UNLESS(able_to_fork_fast(), "who is killed was hardly born");
	int ret = mortals_run(&plan, &result);
	if (ret != 0) {
		footprint_print("before", &result.before);
		footprint_print("after", &result.after);
	}
	ck_assert_msg(ret == 0, "seed %llu: %llu refusals: %s; %s", (unsigned long long) plan.seed,
	              (unsigned long long) result.refusals, result.refusal, result.why);
	ck_assert_uint_gt(result.worked, 0); /* how many depends on the machine */
	ck_assert_uint_gt(result.recovered, 0);
}
END_TEST

static struct mpshm_queue *queue;
static struct mpshm_counter *counter;

/* Every other one gives its cell back itself; the others leave that to their exit. */
static void *one_thread(void *number)
{
	char message[100] = "", got[100];

	need_eq(mpshm_counter_add(counter, 1), 0);
	need_eq(mpshm_queue_put(queue, message, sizeof message, MPSHM_SECOND), 0);
	need_eq(mpshm_queue_get(queue, got, sizeof got, MPSHM_SECOND), sizeof got);
	if (*(int *) number % 2 == 0)
		need_eq(mpshm_thread_detach(seg), 0);
	return NULL;
}

/* How many. */
static int threads_come_and_go(int at_least, int at_most)
{
	struct effort effort = effort_begin(at_least / AT_ONCE, at_most / AT_ONCE);
	pthread_t threads[AT_ONCE];
	int numbers[AT_ONCE];

	while (effort_goes_on(&effort)) {
		for (int j = 0; j < AT_ONCE; j++) {
			numbers[j] = j;
			need_eq(pthread_create(&threads[j], NULL, one_thread, &numbers[j]), 0);
		}
		for (int j = 0; j < AT_ONCE; j++)
			need_eq(pthread_join(threads[j], NULL), 0);
	}
	return effort.done * AT_ONCE;
}

START_TEST(segment_and_process_are_as_they_were_after_many_threads_worked_and_ended)
{
	const struct mpshm_queue_options options = {.capacity = 8, .max_message_bytes = 100};
	struct footprint before, after;

	SKIP_UNLESS(able_to_begin_anew(), "CK_FORK=no: this process has a past");
	SKIP_UNLESS(able_to_forget_threads(), "threads that ended keep memory");
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_counter_open(&counter, seg, "counter", MPSHM_CREATE, NULL),
	                 MPSHM_CREATED);
	int count = threads_come_and_go(1000, 1000);
	footprint_take(&before, seg);
	count += threads_come_and_go(1000, THREADS);
	footprint_take(&after, seg);
	/* Of that many; a stack and an arena for each that there is at once. */
	bool same = footprint_same(&before, &after, 256, 4 * AT_ONCE);
	if (!same) {
		footprint_print("before", &before);
		footprint_print("after", &after);
	}
	ck_assert(same);
	ck_assert_uint_le(after.cells_used, AT_ONCE + 1);
	ck_assert_int_eq(mpshm_counter_sum(counter), count);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

Suite *suite_mortals(void)
{
	Suite *suite = suite_create("mortals");
	TCase *tcase = objects_tcase(suite, "mortals");
	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase,
	               segment_is_as_it_was_after_1000_processes_attached_worked_and_were_killed);
	tcase_add_test(tcase,
	               segment_and_process_are_as_they_were_after_many_threads_worked_and_ended);
	return suite;
}
