/* SPDX-License-Identifier: BSD-2-Clause */
/* Objects of a segment: created, opened, closed, unlinked. */
#include "directory_fixture.h"

#include <sys/statvfs.h>

START_TEST(object_opened_twice_is_the_same_memory)
{
	struct object first, second;

	ck_assert_int_eq(make(&first, "a", 100), MPSHM_CREATED);
	ck_assert_int_eq(make(&second, "a", 100), MPSHM_ATTACHED);
	ck_assert_ptr_eq(first.shm, second.shm);
	ck_assert_uint_eq(first.bytes, LAYOUT_PAGE);
	ck_assert_uint_eq(*(uint64_t *) first.shm, mark);
	ck_assert_uint_eq(first.incarnation, second.incarnation);
	ck_assert_int_eq(mpshm_i_object_close(&first), 0);
	ck_assert_int_eq(mpshm_i_object_close(&second), 0);
}
END_TEST

START_TEST(object_without_create_is_enoent)
{
	struct object object;

	ck_assert_int_eq(mpshm_i_object_open(&object, segment, "none", 0, &thing, NULL), -ENOENT);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "none"));
	ck_assert_int_eq(mpshm_object_unlink(segment, "none"), -ENOENT);
}
END_TEST

START_TEST(object_exclusive_where_it_exists_is_eexist)
{
	struct object_plan plan = plan_of(100);
	struct object object;

	make_and_close("a", 100);
	ck_assert_int_eq(mpshm_i_object_open(&object, segment, "a", MPSHM_CREATE | MPSHM_EXCLUSIVE,
	                                     &thing, &plan),
	                 -EEXIST);
	ck_assert_int_eq(mpshm_i_object_open(&object, segment, "a", MPSHM_EXCLUSIVE, &thing, &plan),
	                 -EINVAL);
}
END_TEST

START_TEST(object_of_another_type_is_enotty)
{
	struct object object;

	make_and_close("a", 100);
	ck_assert_int_eq(mpshm_i_object_open(&object, segment, "a", 0, &other, NULL), -ENOTTY);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "other"));
	ck_assert_ptr_null(segment->objects);
}
END_TEST

START_TEST(object_with_a_bad_name_is_einval)
{
	static const char *const bad[] = {"", "a/b", "a b", "a\n", NULL};
	char longest[MPSHM_NAME_MAX + 2];
	struct mpshm_value *value;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ck_assert_int_eq(mpshm_value_open(&value, segment, bad[i], MPSHM_CREATE, NULL),
		                 -EINVAL);
		ck_assert_int_eq(mpshm_object_unlink(segment, bad[i]), -EINVAL);
	}
	memset(longest, 'x', sizeof longest);
	longest[MPSHM_NAME_MAX + 1] = '\0';
	ck_assert_int_eq(mpshm_value_open(&value, segment, longest, MPSHM_CREATE, NULL), -EINVAL);
	longest[MPSHM_NAME_MAX] = '\0';
	make_and_close(longest, 1);
	ck_assert_int_eq(mpshm_object_unlink(segment, longest), 0);
}
END_TEST

START_TEST(object_of_no_size_or_an_absurd_one_is_refused)
{
	struct object object;

	ck_assert_int_eq(make(&object, "a", 0), -EINVAL);
	ck_assert_int_eq(make(&object, "a", UINT64_MAX), -EINVAL);
	ck_assert_int_eq(make(&object, "a", UINT64_MAX - 2 * LAYOUT_PAGE), -ENOSPC);
	ck_assert_int_eq(make(&object, "a", (uint64_t) INT64_MAX), -ENOSPC);
	assert_all_empty();
}
END_TEST

START_TEST(object_with_an_unknown_feature_is_eproto)
{
	struct object object;

	make_and_close("a", 100);
	segment->directory[0].features = 4;
	ck_assert_int_eq(mpshm_i_object_open(&object, segment, "a", 0, &thing, NULL), -EPROTO);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "0x4"));
}
END_TEST

START_TEST(object_whose_place_is_corrupt_is_ebadmsg_and_harms_no_other)
{
	static const struct extent_shm bad[] = {
		{0, LAYOUT_PAGE},
		{LAYOUT_PAGE, UINT64_MAX - LAYOUT_PAGE + 1},
		{UINT64_MAX - LAYOUT_PAGE + 1, 2 * LAYOUT_PAGE},
		{HEAP_BYTES * 4, LAYOUT_PAGE},
		{HEAP_BYTES / 2 + 1, LAYOUT_PAGE},
		{HEAP_BYTES / 2, 100},
		{HEAP_BYTES / 2, 0},
	};
	struct object object;

	make_and_close("a", 100);
	struct extent_shm good = segment->directory[0].extents[0];
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		segment->directory[0].extents[0] = bad[i];
		ck_assert_int_eq(mpshm_i_object_open(&object, segment, "a", 0, &thing, NULL),
		                 -EBADMSG);
		make_and_close("b", 100);
		ck_assert_int_eq(mpshm_object_unlink(segment, "b"), 0);
	}
	ck_assert_uint_eq(segment->shm->corrupt.raw, 1);
	segment->directory[0].extents[0] = good;
	ck_assert_int_eq(mpshm_object_unlink(segment, "a"), 0);
	assert_all_empty();
}
END_TEST

START_TEST(directory_that_is_full_is_enospc_and_says_so)
{
	struct object object;
	char what[8];

	for (uint32_t i = 0; i < ENTRIES; i++) {
		snprintf(what, sizeof what, "o%u", i);
		make_and_close(what, 1);
	}
	ck_assert_int_eq(make(&object, "more", 1), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "directory_capacity 8"));
	ck_assert_int_eq(mpshm_object_unlink(segment, "o3"), 0);
	make_and_close("more", 1);
}
END_TEST

START_TEST(heap_that_is_full_is_enospc_and_nothing_is_left)
{
	struct object object;
	uint64_t before = memory_blocks();
	uint64_t heap = segment->bytes - segment->heap_at;

	ck_assert_int_eq(make(&object, "a", heap + 1), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "size_bytes"));
	assert_all_empty();
	ck_assert_uint_eq(memory_blocks(), before);
	make_and_close("a", heap);
	ck_assert_uint_eq(memory_blocks(), before + heap / 512);
	ck_assert_int_eq(make(&object, "b", 1), -ENOSPC);
	ck_assert_int_eq(mpshm_object_unlink(segment, "a"), 0);
	ck_assert_uint_eq(memory_blocks(), before);
	assert_all_empty();
}
END_TEST

START_TEST(memory_that_is_not_there_is_enospc_and_nothing_is_left)
{
	struct statvfs space;

	ck_assert_int_eq(statvfs(SHM_DIRECTORY, &space), 0);
	uint64_t more = (uint64_t) space.f_bavail * space.f_frsize + (UINT64_C(256) << 20);
	struct mpshm_segment_options options = {.size_bytes = more * 2};
	struct mpshm_segment *large;
	struct object_plan plan = plan_of(more);
	struct object object;
	char what[80];

	snprintf(what, sizeof what, "%s-large", name);
	ck_assert_int_eq(mpshm_segment_open(&large, what, MPSHM_CREATE, &options), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_i_object_open(&object, large, "a", MPSHM_CREATE, &thing, &plan),
	                 -ENOSPC);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), SHM_DIRECTORY));
	ck_assert_int_eq(entry_state_kind(large->directory[0].state.raw), ENTRY_EMPTY);
	plan.bytes = 1;
	ck_assert_int_eq(mpshm_i_object_open(&object, large, "a", MPSHM_CREATE, &thing, &plan),
	                 MPSHM_CREATED);
	ck_assert_int_eq(mpshm_i_object_close(&object), 0);
	ck_assert_int_eq(mpshm_segment_close(large), 0);
	ck_assert_int_eq(mpshm_segment_unlink(what), 0);
}
END_TEST

START_TEST(object_takes_the_lowest_hole_that_it_fits)
{
	struct object a, b, c, d, e;

	ck_assert_int_eq(make(&a, "a", 4 * LAYOUT_PAGE), MPSHM_CREATED);
	ck_assert_int_eq(make(&b, "b", 2 * LAYOUT_PAGE), MPSHM_CREATED);
	ck_assert_int_eq(make(&c, "c", LAYOUT_PAGE), MPSHM_CREATED);
	char *at_a = a.shm, *at_b = b.shm, *at_c = c.shm;
	ck_assert_ptr_eq(at_b, at_a + 4 * LAYOUT_PAGE);
	ck_assert_ptr_eq(at_c, at_b + 2 * LAYOUT_PAGE);
	ck_assert_int_eq(mpshm_i_object_close(&b), 0);
	ck_assert_int_eq(mpshm_object_unlink(segment, "b"), 0);
	ck_assert_int_eq(make(&d, "d", 3 * LAYOUT_PAGE), MPSHM_CREATED);
	ck_assert_ptr_eq(d.shm, at_c + LAYOUT_PAGE);
	ck_assert_int_eq(make(&e, "e", 2 * LAYOUT_PAGE), MPSHM_CREATED);
	ck_assert_ptr_eq(e.shm, at_b);
	for (struct object *o = segment->objects; o; o = segment->objects)
		ck_assert_int_eq(mpshm_i_object_close(o), 0);
}
END_TEST

START_TEST(unlinked_object_keeps_its_memory_until_the_last_close)
{
	struct object first, second, successor;
	uint64_t before = memory_blocks();

	ck_assert_int_eq(make(&first, "a", 8 * LAYOUT_PAGE), MPSHM_CREATED);
	ck_assert_int_eq(make(&second, "a", 1), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_object_unlink(segment, "a"), 0);
	ck_assert_uint_eq(*(uint64_t *) first.shm, mark);
	ck_assert_int_eq(make(&successor, "a", LAYOUT_PAGE), MPSHM_CREATED);
	ck_assert_ptr_ne(successor.shm, first.shm);
	ck_assert_int_eq(mpshm_i_object_close(&first), 0);
	ck_assert_uint_eq(*(uint64_t *) second.shm, mark);
	ck_assert_int_eq(mpshm_i_object_close(&second), 0);
	ck_assert_uint_eq(memory_blocks(), before + LAYOUT_PAGE / 512);
	ck_assert_int_eq(mpshm_i_object_close(&successor), 0);
}
END_TEST

START_TEST(place_that_is_used_again_has_a_new_incarnation_and_zeroed_memory)
{
	struct object object;

	ck_assert_int_eq(make(&object, "a", LAYOUT_PAGE), MPSHM_CREATED);
	uint32_t incarnation = object.incarnation;
	memset(object.shm, 0xff, object.bytes);
	ck_assert_int_eq(mpshm_i_object_close(&object), 0);
	ck_assert_int_eq(mpshm_object_unlink(segment, "a"), 0);
	ck_assert_int_eq(make(&object, "b", LAYOUT_PAGE), MPSHM_CREATED);
	ck_assert_uint_eq(object.index, 0);
	ck_assert_uint_eq(object.incarnation, incarnation + 1);
	for (uint64_t i = sizeof mark; i < object.bytes; i++)
		ck_assert_int_eq(((char *) object.shm)[i], 0);
	ck_assert_int_eq(mpshm_i_object_close(&object), 0);
}
END_TEST

START_TEST(one_process_marks_an_object_once_however_many_handles)
{
	struct object first, second;

	ck_assert_int_eq(make(&first, "a", 1), MPSHM_CREATED);
	ck_assert_int_eq(make(&second, "a", 1), MPSHM_ATTACHED);
	ck_assert(mpshm_i_opener_has(segment, first.index, segment->participant));
	ck_assert_int_eq(mpshm_i_object_close(&second), 0);
	ck_assert(mpshm_i_opener_has(segment, first.index, segment->participant));
	ck_assert_int_eq(mpshm_i_object_close(&first), 0);
	ck_assert(!mpshm_i_opener_has(segment, first.index, segment->participant));
}
END_TEST

START_TEST(errno_is_left_alone)
{
	struct object object;

	errno = 77;
	ck_assert_int_eq(make(&object, "a", 1), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_i_object_close(&object), 0);
	ck_assert_int_eq(mpshm_object_unlink(segment, "a"), 0);
	ck_assert_int_eq(mpshm_object_unlink(segment, "a"), -ENOENT);
	ck_assert_int_eq(errno, 77);
}
END_TEST

Suite *suite_directory(void)
{
	Suite *suite = suite_create("directory");
	TCase *tcase = tcase_create("objects");
	tcase_add_checked_fixture(tcase, open_segment, close_segment);
	tcase_add_test(tcase, object_opened_twice_is_the_same_memory);
	tcase_add_test(tcase, object_without_create_is_enoent);
	tcase_add_test(tcase, object_exclusive_where_it_exists_is_eexist);
	tcase_add_test(tcase, object_of_another_type_is_enotty);
	tcase_add_test(tcase, object_with_a_bad_name_is_einval);
	tcase_add_test(tcase, object_of_no_size_or_an_absurd_one_is_refused);
	tcase_add_test(tcase, object_with_an_unknown_feature_is_eproto);
	tcase_add_test(tcase, object_whose_place_is_corrupt_is_ebadmsg_and_harms_no_other);
	tcase_add_test(tcase, directory_that_is_full_is_enospc_and_says_so);
	tcase_add_test(tcase, heap_that_is_full_is_enospc_and_nothing_is_left);
	tcase_add_test(tcase, memory_that_is_not_there_is_enospc_and_nothing_is_left);
	tcase_add_test(tcase, object_takes_the_lowest_hole_that_it_fits);
	tcase_add_test(tcase, unlinked_object_keeps_its_memory_until_the_last_close);
	tcase_add_test(tcase, place_that_is_used_again_has_a_new_incarnation_and_zeroed_memory);
	tcase_add_test(tcase, one_process_marks_an_object_once_however_many_handles);
	tcase_add_test(tcase, errno_is_left_alone);
	suite_add_tcase(suite, tcase);
	return suite;
}
