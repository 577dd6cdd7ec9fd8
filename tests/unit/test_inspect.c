/* SPDX-License-Identifier: BSD-2-Clause */
/* Looking into live segments. */
#include "inspect_fixture.h"

/* The object of that name; false: it isn't listed. */
static bool look_at(const char *what, struct mpshm_object_info *info)
{
	uint32_t cursor = 0;
	int ret;

	while ((ret = mpshm_inspect_object(inspect, &cursor, info)) == 1)
		if (strcmp(info->name, what) == 0)
			return true;
	ck_assert_int_eq(ret, 0);
	return false;
}

START_TEST(segment_is_told_as_it_was_created)
{
	struct mpshm_segment_info info;
	uint8_t uuid[16];

	ck_assert_int_eq(mpshm_inspect_segment(inspect, &info), 0);
	ck_assert_str_eq(info.name, name);
	mpshm_segment_uuid(segment, uuid);
	ck_assert_int_eq(memcmp(uuid, info.uuid, sizeof uuid), 0);
	ck_assert_uint_eq(info.layout_major, SEGMENT_LAYOUT_MAJOR);
	ck_assert_uint_eq(info.directory_capacity, 16);
	ck_assert_uint_eq(info.participants_max, 6);
	ck_assert_uint_eq(info.threads_max, 10);
	ck_assert_uint_eq(info.participants, 1);
	ck_assert_uint_eq(info.objects, 0);
	ck_assert_uint_eq(info.mode, 0600);
	ck_assert_uint_eq(info.uid, getuid());
	ck_assert_uint_eq(info.creator_pid, (uint32_t) getpid());
	ck_assert_uint_gt(info.memory_bytes, 0);
	ck_assert_uint_ge(info.size_bytes, UINT64_C(4) << 20);
	ck_assert_uint_le(info.heap_bytes, info.size_bytes);
}
END_TEST

START_TEST(objects_of_each_type_are_told)
{
	struct mpshm_spsc_options spsc_options = {.capacity = 16, .element_bytes = 12};
	struct mpshm_mpmc_options mpmc_options = {.capacity = 32, .element_bytes = 8};
	struct mpshm_value_options value_options = {.initial = -7};
	struct mpshm_segment_info before, after;
	struct mpshm_object_info info;
	struct mpshm_counter *counter;
	struct mpshm_value *value;
	struct mpshm_spsc *spsc;
	struct mpshm_mpmc *mpmc;
	char element[12] = "";

	ck_assert_int_eq(mpshm_inspect_segment(inspect, &before), 0);
	ck_assert_int_eq(mpshm_spsc_open(&spsc, segment, "spsc", MPSHM_CREATE | MPSHM_PRODUCER,
	                                 &spsc_options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_mpmc_open(&mpmc, segment, "mpmc", MPSHM_CREATE, &mpmc_options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_value_open(&value, segment, "value", MPSHM_CREATE, &value_options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_counter_open(&counter, segment, "counter", MPSHM_CREATE, NULL),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_spsc_try_push(spsc, element), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push(mpmc, element), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push(mpmc, element), 0);
	ck_assert_int_eq(mpshm_mpmc_try_pop(mpmc, element), 0);
	ck_assert_int_eq(mpshm_counter_add(counter, 40), 0);
	ck_assert_int_eq(mpshm_counter_add(counter, 2), 0);

	ck_assert(look_at("spsc", &info));
	ck_assert_uint_eq(info.kind, MPSHM_KIND_SPSC);
	ck_assert_uint_eq(info.capacity, 16);
	ck_assert_uint_eq(info.element_bytes, 12);
	ck_assert_uint_eq(info.used, 1);
	ck_assert_uint_eq(info.producer, segment->participant);
	ck_assert_uint_eq(info.consumer, UINT32_MAX);
	ck_assert_uint_eq(info.openers, 1);
	ck_assert_int_eq(mpshm_inspect_has_open(inspect, info.index, segment->participant), 1);
	ck_assert_int_eq(mpshm_inspect_has_open(inspect, info.index, segment->participant + 1), 0);
	ck_assert(look_at("mpmc", &info));
	ck_assert_uint_eq(info.kind, MPSHM_KIND_MPMC);
	ck_assert_uint_eq(info.capacity, 32);
	ck_assert_uint_eq(info.used, 1);
	ck_assert_uint_eq(info.put_total, 2);
	ck_assert_uint_eq(info.get_total, 1);
	ck_assert(look_at("value", &info));
	ck_assert_uint_eq(info.kind, MPSHM_KIND_VALUE);
	ck_assert_int_eq(info.value, -7);
	ck_assert(look_at("counter", &info));
	ck_assert_uint_eq(info.kind, MPSHM_KIND_COUNTER);
	ck_assert_int_eq(info.value, 42);
	ck_assert(!look_at("none", &info));

	ck_assert_int_eq(mpshm_inspect_segment(inspect, &after), 0);
	ck_assert_uint_eq(after.objects, 4);
	ck_assert_uint_eq(after.threads, 1);
	ck_assert_uint_lt(after.heap_bytes, before.heap_bytes);
	ck_assert_uint_eq(before.heap_bytes - after.heap_bytes,
	                  after.memory_bytes - before.memory_bytes);
	ck_assert_int_eq(mpshm_spsc_close(spsc), 0);
	ck_assert_int_eq(mpshm_mpmc_close(mpmc), 0);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
}
END_TEST

START_TEST(queue_is_told_with_its_blocks_and_shutdown)
{
	struct mpshm_queue_options options = {.capacity = 10, .max_message_bytes = 4096};
	struct mpshm_object_info info;
	struct mpshm_queue *queue;
	char message[3000] = "";

	ck_assert_int_eq(mpshm_queue_open(&queue, segment, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_queue_put(queue, message, sizeof message, 0), 0);
	ck_assert_int_eq(mpshm_queue_put(queue, message, 5, 0), 0);
	ck_assert(look_at("queue", &info));
	ck_assert_uint_eq(info.kind, MPSHM_KIND_QUEUE);
	ck_assert_uint_eq(info.capacity, 10);
	ck_assert_uint_eq(info.used, 2);
	ck_assert_uint_eq(info.element_bytes, 4096);
	ck_assert_uint_gt(info.pool_blocks, 0);
	ck_assert_uint_eq(info.pool_blocks_used, 1);
	ck_assert_uint_eq(info.shut_down, 0);
	ck_assert_int_eq(mpshm_queue_get(queue, message, sizeof message, 0), sizeof message);
	ck_assert_int_eq(mpshm_queue_shutdown(queue), 0);
	ck_assert(look_at("queue", &info));
	ck_assert_uint_eq(info.used, 1);
	ck_assert_uint_eq(info.pool_blocks_used, 0);
	ck_assert_uint_eq(info.shut_down, 1);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_is_told_with_its_leases)
{
	struct mpshm_object_info info;
	struct mpshm_queue *queue;
	struct mpshm_lease leases[3];

	ck_assert_int_eq(mpshm_queue_open(&queue, segment, "queue", MPSHM_CREATE, NULL),
	                 MPSHM_CREATED);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_try_put(queue, "m", 1), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_get_begin(queue, &leases[i], 0), 1);
	ck_assert_int_eq(mpshm_queue_get_abort(queue, &leases[1]), 0);
	ck_assert(look_at("queue", &info));
	ck_assert_uint_eq(info.used, 0);
	ck_assert_uint_eq(info.pool_blocks_used, 3);
	ck_assert_uint_eq(info.leased, 2);
	ck_assert_uint_eq(info.returned, 1);
	ck_assert_int_eq(mpshm_queue_get_begin(queue, &leases[1], 0), 1);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(mpshm_queue_get_commit(queue, &leases[i]), 0);
	ck_assert(look_at("queue", &info));
	ck_assert_uint_eq(info.pool_blocks_used, 0);
	ck_assert_uint_eq(info.leased, 0);
	ck_assert_uint_eq(info.returned, 0);
	ck_assert_uint_eq(info.redelivered, 1);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(unlinked_object_is_told_as_such_until_it_is_gone)
{
	struct mpshm_object_info info;
	struct mpshm_value *value;

	ck_assert_int_eq(mpshm_value_open(&value, segment, "v", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_object_unlink(segment, "v"), 0);
	ck_assert(look_at("v", &info));
	ck_assert_uint_eq(info.unlinked, 1);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	ck_assert(!look_at("v", &info));
}
END_TEST

START_TEST(participants_are_told_alive_and_dead)
{
	struct mpshm_participant_info info;
	uint32_t cursor = 0;
	pid_t child = fork();

	if (child == 0) {
		if (mpshm_thread_attach(segment) < 0)
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(mpshm_inspect_participant(inspect, &cursor, &info), 1);
	ck_assert_uint_eq(info.pid, (uint32_t) getpid());
	ck_assert_uint_eq(info.liveness, MPSHM_ALIVE);
	ck_assert_int_eq(mpshm_inspect_participant(inspect, &cursor, &info), 1);
	ck_assert_uint_eq(info.pid, (uint32_t) child);
	ck_assert_uint_eq(info.liveness, MPSHM_DEAD);
	ck_assert_uint_eq(info.threads, 1);
	ck_assert_int_eq(mpshm_inspect_participant(inspect, &cursor, &info), 0);
	ck_assert_int_eq(mpshm_segment_recover(segment), 1);
	cursor = 1;
	ck_assert_int_eq(mpshm_inspect_participant(inspect, &cursor, &info), 0);
}
END_TEST

START_TEST(participant_that_comes_and_goes_is_never_told_dead)
{
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0)
		for (;;) {
			struct mpshm_segment *own;
			if (mpshm_segment_open(&own, name, MPSHM_NEW_MAPPING, NULL) < 0 ||
			    mpshm_segment_close(own) < 0)
				_exit(1);
		}
	for (int seen = 0, looks = 0; seen < 3000 && looks < 2000000; looks++) {
		struct mpshm_participant_info info;
		uint32_t cursor = 1;
		while (mpshm_inspect_participant(inspect, &cursor, &info) == 1) {
			ck_assert_uint_eq(info.liveness, MPSHM_ALIVE);
			seen++;
		}
	}
	int status;
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
}
END_TEST

START_TEST(looking_does_not_make_a_participant)
{
	struct mpshm_segment_info info;

	ck_assert_int_eq(mpshm_inspect_segment(inspect, &info), 0);
	ck_assert_uint_eq(info.participants, 1);
	ck_assert_uint_eq(info.threads, 0);
}
END_TEST

struct listing {
	char last[MPSHM_NAME_MAX + 1];
	int seen;
	int stop_at;
};

static int see(const char *what, void *context)
{
	struct listing *listing = context;

	ck_assert_int_lt(strcmp(listing->last, what), 0);
	snprintf(listing->last, sizeof listing->last, "%s", what);
	listing->seen += strcmp(what, name) == 0;
	return listing->seen && listing->stop_at ? listing->stop_at : 0;
}

START_TEST(list_names_each_segment_in_order_and_stops_when_told)
{
	struct listing all = {.last = ""}, some = {.last = "", .stop_at = 5};

	ck_assert_int_eq(mpshm_inspect_list(see, &all), 0);
	ck_assert_int_eq(all.seen, 1);
	ck_assert_int_eq(mpshm_inspect_list(see, &some), 5);
	ck_assert_str_eq(some.last, name);
	ck_assert_int_eq(mpshm_inspect_list(NULL, NULL), -EINVAL);
}
END_TEST

Suite *suite_inspect(void)
{
	Suite *suite = suite_create("inspect");
	TCase *tcase = tcase_create("inspect");
	tcase_set_timeout(tcase, 30);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, segment_is_told_as_it_was_created);
	tcase_add_test(tcase, objects_of_each_type_are_told);
	tcase_add_test(tcase, queue_is_told_with_its_blocks_and_shutdown);
	tcase_add_test(tcase, queue_is_told_with_its_leases);
	tcase_add_test(tcase, unlinked_object_is_told_as_such_until_it_is_gone);
	tcase_add_test(tcase, participants_are_told_alive_and_dead);
	tcase_add_test(tcase, participant_that_comes_and_goes_is_never_told_dead);
	tcase_add_test(tcase, looking_does_not_make_a_participant);
	tcase_add_test(tcase, list_names_each_segment_in_order_and_stops_when_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
