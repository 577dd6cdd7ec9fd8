/* SPDX-License-Identifier: BSD-2-Clause */
/* lib/platform/atomic.h: values, and one order, as the library relies on them. */
#include "suites.h"

#include "processes.h"

#include "platform/atomic.h"
#include "platform/clock.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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
	ck_assert_int_eq(child_wait(children[0]), 0);
	ck_assert_int_eq(child_wait(children[1]), 0);
	ck_assert_uint_eq(atomic64_load_relaxed(&words[0]), 2 * ROUNDS);
	ck_assert_uint_eq(atomic64_load_relaxed(&words[1]), 2 * ROUNDS);
}
END_TEST

enum { FENCE_ROUNDS = 20000, ENOUGH_NS = 500000000 };

#define LAST_ROUND UINT32_MAX

/* What the two processes of the fence test share: [0] the parent's, [1] the child's. */
struct fence_side {
	_Alignas(64) atomic32 round; /* which round it is ready for */
	_Alignas(64) atomic32 word;  /* stores the round's number here */
	_Alignas(64) atomic32 seen;  /* round * 2 + whether it saw the other's word */
};

static uint32_t await_at_least(const atomic32 *word, uint32_t least)
{
	uint32_t value;
	for (int turns = 1; (value = atomic32_load_acquire(word)) < least; turns++) {
		cpu_relax();
		if (turns % 256 == 0)
			(void) sched_yield();
	}
	return value;
}

/* In how many rounds neither saw the other?  The parent (0) ends it early where CPUs are short. */
static int fence_rounds(struct fence_side *sides, int me)
{
	struct fence_side *mine = &sides[me];
	struct fence_side *theirs = &sides[!me];
	int64_t deadline = mpshm_i_deadline(ENOUGH_NS);
	int both_blind = 0;
	for (uint32_t round = 1; round <= FENCE_ROUNDS; round++) {
		bool over = me == 0 && mpshm_i_clock_now() > deadline;
		atomic32_store_release(&mine->round, over ? LAST_ROUND : round);
		if (over || await_at_least(&theirs->round, round) == LAST_ROUND)
			break;

		atomic32_store_relaxed(&mine->word, round);
		fence_full();
		bool saw = atomic32_load_relaxed(&theirs->word) >= round;

		atomic32_store_release(&mine->seen, round * 2 + saw);
		both_blind += await_at_least(&theirs->seen, round * 2) == round * 2 && !saw;
	}
	return both_blind;
}

START_TEST(full_fence_orders_a_store_before_a_later_load)
{
	struct fence_side *sides = shared_page();
	pid_t child = fork();
	if (child == 0)
		_exit(fence_rounds(sides, 1) != 0);
	int both_blind = fence_rounds(sides, 0);
	ck_assert_int_eq(child_wait(child), 0);
	ck_assert_int_eq(both_blind, 0);
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
