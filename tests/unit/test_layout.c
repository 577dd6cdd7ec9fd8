/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What words that processes share are made of, by numbers: a change here is a change of
 * the layout's version.  (Where the words lie, lib/layout asserts at compile time.)
 */
#include "objects.h"

#include "layout/queue.h"
#include "layout/segment.h"
#include "platform/liveness.h"
#include "segment/lock.h"

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

START_TEST(layout_of_the_words_is_as_numbered)
{
	ck_assert_uint_eq(slot_word(SLOT_READY, 0, 0), 1);
	ck_assert_uint_eq(slot_word(SLOT_TOMB, 0, 0), 2);
	ck_assert_uint_eq(slot_word(SLOT_REDEL, 1, 0), 0xb);
	ck_assert_uint_eq(slot_word(SLOT_TAKEN, 255, 1), 0xffc);
	ck_assert_uint_eq(TAIL_CLOSED, UINT64_C(1) << 63);
	ck_assert_uint_eq(owner_make(0, 1), 0x10001);
	ck_assert_uint_eq(owner_make(1023, UINT32_MAX), UINT64_C(0xffffffff0400));
	ck_assert_uint_eq(CELL_ORPHAN, UINT64_C(1) << 48);
	ck_assert_uint_eq(SIDE_LEFT, UINT64_C(1) << 48);
	ck_assert_uint_eq(entry_state(ENTRY_CREATING, 0), 1);
	ck_assert_uint_eq(entry_state(ENTRY_READY, 3), 0x302);
	ck_assert_uint_eq(entry_state(ENTRY_UNLINKED, 0), 3);
	ck_assert_uint_eq(participant_state(PARTICIPANT_ACTIVE, 2), 0x201);
	ck_assert_uint_eq(participant_state(PARTICIPANT_DEAD, 0), 2);
	ck_assert_uint_eq(frame_what(FRAME_PUT, 0, 0, 0), 1);
	ck_assert_uint_eq(frame_what(FRAME_GET, 0xfff, 0x12345, 7), UINT64_C(0x72345fff2));
	ck_assert_uint_eq(frame_what(FRAME_ADOPT, 0, 0, 0), 3);
	ck_assert_uint_eq(FRAME_BUSY, UINT64_C(1) << 63);
	ck_assert_uint_eq(FRAME_POSITION_BITS, (UINT64_C(1) << 53) - 1);
	ck_assert_uint_eq(message_head(0x1ffffff, 0, 0, 0), 0x1ffffff);
	ck_assert_uint_eq(message_head(0, 1, 1, 1),
	                  UINT64_C(1) << 25 | UINT64_C(1) << 49 | UINT64_C(1) << 60);
	ck_assert_uint_eq(block_word(BLOCK_OWNED, 9), 9 << 3 | 1);
	ck_assert_uint_eq(block_word(BLOCK_IN, 9), 9 << 3 | 2);
	ck_assert_uint_eq(block_word(BLOCK_LEASED, 9), 9 << 3 | 3);
	ck_assert_int_eq(LIVENESS_BYTE_CREATE, INT64_C(1) << 62);
	ck_assert_int_eq(LIVENESS_BYTE_ATTACH, (INT64_C(1) << 62) + 1);
	ck_assert_int_eq(LIVENESS_BYTE_NEWCOMER, (INT64_C(1) << 62) + 2);
	ck_assert_int_eq(LIVENESS_BYTE_PARTICIPANT(1023), (INT64_C(1) << 62) + 16 + 1023);
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
	tcase_add_test(tcase, layout_of_the_words_is_as_numbered);
	suite_add_tcase(suite, tcase);
	return suite;
}
