/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/platform/shm: names, files, their locks, their memory. */
#include "suites.h"

#include "processes.h"

#include "platform/shm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

static char name[64];
static char path[SHM_PATH_MAX];
static int fd;

static void set_up(void)
{
	(void) snprintf(name, sizeof name, "test-shm-%d", (int) getpid());
	mpshm_i_shm_path(name, path);
	fd = mpshm_i_shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(fd, 3);
}

static void tear_down(void)
{
	(void) close(fd);
	(void) unlink(path);
}

static uint64_t blocks_bytes(void)
{
	struct stat file;
	ck_assert_int_eq(fstat(fd, &file), 0);
	return (uint64_t) file.st_blocks * 512;
}

START_TEST(names_are_1_to_200_of_the_portable_characters)
{
	char longest[202];
	memset(longest, 'x', sizeof longest);
	longest[200] = '\0';
	ck_assert(mpshm_i_name_valid(longest));
	char longest_path[SHM_PATH_MAX];
	mpshm_i_shm_path(longest, longest_path);
	ck_assert_uint_eq(strlen(longest_path), strlen("/dev/shm/mpshm.") + 200);
	longest[200] = 'x';
	longest[201] = '\0';
	ck_assert(!mpshm_i_name_valid(longest));

	ck_assert(mpshm_i_name_valid("Az09._-"));
	ck_assert(mpshm_i_name_valid(".."));
	static const char *const refused[] = {"", "a/b", "../x", "a b", "a\n", "a:b", "\xc3\xa4"};
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		ck_assert(!mpshm_i_name_valid(refused[i]));
		ck_assert_int_eq(mpshm_i_shm_open(refused[i], O_RDWR, 0), -EINVAL);
	}
	ck_assert(!mpshm_i_name_valid(NULL));
}
END_TEST

START_TEST(file_is_never_opened_on_a_standard_stream)
{
	pid_t child = fork();
	if (child == 0) {
		(void) close(0);
		(void) close(1);
		(void) close(2);
		int opened = mpshm_i_shm_open(name, O_RDWR, 0);
		bool above = opened > 2 && (fcntl(opened, F_GETFD) & FD_CLOEXEC) != 0;
		_exit(above && fcntl(0, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0 ? 0 : 1);
	}
	ck_assert_int_eq(child_wait(child), 0);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused_and_hangs_nobody)
{
	errno = ENOTUNIQ;
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(mpshm_i_shm_open(name, O_RDWR, 0), -ENOTTY);
	ck_assert_int_eq(mpshm_i_shm_open(name, O_RDONLY, 0), -ENOTTY);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	ck_assert_int_eq(mpshm_i_shm_open(name, O_RDWR, 0), -ENOTTY);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(mpshm_i_shm_open(name, O_RDWR, 0), -ENOTTY);
	ck_assert_int_eq(mpshm_i_shm_open(name, O_RDONLY, 0), -ENOTTY);
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mpshm_i_shm_open(name, O_RDWR, 0), -ENOENT);
	ck_assert_int_eq(errno, ENOTUNIQ);
}
END_TEST

START_TEST(file_is_linked_only_while_the_name_stands_for_it)
{
	ck_assert_int_eq(mpshm_i_shm_is_linked(fd, name), 1);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mpshm_i_shm_is_linked(fd, name), 0);
	int other = mpshm_i_shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	ck_assert_int_eq(mpshm_i_shm_is_linked(fd, name), 0);
	ck_assert_int_eq(mpshm_i_shm_is_linked(other, name), 1);
	ck_assert_int_eq(close(other), 0);

	/* Linked, but elsewhere: under this name there is another. */
	char moved[SHM_PATH_MAX + 8];
	(void) snprintf(moved, sizeof moved, "%s.moved", path);
	other = mpshm_i_shm_open(name, O_RDWR, 0);
	ck_assert_int_eq(rename(path, moved), 0);
	ck_assert_int_eq(mpshm_i_shm_is_linked(other, name), 0);
	ck_assert_int_eq(unlink(moved), 0);
	ck_assert_int_eq(close(other), 0);
}
END_TEST

START_TEST(byte_lock_belongs_to_the_open_file)
{
	const int64_t byte = (int64_t) 1 << 62;
	int other = mpshm_i_shm_open(name, O_RDWR, 0);
	errno = ENOTUNIQ;
	ck_assert_int_eq(mpshm_i_shm_lock(fd, byte, F_WRLCK, false), 0);
	ck_assert_int_eq(mpshm_i_shm_lock(other, byte, F_RDLCK, false), -EAGAIN);
	ck_assert_int_eq(mpshm_i_shm_lock(other, byte + 1, F_WRLCK, false), 0);
	ck_assert_int_eq(mpshm_i_shm_lock(fd, byte, F_RDLCK, false), 0);
	ck_assert_int_eq(mpshm_i_shm_lock(other, byte, F_RDLCK, true), 0);
	ck_assert_int_eq(mpshm_i_shm_lock(other, byte, F_WRLCK, false), -EAGAIN);
	ck_assert_int_eq(mpshm_i_shm_lock(fd, byte, F_UNLCK, false), 0);
	ck_assert_int_eq(mpshm_i_shm_lock(other, byte, F_WRLCK, true), 0);
	ck_assert_int_eq(close(other), 0);
	ck_assert_int_eq(mpshm_i_shm_lock(fd, byte, F_WRLCK, false), 0);
	ck_assert_int_eq(mpshm_i_shm_lock(-1, byte, F_WRLCK, false), -EBADF);
	ck_assert_int_eq(errno, ENOTUNIQ);
}
END_TEST

START_TEST(reserved_range_has_memory_and_a_punched_one_reads_as_zeros)
{
	void *base = NULL;
	ck_assert_int_eq(mpshm_i_shm_set_bytes(fd, 64 * MIB), 0);
	ck_assert_uint_eq(blocks_bytes(), 0);
	ck_assert_int_eq(mpshm_i_shm_reserve(fd, 4096, 2 * MIB), 0);
	ck_assert_uint_ge(blocks_bytes(), 2 * MIB);
	ck_assert_int_eq(mpshm_i_shm_reserve(fd, 0, 0), 0);
	ck_assert_int_eq(mpshm_i_shm_map(fd, 64 * MIB, true, false, &base), 0);
	char *bytes = base;
	memset(bytes + 4096, 1, 8192);
	ck_assert_int_eq(mpshm_i_shm_reserve(fd, 0, MIB), 0);
	ck_assert_int_eq(bytes[4096], 1);
	ck_assert_int_eq(mpshm_i_shm_punch(fd, 4096, 4096), 0);
	ck_assert_int_eq(bytes[4096], 0);
	ck_assert_int_eq(bytes[8192], 1);
	ck_assert_int_eq(mpshm_i_shm_punch(fd, 0, 64 * MIB), 0);
	ck_assert_int_eq(mpshm_i_shm_punch(fd, 0, 0), 0);
	ck_assert_uint_eq(blocks_bytes(), 0);
	ck_assert_int_eq(munmap(base, 64 * MIB), 0);
}
END_TEST

START_TEST(impossible_ranges_are_refused_and_take_nothing)
{
	errno = ENOTUNIQ;
	ck_assert_int_eq(mpshm_i_shm_reserve(fd, UINT64_MAX - 4095, 8192), -EFBIG);
	ck_assert_int_eq(mpshm_i_shm_reserve(fd, INT64_MAX, 4096), -EFBIG);
	ck_assert_int_eq(mpshm_i_shm_punch(fd, UINT64_MAX, UINT64_MAX), -EFBIG);
	ck_assert_int_eq(mpshm_i_shm_punch(fd, INT64_MAX, 4096), -EFBIG);
	ck_assert_int_eq(mpshm_i_shm_set_bytes(fd, UINT64_MAX), -EFBIG);
	ck_assert_int_eq(mpshm_i_shm_set_bytes(fd, UINT64_C(1) << 50), 0);
	ck_assert_int_eq(mpshm_i_shm_reserve(fd, 0, UINT64_C(1) << 50), -ENOSPC);
	ck_assert_uint_eq(blocks_bytes(), 0);
	void *base = &base;
	ck_assert_int_eq(mpshm_i_shm_map(fd, 0, true, false, &base), -EINVAL);
	ck_assert_ptr_eq(base, &base);
	ck_assert_int_eq(errno, ENOTUNIQ);
}
END_TEST

START_TEST(file_size_limit_is_an_answer_and_not_a_signal)
{
	pid_t child = fork();
	if (child == 0) {
		const struct rlimit limit = {MIB, MIB};
		int wrong = mpshm_i_shm_set_bytes(fd, 2 * MIB) != 0;
		wrong += setrlimit(RLIMIT_FSIZE, &limit) != 0;
		wrong += mpshm_i_shm_set_bytes(fd, 3 * MIB) != -ENOSPC;
		wrong += mpshm_i_shm_reserve(fd, 2 * MIB, 4096) != -ENOSPC;
		/* Below the file's end the limit does not apply. */
		wrong += mpshm_i_shm_reserve(fd, MIB, MIB) != 0;
		wrong += mpshm_i_shm_set_bytes(fd, MIB) != 0;
		_exit(wrong);
	}
	ck_assert_int_eq(child_wait(child), 0);
}
END_TEST

static void on_alarm(int number)
{
	(void) number;
}

START_TEST(reserve_makes_progress_under_a_fast_timer)
{
	pid_t child = fork();
	if (child == 0) {
		const struct itimerval fast = {{0, 50}, {0, 50}};
		const struct sigaction action = {.sa_handler = on_alarm};
		(void) sigaction(SIGALRM, &action, NULL);
		(void) setitimer(ITIMER_REAL, &fast, NULL);
		_exit(mpshm_i_shm_reserve(fd, 0, 48 * MIB) == 0 ? 0 : 1);
	}
	ck_assert_int_eq(child_wait(child), 0);
	ck_assert_uint_ge(blocks_bytes(), 48 * MIB);
}
END_TEST

START_TEST(two_mappings_share_and_a_read_only_one_faults_on_write)
{
	void *first = NULL;
	void *second = NULL;
	ck_assert_int_eq(mpshm_i_shm_set_bytes(fd, 4096), 0);
	ck_assert_int_eq(mpshm_i_shm_map(fd, 4096, true, false, &first), 0);
	ck_assert_int_eq(mpshm_i_shm_map(fd, 4096, false, false, &second), 0);
	ck_assert_ptr_ne(first, second);
	*(volatile char *) first = 'x';
	ck_assert_int_eq(*(volatile char *) second, 'x');
	pid_t child = fork();
	if (child == 0) {
		(void) signal(SIGSEGV, SIG_DFL); /* a sanitizer's handler would tell tales */
		*(volatile char *) second = 'y';
		_exit(0);
	}
	ck_assert_int_eq(child_wait(child), -SIGSEGV);
	ck_assert_int_eq(munmap(first, 4096), 0);
	ck_assert_int_eq(munmap(second, 4096), 0);
}
END_TEST

Suite *suite_shm(void)
{
	Suite *suite = suite_create("shm");
	TCase *tcase = tcase_create("shm");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, names_are_1_to_200_of_the_portable_characters);
	tcase_add_test(tcase, file_is_never_opened_on_a_standard_stream);
	tcase_add_test(tcase, what_is_no_regular_file_is_refused_and_hangs_nobody);
	tcase_add_test(tcase, file_is_linked_only_while_the_name_stands_for_it);
	tcase_add_test(tcase, byte_lock_belongs_to_the_open_file);
	tcase_add_test(tcase, reserved_range_has_memory_and_a_punched_one_reads_as_zeros);
	tcase_add_test(tcase, impossible_ranges_are_refused_and_take_nothing);
	tcase_add_test(tcase, file_size_limit_is_an_answer_and_not_a_signal);
	tcase_add_test(tcase, reserve_makes_progress_under_a_fast_timer);
	tcase_add_test(tcase, two_mappings_share_and_a_read_only_one_faults_on_write);
	suite_add_tcase(suite, tcase);
	return suite;
}
