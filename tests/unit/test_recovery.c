/* SPDX-License-Identifier: BSD-2-Clause */
/* Who announces what, and what becomes of what the dead left. */
#include "recovery_fixture.h"

/* A process that is no participant takes the directory lock. */
static pid_t newcomer(bool stay)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (mpshm_i_registry_process() == 0 || mpshm_i_segment_registered(segment))
			_exit(1);
		pthread_mutex_lock(&segment->mutex);
		if (mpshm_i_directory_lock(segment) < 0)
			_exit(2);
		if (stay)
			kill(getpid(), SIGKILL);
		mpshm_i_directory_unlock(segment);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(stay ? WIFSIGNALED(status) : WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return child;
}

START_TEST(directory_lock_of_a_dead_newcomer_is_taken_over_by_the_next)
{
	for (int round = 0; round < 3; round++) {
		newcomer(true);
		ck_assert_uint_ne(segment->shm->directory_lock.owner.raw, OWNER_NONE);
		newcomer(false);
		ck_assert_uint_eq(segment->shm->directory_lock.owner.raw, OWNER_NONE);
		newcomer(true);
		ck_assert_int_eq(mpshm_object_unlink(segment, "none"), -ENOENT);
		ck_assert_uint_eq(segment->shm->directory_lock.owner.raw, OWNER_NONE);
	}
	ck_assert_uint_eq(segment->shm->recoveries.raw, 6);
}
END_TEST

static void announce_put_5_to_7(struct mpshm_segment *own)
{
	struct cell_shm *cell;

	if (thread_cell(own, &cell) < 0)
		_exit(2);
	frame_announce(frame_find(cell), frame_what(FRAME_PUT, object.index, object.incarnation, 3),
	               5);
}

START_TEST(live_frame_announces_its_positions_and_no_others)
{
	pid_t child = participant(announce_put_5_to_7);
	struct object later = object;

	later.incarnation++;
	ck_assert(!mpshm_i_announced(&object, FRAME_PUT, 4));
	ck_assert(mpshm_i_announced(&object, FRAME_PUT, 5));
	ck_assert(mpshm_i_announced(&object, FRAME_PUT, 7));
	ck_assert(!mpshm_i_announced(&object, FRAME_PUT, 8));
	ck_assert(!mpshm_i_announced(&object, FRAME_GET, 5));
	ck_assert(!mpshm_i_announced(&later, FRAME_PUT, 5));
	end(child);
}
END_TEST

START_TEST(dead_frame_announces_nothing_and_is_cleared_by_recovery)
{
	pid_t child = participant(announce_put_5_to_7);

	end(child);
	ck_assert(!mpshm_i_announced(&object, FRAME_PUT, 5));
	ck_assert_uint_eq(busy_cells(), 1);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	ck_assert_uint_eq(busy_cells(), 0);
	ck_assert_uint_eq(segment->shm->peer_deaths.raw, 1);
	ck_assert_int_eq(mpshm_segment_recover(segment), 0);
	ck_assert_uint_eq(segment->shm->peer_deaths.raw, 1);
}
END_TEST

START_TEST(frame_positions_wrap_as_they_are_stored)
{
	struct cell_shm *cell;

	ck_assert_int_eq(thread_cell(segment, &cell), 0);
	struct frame_shm *frame = frame_find(cell);
	frame_announce(frame, frame_what(FRAME_GET, object.index, object.incarnation, 4),
	               FRAME_POSITION_BITS - 1);
	ck_assert(!mpshm_i_announced(&object, FRAME_GET, FRAME_POSITION_BITS - 2));
	ck_assert(mpshm_i_announced(&object, FRAME_GET, FRAME_POSITION_BITS - 1));
	ck_assert(mpshm_i_announced(&object, FRAME_GET, FRAME_POSITION_BITS));
	ck_assert(mpshm_i_announced(&object, FRAME_GET, FRAME_POSITION_BITS + 2));
	ck_assert(!mpshm_i_announced(&object, FRAME_GET, FRAME_POSITION_BITS + 3));
	frame_empty(frame);
	ck_assert(!mpshm_i_announced(&object, FRAME_GET, FRAME_POSITION_BITS));
}
END_TEST

static void announce_nonsense(struct mpshm_segment *own)
{
	struct cell_shm *cell;

	if (thread_cell(own, &cell) < 0)
		_exit(2);
	for (uint32_t i = 0; i < CELL_FRAMES; i++) {
		cell->frames[i].what.raw = UINT64_MAX >> i * 9;
		cell->frames[i].where.raw = i % 2 ? UINT64_MAX : 1;
	}
}

START_TEST(frames_that_name_nothing_are_just_cleared)
{
	pid_t child = participant(announce_nonsense);

	end(child);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	ck_assert_uint_eq(busy_cells(), 0);
}
END_TEST

START_TEST(frame_of_a_gone_thread_is_resolved_while_its_process_lives)
{
	struct cell_shm *cell;

	ck_assert_int_eq(thread_cell(segment, &cell), 0);
	frame_announce(frame_find(cell), frame_what(FRAME_PUT, object.index, object.incarnation, 1),
	               3);
	ck_assert(mpshm_i_announced(&object, FRAME_PUT, 3));
	atomic64_store_release(&cell->owner, segment->self | CELL_ORPHAN);
	ck_assert(!mpshm_i_announced(&object, FRAME_PUT, 3));
	atomic64_store_release(&cell->owner, segment->self);
	ck_assert(mpshm_i_resolve_cell(segment, cell));
	ck_assert_uint_eq(cell->owner.raw, OWNER_NONE);
	ck_assert_uint_eq(cell->frames[0].where.raw, 0);
	memset(mpshm_i_thread_slots, 0, sizeof mpshm_i_thread_slots);
}
END_TEST

START_TEST(orphaned_cell_is_finished_by_any_recovery)
{
	struct cell_shm *cell;

	ck_assert_int_eq(thread_cell(segment, &cell), 0);
	frame_announce(frame_find(cell), frame_what(FRAME_PUT, object.index, object.incarnation, 1),
	               3);
	atomic64_store_release(&cell->owner, segment->self | CELL_ORPHAN);
	ck_assert_int_eq(mpshm_segment_recover(segment), 0);
	ck_assert_uint_eq(cell->owner.raw, OWNER_NONE);
	ck_assert_uint_eq(cell->frames[0].where.raw, 0);
	memset(mpshm_i_thread_slots, 0, sizeof mpshm_i_thread_slots);
}
END_TEST

static void open_second(struct mpshm_segment *own)
{
	static struct object second;

	if (mpshm_i_object_open(&second, own, "second", MPSHM_CREATE, &thing, &plan) < 0)
		_exit(2);
}

START_TEST(unlinked_object_of_the_dead_is_given_back)
{
	pid_t child = participant(open_second);

	ck_assert_int_eq(mpshm_object_unlink(segment, "second"), 0);
	ck_assert_int_eq(entry_state_kind(segment->directory[1].state.raw), ENTRY_UNLINKED);
	end(child);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	ck_assert_int_eq(entry_state_kind(segment->directory[1].state.raw), ENTRY_EMPTY);
}
END_TEST

START_TEST(marks_of_the_dead_are_taken_from_living_objects)
{
	pid_t child = participant(open_second);
	uint32_t dead = owner_participant(other_owner());

	ck_assert(mpshm_i_opener_has(segment, 1, dead));
	end(child);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	ck_assert(!mpshm_i_opener_has(segment, 1, dead));
	ck_assert_int_eq(entry_state_kind(segment->directory[1].state.raw), ENTRY_READY);
}
END_TEST

START_TEST(child_inherits_open_objects_with_marks_of_its_own)
{
	pid_t child = participant(NULL);
	uint32_t other = owner_participant(other_owner());

	ck_assert(mpshm_i_opener_has(segment, object.index, other));
	ck_assert_int_eq(mpshm_i_object_close(&object), 0);
	ck_assert_int_eq(mpshm_object_unlink(segment, "thing"), 0);
	ck_assert_int_eq(entry_state_kind(segment->directory[0].state.raw), ENTRY_UNLINKED);
	end(child);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	ck_assert_int_eq(entry_state_kind(segment->directory[0].state.raw), ENTRY_EMPTY);
	ck_assert_int_eq(
		mpshm_i_object_open(&object, segment, "thing", MPSHM_CREATE, &thing, &plan),
		MPSHM_CREATED);
}
END_TEST

START_TEST(slots_of_the_dead_are_used_again_by_newcomers)
{
	for (int round = 0; round < 5; round++) {
		pid_t children[3];
		for (int i = 0; i < 3; i++)
			children[i] = participant(announce_put_5_to_7);
		for (int i = 0; i < 3; i++)
			end(children[i]);
	}
	ck_assert_uint_ge(segment->shm->peer_deaths.raw, 12);
	ck_assert_int_eq(mpshm_segment_recover(segment), 3);
	ck_assert_uint_eq(segment->shm->peer_deaths.raw, 15);
	ck_assert_uint_eq(busy_cells(), 0);
}
END_TEST

START_TEST(recoverer_killed_at_any_moment_is_continued_by_the_next)
{
	unsigned seed = (unsigned) getpid();

	for (int round = 0; round < 100; round++) {
		pid_t victim = participant(round % 2 ? announce_put_5_to_7 : open_second);
		end(victim);
		pid_t recoverer = fork();
		if (recoverer == 0)
			for (;;)
				(void) mpshm_segment_recover(segment);
		usleep((unsigned) rand_r(&seed) % 1500);
		end(recoverer);
		ck_assert_int_ge(mpshm_segment_recover(segment), 0);
		ck_assert_uint_eq(busy_cells(), 0);
		for (uint32_t i = 0; i < segment->participants_max; i++)
			ck_assert(i == segment->participant ||
			          participant_state_kind(segment->participants[i].state.raw) ==
			                  PARTICIPANT_FREE);
		ck_assert_uint_eq(segment->shm->directory_lock.owner.raw, OWNER_NONE);
	}
}
END_TEST

START_TEST(recover_does_nothing_while_this_process_is_at_it)
{
	pid_t child = participant(announce_put_5_to_7);

	end(child);
	pthread_mutex_lock(&segment->mutex);
	ck_assert_int_eq(mpshm_i_recover(segment), 0);
	pthread_mutex_unlock(&segment->mutex);
	ck_assert_int_eq(mpshm_i_recover(segment), 1);
}
END_TEST

START_TEST(claim_of_the_dead_in_a_ring_is_resolved)
{
	struct mpshm_mpmc_options options = {.capacity = 8, .element_bytes = 8};
	struct mpshm_mpmc *ring;
	uint64_t element = 42;

	ck_assert_int_eq(mpshm_mpmc_open(&ring, segment, "ring", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	pid_t child = fork();
	if (child == 0) {
		struct mpshm_span span;
		if (mpshm_mpmc_try_reserve(ring, 2, &span) != 2)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, &element), 0);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	element = 0;
	ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &element), 0);
	ck_assert_uint_eq(element, 42);
	ck_assert_uint_eq(busy_cells(), 1);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

START_TEST(stall_is_told_after_a_millisecond_and_then_once_a_millisecond)
{
	struct stall stall = {0};
	struct timespec nap = {.tv_nsec = 200000};
	int told = 0;

	for (int i = 0; i < 1000; i++)
		ck_assert(!mpshm_i_stalled(&stall, (uint64_t) i));
	for (int i = 0; i < 200; i++) {
		told += mpshm_i_stalled(&stall, 7);
		nanosleep(&nap, NULL);
	}
	ck_assert_int_ge(told, 5);
	ck_assert_int_le(told, 40);
}
END_TEST

Suite *suite_recovery(void)
{
	Suite *suite = suite_create("recovery");
	TCase *tcase = tcase_create("recovery");
	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, directory_lock_of_a_dead_newcomer_is_taken_over_by_the_next);
	tcase_add_test(tcase, live_frame_announces_its_positions_and_no_others);
	tcase_add_test(tcase, dead_frame_announces_nothing_and_is_cleared_by_recovery);
	tcase_add_test(tcase, frame_positions_wrap_as_they_are_stored);
	tcase_add_test(tcase, frames_that_name_nothing_are_just_cleared);
	tcase_add_test(tcase, frame_of_a_gone_thread_is_resolved_while_its_process_lives);
	tcase_add_test(tcase, orphaned_cell_is_finished_by_any_recovery);
	tcase_add_test(tcase, unlinked_object_of_the_dead_is_given_back);
	tcase_add_test(tcase, marks_of_the_dead_are_taken_from_living_objects);
	tcase_add_test(tcase, child_inherits_open_objects_with_marks_of_its_own);
	tcase_add_test(tcase, slots_of_the_dead_are_used_again_by_newcomers);
	tcase_add_test(tcase, recoverer_killed_at_any_moment_is_continued_by_the_next);
	tcase_add_test(tcase, recover_does_nothing_while_this_process_is_at_it);
	tcase_add_test(tcase, claim_of_the_dead_in_a_ring_is_resolved);
	tcase_add_test(tcase, stall_is_told_after_a_millisecond_and_then_once_a_millisecond);
	suite_add_tcase(suite, tcase);
	return suite;
}
