/* SPDX-License-Identifier: BSD-2-Clause */
/* Two attachments of one process to one segment: two participants, at two addresses. */
#include "objects.h"

#include <pthread.h>

#include "segment/segment.h"

enum { ROUNDS = 20000 };

struct side {
	struct mpshm_segment *segment;
	struct mpshm_queue *there, *back;
	struct mpshm_mpmc *ring;
};

static void side_open(struct side *side)
{
	const struct mpshm_queue_options queue_options = {.capacity = 4, .max_message_bytes = 1000};
	const struct mpshm_mpmc_options ring_options = {.capacity = 4, .element_bytes = 8};
	need(mpshm_queue_open(&side->there, side->segment, "there", MPSHM_CREATE, &queue_options) >=
	     0);
	need(mpshm_queue_open(&side->back, side->segment, "back", MPSHM_CREATE, &queue_options) >=
	     0);
	need(mpshm_mpmc_open(&side->ring, side->segment, "ring", MPSHM_CREATE, &ring_options) >= 0);
}

static void side_close(struct side *side)
{
	need_eq(mpshm_queue_close(side->there), 0);
	need_eq(mpshm_queue_close(side->back), 0);
	need_eq(mpshm_mpmc_close(side->ring), 0);
}

/* Whoever calls first through a, and second through b, in the same thread. */
static void pass(struct side *a, struct side *b, uint64_t seed)
{
	char in[500], out[500];
	size_t bytes = seed % sizeof in;
	uint64_t element = seed;

	pattern_fill(in, bytes, seed);
	need_eq(mpshm_queue_put(a->there, in, bytes, MPSHM_SECOND), 0);
	need_eq(mpshm_queue_get(b->there, out, sizeof out, MPSHM_SECOND), bytes);
	need(pattern_is(out, bytes, seed));
	need_eq(mpshm_mpmc_try_push(a->ring, &element), 0);
	element = 0;
	need_eq(mpshm_mpmc_try_pop(b->ring, &element), 0);
	need_eq(element, seed);
}

static unsigned cells_in_use(void)
{
	unsigned count = 0;
	for (uint32_t i = 0; i < seg->threads_max; i++)
		count += atomic64_load_acquire(&seg->cells[i].owner) != OWNER_NONE;
	return count;
}

START_TEST(attachments_of_one_process_exchange_and_outlive_each_other)
{
	struct side a = {.segment = seg};
	side_open(&a);
	for (unsigned round = 0; round < 20; round++) {
		struct side b = {.segment = second_mapping()};
		side_open(&b);
		need_eq(participants(), 2);
		for (uint64_t i = 0; i < 300; i++) {
			pass(&a, &b, i);
			pass(&b, &a, i);
		}
		need_eq(mpshm_segment_recover(a.segment), 0);
		need_eq(mpshm_segment_recover(b.segment), 0);
		need_eq(cells_in_use(), 2);
		side_close(&b);
		need_eq(mpshm_segment_close(b.segment), 0);
		need_eq(participants(), 1);
		need_eq(cells_in_use(), 1);
		pass(&a, &a, round);
	}
	side_close(&a);
}
END_TEST

static void *echo(void *argument)
{
	struct side *side = argument;
	char message[1000];

	for (int i = 0; i < ROUNDS; i++) {
		ssize_t bytes =
			mpshm_queue_get(side->there, message, sizeof message, 20 * MPSHM_SECOND);
		need(bytes >= 0);
		need_eq(mpshm_queue_put(side->back, message, (size_t) bytes, 20 * MPSHM_SECOND), 0);
	}
	return NULL;
}

START_TEST(attachment_that_came_first_is_closed_and_the_other_works_on_in_all_threads)
{
	struct side a = {.segment = seg}, b = {.segment = second_mapping()};
	char in[1000], out[1000];
	pthread_t thread;

	side_open(&a);
	side_open(&b);
	for (int round = 0; round < 2; round++) {
		struct side *near = round == 0 ? &a : &b;
		need_eq(pthread_create(&thread, NULL, echo, &b), 0);
		for (uint64_t i = 0; i < ROUNDS; i++) {
			size_t bytes = i % sizeof in;
			pattern_fill(in, bytes, i);
			need_eq(mpshm_queue_put(near->there, in, bytes, 20 * MPSHM_SECOND), 0);
			need_eq(mpshm_queue_get(near->back, out, sizeof out, 20 * MPSHM_SECOND),
			        bytes);
			need(pattern_is(out, bytes, i));
		}
		need_eq(pthread_join(thread, NULL), 0);
		if (round == 0) {
			side_close(&a);
			need_eq(mpshm_segment_close(a.segment), 0);
			seg = b.segment;
			need_eq(participants(), 1);
			need_eq(mpshm_segment_recover(seg), 0);
		}
	}
	side_close(&b);
}
END_TEST

static void die_with_both(void *unused)
{
	struct side a = {.segment = second_mapping()}, b = {.segment = second_mapping()};
	struct mpshm_span span;

	(void) unused;
	side_open(&a);
	side_open(&b);
	need_eq(mpshm_mpmc_try_reserve(a.ring, 1, &span), 1);
	need_eq(mpshm_mpmc_try_reserve(b.ring, 1, &span), 1);
	need_eq(participants(), 3);
}

START_TEST(attachments_of_one_process_die_with_it_both)
{
	struct side a = {.segment = seg};
	uint64_t element = 42;

	side_open(&a);
	pid_t child = child_held(die_with_both, NULL);
	need_eq(mpshm_segment_recover(seg), 0);
	need_eq(mpshm_mpmc_try_push(a.ring, &element), 0);
	need_eq(mpshm_mpmc_try_pop(a.ring, &element), -EAGAIN);
	child_kill(child);
	need_eq(mpshm_segment_recover(seg), 2);
	need_eq(mpshm_mpmc_try_pop(a.ring, &element), 0);
	need_eq(element, 42);
	need_eq(participants(), 1);
	side_close(&a);
}
END_TEST

Suite *suite_attachments(void)
{
	Suite *suite = suite_create("attachments");
	TCase *tcase = objects_tcase(suite, "attachments");
	tcase_add_test(tcase, attachments_of_one_process_exchange_and_outlive_each_other);
	tcase_add_test(tcase,
	               attachment_that_came_first_is_closed_and_the_other_works_on_in_all_threads);
	tcase_add_test(tcase, attachments_of_one_process_die_with_it_both);
	return suite;
}
