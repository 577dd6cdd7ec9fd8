/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/platform/forkgate: no fork while somebody is inside, and no fork that never comes. */
#include "suites.h"

#include "processes.h"

#include <pthread.h>

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/forkgate.h"

enum { THREADS = 4, FORKS = 20 };

static atomic32 inside;
static atomic32 stop;

static void go_in_and_out(int64_t stay_ns)
{
	struct forkgate_pass outer;
	struct forkgate_pass inner;

	CHILD_ASSERT(mpshm_i_forkgate_enter(&outer) == 0);
	(void) atomic32_fetch_add(&inside, 1);
	mpshm_i_clock_nap(stay_ns);
	CHILD_ASSERT(mpshm_i_forkgate_enter(&inner) == 0);
	mpshm_i_forkgate_leave(&inner);
	mpshm_i_clock_nap(stay_ns);
	(void) atomic32_fetch_add(&inside, UINT32_MAX);
	mpshm_i_forkgate_leave(&outer);
}

static void *go_in_and_out_for_ever(void *unused)
{
	(void) unused;
	while (atomic32_load_acquire(&stop) == 0)
		go_in_and_out(2000000);
	return NULL;
}

/* There is hardly an instant at which none of them is inside. */
START_TEST(fork_is_not_held_up_by_threads_that_enter_again_and_again)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, go_in_and_out_for_ever, NULL),
		                 0);
	for (int i = 0; i < FORKS; i++) {
		while (atomic32_load_acquire(&inside) == 0)
			mpshm_i_clock_nap(10000);
		pid_t child = fork();
		if (child == 0) {
			CHILD_ASSERT(atomic32_load_acquire(&inside) == 0);
			go_in_and_out(1000);
			_exit(0);
		}
		ck_assert_int_eq(child_wait(child), 0);
	}
	atomic32_store_release(&stop, 1);
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

Suite *suite_forkgate(void)
{
	Suite *suite = suite_create("forkgate");
	TCase *tcase = tcase_create("forkgate");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, fork_is_not_held_up_by_threads_that_enter_again_and_again);
	suite_add_tcase(suite, tcase);
	return suite;
}
