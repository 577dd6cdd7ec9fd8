/* SPDX-License-Identifier: BSD-2-Clause */
/* Forked children, threads, and hosts that close descriptors which are not theirs. */
#include "suites.h"

#include "able.h"
#include "effort.h"
#include "processes.h"
#include "skip.h"
#include "unheard.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <mpshm.h>

#include "platform/liveness.h"
#include "segment/recovery.h"
#include "segment/segment.h"
#include "segment/thread.h"

static char name[64];
static struct mpshm_segment *segment;
static struct mpshm_counter *counter;
static const struct mpshm_segment_options small = {
	.size_bytes = UINT64_C(1) << 20,
	.directory_capacity = 8,
	.participants_max = 8,
	.threads_max = 8,
};

static void set_up(void)
{
	snprintf(name, sizeof name, "test-fork-%d", (int) getpid());
	(void) mpshm_segment_unlink(name);
	ck_assert_int_eq(mpshm_segment_open(&segment, name, MPSHM_CREATE, &small), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_counter_open(&counter, segment, "c", MPSHM_CREATE, NULL),
	                 MPSHM_CREATED);
}

static void tear_down(void)
{
	if (counter)
		ck_assert_int_eq(mpshm_counter_close(counter), 0);
	ck_assert_int_eq(mpshm_segment_close(segment), 0);
	ck_assert_int_eq(mpshm_segment_unlink(name), 0);
}

static unsigned participants(void)
{
	unsigned count = 0;
	for (uint32_t i = 0; i < segment->participants_max; i++)
		count += participant_state_kind(atomic64_load_acquire(
				 &segment->participants[i].state)) == PARTICIPANT_ACTIVE;
	return count;
}

static void use_it(void *parents_participant)
{
	CHILD_ASSERT(mpshm_counter_add(counter, 1) == 0);
	CHILD_ASSERT(segment->participant != *(uint32_t *) parents_participant);
	CHILD_ASSERT(participants() == 2);
	CHILD_ASSERT(mpshm_counter_close(counter) == 0);
	CHILD_ASSERT(mpshm_segment_close(segment) == 0);
	struct mpshm_segment *again;
	CHILD_ASSERT(mpshm_segment_find(&again, name) == -ENOENT);
}

START_TEST(fork_child_registers_anew_at_its_first_call_and_leaves_alone)
{
	uint64_t self = segment->self;
	uint32_t own = segment->participant;

	ck_assert_int_eq(mpshm_counter_add(counter, 1), 0);
	ck_assert_int_eq(child_run(use_it, &own), 0);
	ck_assert_uint_eq(segment->self, self);
	ck_assert_uint_eq(participants(), 1);
	ck_assert_int_eq(mpshm_counter_sum(counter), 2);
	ck_assert_int_eq(mpshm_segment_recover(segment), 0);
}
END_TEST

START_TEST(fork_child_by_a_bare_clone_registers_anew_too)
{
	uint32_t own = segment->participant;
	pid_t child = bare_clone();
	if (child == 0) {
		use_it(&own);
		_exit(0);
	}
	ck_assert_int_eq(child_wait(child), 0);
	ck_assert_uint_eq(participants(), 1);
	ck_assert_int_eq(mpshm_counter_sum(counter), 1);
}
END_TEST

static void close_only(void *unused)
{
	(void) unused;
	CHILD_ASSERT(mpshm_segment_close(segment) == -EBUSY);
	CHILD_ASSERT(mpshm_counter_close(counter) == 0);
	CHILD_ASSERT(mpshm_segment_close(segment) == 0);
}

START_TEST(fork_child_that_only_closes_takes_nothing_from_its_parent)
{
	ck_assert_int_eq(child_run(close_only, NULL), 0);
	ck_assert_uint_eq(participants(), 1);
	ck_assert_int_eq(mpshm_counter_add(counter, 1), 0);
	ck_assert_int_eq(mpshm_object_unlink(segment, "c"), 0);
	ck_assert_int_eq(mpshm_counter_add(counter, 1), 0); /* still ours */
}
END_TEST

static void use_grandchild(void *unused)
{
	(void) unused;
	CHILD_ASSERT(mpshm_counter_add(counter, 1) == 0);
	uint32_t own = segment->participant;
	pid_t grandchild = fork();
	if (grandchild == 0) {
		if (mpshm_counter_add(counter, 1) < 0 || segment->participant == own)
			_exit(1);
		_exit(participants() == 3 ? 0 : 2);
	}
	int status;
	CHILD_ASSERT(waitpid(grandchild, &status, 0) == grandchild && status == 0);
}

START_TEST(fork_grandchild_registers_anew_too)
{
	ck_assert_int_eq(child_run(use_grandchild, NULL), 0);
	ck_assert_int_eq(mpshm_counter_sum(counter), 2);
	ck_assert_int_eq(mpshm_segment_recover(segment), 2);
}
END_TEST

static void parent_that_forks(void *gate)
{
	struct mpshm_segment *own;

	CHILD_ASSERT(mpshm_segment_open(&own, name, MPSHM_NEW_MAPPING, NULL) == MPSHM_ATTACHED);
	pid_t child = fork();
	CHILD_ASSERT(child >= 0);
	if (child == 0) { /* holds whatever it has inherited */
		child_says_ready(gate);
		usleep(300000);
		_exit(0);
	}
	child_stays();
}

START_TEST(fork_child_does_not_keep_a_dead_parent_alive)
{
	struct child_gate gate;

	ck_assert_int_eq(pipe(gate.ends), 0);
	pid_t parent = child_start(parent_that_forks, &gate);
	child_awaited(&gate);
	ck_assert_uint_eq(participants(), 2);
	ck_assert_int_eq(mpshm_segment_recover(segment), 0);
	child_kill(parent);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	ck_assert_uint_eq(participants(), 1);
}
END_TEST

static void use_when_told(void *gate)
{
	char byte;
	CHILD_ASSERT(read(((struct child_gate *) gate)->ends[0], &byte, 1) == 1);
	CHILD_ASSERT(mpshm_segment_recover(segment) == -ESTALE);
	CHILD_ASSERT(mpshm_thread_attach(segment) == -ESTALE);
	CHILD_ASSERT(participants() == 1);
	CHILD_ASSERT(mpshm_counter_close(counter) == 0);
	CHILD_ASSERT(mpshm_thread_attach(segment) == 0);
	CHILD_ASSERT(participants() == 2);
}

START_TEST(fork_child_whose_object_is_gone_before_its_first_call_is_told_estale)
{
	struct child_gate gate;

	ck_assert_int_eq(pipe(gate.ends), 0);
	pid_t child = child_start(use_when_told, &gate);
	ck_assert_int_eq(mpshm_object_unlink(segment, "c"), 0);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
	counter = NULL;
	ck_assert_int_eq(write(gate.ends[1], "g", 1), 1);
	ck_assert_int_eq(child_wait(child), 0);
}
END_TEST

static atomic32 stop;

static void *attach_for_ever(void *unused)
{
	(void) unused;
	while (atomic32_load_acquire(&stop) == 0) {
		struct mpshm_segment *own;
		CHILD_ASSERT(mpshm_segment_open(&own, name, MPSHM_NEW_MAPPING, NULL) ==
		             MPSHM_ATTACHED);
		CHILD_ASSERT(mpshm_thread_attach(own) == 0);
		CHILD_ASSERT(mpshm_segment_close(own) == 0);
	}
	return NULL;
}

static void *add_in_thread(void *ret)
{
	*(int *) ret = mpshm_counter_add(counter, 1);
	return NULL;
}

static void use_threads(void *in_a_thread)
{
	pthread_t thread;
	int ret = -1;

	if (*(bool *) in_a_thread) {
		CHILD_ASSERT(pthread_create(&thread, NULL, add_in_thread, &ret) == 0);
		CHILD_ASSERT(pthread_join(thread, NULL) == 0);
	} else {
		add_in_thread(&ret);
	}
	CHILD_ASSERT(ret == 0);
	CHILD_ASSERT(mpshm_counter_close(counter) == 0);
	CHILD_ASSERT(mpshm_segment_close(segment) == 0);
	/* An attachment of its own: without the flag it may get the one that the parent's other
	 * thread had open, which nobody here closes, and then it ends as a dead participant. */
	CHILD_ASSERT(mpshm_segment_open(&segment, name, MPSHM_NEW_MAPPING, NULL) == MPSHM_ATTACHED);
	CHILD_ASSERT(mpshm_segment_close(segment) == 0);
}

START_TEST(fork_while_another_thread_attaches_gives_children_that_work)
{
	bool in_a_thread = able_to_start_threads_in_children();
	pthread_t thread;

	if (!in_a_thread)
		SKIP_PART("no threads in a child of threads");
	atomic32_store_release(&stop, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, attach_for_ever, NULL), 0);
	struct effort effort = effort_begin(20, 200);
	while (effort_goes_on(&effort))
		ck_assert_int_eq(child_run(use_threads, &in_a_thread), 0);
	atomic32_store_release(&stop, 1);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(mpshm_counter_sum(counter), effort.done);
	ck_assert_int_eq(mpshm_segment_recover(segment), 0);
	ck_assert_uint_eq(participants(), 1);
}
END_TEST

static void *find_for_ever(void *unused)
{
	(void) unused;
	while (atomic32_load_acquire(&stop) == 0) {
		struct mpshm_segment *own;
		int ret = mpshm_segment_find(&own, name);
		CHILD_ASSERT(ret == 0 || ret == -ENOENT);
		if (ret == 0)
			CHILD_ASSERT(mpshm_segment_close(own) == 0);
	}
	return NULL;
}

START_TEST(segment_close_and_find_in_many_threads_never_meet_freed_memory)
{
	pthread_t threads[2];

	ck_assert_int_eq(mpshm_counter_close(counter), 0);
	counter = NULL;
	ck_assert_int_eq(mpshm_segment_close(segment), 0);
	atomic32_store_release(&stop, 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, find_for_ever, NULL), 0);
	for (int i = 0; i < 500; i++) {
		struct mpshm_segment *own;
		ck_assert_int_eq(mpshm_segment_open(&own, name, 0, NULL), MPSHM_ATTACHED);
		ck_assert_int_eq(mpshm_segment_close(own), 0);
	}
	atomic32_store_release(&stop, 1);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(mpshm_segment_find(&segment, name), -ENOENT);
	ck_assert_int_eq(mpshm_segment_open(&segment, name, 0, NULL), MPSHM_ATTACHED);
	ck_assert_uint_eq(participants(), 1);
}
END_TEST

static void *attach_thread(void *ret)
{
	*(int *) ret = mpshm_thread_attach(segment);
	return NULL;
}

static int in_thread(void *(*act)(void *) )
{
	pthread_t thread;
	int ret = 1;
	ck_assert_int_eq(pthread_create(&thread, NULL, act, &ret), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	return ret;
}

START_TEST(thread_cell_is_given_back_when_the_thread_exits)
{
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(in_thread(attach_thread), 0);
	ck_assert_uint_le(mpshm_i_cells_used(segment), 2);
	for (uint32_t i = 0; i < segment->threads_max; i++)
		ck_assert_uint_eq(atomic64_load_acquire(&segment->cells[i].owner), OWNER_NONE);
}
END_TEST

static void *reserve_and_exit(void *ring)
{
	struct mpshm_span span;
	CHILD_ASSERT(mpshm_mpmc_try_reserve(ring, 1, &span) == 1);
	return NULL;
}

START_TEST(thread_that_exits_with_a_reservation_open_holds_nobody_back)
{
	const struct mpshm_mpmc_options options = {.capacity = 8, .element_bytes = 4};
	struct mpshm_mpmc *ring;
	uint32_t element = 0;
	pthread_t thread;

	ck_assert_int_eq(mpshm_mpmc_open(&ring, segment, "r", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(pthread_create(&thread, NULL, reserve_and_exit, ring), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, &(uint32_t){7}), 0);
	int ret = -EAGAIN;
	for (int i = 0; i < 1000 && ret == -EAGAIN; i++) {
		ret = mpshm_mpmc_try_pop(ring, &element);
		usleep(100);
	}
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_eq(element, 7);
	ck_assert_int_eq(mpshm_thread_detach(segment), 0);
	for (uint32_t i = 0; i < segment->threads_max; i++)
		ck_assert_uint_eq(atomic64_load_acquire(&segment->cells[i].owner), OWNER_NONE);
	ck_assert_int_eq(mpshm_object_unlink(segment, "r"), 0);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

START_TEST(thread_attach_returns_eusers_when_all_cells_are_taken)
{
	for (uint32_t i = 0; i < segment->threads_max; i++)
		atomic64_store_release(&segment->cells[i].owner, segment->self);
	ck_assert_int_eq(in_thread(attach_thread), -EUSERS);
	atomic64_store_release(&segment->cells[3].owner, OWNER_NONE);
	ck_assert_int_eq(in_thread(attach_thread), 0);
	for (uint32_t i = 0; i < segment->threads_max; i++)
		atomic64_store_release(&segment->cells[i].owner, OWNER_NONE);
}
END_TEST

START_TEST(thread_detach_with_a_reservation_returns_ebusy)
{
	struct cell_shm *cell;

	ck_assert_int_eq(mpshm_thread_detach(segment), 0); /* has none */
	ck_assert_int_eq(mpshm_thread_attach(segment), 0);
	ck_assert_int_eq(thread_cell(segment, &cell), 0);
	frame_announce(&cell->frames[6], frame_what(FRAME_PUT, 5, 1, 1), 10);
	ck_assert_int_eq(mpshm_thread_detach(segment), -EBUSY);
	frame_empty(&cell->frames[6]);
	ck_assert_int_eq(mpshm_thread_detach(segment), 0);
	ck_assert_uint_eq(atomic64_load_acquire(&cell->owner), OWNER_NONE);
	ck_assert_int_eq(mpshm_thread_attach(NULL), -EINVAL);
	ck_assert_int_eq(mpshm_thread_detach(NULL), -EINVAL);
}
END_TEST

START_TEST(thread_with_more_segments_than_slots_keeps_one_cell_in_each)
{
	struct mpshm_segment *many[2 * THREAD_SLOTS];
	struct cell_shm *cells[2 * THREAD_SLOTS];
	char other[80];

	for (unsigned i = 0; i < 2 * THREAD_SLOTS; i++) {
		snprintf(other, sizeof other, "%s.%u", name, i);
		ck_assert_int_eq(mpshm_segment_open(&many[i], other, MPSHM_CREATE, &small),
		                 MPSHM_CREATED);
		ck_assert_int_eq(thread_cell(many[i], &cells[i]), 0);
	}
	for (unsigned i = 0; i < 2 * THREAD_SLOTS; i++) {
		struct cell_shm *again;
		ck_assert_int_eq(thread_cell(many[i], &again), 0);
		ck_assert_ptr_eq(again, cells[i]);
		ck_assert_ptr_eq(again, &many[i]->cells[0]);
	}
	for (unsigned i = 0; i < 2 * THREAD_SLOTS; i++) {
		ck_assert_int_eq(mpshm_segment_unlink(mpshm_segment_name(many[i])), 0);
		ck_assert_int_eq(mpshm_segment_close(many[i]), 0);
	}
}
END_TEST

static void close_all_descriptors(void *gate)
{
	struct child_gate pipe_ends = *(struct child_gate *) gate;
	struct mpshm_segment *own;
	struct mpshm_value *value;

	CHILD_ASSERT(mpshm_segment_open(&own, name, MPSHM_NEW_MAPPING, NULL) == MPSHM_ATTACHED);
	CHILD_ASSERT(dup2(pipe_ends.ends[1], 1) == 1);
	for (int fd = 3; fd < 1024; fd++)
		(void) close(fd);
	pipe_ends.ends[1] = 1;
	/* And one of the host's comes to stand where ours was. */
	CHILD_ASSERT(open("/dev/null", O_RDWR) == 3);
	CHILD_ASSERT(mpshm_segment_recover(own) == 0);
	CHILD_ASSERT(mpshm_value_open(&value, own, "v", MPSHM_CREATE, NULL) == MPSHM_CREATED);
	CHILD_ASSERT(mpshm_value_close(value) == 0);
	child_says_ready(&pipe_ends);
	child_stays();
}

START_TEST(segment_of_a_host_that_closes_all_descriptors_goes_on_and_is_alive)
{
	struct child_gate gate;

	ck_assert_int_eq(pipe(gate.ends), 0);
	pid_t child = child_start(close_all_descriptors, &gate);
	child_awaited(&gate);
	ck_assert_int_eq(mpshm_segment_recover(segment), 0);
	ck_assert_uint_eq(participants(), 2);
	child_kill(child);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
}
END_TEST

Suite *suite_fork(void)
{
	Suite *suite = suite_create("fork");
	TCase *tcase = tcase_create("fork");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, fork_child_registers_anew_at_its_first_call_and_leaves_alone);
	tcase_add_test(tcase, fork_child_by_a_bare_clone_registers_anew_too);
	tcase_add_test(tcase, fork_child_that_only_closes_takes_nothing_from_its_parent);
	tcase_add_test(tcase, fork_grandchild_registers_anew_too);
	tcase_add_test(tcase, fork_child_does_not_keep_a_dead_parent_alive);
	tcase_add_test(tcase, fork_child_whose_object_is_gone_before_its_first_call_is_told_estale);
	tcase_add_test(tcase, fork_while_another_thread_attaches_gives_children_that_work);
	tcase_add_test(tcase, segment_close_and_find_in_many_threads_never_meet_freed_memory);
	tcase_add_test(tcase, thread_cell_is_given_back_when_the_thread_exits);
	tcase_add_test(tcase, thread_that_exits_with_a_reservation_open_holds_nobody_back);
	tcase_add_test(tcase, thread_attach_returns_eusers_when_all_cells_are_taken);
	tcase_add_test(tcase, thread_detach_with_a_reservation_returns_ebusy);
	tcase_add_test(tcase, thread_with_more_segments_than_slots_keeps_one_cell_in_each);
	tcase_add_test(tcase, segment_of_a_host_that_closes_all_descriptors_goes_on_and_is_alive);
	suite_add_tcase(suite, tcase);

	tcase = tcase_create("fork_unheard");
	tcase_add_checked_fixture(tcase, advice_goes_unheard, advice_is_heard_again);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, fork_child_registers_anew_at_its_first_call_and_leaves_alone);
	tcase_add_test(tcase, fork_child_that_only_closes_takes_nothing_from_its_parent);
	tcase_add_test(tcase, fork_grandchild_registers_anew_too);
	tcase_add_test(tcase, fork_child_does_not_keep_a_dead_parent_alive);
	tcase_add_test(tcase, fork_child_whose_object_is_gone_before_its_first_call_is_told_estale);
	tcase_add_test(tcase, fork_while_another_thread_attaches_gives_children_that_work);
	suite_add_tcase(suite, tcase);
	return suite;
}
