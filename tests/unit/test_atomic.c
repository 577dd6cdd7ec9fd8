/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/platform/atomic.h: values, and one order, as the library relies on them. */
#include "suites.h"

#include "platform/atomic.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Shared between this process and its children. */
static void *shared_page(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	return page;
}

/* The exit code of a child, or 256 and its signal. */
static int child_result(pid_t child)
{
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

START_TEST(cas_that_fails_tells_the_value_that_it_found)
{
	atomic64 wide = {UINT64_C(0x1234567890abcdef)};
	uint64_t expected = 7;
	ck_assert(!atomic64_cas(&wide, &expected, 8));
	ck_assert_uint_eq(expected, UINT64_C(0x1234567890abcdef));
	ck_assert(atomic64_cas(&wide, &expected, 8));
	ck_assert_uint_eq(expected, UINT64_C(0x1234567890abcdef));
	ck_assert_uint_eq(atomic64_load_relaxed(&wide), 8);

	atomic32 narrow = {UINT32_MAX};
	uint32_t narrow_expected = 7;
	ck_assert(!atomic32_cas(&narrow, &narrow_expected, 8));
	ck_assert_uint_eq(narrow_expected, UINT32_MAX);
	ck_assert(atomic32_cas(&narrow, &narrow_expected, 8));
}
END_TEST

START_TEST(constants_of_every_width_are_stored_whole)
{
	atomic64 word;
	atomic64_store_relaxed(&word, UINT64_C(0x80000000));
	ck_assert_uint_eq(atomic64_load_acquire(&word), UINT64_C(0x80000000));
	atomic64_store_release(&word, UINT64_C(0xffffffff));
	ck_assert_uint_eq(atomic64_load_acquire(&word), UINT64_C(0xffffffff));
	atomic64_store_release(&word, UINT64_MAX);
	ck_assert_uint_eq(atomic64_load_acquire(&word), UINT64_MAX);
	atomic32 narrow;
	atomic32_store_release(&narrow, UINT32_C(0x80000000));
	ck_assert_uint_eq(atomic32_load_acquire(&narrow), UINT32_C(0x80000000));
}
END_TEST

START_TEST(read_modify_write_returns_the_word_as_it_was)
{
	atomic64 word = {6};
	ck_assert_uint_eq(atomic64_fetch_add(&word, 0 - UINT64_C(1)), 6);
	ck_assert_uint_eq(atomic64_fetch_or(&word, 8), 5);
	ck_assert_uint_eq(atomic64_fetch_and(&word, 12), 13);
	ck_assert_uint_eq(atomic64_exchange(&word, 1), 12);
	ck_assert_uint_eq(atomic64_load_relaxed(&word), 1);
	atomic32 narrow = {6};
	ck_assert_uint_eq(atomic32_fetch_add(&narrow, 1), 6);
	ck_assert_uint_eq(atomic32_fetch_or(&narrow, 8), 7);
	ck_assert_uint_eq(atomic32_exchange(&narrow, 1), 15);
}
END_TEST

START_TEST(additions_of_two_processes_are_all_counted)
{
	enum { ROUNDS = 20000 };
	atomic64 *words = shared_page();
	pid_t children[2];
	for (int i = 0; i < 2; i++) {
		children[i] = fork();
		for (int n = 0; children[i] == 0 && n < ROUNDS; n++) {
			(void) atomic64_fetch_add(&words[0], 1);
			uint64_t seen = atomic64_load_relaxed(&words[1]);
			while (!atomic64_cas(&words[1], &seen, seen + 1))
				;
		}
		if (children[i] == 0)
			_exit(0);
	}
	ck_assert_int_eq(child_result(children[0]), 0);
	ck_assert_int_eq(child_result(children[1]), 0);
	ck_assert_uint_eq(atomic64_load_relaxed(&words[0]), 2 * ROUNDS);
	ck_assert_uint_eq(atomic64_load_relaxed(&words[1]), 2 * ROUNDS);
}
END_TEST

/* Each process stores to its word, then looks at the other's: not both may see nothing. */
START_TEST(full_fence_orders_a_store_before_a_later_load)
{
	enum { ROUNDS = 20000 };
	atomic32 *words = shared_page(); /* x, y, the parent's round, the child's round */
	atomic32 *seen = words + 256;
	pid_t child = fork();
	int me = child == 0;
	unsigned both_blind = 0;
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		atomic32_store_release(&words[128 + me], round);
		for (int turns = 0; atomic32_load_acquire(&words[128 + !me]) < round; turns++) {
			cpu_relax();
			if (turns % 256 == 255)
				(void) sched_yield();
		}
		atomic32_store_relaxed(&words[64 * me], round);
		fence_full();
		uint32_t other = atomic32_load_relaxed(&words[64 * !me]);
		atomic32_store_release(&seen[me], round * 2 + (other >= round));
		while (atomic32_load_acquire(&seen[!me]) / 2 < round)
			(void) sched_yield();
		uint32_t theirs = atomic32_load_acquire(&seen[!me]);
		if (theirs == round * 2 && other < round)
			both_blind++;
	}
	if (child == 0)
		_exit(both_blind != 0);
	ck_assert_int_eq(child_result(child), 0);
	ck_assert_uint_eq(both_blind, 0);
}
END_TEST

Suite *suite_atomic(void)
{
	Suite *suite = suite_create("atomic");
	TCase *tcase = tcase_create("atomic");
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, cas_that_fails_tells_the_value_that_it_found);
	tcase_add_test(tcase, constants_of_every_width_are_stored_whole);
	tcase_add_test(tcase, read_modify_write_returns_the_word_as_it_was);
	tcase_add_test(tcase, additions_of_two_processes_are_all_counted);
	tcase_add_test(tcase, full_fence_orders_a_store_before_a_later_load);
	suite_add_tcase(suite, tcase);
	return suite;
}
