/* SPDX-License-Identifier: BSD-2-Clause */
/* The histogram of the benchmarks' latencies. */
#include "suites.h"

#include "common/histogram.h"

static struct histogram histogram, other;

static void empty(void)
{
	histogram = other = (struct histogram){0};
}

START_TEST(of_nothing_every_quantile_is_zero)
{
	ck_assert_int_eq(histogram_quantile(&histogram, 0), 0);
	ck_assert_int_eq(histogram_quantile(&histogram, 1), 0);
}
END_TEST

/* Every time has a bucket of its own doubling, and each bucket follows the last. */
START_TEST(buckets_are_in_order_and_leave_nothing_out)
{
	int64_t time, step;
	size_t last = 0, index;

	for (time = 0, step = 1; time <= HISTOGRAM_MOST; time += step) {
		index = histogram_index(time);
		ck_assert_uint_lt(index, HISTOGRAM_BUCKETS);
		ck_assert_uint_ge(index, last);
		ck_assert_uint_le(index - last, 1);
		last = index;
		step = time < 64 ? 1 : time / 64; /* half a bucket, at most */
	}
	ck_assert_uint_eq(histogram_index(HISTOGRAM_MOST), HISTOGRAM_BUCKETS - 1);
}
END_TEST

START_TEST(a_time_comes_back_within_a_thirty_second)
{
	int64_t time, got;

	for (time = 1; time < HISTOGRAM_MOST / 3; time = time * 3 + 1) {
		empty();
		histogram_add(&histogram, time);
		histogram_add(&histogram, HISTOGRAM_MOST);
		got = histogram_quantile(&histogram, 0.5);
		ck_assert_int_ge(got, time);
		ck_assert_int_le(got, time + time / 32);
	}
}
END_TEST

START_TEST(quantiles_are_those_of_the_times)
{
	int64_t time;

	for (time = 1; time <= 1000; time++)
		histogram_add(&histogram, time);
	ck_assert_uint_eq(histogram.count, 1000);
	ck_assert_int_eq(histogram_quantile(&histogram, 0), 1);
	ck_assert_int_eq(histogram_quantile(&histogram, 0.01), 10);
	ck_assert_int_ge(histogram_quantile(&histogram, 0.5), 500);
	ck_assert_int_le(histogram_quantile(&histogram, 0.5), 516);
	ck_assert_int_ge(histogram_quantile(&histogram, 0.99), 990);
	ck_assert_int_eq(histogram_quantile(&histogram, 1), 1000);
}
END_TEST

START_TEST(no_quantile_is_beyond_the_longest_time)
{
	histogram_add(&histogram, 1000001);
	ck_assert_int_eq(histogram_quantile(&histogram, 0.5), 1000001);
	ck_assert_int_eq(histogram_quantile(&histogram, 1), 1000001);
}
END_TEST

START_TEST(times_beyond_the_ends_are_kept)
{
	histogram_add(&histogram, -5);
	histogram_add(&histogram, HISTOGRAM_MOST * 4);
	ck_assert_uint_eq(histogram.count, 2);
	ck_assert_int_eq(histogram_quantile(&histogram, 0.5), 0);
	ck_assert_int_eq(histogram_quantile(&histogram, 1), HISTOGRAM_MOST * 4);
}
END_TEST

START_TEST(a_merged_one_is_that_of_all_times)
{
	int64_t time;

	for (time = 1; time <= 100; time++)
		histogram_add(time % 2 ? &histogram : &other, time * 1000);
	histogram_merge(&histogram, &other);
	ck_assert_uint_eq(histogram.count, 100);
	ck_assert_int_eq(histogram.most, 100000);
	ck_assert_int_ge(histogram_quantile(&histogram, 0.5), 50000);
	ck_assert_int_lt(histogram_quantile(&histogram, 0.5), 52000);
}
END_TEST

Suite *suite_histogram(void)
{
	Suite *suite = suite_create("histogram");
	TCase *tcase = tcase_create("histogram");

	tcase_add_checked_fixture(tcase, empty, NULL);
	tcase_add_test(tcase, of_nothing_every_quantile_is_zero);
	tcase_add_test(tcase, buckets_are_in_order_and_leave_nothing_out);
	tcase_add_test(tcase, a_time_comes_back_within_a_thirty_second);
	tcase_add_test(tcase, quantiles_are_those_of_the_times);
	tcase_add_test(tcase, no_quantile_is_beyond_the_longest_time);
	tcase_add_test(tcase, times_beyond_the_ends_are_kept);
	tcase_add_test(tcase, a_merged_one_is_that_of_all_times);
	suite_add_tcase(suite, tcase);
	return suite;
}
