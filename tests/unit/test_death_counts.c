/* SPDX-License-Identifier: BSD-2-Clause */
/* What a segment and its objects tell of deaths: each kind of death raises just its counts. */
#include "queue/queue.h"
#include "ring/mpmc_handle.h"

#include "inspect_fixture.h"
#include "processes.h"

static struct mpshm_spsc *spsc;
static struct mpshm_mpmc *mpmc;
static struct mpshm_queue *queue;
static struct mpshm_value *value;
static struct mpshm_counter *counter;

static const char *const names[] = {"spsc", "mpmc", "queue", "value", "counter", "alone"};

static void open_all(void)
{
	const struct mpshm_spsc_options of_spsc = {.capacity = 8, .element_bytes = 8};
	const struct mpshm_mpmc_options of_mpmc = {.capacity = 8, .element_bytes = 8};
	const struct mpshm_queue_options of_queue = {.capacity = 8, .max_message_bytes = 512};
	struct mpshm_value *alone;

	/* One that nobody has open when others die. */
	ck_assert_int_eq(mpshm_value_open(&alone, segment, "alone", MPSHM_CREATE, NULL), 1);
	ck_assert_int_eq(mpshm_value_close(alone), 0);
	ck_assert_int_eq(mpshm_spsc_open(&spsc, segment, "spsc", MPSHM_CREATE, &of_spsc), 1);
	ck_assert_int_eq(mpshm_mpmc_open(&mpmc, segment, "mpmc", MPSHM_CREATE, &of_mpmc), 1);
	ck_assert_int_eq(mpshm_queue_open(&queue, segment, "queue", MPSHM_CREATE, &of_queue), 1);
	ck_assert_int_eq(mpshm_value_open(&value, segment, "value", MPSHM_CREATE, NULL), 1);
	ck_assert_int_eq(mpshm_counter_open(&counter, segment, "counter", MPSHM_CREATE, NULL), 1);
}

static void close_all(void)
{
	ck_assert_int_eq(mpshm_spsc_close(spsc), 0);
	ck_assert_int_eq(mpshm_mpmc_close(mpmc), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
}

static void set_up_all(void)
{
	set_up();
	open_all();
}

static void tear_down_all(void)
{
	close_all();
	tear_down();
}

/* A child that dies in the middle of it: inherits what is open, and has it open too. */
static void dies(void (*act)(void))
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		CHILD_ASSERT(mpshm_thread_attach(segment) == 0);
		act();
		(void) kill(getpid(), SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status), "child ended with 0x%x", (unsigned) status);
}

static struct mpshm_object_info info_of(const char *object)
{
	struct mpshm_object_info info;
	uint32_t cursor = 0;

	while (mpshm_inspect_object(inspect, &cursor, &info) == 1)
		if (strcmp(info.name, object) == 0)
			return info;
	ck_abort_msg("no %s", object);
}

/* recovered, redelivered, tombstoned of `object`; all others have none; everybody who is
 * open has seen `deaths`. */
static void counts_are(uint64_t deaths, const char *object, uint64_t recovered,
                       uint64_t redelivered, uint64_t tombstoned)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct mpshm_object_info info = info_of(names[i]);
		bool it = strcmp(names[i], object) == 0;
		uint64_t seen = strcmp(names[i], "alone") == 0 ? 0 : deaths;
		ck_assert_msg(info.peer_deaths == seen, "%s: %d deaths", names[i],
		              (int) info.peer_deaths);
		ck_assert_msg(info.recovered == (it ? recovered : 0), "%s: %d recovered", names[i],
		              (int) info.recovered);
		ck_assert_msg(info.redelivered == (it ? redelivered : 0), "%s: %d redelivered",
		              names[i], (int) info.redelivered);
		ck_assert_msg(info.tombstoned == (it ? tombstoned : 0), "%s: %d tombstoned",
		              names[i], (int) info.tombstoned);
		ck_assert_uint_eq(info.dropped, 0);
	}
	struct mpshm_segment_info all;
	ck_assert_int_eq(mpshm_inspect_segment(inspect, &all), 0);
	ck_assert_uint_eq(all.peer_deaths, deaths);
}

static void nothing(void) {}

START_TEST(death_in_no_call_is_counted_by_every_object_that_was_open)
{
	dies(nothing);
	counts_are(0, "", 0, 0, 0);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	counts_are(1, "", 0, 0, 0);
	ck_assert_int_eq(mpshm_segment_recover(segment), 0);
	counts_are(1, "", 0, 0, 0);
	dies(nothing);
	dies(nothing); /* attaching, it recovers the one before */
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	counts_are(3, "", 0, 0, 0);
}
END_TEST

static void leave(void)
{
	mpshm_inspect_close(inspect);
	CHILD_ASSERT(mpshm_segment_close(segment) == -EBUSY);
	CHILD_ASSERT(mpshm_spsc_close(spsc) == 0 && mpshm_mpmc_close(mpmc) == 0 &&
	             mpshm_queue_close(queue) == 0 && mpshm_value_close(value) == 0 &&
	             mpshm_counter_close(counter) == 0);
}

START_TEST(closing_is_no_death_to_an_object)
{
	struct mpshm_segment_info all;

	dies(leave);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_uint_eq(info_of(names[i]).peer_deaths, 0);
	ck_assert_int_eq(mpshm_inspect_segment(inspect, &all), 0);
	ck_assert_uint_eq(all.peer_deaths, 1);
	ck_assert_uint_eq(all.lock_take_overs, 0);
}
END_TEST

static void reserve_two(void)
{
	struct mpshm_span span;
	CHILD_ASSERT(mpshm_mpmc_try_reserve(mpmc, 2, &span) == 2);
}

START_TEST(mpmc_push_cut_off_is_counted_as_recovered_and_tombstoned)
{
	dies(reserve_two);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	counts_are(1, "mpmc", 2, 0, 2);
}
END_TEST

static void peek_two(void)
{
	struct mpshm_span span;
	CHILD_ASSERT(mpshm_mpmc_try_peek(mpmc, 2, &span) == 2);
}

static void peek_one(void)
{
	struct mpshm_span span;
	CHILD_ASSERT(mpshm_mpmc_try_peek(mpmc, 1, &span) == 1);
}

START_TEST(mpmc_pop_cut_off_is_counted_as_recovered_and_when_another_pops_as_redelivered)
{
	uint64_t element = 0;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_mpmc_try_push(mpmc, &element), 0);
	dies(peek_two);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	counts_are(1, "mpmc", 2, 0, 0);
	ck_assert_int_eq(mpshm_mpmc_try_pop(mpmc, &element), 0);
	counts_are(1, "mpmc", 2, 1, 0);
	ck_assert_int_eq(mpshm_mpmc_try_pop(mpmc, &element), 0);
	ck_assert_int_eq(mpshm_mpmc_try_pop(mpmc, &element), 0);
	counts_are(1, "mpmc", 2, 2, 0);
}
END_TEST

START_TEST(mpmc_element_whose_second_consumer_dies_too_is_redelivered_once)
{
	uint64_t element = 0;

	ck_assert_int_eq(mpshm_mpmc_try_push(mpmc, &element), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push(mpmc, &element), 0);
	dies(peek_two);
	dies(peek_one); /* recovers that, and is handed one of them */
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	counts_are(2, "mpmc", 3, 0, 0);
	ck_assert_int_eq(mpshm_mpmc_try_pop_burst(mpmc, (uint64_t[2]){0}, 2), 2);
	counts_are(2, "mpmc", 3, 2, 0);
}
END_TEST

static void queue_claims_to_put(void)
{
	struct frame_shm *frame;
	uint64_t position;
	CHILD_ASSERT(queue_begin(queue, &frame) == 0);
	CHILD_ASSERT(mpmc_claim_put(&queue->ring, frame, &position) == 0);
}

static void queue_claims_to_get(void)
{
	struct frame_shm *frame;
	uint64_t position;
	CHILD_ASSERT(queue_begin(queue, &frame) == 0);
	CHILD_ASSERT(mpmc_front(&queue->ring, frame, &position) == 0);
	CHILD_ASSERT(mpmc_claim_front(&queue->ring, frame, position));
}

START_TEST(queue_put_cut_off_is_counted_as_recovered_and_tombstoned)
{
	dies(queue_claims_to_put);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	counts_are(1, "queue", 1, 0, 1);
}
END_TEST

START_TEST(queue_get_cut_off_is_redelivered_once_however_often_the_buffer_is_too_small)
{
	char message[200] = "", small[10];

	ck_assert_int_eq(mpshm_queue_try_put(queue, message, sizeof message), 0);
	dies(queue_claims_to_get);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_try_get(queue, small, sizeof small), -EMSGSIZE);
	counts_are(1, "queue", 1, 0, 0);
	ck_assert_int_eq(mpshm_queue_try_get(queue, message, sizeof message), sizeof message);
	counts_are(1, "queue", 1, 1, 0);
}
END_TEST

/* A bulk that took elements over and then could not get the rest gives them back. */
START_TEST(mpmc_element_given_back_is_not_redelivered)
{
	uint64_t element = 0, positions[REDELIVERY_ENTRIES];
	struct frame_shm *frame;
	struct cell_shm *cell;
	uint32_t attempt;

	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(mpshm_mpmc_try_push(mpmc, &element), 0);
	dies(peek_two);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	ck_assert_int_eq(thread_cell(segment, &cell), 0);
	frame = frame_find(cell);
	ck_assert(mpshm_i_mpmc_adopt(&mpmc->ring, frame, &positions[0], &attempt));
	mpshm_i_mpmc_unadopt(&mpmc->ring, frame, positions[0]);
	ck_assert_uint_eq(mpshm_i_mpmc_redeliverable(&mpmc->ring, 2, positions), 2);
	ck_assert_uint_eq(mpshm_i_mpmc_adopt_many(&mpmc->ring, frame, 2, positions), 2);
	mpshm_i_mpmc_unadopt(&mpmc->ring, NULL, positions[0]);
	mpshm_i_mpmc_unadopt(&mpmc->ring, frame, positions[1]);
	counts_are(1, "mpmc", 2, 0, 0);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(mpmc, positions, 2), 2);
	counts_are(1, "mpmc", 2, 2, 0);
}
END_TEST

static void take_both_sides(void)
{
	struct mpshm_spsc *ring;
	CHILD_ASSERT(mpshm_spsc_open(&ring, segment, "spsc", MPSHM_PRODUCER | MPSHM_CONSUMER,
	                             NULL) == MPSHM_ATTACHED);
}

START_TEST(spsc_sides_of_the_dead_are_recovered_when_they_are_taken_over)
{
	struct mpshm_spsc *ring;

	dies(take_both_sides);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	counts_are(1, "spsc", 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(mpshm_spsc_open(&ring, segment, "spsc", MPSHM_CONSUMER, NULL), 0);
		ck_assert_int_eq(mpshm_spsc_close(ring), 0);
		counts_are(1, "spsc", 1, 0, 0);
	}
	ck_assert_int_eq(mpshm_spsc_open(&ring, segment, "spsc", MPSHM_PRODUCER, NULL), 0);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	counts_are(1, "spsc", 2, 0, 0);
}
END_TEST

static void lock_the_directory(void)
{
	pthread_mutex_lock(&segment->mutex);
	CHILD_ASSERT(mpshm_i_directory_lock(segment) == 0);
}

START_TEST(directory_lock_of_the_dead_is_a_take_over_of_the_segment)
{
	struct mpshm_segment_info all;

	dies(lock_the_directory);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	counts_are(1, "", 0, 0, 0);
	ck_assert_int_eq(mpshm_inspect_segment(inspect, &all), 0);
	ck_assert_uint_eq(all.lock_take_overs, 1);
	ck_assert_int_eq(mpshm_object_unlink(segment, "alone"), 0);
	ck_assert_int_eq(mpshm_inspect_segment(inspect, &all), 0);
	ck_assert_uint_eq(all.lock_take_overs, 1);
}
END_TEST

START_TEST(object_made_anew_begins_with_no_deaths)
{
	dies(nothing);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	ck_assert_uint_eq(info_of("value").peer_deaths, 1);
	uint32_t place = info_of("value").index;
	ck_assert_int_eq(mpshm_value_close(value), 0);
	ck_assert_int_eq(mpshm_object_unlink(segment, "value"), 0);
	ck_assert_int_eq(mpshm_value_open(&value, segment, "value", MPSHM_CREATE, NULL), 1);
	ck_assert_uint_eq(info_of("value").index, place);
	ck_assert_uint_eq(info_of("value").peer_deaths, 0);
}
END_TEST

Suite *suite_death_counts(void)
{
	Suite *suite = suite_create("death_counts");
	TCase *tcase = tcase_create("death_counts");
	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, set_up_all, tear_down_all);
	tcase_add_test(tcase, death_in_no_call_is_counted_by_every_object_that_was_open);
	tcase_add_test(tcase, closing_is_no_death_to_an_object);
	tcase_add_test(tcase, mpmc_push_cut_off_is_counted_as_recovered_and_tombstoned);
	tcase_add_test(
		tcase,
		mpmc_pop_cut_off_is_counted_as_recovered_and_when_another_pops_as_redelivered);
	tcase_add_test(tcase, mpmc_element_whose_second_consumer_dies_too_is_redelivered_once);
	tcase_add_test(tcase, mpmc_element_given_back_is_not_redelivered);
	tcase_add_test(tcase, queue_put_cut_off_is_counted_as_recovered_and_tombstoned);
	tcase_add_test(tcase,
	               queue_get_cut_off_is_redelivered_once_however_often_the_buffer_is_too_small);
	tcase_add_test(tcase, spsc_sides_of_the_dead_are_recovered_when_they_are_taken_over);
	tcase_add_test(tcase, directory_lock_of_the_dead_is_a_take_over_of_the_segment);
	tcase_add_test(tcase, object_made_anew_begins_with_no_deaths);
	suite_add_tcase(suite, tcase);
	return suite;
}
