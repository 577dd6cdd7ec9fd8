/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/platform/liveness: the lock stands while its process lives, and not longer. */
#include "suites.h"

#include "able.h"
#include "processes.h"
#include "skip.h"
#include "unheard.h"

#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/liveness.h"
#include "platform/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BYTE LIVENESS_BYTE_PARTICIPANT(7)

static char name[64];
static char path[SHM_PATH_MAX];
static int fd;    /* for acquire */
static int probe; /* never locks */
static int ready[2];

static void set_up(void)
{
	(void) snprintf(name, sizeof name, "test-liveness-%d", (int) getpid());
	mpshm_i_shm_path(name, path);
	fd = mpshm_i_shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	probe = mpshm_i_shm_open(name, O_RDONLY, 0);
	ck_assert_int_ge(fd, 3);
	ck_assert_int_ge(probe, 3);
	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
}

static void tear_down(void)
{
	(void) close(fd);
	(void) close(probe);
	(void) close(ready[0]);
	(void) close(ready[1]);
	(void) unlink(path);
}

static void say_ready(void)
{
	if (write(ready[1], "r", 1) != 1)
		_exit(99);
}

static void await_ready(void)
{
	char byte;
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
}

/* The case's timeout is the bound. */
static void await_free(int64_t byte)
{
	int held;
	while ((held = mpshm_i_liveness_held(probe, byte)) == 1)
		mpshm_i_clock_nap(1000000);
	ck_assert_int_eq(held, 0);
}

static void sleep_until_killed(void)
{
	for (;;)
		(void) pause();
}

static void child_acquires(void)
{
	static struct liveness_lock lock;
	if (mpshm_i_liveness_acquire(&lock, fd, path, BYTE) != 0)
		_exit(98);
}

static void end(pid_t child)
{
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

START_TEST(liveness_lock_is_seen_by_a_probe_and_held_once)
{
	struct liveness_lock lock = {0};
	struct liveness_lock second = {0};
	errno = ENOTUNIQ;
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 0);
	ck_assert_int_eq(mpshm_i_liveness_acquire(&lock, fd, path, BYTE), 0);
	ck_assert_ptr_nonnull(lock.mapping);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 1);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE + 1), 0);
	ck_assert_int_eq(mpshm_i_liveness_acquire(&second, fd, path, BYTE), -EAGAIN);
	ck_assert_ptr_null(second.mapping);

	/* A second attachment of the same process stands and falls by itself. */
	ck_assert_int_eq(mpshm_i_liveness_acquire(&second, fd, path, BYTE + 4095), 0);
	mpshm_i_liveness_release(&second);
	mpshm_i_liveness_release(&second);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE + 4095), 0);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 1);
	mpshm_i_liveness_release(&lock);
	ck_assert_ptr_null(lock.mapping);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 0);
	ck_assert_int_eq(errno, ENOTUNIQ);
}
END_TEST

START_TEST(liveness_probe_ignores_read_locks)
{
	int other = mpshm_i_shm_open(name, O_RDONLY, 0);
	ck_assert_int_eq(mpshm_i_shm_lock(other, BYTE, F_RDLCK, false), 0);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 0);
	ck_assert_int_eq(close(other), 0);
	ck_assert_int_eq(mpshm_i_liveness_held(-1, BYTE), -EBADF);
}
END_TEST

START_TEST(liveness_lock_is_taken_on_an_unlinked_file_and_by_a_read_only_descriptor)
{
	struct liveness_lock lock = {0};
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mpshm_i_liveness_acquire(&lock, probe, NULL, BYTE), 0);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 1);
	mpshm_i_liveness_release(&lock);
}
END_TEST

START_TEST(liveness_acquire_that_fails_leaves_nothing_locked)
{
	struct liveness_lock lock = {0};
	struct rlimit before;
	ck_assert_int_eq(mpshm_i_liveness_acquire(&lock, -1, path, BYTE), -EBADF);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	const struct rlimit none = {0, before.rlim_max};
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	int result = mpshm_i_liveness_acquire(&lock, fd, path, BYTE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert_int_eq(result, -EMFILE);
	ck_assert_ptr_null(lock.mapping);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 0);
}
END_TEST

/* As a host does that becomes a daemon. */
static void close_all_from(int first)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0U, 0) == 0)
		return;
#endif
	for (long i = first; i < sysconf(_SC_OPEN_MAX); i++)
		(void) close((int) i);
}

START_TEST(liveness_lock_outlives_close_range)
{
	pid_t child = fork();
	if (child == 0) {
		child_acquires();
		ready[1] = dup2(ready[1], 0);
		close_all_from(1);
		say_ready();
		sleep_until_killed();
	}
	await_ready();
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 1);
	end(child);
	await_free(BYTE);
}
END_TEST

START_TEST(liveness_lock_falls_with_its_process_by_sigkill)
{
	pid_t child = fork();
	if (child == 0) {
		child_acquires();
		say_ready();
		sleep_until_killed();
	}
	await_ready();
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 1);
	end(child);
	await_free(BYTE);
}
END_TEST

/* The process that acquires has a child, made by `make_child`, which outlives it. */
static void lock_is_not_inherited(pid_t (*make_child)(void))
{
	pid_t grandchild = 0;
	pid_t child = fork();
	if (child == 0) {
		child_acquires();
		if (make_child() == 0) {
			pid_t self = getpid();
			if (write(ready[1], &self, sizeof self) != sizeof self)
				_exit(97);
		}
		sleep_until_killed();
	}
	ck_assert_int_eq(read(ready[0], &grandchild, sizeof grandchild), sizeof grandchild);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 1);
	end(child);
	await_free(BYTE);
	ck_assert_int_eq(kill(grandchild, SIGKILL), 0);
}

START_TEST(liveness_lock_is_not_kept_by_a_forked_child)
{
	lock_is_not_inherited(fork);
}
END_TEST

START_TEST(liveness_lock_is_not_kept_by_a_bare_clone)
{
	SKIP_UNLESS(able_to_keep_from_children(), "no MADV_DONTFORK");
	lock_is_not_inherited(bare_clone);
}
END_TEST

START_TEST(liveness_lock_ends_with_exec)
{
	pid_t child = fork();
	if (child == 0) {
		child_acquires();
		say_ready();
		(void) execlp("sleep", "sleep", "1000", (char *) NULL);
		_exit(1);
	}
	await_ready();
	await_free(BYTE);
	ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
	end(child);
}
END_TEST

START_TEST(liveness_lock_forgotten_in_a_child_stays_with_the_parent)
{
	struct liveness_lock lock = {0};
	ck_assert_int_eq(mpshm_i_liveness_acquire(&lock, fd, path, BYTE), 0);
	pid_t child = fork();
	if (child == 0) {
		mpshm_i_liveness_forget(&lock);
		mpshm_i_liveness_release(&lock);
		_exit(mpshm_i_liveness_held(probe, BYTE) == 1 ? 0 : 1);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 1);
	mpshm_i_liveness_release(&lock);
}
END_TEST

static atomic32 stop;
static bool copies; /* a child has a copy until its fork handler drops it */

static void *acquire_and_release(void *ret_failures)
{
	while (atomic32_load_acquire(&stop) == 0) {
		struct liveness_lock lock = {0};
		int result = mpshm_i_liveness_acquire(&lock, fd, path, BYTE);
		mpshm_i_liveness_release(&lock);
		int held = mpshm_i_liveness_held(probe, BYTE);
		if (copies && (result == 0 || result == -EAGAIN) && (held == 0 || held == 1))
			continue;
		if (result != 0 || held != 0)
			++*(int *) ret_failures;
	}
	return NULL;
}

/* The children live on: one that got a copy of the open file would hold the lock. */
START_TEST(liveness_lock_is_not_caught_by_forks_in_another_thread)
{
	enum { FORKS = 200 };
	pthread_t thread;
	pid_t children[FORKS];
	int failures = 0;
	copies = !able_to_keep_from_children();
	ck_assert_int_eq(pthread_create(&thread, NULL, acquire_and_release, &failures), 0);
	for (int i = 0; i < FORKS; i++) {
		children[i] = fork();
		if (children[i] == 0)
			sleep_until_killed();
	}
	atomic32_store_release(&stop, 1);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	await_free(BYTE);
	for (int i = 0; i < FORKS; i++)
		end(children[i]);
	ck_assert_int_eq(failures, 0);
}
END_TEST

/* --- where madvise() says yes and does nothing ------------------------------------ */

/* Of three locks the child finds those that were held as it was made, and drops them. */
START_TEST(liveness_locks_copied_into_a_child_are_dropped_by_it_and_by_nobody_else)
{
	struct liveness_lock locks[3] = {{0}};
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_i_liveness_acquire(&locks[i], fd, path, BYTE + i), 0);
	mpshm_i_liveness_release(&locks[1]);
	pid_t child = fork();
	if (child == 0) {
		for (int i = 0; i < 3; i++)
			CHILD_ASSERT(locks[i].mapping == NULL);
		say_ready();
		sleep_until_killed();
	}
	await_ready();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE + i), i != 1);
	mpshm_i_liveness_release(&locks[2]);
	mpshm_i_liveness_release(&locks[0]);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE + i), 0);
	end(child);
}
END_TEST

START_TEST(liveness_lock_copied_into_a_bare_clone_goes_as_it_is_forgotten)
{
	struct liveness_lock lock = {0};
	ck_assert_int_eq(mpshm_i_liveness_acquire(&lock, fd, path, BYTE), 0);
	pid_t child = bare_clone();
	if (child == 0) {
		mpshm_i_liveness_forget(&lock);
		say_ready();
		sleep_until_killed();
	}
	await_ready();
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 1);
	mpshm_i_liveness_release(&lock);
	ck_assert_int_eq(mpshm_i_liveness_held(probe, BYTE), 0);
	end(child);
}
END_TEST

Suite *suite_liveness(void)
{
	Suite *suite = suite_create("liveness");
	TCase *tcase = tcase_create("liveness");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, liveness_lock_is_seen_by_a_probe_and_held_once);
	tcase_add_test(tcase, liveness_probe_ignores_read_locks);
	tcase_add_test(tcase,
	               liveness_lock_is_taken_on_an_unlinked_file_and_by_a_read_only_descriptor);
	tcase_add_test(tcase, liveness_acquire_that_fails_leaves_nothing_locked);
	tcase_add_test(tcase, liveness_lock_outlives_close_range);
	tcase_add_test(tcase, liveness_lock_falls_with_its_process_by_sigkill);
	tcase_add_test(tcase, liveness_lock_is_not_kept_by_a_forked_child);
	tcase_add_test(tcase, liveness_lock_is_not_kept_by_a_bare_clone);
	tcase_add_test(tcase, liveness_lock_ends_with_exec);
	tcase_add_test(tcase, liveness_lock_forgotten_in_a_child_stays_with_the_parent);
	tcase_add_test(tcase, liveness_lock_is_not_caught_by_forks_in_another_thread);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("liveness_unheard");
	tcase_add_checked_fixture(tcase, advice_goes_unheard, advice_is_heard_again);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, liveness_lock_is_seen_by_a_probe_and_held_once);
	tcase_add_test(tcase, liveness_acquire_that_fails_leaves_nothing_locked);
	tcase_add_test(tcase, liveness_lock_is_not_kept_by_a_forked_child);
	tcase_add_test(tcase, liveness_lock_forgotten_in_a_child_stays_with_the_parent);
	tcase_add_test(tcase, liveness_lock_is_not_caught_by_forks_in_another_thread);
	tcase_add_test(tcase,
	               liveness_locks_copied_into_a_child_are_dropped_by_it_and_by_nobody_else);
	tcase_add_test(tcase, liveness_lock_copied_into_a_bare_clone_goes_as_it_is_forgotten);
	suite_add_tcase(suite, tcase);
	return suite;
}
