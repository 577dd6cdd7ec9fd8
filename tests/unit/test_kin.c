/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children of all kinds, and exec: a participant's death is seen whatever its kin
 * inherited of it, and nobody passes for it.
 */
#include "objects.h"

#include "able.h"
#include "guest.h"
#include "skip.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "segment/segment.h"

static struct mpshm_counter *guests;
static struct mpshm_mpmc *ring;

static void open_both(void)
{
	const struct mpshm_mpmc_options options = {.capacity = 8, .element_bytes = 8};
	need_eq(mpshm_counter_open(&guests, seg, "guests", MPSHM_CREATE, NULL), MPSHM_CREATED);
	need_eq(mpshm_mpmc_open(&ring, seg, "ring", MPSHM_CREATE, &options), MPSHM_CREATED);
}

static void close_both(void)
{
	need_eq(mpshm_counter_close(guests), 0);
	need_eq(mpshm_mpmc_close(ring), 0);
}

/* The test's timeout is the bound. */
static void await_guests(int64_t count)
{
	while (mpshm_counter_sum(guests) < count)
		nap_ms(1);
}

static void await_resolved(int deaths)
{
	while (deaths > 0) {
		deaths -= mpshm_segment_recover(seg);
		nap_ms(1);
	}
	need_eq(deaths, 0);
}

/* A claim that holds up the ring until its owner's death is seen. */
static void claim(void)
{
	struct mpshm_span span;
	need_eq(mpshm_mpmc_try_reserve(ring, 1, &span), 1);
}

static void claim_of_the_dead_is_resolved(void)
{
	uint64_t element = 42;
	need_eq(mpshm_mpmc_try_push(ring, &element), 0);
	element = 0;
	while (mpshm_mpmc_try_pop(ring, &element) != 0)
		nap_ms(1);
	need_eq(element, 42);
	need_eq(mpshm_mpmc_try_pop(ring, &element), -EAGAIN);
}

static char leave[] = "leave", stay[] = "stay";

static void become_guest(void *how)
{
	char **arguments = guest_arguments(segment_file(), how);
	(void) execv(arguments[0], arguments);
	_exit(98);
}

START_TEST(exec_in_a_child_of_a_program_that_attaches_makes_another_participant)
{
	SKIP_UNLESS(able_to_run_itself(), "no exec of this program");
	open_both();
	child_does(become_guest, leave);
	need_eq(mpshm_counter_sum(guests), 1);
	need_eq(participants(), 1);
	need_eq(mpshm_segment_recover(seg), 0);

	pid_t child = child_start(become_guest, stay);
	await_guests(2);
	need_eq(participants(), 2);
	need_eq(mpshm_segment_recover(seg), 0);
	child_kill(child);
	need_eq(mpshm_segment_recover(seg), 1);
	need_eq(participants(), 1);
	close_both();
}
END_TEST

static void claim_and_become_guest(void *how)
{
	claim();
	become_guest(how);
}

START_TEST(exec_of_a_participant_is_its_death_and_it_comes_back_as_another)
{
	SKIP_UNLESS(able_to_run_itself(), "no exec of this program");
	open_both();
	pid_t child = child_start(claim_and_become_guest, stay);
	await_guests(1);
	claim_of_the_dead_is_resolved();
	need_eq(participants(), 2);
	need_eq(mpshm_segment_recover(seg), 0);
	child_kill(child);
	need_eq(mpshm_segment_recover(seg), 1);
	close_both();
}
END_TEST

/* What a process that is to die tells those who watch, and what it waits for. */
struct family {
	volatile pid_t grandchild;
	int go[2];
	bool linger;
};

static struct family *family_make(void)
{
	struct family *family = shared_memory(sizeof *family);
	need_eq(pipe(family->go), 0);
	return family;
}

static pid_t await_grandchild(const struct family *family)
{
	while (family->grandchild == 0)
		nap_ms(1);
	return family->grandchild;
}

/* Its parent may be dead, so init reaps it. */
static void grandchild_ends(pid_t grandchild)
{
	need_eq(kill(grandchild, 0), 0); /* it has lived all the time */
	need_eq(kill(grandchild, SIGKILL), 0);
}

static void claim_and_vfork(void *context)
{
	struct family *family = context;
	char **arguments = guest_arguments(segment_file(), stay);

	claim();
	pid_t child = vfork();
	if (child == 0) {
		char byte;
		ends_by_itself();
		family->grandchild = (pid_t) syscall(SYS_getpid);
		if (family->linger && read(family->go[0], &byte, 1) != 1)
			_exit(97);
		(void) execv(arguments[0], arguments);
		_exit(98);
	}
	for (;;)
		(void) pause();
}

START_TEST(vfork_child_that_became_another_program_keeps_nothing_of_its_parent)
{
	SKIP_UNLESS(able_to_run_itself(), "no exec of this program");
	struct family *family = family_make();
	open_both();
	pid_t parent = child_start(claim_and_vfork, family);
	pid_t grandchild = await_grandchild(family);
	await_guests(1);
	need_eq(participants(), 3);
	need_eq(mpshm_segment_recover(seg), 0);
	child_kill(parent);
	claim_of_the_dead_is_resolved();
	need_eq(participants(), 2);
	grandchild_ends(grandchild);
	await_resolved(1);
	close_both();
}
END_TEST

/* It runs in its parent's memory: until it leaves that, there is somebody in it. */
START_TEST(vfork_child_keeps_its_dead_parent_alive_until_it_execs)
{
	SKIP_UNLESS(able_to_vfork(), "no vfork");
	SKIP_UNLESS(able_to_run_itself(), "no exec of this program");
	struct family *family = family_make();
	family->linger = true;
	open_both();
	pid_t parent = child_start(claim_and_vfork, family);
	pid_t grandchild = await_grandchild(family);
	child_kill(parent);
	need_eq(mpshm_segment_recover(seg), 0);
	need_eq(write(family->go[1], "g", 1), 1);
	await_guests(1);
	claim_of_the_dead_is_resolved();
	need_eq(participants(), 2);
	grandchild_ends(grandchild);
	await_resolved(1);
	close_both();
}
END_TEST

static void claim_and_spawn(void *context)
{
	struct family *family = context;
	char **arguments = guest_arguments(segment_file(), stay);
	pid_t child;

	claim();
	need_eq(posix_spawn(&child, arguments[0], NULL, NULL, arguments, environ), 0);
	family->grandchild = child;
	for (;;)
		(void) pause();
}

START_TEST(spawned_program_keeps_nothing_of_its_parent)
{
	SKIP_UNLESS(able_to_run_itself(), "no exec of this program");
	struct family *family = family_make();
	open_both();
	pid_t parent = child_start(claim_and_spawn, family);
	pid_t grandchild = await_grandchild(family);
	await_guests(1);
	child_kill(parent);
	claim_of_the_dead_is_resolved();
	need_eq(participants(), 2);
	grandchild_ends(grandchild);
	await_resolved(1);
	close_both();
}
END_TEST

static pid_t clone_with(unsigned long flags)
{
	return (pid_t) syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
}

static unsigned long clone_flags;

static void claim_and_clone(void *context)
{
	struct family *family = context;

	claim();
	pid_t child = clone_flags == 0 ? fork() : clone_with(clone_flags);
	if (child == 0) {
		ends_by_itself();
		family->grandchild = (pid_t) syscall(SYS_getpid);
		for (;;)
			(void) pause();
	}
	for (;;)
		(void) pause();
}

static const unsigned long clone_kinds[] = {0, CLONE_FILES, CLONE_FS | CLONE_FILES | CLONE_PARENT};

/* The child never calls mpshm: it has all mappings and descriptors as it got them. */
START_TEST(child_that_outlives_a_participant_keeps_nothing_of_it)
{
	SKIP_UNLESS(clone_kinds[_i] == 0 || able_to_keep_from_children(), "no MADV_DONTFORK");
	SKIP_UNLESS(clone_kinds[_i] == 0 || able_to_share_descriptors(), "no CLONE_FILES");
	struct family *family = family_make();
	clone_flags = clone_kinds[_i];
	open_both();
	pid_t parent = child_start(claim_and_clone, family);
	pid_t grandchild = await_grandchild(family);
	need_eq(participants(), 2);
	need_eq(mpshm_segment_recover(seg), 0);
	child_kill(parent);
	need_eq(mpshm_segment_recover(seg), 1);
	claim_of_the_dead_is_resolved();
	need_eq(participants(), 1);
	grandchild_ends(grandchild);
	close_both();
}
END_TEST

static void claim_and_stay(void *unused)
{
	(void) unused;
	claim();
}

/* They share one table of descriptors: what the child closes the parent has no more. */
START_TEST(clone_that_shares_descriptors_uses_and_closes_without_harm_to_its_parent)
{
	SKIP_UNLESS(able_to_wipe_in_children(), "no MADV_WIPEONFORK");
	SKIP_UNLESS(able_to_share_descriptors(), "no CLONE_FILES");
	open_both();
	need_eq(mpshm_counter_add(guests, 1), 0);
	pid_t child = clone_with(CLONE_FILES);
	if (child == 0) {
		int wrong = mpshm_counter_add(guests, 1) != 0;
		wrong += mpshm_mpmc_try_push(ring, &(uint64_t){7}) != 0;
		wrong += participants() != 2;
		wrong += mpshm_counter_close(guests) != 0;
		wrong += mpshm_mpmc_close(ring) != 0;
		wrong += mpshm_segment_close(seg) != 0;
		_exit(wrong);
	}
	child_ends_well(child);
	uint64_t element = 0;
	need_eq(mpshm_mpmc_try_pop(ring, &element), 0);
	need_eq(element, 7);
	need_eq(mpshm_counter_sum(guests), 2);
	need_eq(participants(), 1);

	pid_t other = child_held(claim_and_stay, NULL);
	need_eq(mpshm_segment_recover(seg), 0);
	child_kill(other);
	need_eq(mpshm_segment_recover(seg), 1);
	close_both();
}
END_TEST

Suite *suite_kin(void)
{
	Suite *suite = suite_create("kin");
	TCase *tcase = objects_tcase(suite, "kin");
	tcase_add_test(tcase, exec_in_a_child_of_a_program_that_attaches_makes_another_participant);
	tcase_add_test(tcase, exec_of_a_participant_is_its_death_and_it_comes_back_as_another);
	tcase_add_test(tcase, vfork_child_that_became_another_program_keeps_nothing_of_its_parent);
	tcase_add_test(tcase, vfork_child_keeps_its_dead_parent_alive_until_it_execs);
	tcase_add_test(tcase, spawned_program_keeps_nothing_of_its_parent);
	tcase_add_loop_test(tcase, child_that_outlives_a_participant_keeps_nothing_of_it, 0,
	                    (int) COUNT_OF(clone_kinds));
	tcase_add_test(tcase,
	               clone_that_shares_descriptors_uses_and_closes_without_harm_to_its_parent);
	return suite;
}
