/* SPDX-License-Identifier: BSD-2-Clause */
/* The small services of lib/platform: futex, clock, CPU, membarrier. */
#include "suites.h"

#include "able.h"
#include "processes.h"
#include "skip.h"

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/futex.h"
#include "platform/membarrier.h"
#include "platform/long_copy.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- futex ---------------------------------------------------------------------- */

START_TEST(wait_returns_at_once_when_the_word_differs)
{
	atomic32 word = {1};
	errno = ENOTUNIQ;
	ck_assert_int_eq(mpshm_i_futex_wait(&word, 2, -1), 0);
	ck_assert_int_eq(errno, ENOTUNIQ);
}
END_TEST

START_TEST(wait_that_nobody_wakes_times_out)
{
	atomic32 word = {1};
	errno = ENOTUNIQ;
	ck_assert_int_eq(mpshm_i_futex_wait(&word, 1, 1000), -ETIMEDOUT);
	ck_assert_int_eq(mpshm_i_futex_wait(&word, 1, 0), -ETIMEDOUT);
	ck_assert_int_eq(mpshm_i_futex_wake(&word, 1), 0);
	ck_assert_int_eq(errno, ENOTUNIQ);
}
END_TEST

START_TEST(wake_reaches_a_sleeper_in_another_process_at_another_address)
{
	int fd = memfd_create("futex", MFD_CLOEXEC);
	ck_assert_int_eq(ftruncate(fd, 4096), 0);
	atomic32 *ours = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	atomic32 *theirs = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(ours, theirs);

	pid_t child = fork();
	if (child == 0)
		_exit(mpshm_i_futex_wait(theirs, 0, -1) == 0 ? 0 : 1);
	/* The word stays the same: only a wake ends the child's sleep. */
	while (mpshm_i_futex_wake(ours, 1) == 0)
		(void) sched_yield();
	ck_assert_int_eq(child_wait(child), 0);
}
END_TEST

static atomic32 handler_ran;

static void on_signal(int number)
{
	(void) number;
	(void) atomic32_fetch_add(&handler_ran, 1);
}

START_TEST(signal_handler_ends_a_wait_for_ever_even_with_sa_restart)
{
	atomic32 *word = shared_page();
	pid_t child = fork();
	if (child == 0) {
		struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
		(void) sigaction(SIGUSR1, &action, NULL);
		atomic32_store_release(&word[1], 1);
		_exit(mpshm_i_futex_wait(word, 0, -1) == -EINTR ? 0 : 1);
	}
	while (atomic32_load_acquire(&word[1]) == 0)
		(void) sched_yield();
	/* Again and again: the first may come before it sleeps. */
	int status = 0;
	while (waitpid(child, &status, WNOHANG) == 0) {
		(void) kill(child, SIGUSR1);
		mpshm_i_clock_nap(1000000);
	}
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

/* --- clock and CPU --------------------------------------------------------------- */

START_TEST(deadline_saturates_and_negative_is_never)
{
	ck_assert_int_eq(mpshm_i_deadline(-1), DEADLINE_NEVER);
	ck_assert_int_eq(mpshm_i_deadline(INT64_MIN), DEADLINE_NEVER);
	ck_assert_int_eq(mpshm_i_deadline(INT64_MAX), DEADLINE_NEVER);
	int64_t before = mpshm_i_clock_now();
	int64_t deadline = mpshm_i_deadline(1000);
	ck_assert_int_ge(deadline, before + 1000);
	ck_assert_int_le(deadline, mpshm_i_clock_now() + 1000);
	ck_assert_uint_gt(mpshm_i_clock_wall(), 0);
}
END_TEST

START_TEST(current_cpu_is_the_one_that_the_thread_is_pinned_to)
{
	cpu_set_t allowed;
	ck_assert_int_eq(sched_getaffinity(0, sizeof allowed, &allowed), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		cpu_set_t one;
		if (!CPU_ISSET(cpu, &allowed))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
		ck_assert_uint_eq(mpshm_i_cpu_current(), cpu);
	}
	ck_assert_int_eq(sched_setaffinity(0, sizeof allowed, &allowed), 0);
	ck_assert_uint_ge(mpshm_i_cpu_count(), 1);
}
END_TEST

/* --- membarrier ------------------------------------------------------------------ */

static void *ask_membarrier(void *ret_answer)
{
	*(bool *) ret_answer = mpshm_i_membarrier_register();
	return NULL;
}

START_TEST(membarrier_answer_is_one_for_all_threads_and_children)
{
	pthread_t threads[8];
	bool answers[8];
	errno = ENOTUNIQ;
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_membarrier, &answers[i]), 0);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	bool registered = mpshm_i_membarrier_register();
	for (int i = 0; i < 8; i++)
		ck_assert(answers[i] == registered);
	ck_assert_int_eq(errno, ENOTUNIQ);

	pid_t child = fork();
	if (child == 0)
		_exit(mpshm_i_membarrier_register() == registered &&
		                      (!registered || mpshm_i_membarrier())
		              ? 0
		              : 1);
	ck_assert_int_eq(child_wait(child), 0);
}
END_TEST

/* Linux 6.3; not in every header. */
#define GET_REGISTRATIONS (1 << 9)
#define GLOBAL_EXPEDITED_REGISTERED (1 << 2)

START_TEST(membarrier_registration_is_kept_over_fork)
{
	SKIP_UNLESS(mpshm_i_membarrier_register(), "no membarrier");
	SKIP_UNLESS(syscall(SYS_membarrier, GET_REGISTRATIONS, 0, 0) >= 0, "Linux before 6.3");
	pid_t child = fork();
	if (child == 0)
		_exit((syscall(SYS_membarrier, GET_REGISTRATIONS, 0, 0) &
		       GLOBAL_EXPEDITED_REGISTERED) != 0
		              ? 0
		              : 1);
	ck_assert_int_eq(child_wait(child), 0);
}
END_TEST

START_TEST(membarrier_is_off_where_the_environment_says_so)
{
	/* Asked once a process. */
	SKIP_UNLESS(able_to_begin_anew(), "CK_FORK=no");
	ck_assert_int_eq(setenv("MPSHM_NO_MEMBARRIER", "1", 1), 0);
	ck_assert(!mpshm_i_membarrier_register());
	ck_assert_int_eq(unsetenv("MPSHM_NO_MEMBARRIER"), 0);
	ck_assert(!mpshm_i_membarrier_register());
}
END_TEST

/* --- long_copy --------------------------------------------------------------------- */

#define LONG_MARGIN 64u

/* Copies so many bytes between such alignments, and looks at each byte and around. */
static void check_long_copy(size_t to, size_t from, size_t bytes)
{
	static char source[LONG_MARGIN + 4096 + LONG_MARGIN] __attribute__((aligned(64)));
	static char target[sizeof(source)] __attribute__((aligned(64)));
	static char wanted[sizeof(source)];

	for (size_t i = 0; i < sizeof(source); i++)
		source[i] = (char) (i * 31 + bytes);
	memset(target, 0x5a, sizeof(target));
	memset(wanted, 0x5a, sizeof(wanted));
	for (size_t i = 0; i < bytes; i++)
		wanted[to + i] = source[from + i];
	mpshm_i_long_copy(target + to, source + from, bytes);
	ck_assert_mem_eq(target, wanted, sizeof(target));
}

START_TEST(long_copy_copies_each_byte_and_no_other)
{
	static const size_t lengths[] = {0, 1, 15, 16, 63, 64, 65, 127, 128, 129, 1000, 4096};

	for (size_t l = 0; l < sizeof(lengths) / sizeof(*lengths); l++)
		for (size_t offset = 0; offset < LONG_MARGIN; offset += 3) {
			check_long_copy(offset, 0, lengths[l]);
			check_long_copy(0, offset, lengths[l]);
			check_long_copy(offset, LONG_MARGIN - 1 - offset, lengths[l]);
		}
}
END_TEST

Suite *suite_platform(void)
{
	Suite *suite = suite_create("platform");
	TCase *tcase = tcase_create("platform");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, wait_returns_at_once_when_the_word_differs);
	tcase_add_test(tcase, wait_that_nobody_wakes_times_out);
	tcase_add_test(tcase, wake_reaches_a_sleeper_in_another_process_at_another_address);
	tcase_add_test(tcase, signal_handler_ends_a_wait_for_ever_even_with_sa_restart);
	tcase_add_test(tcase, deadline_saturates_and_negative_is_never);
	tcase_add_test(tcase, current_cpu_is_the_one_that_the_thread_is_pinned_to);
	tcase_add_test(tcase, membarrier_answer_is_one_for_all_threads_and_children);
	tcase_add_test(tcase, membarrier_registration_is_kept_over_fork);
	tcase_add_test(tcase, membarrier_is_off_where_the_environment_says_so);
	tcase_add_test(tcase, long_copy_copies_each_byte_and_no_other);
	suite_add_tcase(suite, tcase);
	return suite;
}
