/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes that processes share, by numbers: a change here is a change of the layout's
 * version.  (lib/layout asserts them at compile time too; here stands what they were.)
 */
#include "objects.h"

#include "layout/queue.h"
#include "layout/segment.h"

#define AT(type, field, offset) ck_assert_uint_eq(offsetof(type, field), (offset))

START_TEST(layout_version_and_magic_are_those_of_the_golden_file)
{
	ck_assert_uint_eq(SEGMENT_LAYOUT_MAJOR, 1);
	ck_assert_uint_eq(SEGMENT_LAYOUT_MINOR, 0);
	ck_assert_mem_eq(SEGMENT_MAGIC, "MPSHM\r\n\x1a", 8);
	ck_assert_uint_eq(SEGMENT_READY, 0x59444552);
	ck_assert_uint_eq(LAYOUT_PAGE, 4096);
	ck_assert_uint_eq(LAYOUT_LINE, 128);
}
END_TEST

START_TEST(layout_of_the_segment_is_as_numbered)
{
	ck_assert_uint_eq(sizeof(struct segment_shm), 4096);
	AT(struct segment_shm, magic, 0);
	AT(struct segment_shm, layout_major, 8);
	AT(struct segment_shm, layout_minor, 12);
	AT(struct segment_shm, features_compat, 16);
	AT(struct segment_shm, features_ro_compat, 24);
	AT(struct segment_shm, features_incompat, 32);
	AT(struct segment_shm, byte_order, 40);
	AT(struct segment_shm, word_bytes, 44);
	AT(struct segment_shm, line_bytes, 46);
	AT(struct segment_shm, header_bytes, 48);
	AT(struct segment_shm, page_bytes, 52);
	AT(struct segment_shm, segment_bytes, 56);
	AT(struct segment_shm, uuid, 64);
	AT(struct segment_shm, created_ns, 80);
	AT(struct segment_shm, creator_pid, 88);
	AT(struct segment_shm, options, 92);
	AT(struct segment_shm, participants_max, 96);
	AT(struct segment_shm, threads_max, 100);
	AT(struct segment_shm, directory_capacity, 104);
	AT(struct segment_shm, participants_at, 112);
	AT(struct segment_shm, cells_at, 120);
	AT(struct segment_shm, directory_at, 128);
	AT(struct segment_shm, heap_at, 136);
	AT(struct segment_shm, ready, 240);
	AT(struct segment_shm, fence_required, 256);
	AT(struct segment_shm, corrupt, 260);
	AT(struct segment_shm, directory_lock, 384);
	AT(struct segment_shm, peer_deaths, 512);
	AT(struct segment_shm, recoveries, 520);
	AT(struct segment_shm, cells_high, 528);
}
END_TEST

START_TEST(layout_of_participants_cells_and_entries_is_as_numbered)
{
	ck_assert_uint_eq(sizeof(struct lock_shm), 16);
	ck_assert_uint_eq(sizeof(struct participant_shm), 256);
	AT(struct participant_shm, state, 0);
	AT(struct participant_shm, pid, 8);
	AT(struct participant_shm, attached_ns, 32);
	AT(struct participant_shm, membarrier, 40);
	AT(struct participant_shm, command, 48);
	AT(struct participant_shm, doorbell, 128);
	ck_assert_uint_eq(sizeof(struct frame_shm), 16);
	ck_assert_uint_eq(sizeof(struct cell_shm), 128);
	AT(struct cell_shm, owner, 0);
	AT(struct cell_shm, tid, 8);
	AT(struct cell_shm, frames, 16);
	ck_assert_uint_eq(CELL_FRAMES, 7);
	ck_assert_uint_eq(sizeof(struct entry_shm), 512);
	AT(struct entry_shm, state, 0);
	AT(struct entry_shm, type, 8);
	AT(struct entry_shm, features, 12);
	AT(struct entry_shm, extents, 32);
	AT(struct entry_shm, name, 128);
	AT(struct entry_shm, openers, 384);
}
END_TEST

START_TEST(layout_of_the_objects_is_as_numbered)
{
	ck_assert_uint_eq(sizeof(struct wait_shm), 256);
	ck_assert_uint_eq(sizeof(struct value_shm), 256);
	ck_assert_uint_eq(sizeof(struct counter_shm), 128);
	ck_assert_uint_eq(sizeof(struct stripe_shm), 64);
	ck_assert_uint_eq(sizeof(struct spsc_shm), 1024);
	AT(struct spsc_shm, capacity, 0);
	AT(struct spsc_shm, element_bytes, 4);
	AT(struct spsc_shm, elements_at, 8);
	AT(struct spsc_shm, producer, 128);
	AT(struct spsc_shm, consumer, 136);
	AT(struct spsc_shm, tail, 256);
	AT(struct spsc_shm, head, 384);
	ck_assert_uint_eq(sizeof(struct mpmc_shm), 1152);
	AT(struct mpmc_shm, words_at, 8);
	AT(struct mpmc_shm, elements_at, 16);
	AT(struct mpmc_shm, word_stride, 24);
	AT(struct mpmc_shm, element_stride, 28);
	AT(struct mpmc_shm, limit, 32);
	AT(struct mpmc_shm, tail, 128);
	AT(struct mpmc_shm, head, 256);
	AT(struct mpmc_shm, redelivery_map, 384);
	AT(struct mpmc_shm, redelivery, 512);
	ck_assert_uint_eq(sizeof(struct message_shm), 16);
	ck_assert_uint_eq(sizeof(struct block_shm), 32);
	ck_assert_uint_eq(sizeof(struct class_shm), 32);
	ck_assert_uint_eq(sizeof(struct pool_shm), 896);
	ck_assert_uint_eq(sizeof(struct queue_shm), 3968);
	AT(struct queue_shm, slot_bytes, 1152);
	AT(struct queue_shm, not_empty, 1280);
	AT(struct queue_shm, not_full, 1536);
	AT(struct queue_shm, block_free, 1792);
	AT(struct queue_shm, pool, 2048);
	AT(struct queue_shm, cursors, 2944);
}
END_TEST

START_TEST(layout_of_the_words_is_as_numbered)
{
	ck_assert_uint_eq(slot_word(SLOT_TAKEN, 255, 1), 0xffcu);
	ck_assert_uint_eq(slot_word(SLOT_READY, 0, 0), 1);
	ck_assert_uint_eq(owner_make(0, 1), 0x10001);
	ck_assert_uint_eq(owner_make(1023, UINT32_MAX), UINT64_C(0xffffffff0400));
	ck_assert_uint_eq(entry_state(ENTRY_READY, 3), 0x302);
	ck_assert_uint_eq(participant_state(PARTICIPANT_ACTIVE, 2), 0x201);
	ck_assert_uint_eq(frame_what(FRAME_GET, 0xfff, 0x12345, 7), UINT64_C(0x72345fff2));
	ck_assert_uint_eq(message_head(0x1ffffff, 0, 0, 0), 0x1ffffff);
	ck_assert_uint_eq(message_head(0, 1, 1, 1),
	                  UINT64_C(1) << 25 | UINT64_C(1) << 49 | UINT64_C(1) << 60);
	ck_assert_uint_eq(block_word(BLOCK_IN, 9), 9 << 3 | 2);
	/* Types are for ever. */
	ck_assert_uint_eq(OBJECT_SPSC, 1);
	ck_assert_uint_eq(OBJECT_MPMC, 2);
	ck_assert_uint_eq(OBJECT_QUEUE, 3);
	ck_assert_uint_eq(OBJECT_VALUE, 4);
	ck_assert_uint_eq(OBJECT_COUNTER, 5);
}
END_TEST

Suite *suite_layout(void)
{
	Suite *suite = suite_create("layout");
	TCase *tcase = tcase_create("layout");
	tcase_add_test(tcase, layout_version_and_magic_are_those_of_the_golden_file);
	tcase_add_test(tcase, layout_of_the_segment_is_as_numbered);
	tcase_add_test(tcase, layout_of_participants_cells_and_entries_is_as_numbered);
	tcase_add_test(tcase, layout_of_the_objects_is_as_numbered);
	tcase_add_test(tcase, layout_of_the_words_is_as_numbered);
	suite_add_tcase(suite, tcase);
	return suite;
}
