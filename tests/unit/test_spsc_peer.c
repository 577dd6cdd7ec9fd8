/* SPDX-License-Identifier: BSD-2-Clause */
/* spsc: what a side that watches is told of a peer that is dead, has left, or may come. */
#include "objects.h"

#include "ring/spsc.h"

#include <sched.h>
#include <stdlib.h>

#define BOTH (MPSHM_PRODUCER | MPSHM_CONSUMER)
#define CAPACITY 4

static struct mpshm_spsc *side(unsigned flags)
{
	struct mpshm_spsc *ring;
	const struct mpshm_spsc_options options = {CAPACITY, 8, {0}};
	int opened = mpshm_spsc_open(&ring, seg, "ring", MPSHM_CREATE | flags, &options);
	need(opened >= 0);
	return ring;
}

static struct mpshm_spsc *watcher(unsigned flags)
{
	return side(flags | MPSHM_WATCH_PEER);
}

/* What a call on a stuck ring says, in the end. */
static int stuck(struct mpshm_spsc *ring, bool pops)
{
	uint64_t element = 0;
	int ret = -EAGAIN;
	for (int i = 0; i < 10000 && ret == -EAGAIN; i++) {
		ret = pops ? mpshm_spsc_try_pop(ring, &element)
		           : mpshm_spsc_try_push(ring, &element);
		(void) usleep(100);
	}
	return ret;
}

/* No call says anything but -EAGAIN, for so long that a death would have been told. */
static void still_waits(struct mpshm_spsc *ring)
{
	uint64_t element;
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, &element), -EAGAIN);
		(void) usleep(100);
	}
}

static void produce_two(void *context)
{
	(void) context;
	struct mpshm_spsc *ring = side(MPSHM_PRODUCER);
	for (uint64_t i = 1; i <= 2; i++)
		need_eq(mpshm_spsc_try_push(ring, &i), 0);
}

static void consume_two(void *context)
{
	(void) context;
	struct mpshm_spsc *ring = side(MPSHM_CONSUMER);
	uint64_t element;
	for (uint64_t i = 0; i < 2; i++)
		need_eq(mpshm_spsc_try_pop(ring, &element), 0);
}

static void produce_and_close(void *context)
{
	(void) context;
	struct mpshm_spsc *ring = side(MPSHM_PRODUCER);
	uint64_t element = 3;
	need_eq(mpshm_spsc_try_push(ring, &element), 0);
	need_eq(mpshm_spsc_close(ring), 0);
}

START_TEST(spsc_consumer_drains_what_the_dead_producer_pushed_and_gets_eownerdead)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	uint64_t many[CAPACITY], got;
	struct mpshm_span span;
	child_kill(child_held(produce_two, NULL));
	for (uint64_t i = 1; i <= 2; i++) {
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
		ck_assert_uint_eq(got, i);
	}
	ck_assert_int_eq(stuck(ring, true), -EOWNERDEAD);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "producer"));
	/* From now on at once, and in every form. */
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, many, 2), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, many, 2), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_try_peek(ring, 1, &span), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, many, 0), 0);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_producer_of_a_full_ring_whose_consumer_died_gets_eownerdead)
{
	struct mpshm_spsc *ring = watcher(MPSHM_PRODUCER);
	uint64_t many[CAPACITY] = {0};
	struct mpshm_span span;
	ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, many, CAPACITY), CAPACITY);
	child_kill(child_held(consume_two, NULL));
	/* What it popped is room. */
	ck_assert_int_eq(mpshm_spsc_try_push_burst(ring, many, CAPACITY), 2);
	ck_assert_int_eq(stuck(ring, false), -EOWNERDEAD);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "consumer"));
	ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, many, 1), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_try_push_burst(ring, many, 1), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 1, &span), -EOWNERDEAD);
	ck_assert_uint_eq(mpshm_spsc_size(ring), CAPACITY);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_bulk_that_the_dead_left_too_little_for_gets_eownerdead_and_burst_takes_the_rest)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	uint64_t many[CAPACITY];
	ssize_t ret = -EAGAIN;
	child_kill(child_held(produce_two, NULL));
	for (int i = 0; i < 10000 && ret == -EAGAIN; i++, usleep(100))
		ret = mpshm_spsc_try_pop_bulk(ring, many, 3);
	ck_assert_int_eq(ret, -EOWNERDEAD);
	ck_assert_uint_eq(mpshm_spsc_size(ring), 2);
	ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, many, 3), 2);
	ck_assert_uint_eq(many[0], 1);
	ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, many, 3), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_side_that_does_not_watch_gets_eagain_for_ever)
{
	struct mpshm_spsc *ring = side(MPSHM_CONSUMER), *other;
	uint64_t many[2];
	child_kill(child_held(produce_two, NULL));
	ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, many, 2), 2);
	still_waits(ring);
	other = side(MPSHM_PRODUCER);
	ck_assert_int_eq(mpshm_spsc_close(other), 0);
	still_waits(ring);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_producer_that_closed_its_side_gives_epipe_behind_all_that_it_pushed)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	uint64_t got;
	child_does(produce_and_close, NULL);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
	ck_assert_uint_eq(got, 3);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), -EPIPE);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "producer"));
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);

	/* Who comes later is told the same. */
	ring = watcher(MPSHM_CONSUMER);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), -EPIPE);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_consumer_that_closed_its_side_gives_epipe_where_the_ring_is_full)
{
	struct mpshm_spsc *ring = watcher(MPSHM_PRODUCER), *other = side(MPSHM_CONSUMER);
	uint64_t many[CAPACITY] = {0};
	ck_assert_int_eq(mpshm_spsc_close(other), 0);
	ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, many, CAPACITY), CAPACITY);
	ck_assert_int_eq(mpshm_spsc_try_push(ring, many), -EPIPE);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_side_that_was_never_open_is_waited_for)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	still_waits(ring);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_ring_works_again_once_a_successor_has_the_side)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER), *successor;
	uint64_t many[CAPACITY], element = 7;
	for (int round = 0; round < 3; round++) {
		child_kill(child_held(produce_two, NULL));
		ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, many, 2), 2);
		ck_assert_int_eq(stuck(ring, true), -EOWNERDEAD);
		successor = side(MPSHM_PRODUCER);
		still_waits(ring);
		ck_assert_int_eq(mpshm_spsc_try_push(successor, &element), 0);
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, many), 0);
		ck_assert_uint_eq(many[0], 7);
		ck_assert_int_eq(mpshm_spsc_close(successor), 0);
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, many), -EPIPE);
	}
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

static void just_exit(void *context)
{
	(void) context;
	(void) side(MPSHM_PRODUCER);
}

START_TEST(spsc_peer_that_ended_without_closing_is_dead)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	child_does(just_exit, NULL);
	ck_assert_int_eq(stuck(ring, true), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_peer_that_is_stopped_is_not_dead)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	uint64_t many[2];
	pid_t child = child_held(produce_two, NULL);
	ck_assert_int_eq(kill(child, SIGSTOP), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, many, 2), 2);
	still_waits(ring);
	ck_assert_int_eq(mpshm_spsc_peer(ring, MPSHM_PRODUCER), 0);
	child_kill(child);
	ck_assert_int_eq(stuck(ring, true), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

static void attach(void *context)
{
	(void) context;
	need_eq(mpshm_thread_attach(seg), 0);
}

START_TEST(spsc_dead_peer_stays_dead_when_its_slot_is_somebody_elses)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	child_does(just_exit, NULL);
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	pid_t next = child_held(attach, NULL);
	uint32_t slot = owner_participant(atomic64_load_acquire(&ring->shm->producer));
	ck_assert_int_eq(
		participant_state_kind(atomic64_load_acquire(&seg->participants[slot].state)),
		PARTICIPANT_ACTIVE);
	ck_assert_int_eq(mpshm_spsc_peer(ring, MPSHM_PRODUCER), -EOWNERDEAD);
	ck_assert_int_eq(stuck(ring, true), -EOWNERDEAD);
	child_kill(next);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_open_that_fails_leaves_the_other_side_as_it_was)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER), *other;
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", BOTH, NULL), -EBUSY);
	still_waits(ring);
	ck_assert_int_eq(mpshm_spsc_peer(ring, MPSHM_PRODUCER), -EAGAIN);
	child_does(just_exit, NULL);
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", BOTH, NULL), -EBUSY);
	ck_assert_int_eq(stuck(ring, true), -EOWNERDEAD);
	ck_assert_uint_eq(atomic64_load_acquire(&ring->shm->take_overs), 0);
	ck_assert_int_eq(mpshm_spsc_close(side(MPSHM_PRODUCER)), 0);
	ck_assert_uint_eq(atomic64_load_acquire(&ring->shm->take_overs), 1);
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", BOTH, NULL), -EBUSY);
	ck_assert_int_eq(mpshm_spsc_peer(ring, MPSHM_PRODUCER), -EPIPE);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_watcher_that_asks_seldom_is_told_by_its_16th_call)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	uint64_t got;
	int calls = 1;
	child_does(just_exit, NULL);
	while (mpshm_spsc_try_pop(ring, &got) == -EAGAIN) {
		calls++;
		nap_ms(2);
	}
	ck_assert_int_le(calls, 16);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

static void looks_at_its_parent(void *context)
{
	struct mpshm_spsc *inherited = context;
	need_eq(mpshm_spsc_peer(inherited, MPSHM_CONSUMER), 0);
	need_eq(mpshm_spsc_peer(inherited, MPSHM_PRODUCER), -EOWNERDEAD);
}

START_TEST(spsc_peer_tells_at_once_who_is_at_a_side)
{
	struct mpshm_spsc *looker = side(0);
	ck_assert_int_eq(mpshm_spsc_peer(looker, 0), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_peer(looker, BOTH), -EINVAL);
	ck_assert_int_eq(mpshm_spsc_peer(looker, MPSHM_PRODUCER), -EAGAIN);
	ck_assert_int_eq(mpshm_spsc_peer(looker, MPSHM_CONSUMER), -EAGAIN);
	pid_t child = child_held(produce_two, NULL);
	ck_assert_int_eq(mpshm_spsc_peer(looker, MPSHM_PRODUCER), 0);
	ck_assert_int_eq(mpshm_spsc_peer(looker, MPSHM_CONSUMER), -EAGAIN);
	child_kill(child);
	ck_assert_int_eq(mpshm_spsc_peer(looker, MPSHM_PRODUCER), -EOWNERDEAD);
	struct mpshm_spsc *consumer = side(MPSHM_CONSUMER);
	ck_assert_int_eq(mpshm_spsc_peer(consumer, MPSHM_CONSUMER), 0);
	child_does(looks_at_its_parent, consumer);
	ck_assert_int_eq(mpshm_spsc_close(consumer), 0);
	ck_assert_int_eq(mpshm_spsc_peer(looker, MPSHM_CONSUMER), -EPIPE);
	ck_assert_int_eq(mpshm_spsc_close(looker), 0);
}
END_TEST

START_TEST(spsc_owner_word_of_a_hostile_peer_is_a_dead_owners)
{
	static const uint64_t lies[] = {UINT64_MAX, 1, UINT64_C(0xffffffff0001), 0x7fff};
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	for (size_t i = 0; i < COUNT_OF(lies); i++) {
		atomic64_store_release(&ring->shm->producer, lies[i]);
		ck_assert_int_eq(mpshm_spsc_peer(ring, MPSHM_PRODUCER), -EOWNERDEAD);
		ck_assert_int_eq(stuck(ring, true), -EOWNERDEAD);
	}
	atomic64_store_release(&ring->shm->producer, 0);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

/* As if it had come between a call's look at the ring and its look at the peer. */
START_TEST(spsc_last_element_of_a_peer_that_is_gone_is_not_missed)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	uint64_t got;
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), -EAGAIN);
	child_does(produce_and_close, NULL);
	ck_assert_int_eq(mpshm_i_spsc_lacking(ring, &ring->consumer), -EAGAIN);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
	ck_assert_int_eq(mpshm_i_spsc_lacking(ring, &ring->consumer), -EPIPE);

	child_kill(child_held(produce_two, NULL));
	for (int i = 0; i < 100; i++, usleep(100))
		ck_assert_int_eq(mpshm_i_spsc_lacking(ring, &ring->consumer), -EAGAIN);
	ck_assert_uint_eq(ring->consumer.dead, atomic64_load_acquire(&ring->shm->producer));
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(mpshm_spsc_try_pop(ring, &got), 0);
	ck_assert_int_eq(mpshm_i_spsc_lacking(ring, &ring->consumer), -EOWNERDEAD);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

static void produce_till_killed(void *context)
{
	(void) context;
	struct mpshm_spsc *ring = side(MPSHM_PRODUCER);
	for (uint64_t i = mpshm_spsc_size(ring);;)
		if (mpshm_spsc_try_push(ring, &i) == 0)
			i++;
		else
			(void) sched_yield();
}

/* Killed anywhere in a push, often with a successor there at once. */
START_TEST(spsc_eownerdead_never_comes_before_the_last_element)
{
	struct mpshm_spsc *ring = watcher(MPSHM_CONSUMER);
	unsigned seed = (unsigned) getpid();
	for (int round = 0; round < 40; round++) {
		pid_t child = child_start(produce_till_killed, NULL);
		uint64_t expected = 0, got;
		int ret, least = rand_r(&seed) % 60;
		while (expected < (uint64_t) least || expected == 0) {
			ret = mpshm_spsc_try_pop(ring, &got);
			/* Until the next one is there the last one's death, or close, stands. */
			ck_assert(ret == 0 || ret == -EAGAIN ||
			          (expected == 0 && ret == -EOWNERDEAD));
			if (ret == 0)
				ck_assert_uint_eq(got, expected++);
			else
				(void) sched_yield();
		}
		child_kill(child);
		while ((ret = mpshm_spsc_try_pop(ring, &got)) != -EOWNERDEAD)
			if (ret == 0)
				ck_assert_uint_eq(got, expected++);
			else
				ck_assert_int_eq(ret, -EAGAIN);
		ck_assert_uint_eq(mpshm_spsc_size(ring), 0);
	}
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

Suite *suite_spsc_peer(void)
{
	Suite *suite = suite_create("spsc_peer");
	TCase *tcase = objects_tcase(suite, "dead");
	tcase_add_test(tcase,
	               spsc_consumer_drains_what_the_dead_producer_pushed_and_gets_eownerdead);
	tcase_add_test(tcase, spsc_producer_of_a_full_ring_whose_consumer_died_gets_eownerdead);
	tcase_add_test(
		tcase,
		spsc_bulk_that_the_dead_left_too_little_for_gets_eownerdead_and_burst_takes_the_rest);
	tcase_add_test(tcase, spsc_side_that_does_not_watch_gets_eagain_for_ever);
	tcase_add_test(tcase, spsc_peer_that_ended_without_closing_is_dead);
	tcase_add_test(tcase, spsc_peer_that_is_stopped_is_not_dead);
	tcase_add_test(tcase, spsc_dead_peer_stays_dead_when_its_slot_is_somebody_elses);
	tcase_add_test(tcase, spsc_watcher_that_asks_seldom_is_told_by_its_16th_call);
	tcase_add_test(tcase, spsc_owner_word_of_a_hostile_peer_is_a_dead_owners);
	tcase_add_test(tcase, spsc_last_element_of_a_peer_that_is_gone_is_not_missed);
	tcase_add_test(tcase, spsc_eownerdead_never_comes_before_the_last_element);
	tcase = objects_tcase(suite, "others");
	tcase_add_test(tcase,
	               spsc_producer_that_closed_its_side_gives_epipe_behind_all_that_it_pushed);
	tcase_add_test(tcase,
	               spsc_consumer_that_closed_its_side_gives_epipe_where_the_ring_is_full);
	tcase_add_test(tcase, spsc_side_that_was_never_open_is_waited_for);
	tcase_add_test(tcase, spsc_ring_works_again_once_a_successor_has_the_side);
	tcase_add_test(tcase, spsc_open_that_fails_leaves_the_other_side_as_it_was);
	tcase_add_test(tcase, spsc_peer_tells_at_once_who_is_at_a_side);
	return suite;
}
