/* SPDX-License-Identifier: BSD-2-Clause */
/* queue: open and close, what they refuse; geometry that a hostile peer wrote. */
#include "objects.h"

#include "queue/queue.h"

START_TEST(queue_open_fills_in_defaults)
{
	struct mpshm_queue *queue, *other;
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_uint_eq(mpshm_queue_capacity(queue), 1024);
	ck_assert_uint_eq(mpshm_queue_max_message_bytes(queue), 65536);
	ck_assert_uint_eq(mpshm_queue_size(queue), 0);
	ck_assert_int_eq(mpshm_queue_open(&other, seg, "queue", MPSHM_CREATE, NULL),
	                 MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_queue_close(other), 0);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_open_refuses_bad_arguments)
{
	static const struct {
		const char *name;
		unsigned flags;
		struct mpshm_queue_options options;
	} refused[] = {
		{"", MPSHM_CREATE, {.capacity = 4}},
		{"q/", MPSHM_CREATE, {.capacity = 4}},
		{"q", MPSHM_CREATE | MPSHM_PRODUCER, {.capacity = 4}},
		{"q", MPSHM_EXCLUSIVE, {.capacity = 4}},
		{"q", MPSHM_CREATE, {.capacity = (1u << 26) + 1}},
		{"q", MPSHM_CREATE, {.max_message_bytes = (16u << 20) + 1}},
		{"q", MPSHM_CREATE, {.slot_bytes = 32}},
		{"q", MPSHM_CREATE, {.slot_bytes = 96}},
		{"q", MPSHM_CREATE, {.slot_bytes = 8192}},
		{"q", MPSHM_CREATE, {.pool_bytes = 65535}},
		{"q", MPSHM_CREATE, {.reserved0 = 1}},
		{"q", MPSHM_CREATE, {.reserved = {1}}},
		{"q", MPSHM_CREATE, {.reserved = {[7] = 1}}},
		{"q", 0, {.reserved = {[3] = 1}}},
	};
	struct mpshm_queue *const untouched = (void *) &seg;
	struct mpshm_queue *queue = untouched;
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		int ret = mpshm_queue_open(&queue, seg, refused[i].name, refused[i].flags,
		                           &refused[i].options);
		ck_assert_msg(ret == -EINVAL, "row %zu: %d", i, ret);
		ck_assert_str_ne(mpshm_error_detail(), "");
	}
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "q", 0, NULL), -ENOENT);
	ck_assert_ptr_eq(queue, untouched);
}
END_TEST

START_TEST(queue_open_tells_exists_other_type_other_options_and_no_room)
{
	struct mpshm_queue *queue, *other;
	struct mpshm_value *value;
	struct mpshm_queue_options options = {.capacity = 6, .max_message_bytes = 1000};
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	ck_assert_int_eq(
		mpshm_queue_open(&other, seg, "queue", MPSHM_CREATE | MPSHM_EXCLUSIVE, &options),
		-EEXIST);
	options.capacity = 8;
	ck_assert_int_eq(mpshm_queue_open(&other, seg, "queue", 0, &options), -EINVAL);
	options = (struct mpshm_queue_options){.max_message_bytes = 1001};
	ck_assert_int_eq(mpshm_queue_open(&other, seg, "queue", MPSHM_CREATE, &options), -EINVAL);
	options.max_message_bytes = 1000;
	ck_assert_int_eq(mpshm_queue_open(&other, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_queue_close(other), 0);
	ck_assert_int_eq(mpshm_value_open(&value, seg, "value", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_queue_open(&other, seg, "value", 0, NULL), -ENOTTY);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	options = (struct mpshm_queue_options){.capacity = 1u << 26};
	ck_assert_int_eq(mpshm_queue_open(&other, seg, "big", MPSHM_CREATE, &options), -ENOSPC);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_of_every_largest_message_and_slot_carries_its_largest)
{
	static const uint32_t largest[] = {1, 40, 41, 104, 256, 257, 5000, 16u << 20};
	static const uint32_t slots[] = {64, 4096};
	for (size_t i = 0; i < COUNT_OF(largest) * COUNT_OF(slots); i++) {
		struct mpshm_queue *queue;
		uint32_t bytes = largest[i / 2];
		const struct mpshm_queue_options options = {
			.capacity = 2, .max_message_bytes = bytes, .slot_bytes = slots[i % 2]};
		char *in = sparse_memory(bytes), *out = sparse_memory(bytes);
		in[0] = 1;
		in[bytes - 1] = (char) (i + 2);
		ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
		                 MPSHM_CREATED);
		ck_assert_int_eq(mpshm_queue_try_put(queue, in, bytes), 0);
		ck_assert_int_eq(mpshm_queue_try_put(queue, in, bytes + 1), -EMSGSIZE);
		ck_assert_int_eq(mpshm_queue_try_get(queue, out, bytes), (ssize_t) bytes);
		ck_assert_int_eq(out[bytes - 1], (char) (i + 2));
		ck_assert_int_eq(mpshm_queue_close(queue), 0);
		ck_assert_int_eq(mpshm_object_unlink(seg, "queue"), 0);
		sparse_free(in, bytes);
		sparse_free(out, bytes);
	}
}
END_TEST

/* Each row: one field, by its offset, and what a hostile peer writes into it. */
static const struct {
	size_t at;
	uint64_t value;
	int bytes;
} lies[] = {
	{offsetof(struct queue_shm, ring.capacity), 0, 4},
	{offsetof(struct queue_shm, ring.capacity), 3, 4},
	{offsetof(struct queue_shm, ring.capacity), 1u << 31, 4},
	{offsetof(struct queue_shm, ring.limit), 0, 4},
	{offsetof(struct queue_shm, ring.limit), 9, 4},
	{offsetof(struct queue_shm, ring.element_bytes), 0, 4},
	{offsetof(struct queue_shm, ring.element_bytes), 8, 4},
	{offsetof(struct queue_shm, ring.element_bytes), 70000, 4},
	{offsetof(struct queue_shm, ring.words_at), UINT64_MAX - 7, 8},
	{offsetof(struct queue_shm, ring.words_at), 4097, 8},
	{offsetof(struct queue_shm, ring.elements_at), UINT64_MAX, 8},
	{offsetof(struct queue_shm, ring.word_stride), 0, 4},
	{offsetof(struct queue_shm, ring.word_stride), 12, 4},
	{offsetof(struct queue_shm, ring.word_stride), UINT32_MAX - 7, 4},
	{offsetof(struct queue_shm, ring.element_stride), 1, 4},
	{offsetof(struct queue_shm, inline_bytes), 105, 4},
	{offsetof(struct queue_shm, max_message_bytes), UINT32_MAX, 4},
	{offsetof(struct queue_shm, max_message_bytes), 1025, 4},
	{offsetof(struct queue_shm, pool.classes), 0, 4},
	{offsetof(struct queue_shm, pool.classes), 25, 4},
	{offsetof(struct queue_shm, pool.blocks), 1, 4},
	{offsetof(struct queue_shm, pool.descriptors_at), UINT64_MAX - 7, 8},
	{offsetof(struct queue_shm, pool.class_table[0].blocks_at), UINT64_MAX - 63, 8},
	{offsetof(struct queue_shm, pool.class_table[0].block_bytes), 0, 4},
	{offsetof(struct queue_shm, pool.class_table[0].block_bytes), 512, 4},
	{offsetof(struct queue_shm, pool.class_table[1].blocks), UINT32_MAX, 4},
	{offsetof(struct queue_shm, pool.class_table[1].first_block), 0, 4},
	{offsetof(struct queue_shm, pool.class_table[0].free_map_at), UINT64_MAX - 7, 8},
};

START_TEST(queue_geometry_of_a_hostile_peer_returns_ebadmsg)
{
	struct mpshm_queue *queue, *other;
	const struct mpshm_queue_options options = {.capacity = 8, .max_message_bytes = 1000};
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	struct queue_shm *shm = queue->shm;
	for (size_t i = 0; i < COUNT_OF(lies); i++) {
		struct queue_shm good;
		memcpy(&good, shm, sizeof good);
		memcpy((char *) shm + lies[i].at, &lies[i].value, (size_t) lies[i].bytes);
		ck_assert_msg(mpshm_queue_open(&other, seg, "queue", 0, NULL) == -EBADMSG,
		              "row %zu", i);
		/* Who has it open already goes by what it checked. */
		ck_assert_int_eq(mpshm_queue_try_put(queue, "x", 1), 0);
		ck_assert_int_eq(mpshm_queue_try_get(queue, (char[1]){0}, 1), 1);
		memcpy((char *) shm + lies[i].at, (char *) &good + lies[i].at,
		       (size_t) lies[i].bytes);
	}
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

Suite *suite_queue_options(void)
{
	Suite *suite = suite_create("queue_options");
	TCase *tcase = objects_tcase(suite, "options");
	tcase_add_test(tcase, queue_open_fills_in_defaults);
	tcase_add_test(tcase, queue_open_refuses_bad_arguments);
	tcase_add_test(tcase, queue_open_tells_exists_other_type_other_options_and_no_room);
	tcase_add_test(tcase, queue_of_every_largest_message_and_slot_carries_its_largest);
	tcase_add_test(tcase, queue_geometry_of_a_hostile_peer_returns_ebadmsg);
	return suite;
}
