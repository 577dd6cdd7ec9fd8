/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registry of this process's attachments: threads that open, find, use, close and unlink
 * the same names at once.  Under ThreadSanitizer its readers are counted, elsewhere they are
 * liburcu's, so that AddressSanitizer's build shows whether a close waits for them.
 */
#include "objects.h"

#include "segment/registry.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define THREADS 4
#define ROUNDS 150
#define NAMES 3

static char names[NAMES][64]; /* the last is unlinked again and again */
static uint32_t added[2];

static const struct mpshm_segment_options small = {
	.size_bytes = 1 << 20, .directory_capacity = 8, .participants_max = 32, .threads_max = 32};

static struct mpshm_segment *open_name(const char *name)
{
	struct mpshm_segment *segment = NULL;
	int opened = mpshm_segment_open(&segment, name, MPSHM_CREATE, &small);
	need(opened == MPSHM_CREATED || opened == MPSHM_ATTACHED);
	return segment;
}

/* The handle is whole whatever others close: ours is not closed yet. */
static void use(struct mpshm_segment *segment, int n)
{
	struct mpshm_value *value;
	int opened;

	need_eq(strcmp(mpshm_segment_name(segment), names[n]), 0);
	need_eq(mpshm_thread_attach(segment), 0);
	opened = mpshm_value_open(&value, segment, "value", MPSHM_CREATE, NULL);
	need(opened == MPSHM_CREATED || opened == MPSHM_ATTACHED);
	(void) mpshm_value_add(value, 1);
	if (n < NAMES - 1)
		(void) __atomic_fetch_add(&added[n], 1, __ATOMIC_RELAXED);
	need_eq(mpshm_value_close(value), 0);
}

/* The last one's close may meet another thread that recovers, of one that is late. */
static void close_it(struct mpshm_segment *segment)
{
	int closed;
	while ((closed = mpshm_segment_close(segment)) == -EBUSY)
		nap_ms(1);
	need_eq(closed, 0);
}

static void *come_and_go(void *context)
{
	unsigned seed = (unsigned) (uintptr_t) context;

	for (int round = 0; round < ROUNDS; round++) {
		int n = rand_r(&seed) % NAMES;
		struct mpshm_segment *segment = open_name(names[n]), *found;

		int ret = mpshm_segment_find(&found, names[n]);
		need_eq(ret, 0); /* ours at the least */
		use(segment, n);
		close_it(segment);
		use(found, n);
		if (n == NAMES - 1) {
			ret = mpshm_segment_unlink(names[n]);
			need(ret == 0 || ret == -ENOENT);
		}
		close_it(found);
	}
	return NULL;
}

START_TEST(registry_of_names_that_threads_open_find_close_and_unlink_at_once)
{
	pthread_t threads[THREADS];
	struct mpshm_segment *segment;
	struct mpshm_value *value;

	for (int n = 0; n < NAMES; n++)
		(void) snprintf(names[n], sizeof names[n], "%s-%d", segment_file(), n);
	for (uintptr_t t = 0; t < THREADS; t++)
		ck_assert_int_eq(pthread_create(&threads[t], NULL, come_and_go, (void *) (t + 1)),
		                 0);
	for (int t = 0; t < THREADS; t++)
		ck_assert_int_eq(pthread_join(threads[t], NULL), 0);
	for (int n = 0; n < NAMES; n++)
		ck_assert_int_eq(mpshm_segment_find(&segment, names[n]), -ENOENT);
	for (int n = 0; n < NAMES - 1; n++) {
		ck_assert_int_eq(mpshm_segment_open(&segment, names[n], 0, NULL), MPSHM_ATTACHED);
		ck_assert_int_eq(mpshm_value_open(&value, segment, "value", 0, NULL),
		                 MPSHM_ATTACHED);
		ck_assert_int_eq(mpshm_value_load(value), added[n]);
		ck_assert_int_eq(mpshm_value_close(value), 0);
		ck_assert_uint_eq(atomic64_load_acquire(&segment->shm->peer_deaths), 0);
		ck_assert_int_eq(mpshm_segment_close(segment), 0);
		ck_assert_int_eq(mpshm_segment_unlink(names[n]), 0);
	}
	(void) mpshm_segment_unlink(names[NAMES - 1]);
}
END_TEST

static bool finders_may_go;

static void *find_all_the_time(void *context)
{
	const char *name = context;
	struct mpshm_segment *found;

	while (!__atomic_load_n(&finders_may_go, __ATOMIC_RELAXED)) {
		int ret = mpshm_segment_find(&found, name);
		need(ret == 0 || ret == -ENOENT);
		if (ret == 0)
			close_it(found);
	}
	return NULL;
}

/* Each close is the last one, or a finder's is. */
START_TEST(registry_find_beside_the_last_close_finds_a_whole_handle_or_none)
{
	pthread_t finders[2];

	(void) snprintf(names[0], sizeof names[0], "%s-0", segment_file());
	__atomic_store_n(&finders_may_go, false, __ATOMIC_RELAXED);
	for (int t = 0; t < 2; t++)
		ck_assert_int_eq(pthread_create(&finders[t], NULL, find_all_the_time, names[0]), 0);
	for (int round = 0; round < 1000; round++)
		close_it(open_name(names[0]));
	__atomic_store_n(&finders_may_go, true, __ATOMIC_RELAXED);
	for (int t = 0; t < 2; t++)
		ck_assert_int_eq(pthread_join(finders[t], NULL), 0);
	ck_assert_int_eq(mpshm_segment_unlink(names[0]), 0);
}
END_TEST

static bool closed;

static void *close_the_last(void *context)
{
	close_it(context);
	__atomic_store_n(&closed, true, __ATOMIC_RELEASE);
	return NULL;
}

START_TEST(registry_close_waits_for_who_looks_at_the_attachment)
{
	struct mpshm_segment *segment, *found;
	struct registry_pin pin;
	pthread_t thread;

	(void) snprintf(names[0], sizeof names[0], "%s-0", segment_file());
	__atomic_store_n(&closed, false, __ATOMIC_RELAXED);
	segment = open_name(names[0]);
	ck_assert(mpshm_i_registry_pin(&pin, segment, segment->serial));
	ck_assert_int_eq(pthread_create(&thread, NULL, close_the_last, segment), 0);
	while (mpshm_segment_find(&found, names[0]) == 0) {
		ck_assert_int_eq(mpshm_segment_close(found), 0);
		nap_ms(1);
	}
	nap_ms(50); /* time for a close that does not wait */
	ck_assert(!__atomic_load_n(&closed, __ATOMIC_ACQUIRE));
	ck_assert_str_eq(segment->name, names[0]);
	mpshm_i_registry_unpin(&pin);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert(!mpshm_i_registry_pin(&pin, segment, 0));
	ck_assert_int_eq(mpshm_segment_unlink(names[0]), 0);
}
END_TEST

static void hold_the_directory(void *context)
{
	(void) context;
	need_eq(mpshm_thread_attach(seg), 0); /* registers the child */
	need_eq(mpshm_i_directory_lock(seg), 0);
}

static void *unlink_something(void *context)
{
	(void) context;
	need_eq(mpshm_object_unlink(seg, "none"), -ENOENT);
	return NULL;
}

/* While a thread is in a call that waits for another process. */
START_TEST(registry_close_beside_a_call_under_way_is_ebusy_and_changes_nothing)
{
	struct mpshm_segment *found;
	pthread_t thread;
	pid_t child = child_held(hold_the_directory, NULL);

	ck_assert_int_eq(pthread_create(&thread, NULL, unlink_something, NULL), 0);
	while (pthread_mutex_trylock(&seg->mutex) == 0) {
		(void) pthread_mutex_unlock(&seg->mutex);
		nap_ms(1);
	}
	ck_assert_int_eq(mpshm_segment_close(seg), -EBUSY);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "a call on it is under way"));
	ck_assert_int_eq(mpshm_segment_find(&found, segment_file()), 0);
	ck_assert_ptr_eq(found, seg);
	ck_assert_int_eq(mpshm_segment_close(found), 0);
	child_kill(child);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

static void *have_a_cell_and_exit_later(void *barrier)
{
	need_eq(mpshm_thread_attach(seg), 0);
	(void) pthread_barrier_wait(barrier);
	(void) pthread_barrier_wait(barrier);
	return NULL; /* its destructor finds the attachment gone */
}

START_TEST(registry_thread_that_exits_after_the_last_close_touches_nothing)
{
	struct mpshm_segment *again;
	pthread_barrier_t barrier;
	pthread_t thread;

	ck_assert_int_eq(pthread_barrier_init(&barrier, NULL, 2), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, have_a_cell_and_exit_later, &barrier), 0);
	(void) pthread_barrier_wait(&barrier);
	ck_assert_int_eq(mpshm_segment_close(seg), 0);
	ck_assert_int_eq(mpshm_segment_open(&again, segment_file(), 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_thread_attach(again), 0); /* perhaps that thread's cell */
	(void) pthread_barrier_wait(&barrier);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	seg = again; /* the fixture's to close */
	uint32_t cells = 0;
	for (uint32_t i = 0; i < seg->threads_max; i++)
		cells += atomic64_load_acquire(&seg->cells[i].owner) == seg->self;
	ck_assert_uint_eq(cells, 1);
}
END_TEST

Suite *suite_registry(void)
{
	Suite *suite = suite_create("registry");
	TCase *tcase = objects_tcase(suite, "registry");
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, registry_of_names_that_threads_open_find_close_and_unlink_at_once);
	tcase_add_test(tcase, registry_find_beside_the_last_close_finds_a_whole_handle_or_none);
	tcase_add_test(tcase, registry_close_waits_for_who_looks_at_the_attachment);
	tcase_add_test(tcase, registry_close_beside_a_call_under_way_is_ebusy_and_changes_nothing);
	tcase_add_test(tcase, registry_thread_that_exits_after_the_last_close_touches_nothing);
	return suite;
}
