/* SPDX-License-Identifier: BSD-2-Clause */
/* Who is alive, by proof of the kernel, whatever the host does to descriptors. */
#include "able.h"
#include "recovery_fixture.h"
#include "skip.h"

START_TEST(owner_is_alive_until_the_kernel_says_otherwise)
{
	pid_t child = participant(NULL);
	uint64_t owner = other_owner();

	ck_assert_uint_ne(owner, OWNER_NONE);
	ck_assert(mpshm_i_owner_alive(segment, segment->self));
	ck_assert(mpshm_i_owner_alive(segment, owner));
	kill(child, SIGSTOP);
	ck_assert(mpshm_i_owner_alive(segment, owner));
	end(child);
	ck_assert(!mpshm_i_owner_alive(segment, owner));
	ck_assert(mpshm_i_owner_alive(segment, segment->self));
}
END_TEST

START_TEST(owner_words_that_name_nobody_are_dead)
{
	ck_assert(!mpshm_i_owner_alive(segment, OWNER_NONE));
	ck_assert(!mpshm_i_owner_alive(segment, segment->self + (UINT64_C(1) << 16)));
	ck_assert(!mpshm_i_owner_alive(segment, owner_make(segment->participants_max, 1)));
	ck_assert(!mpshm_i_owner_alive(segment, owner_make(1000, 1)));
	ck_assert(!mpshm_i_owner_alive(segment, owner_make(0xfffe, 7)));
	ck_assert(!mpshm_i_owner_alive(segment, UINT64_MAX));
}
END_TEST

START_TEST(owner_is_judged_right_after_the_host_closed_all_descriptors)
{
	SKIP_UNLESS(able_to_begin_anew(), "CK_FORK=no");
	pid_t child = participant(NULL);
	uint64_t owner = other_owner();

	for (int fd = 3; fd < 200; fd++)
		close(fd);
	ck_assert(mpshm_i_owner_alive(segment, owner));
	ck_assert(mpshm_i_owner_alive(segment, segment->self));
	end(child);
	ck_assert(!mpshm_i_owner_alive(segment, owner));
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
}
END_TEST

START_TEST(owner_is_judged_right_after_the_host_reused_the_descriptor)
{
	pid_t child = participant(NULL);
	uint64_t owner = other_owner();
	int null = open("/dev/null", O_RDWR);

	ck_assert_int_eq(dup2(null, segment->fd), segment->fd);
	ck_assert(mpshm_i_owner_alive(segment, owner));
	end(child);
	ck_assert(!mpshm_i_owner_alive(segment, owner));
	ck_assert_int_eq(fcntl(null, F_GETFD) >= 0, 1);
}
END_TEST

START_TEST(owner_whose_death_can_not_be_proven_counts_as_alive)
{
	pid_t child = participant(NULL);
	uint64_t owner = other_owner();

	/* The descriptor is gone, and the name too. */
	ck_assert_int_eq(mpshm_segment_unlink(name), 0);
	close(segment->fd);
	end(child);
	ck_assert(mpshm_i_owner_alive(segment, owner));
	ck_assert_int_eq(mpshm_i_recover(segment), 0);
	struct mpshm_segment *again; /* for tear_down */
	ck_assert_int_eq(mpshm_segment_open(&again, name, MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_segment_close(again), 0);
}
END_TEST

Suite *suite_owners(void)
{
	Suite *suite = suite_create("owners");
	TCase *tcase = tcase_create("liveness-of-owners");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, owner_is_alive_until_the_kernel_says_otherwise);
	tcase_add_test(tcase, owner_words_that_name_nobody_are_dead);
	tcase_add_test(tcase, owner_is_judged_right_after_the_host_closed_all_descriptors);
	tcase_add_test(tcase, owner_is_judged_right_after_the_host_reused_the_descriptor);
	tcase_add_test(tcase, owner_whose_death_can_not_be_proven_counts_as_alive);
	suite_add_tcase(suite, tcase);
	return suite;
}
