/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/platform/process: no child ever passes for its parent. */
#include "suites.h"

#include "able.h"
#include "processes.h"
#include "skip.h"
#include "unheard.h"

#include "platform/atomic.h"
#include "platform/process.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8 };

static atomic32 resets;
static uint64_t begun_in_reset;

static void reset(void)
{
	/* Long enough for the others to come. */
	for (int i = 0; i < 100; i++)
		(void) sched_yield();
	(void) atomic32_fetch_add(&resets, 1);
}

static void *begin_in_thread(void *ret_identity)
{
	*(uint64_t *) ret_identity = mpshm_i_process_begin(reset);
	return NULL;
}

/* All threads begin at once: one identity, 0 where they differ. */
static uint64_t begin_in_threads(void)
{
	pthread_t threads[THREADS];
	uint64_t identities[THREADS] = {0};
	for (int i = 0; i < THREADS; i++) {
		if (pthread_create(&threads[i], NULL, begin_in_thread, &identities[i]) != 0)
			return 0;
	}
	for (int i = 0; i < THREADS; i++)
		(void) pthread_join(threads[i], NULL);
	for (int i = 1; i < THREADS; i++) {
		if (identities[i] != identities[0])
			return 0;
	}
	return identities[0];
}

START_TEST(identity_is_one_for_all_threads_and_stays)
{
	uint64_t remembered = *mpshm_i_process;
	errno = ENOTUNIQ;
	uint64_t identity = begin_in_threads();
	ck_assert_uint_ne(identity, 0);
	ck_assert_uint_eq(*mpshm_i_process, identity);
	ck_assert_uint_eq(mpshm_i_process_begin(reset), identity);
	ck_assert_uint_eq(mpshm_i_process_begin(NULL), identity);
	if (remembered == 0)
		ck_assert_uint_eq(atomic32_load_relaxed(&resets), 1);
	ck_assert_int_eq(errno, ENOTUNIQ);
}
END_TEST

/* In a child: 0 where it has no identity, takes another, and resets once. */
static int child_is_itself(uint64_t parent)
{
	int wrong = *mpshm_i_process != 0;
	uint32_t before = atomic32_load_relaxed(&resets);
	uint64_t identity = begin_in_threads();
	wrong += identity == 0 || identity == parent;
	wrong += *mpshm_i_process != identity;
	wrong += atomic32_load_relaxed(&resets) != before + 1;
	return wrong;
}

START_TEST(eight_threads_of_a_forked_child_reset_once_and_become_another)
{
	uint64_t identity = mpshm_i_process_begin(reset);
	pid_t child = fork();
	if (child == 0)
		_exit(child_is_itself(identity));
	ck_assert_int_eq(child_wait(child), 0);
	ck_assert_uint_eq(*mpshm_i_process, identity);
}
END_TEST

START_TEST(bare_clone_has_no_identity_until_it_begins)
{
	uint64_t identity = mpshm_i_process_begin(reset);
	bool wiped = able_to_wipe_in_children();
	if (!wiped)
		SKIP_PART("no MADV_WIPEONFORK");
	pid_t child = bare_clone();
	if (child == 0) {
		/* No threads here: the C library does not know that it was copied. */
		int wrong = wiped && *mpshm_i_process != 0;
		uint64_t mine = mpshm_i_process_begin(NULL);
		wrong += mine == 0 || mine == identity || *mpshm_i_process != mine;
		_exit(wrong);
	}
	ck_assert_int_eq(child_wait(child), 0);
	ck_assert_uint_eq(*mpshm_i_process, identity);
}
END_TEST

START_TEST(no_descendant_has_the_identity_of_an_ancestor)
{
	enum { DEPTH = 6 };
	uint64_t line[DEPTH];
	for (int depth = 0; depth < DEPTH; depth++) {
		line[depth] = mpshm_i_process_begin(NULL);
		for (int i = 0; i < depth; i++) {
			if (line[i] == line[depth])
				_exit(1);
		}
		pid_t child = depth % 2 ? bare_clone() : fork();
		if (child != 0) {
			int result = child_wait(child);
			if (depth > 0)
				_exit(result);
			ck_assert_int_eq(result, 0);
			return;
		}
	}
	_exit(0);
}
END_TEST

static void reset_that_begins(void)
{
	begun_in_reset = mpshm_i_process_begin(reset);
}

START_TEST(begin_from_within_reset_is_refused_and_does_not_hang)
{
	pid_t child = fork();
	if (child == 0) {
		begun_in_reset = 1;
		uint64_t identity = mpshm_i_process_begin(reset_that_begins);
		_exit(begun_in_reset == 0 && identity != 0 ? 0 : 1);
	}
	ck_assert_int_eq(child_wait(child), 0);
}
END_TEST

static void *fork_while_others_begin(void *ret_failures)
{
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();
		if (child == 0) {
			(void) alarm(20);
			_exit(mpshm_i_process_begin(NULL) != 0 ? 0 : 1);
		}
		int status = 0;
		if (waitpid(child, &status, 0) != child || status != 0)
			++*(int *) ret_failures;
	}
	return NULL;
}

/* Whatever a thread was at in the parent, the child waits for nobody who is not there. */
START_TEST(fork_in_the_middle_of_a_begin_leaves_a_child_that_can_begin)
{
	pid_t child = fork();
	if (child == 0) {
		pthread_t forker;
		int failures = 0;
		if (pthread_create(&forker, NULL, fork_while_others_begin, &failures) != 0)
			_exit(1);
		uint64_t identity = begin_in_threads();
		(void) pthread_join(forker, NULL);
		_exit(identity != 0 && failures == 0 ? 0 : 1);
	}
	ck_assert_int_eq(child_wait(child), 0);
}
END_TEST

START_TEST(description_tells_command_start_and_namespace)
{
	pid_t child = fork();
	if (child == 0) {
		char command[32];
		uint64_t start = 0;
		uint64_t space = 0;
		memset(command, 'x', sizeof command);
		(void) prctl(PR_SET_NAME, "a) b (\x1b[c");
		mpshm_i_process_describe(command, &start, &space);
		int wrong = strcmp(command, "a) b (?[c") != 0;
		for (size_t i = strlen(command); i < sizeof command; i++)
			wrong += command[i] != '\0';
		_exit(wrong + (start == 0) + (space == 0));
	}
	ck_assert_int_eq(child_wait(child), 0);
}
END_TEST

Suite *suite_identity(void)
{
	Suite *suite = suite_create("identity");
	TCase *tcase = tcase_create("identity");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, identity_is_one_for_all_threads_and_stays);
	tcase_add_test(tcase, eight_threads_of_a_forked_child_reset_once_and_become_another);
	tcase_add_test(tcase, bare_clone_has_no_identity_until_it_begins);
	tcase_add_test(tcase, no_descendant_has_the_identity_of_an_ancestor);
	tcase_add_test(tcase, begin_from_within_reset_is_refused_and_does_not_hang);
	tcase_add_test(tcase, fork_in_the_middle_of_a_begin_leaves_a_child_that_can_begin);
	tcase_add_test(tcase, description_tells_command_start_and_namespace);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("identity_unheard");
	tcase_add_checked_fixture(tcase, advice_goes_unheard, advice_is_heard_again);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, identity_is_one_for_all_threads_and_stays);
	tcase_add_test(tcase, eight_threads_of_a_forked_child_reset_once_and_become_another);
	tcase_add_test(tcase, no_descendant_has_the_identity_of_an_ancestor);
	tcase_add_test(tcase, fork_in_the_middle_of_a_begin_leaves_a_child_that_can_begin);
	suite_add_tcase(suite, tcase);
	return suite;
}
