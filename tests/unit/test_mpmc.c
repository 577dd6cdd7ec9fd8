/* SPDX-License-Identifier: BSD-2-Clause */
/* mpmc: open and close, one element, threads, children, two addresses. */
#include "objects.h"

#include <pthread.h>
#include <stdlib.h>

static struct mpshm_mpmc *ring_of(uint32_t capacity, uint32_t element_bytes, uint32_t words)
{
	struct mpshm_mpmc *ring;
	const struct mpshm_mpmc_options options = {capacity, element_bytes, words, {0}};
	ck_assert_int_eq(mpshm_mpmc_open(&ring, seg, "ring", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	return ring;
}

START_TEST(mpmc_open_creates_once_and_then_attaches)
{
	struct mpshm_mpmc *first, *second;
	const struct mpshm_mpmc_options options = {.element_bytes = 12};
	ck_assert_int_eq(mpshm_mpmc_open(&first, seg, "a", MPSHM_CREATE, &options), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_mpmc_open(&second, seg, "a", MPSHM_CREATE, &options),
	                 MPSHM_ATTACHED);
	ck_assert_uint_eq(mpshm_mpmc_capacity(second), 1024);
	ck_assert_uint_eq(mpshm_mpmc_element_bytes(second), 12);
	ck_assert_uint_eq(mpshm_mpmc_size(second), 0);
	ck_assert_int_eq(mpshm_mpmc_close(second), 0);
	ck_assert_int_eq(mpshm_mpmc_open(&second, seg, "a", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_mpmc_close(first), 0);
	ck_assert_int_eq(mpshm_mpmc_close(second), 0);
}
END_TEST

START_TEST(mpmc_open_refuses_bad_arguments)
{
	static const struct {
		const char *name;
		unsigned flags;
		struct mpshm_mpmc_options options;
	} refused[] = {
		{"", MPSHM_CREATE, {4, 8, 0, {0}}},
		{"a/b", MPSHM_CREATE, {4, 8, 0, {0}}},
		{"a", MPSHM_CREATE | MPSHM_PRODUCER, {4, 8, 0, {0}}},
		{"a", MPSHM_CREATE | MPSHM_CONSUMER, {4, 8, 0, {0}}},
		{"a", MPSHM_EXCLUSIVE, {4, 8, 0, {0}}},
		{"a", MPSHM_CREATE, {3, 8, 0, {0}}},
		{"a", MPSHM_CREATE, {UINT32_MAX, 8, 0, {0}}},
		{"a", MPSHM_CREATE, {4, 0, 0, {0}}},
		{"a", MPSHM_CREATE, {4, 65537, 0, {0}}},
		{"a", MPSHM_CREATE, {4, 8, 3, {0}}},
		{"a", MPSHM_CREATE, {4, 8, 0, {1}}},
		{"a", MPSHM_CREATE, {4, 8, 0, {0, 0, 0, 0, 1}}},
		{"a", 0, {4, 8, 0, {0, 1}}},
	};
	struct mpshm_mpmc *const untouched = (void *) &seg;
	struct mpshm_mpmc *ring = untouched;
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		int ret = mpshm_mpmc_open(&ring, seg, refused[i].name, refused[i].flags,
		                          &refused[i].options);
		ck_assert_msg(ret == -EINVAL, "row %zu: %d", i, ret);
		ck_assert_str_ne(mpshm_error_detail(), "");
	}
	ck_assert_int_eq(mpshm_mpmc_open(&ring, seg, "a", MPSHM_CREATE, NULL), -EINVAL);
	ck_assert_int_eq(mpshm_mpmc_open(&ring, seg, "a", 0, NULL), -ENOENT);
	ck_assert_ptr_eq(ring, untouched);
}
END_TEST

START_TEST(mpmc_open_tells_exists_other_type_other_options_and_no_room)
{
	struct mpshm_mpmc *ring = ring_of(8, 24, MPSHM_WORDS_AUTO), *other;
	struct mpshm_value *value;
	struct mpshm_mpmc_options options = {8, 24, 0, {0}};
	ck_assert_int_eq(
		mpshm_mpmc_open(&other, seg, "ring", MPSHM_CREATE | MPSHM_EXCLUSIVE, &options),
		-EEXIST);
	options.capacity = 16;
	ck_assert_int_eq(mpshm_mpmc_open(&other, seg, "ring", MPSHM_CREATE, &options), -EINVAL);
	options = (struct mpshm_mpmc_options){.element_bytes = 25};
	ck_assert_int_eq(mpshm_mpmc_open(&other, seg, "ring", 0, &options), -EINVAL);
	options.element_bytes = 24;
	ck_assert_int_eq(mpshm_mpmc_open(&other, seg, "ring", 0, &options), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_mpmc_close(other), 0);
	ck_assert_int_eq(mpshm_value_open(&value, seg, "value", MPSHM_CREATE, NULL), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_mpmc_open(&other, seg, "value", 0, NULL), -ENOTTY);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	options = (struct mpshm_mpmc_options){1u << 31, 65536, 0, {0}};
	ck_assert_int_eq(mpshm_mpmc_open(&other, seg, "big", MPSHM_CREATE, &options), -ENOSPC);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

static const uint32_t element_sizes[] = {1, 3, 8, 24, 56, 57, 64, 4096, 65536};

START_TEST(mpmc_pop_returns_what_was_pushed_in_order_for_every_size)
{
	static const uint32_t capacities[] = {1, 2, 16};
	static const uint32_t layouts[] = {MPSHM_WORDS_AUTO, MPSHM_WORDS_BESIDE, MPSHM_WORDS_APART};
	uint32_t bytes = element_sizes[_i];
	char *in = malloc(bytes), *out = malloc(bytes);
	for (size_t c = 0; c < COUNT_OF(capacities) * COUNT_OF(layouts); c++) {
		uint32_t capacity = capacities[c / 3];
		struct mpshm_mpmc *ring = ring_of(capacity, bytes, layouts[c % 3]);
		uint64_t pushed = 0, popped = 0;
		for (int lap = 0; lap < 5; lap++) {
			int ret = 0;
			for (; ret == 0; pushed += ret == 0) {
				pattern_fill(in, bytes, pushed);
				ret = mpshm_mpmc_try_push(ring, in);
			}
			ck_assert_int_eq(ret, -EAGAIN);
			ck_assert_uint_eq(pushed - popped, capacity);
			ck_assert_uint_eq(mpshm_mpmc_size(ring), capacity);
			for (int i = 0; i <= lap && popped < pushed; i++, popped++) {
				ck_assert_int_eq(mpshm_mpmc_try_pop(ring, out), 0);
				ck_assert(pattern_is(out, bytes, popped));
			}
		}
		while (mpshm_mpmc_try_pop(ring, out) == 0)
			ck_assert(pattern_is(out, bytes, popped++));
		ck_assert_uint_eq(popped, pushed);
		ck_assert_int_eq(mpshm_mpmc_try_pop(ring, out), -EAGAIN);
		ck_assert_uint_eq(mpshm_mpmc_size(ring), 0);
		ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
		ck_assert_int_eq(mpshm_object_unlink(seg, "ring"), 0);
	}
	free(in);
	free(out);
}
END_TEST

#define PRODUCERS 3
#define CONSUMERS 3
#define EACH 20000

struct exchange {
	struct mpshm_mpmc *ring;
	uint64_t producer;
	uint64_t *sum; /* all consumers' */
	uint64_t *left;
};

/* Element: producer:16 | sequence:48. */
static void *produce(void *context)
{
	const struct exchange *mine = context;
	for (uint64_t i = 1; i <= EACH; i++) {
		uint64_t element = mine->producer << 48 | i;
		int ret;
		while ((ret = mpshm_mpmc_try_push(mine->ring, &element)) == -EAGAIN)
			(void) sched_yield();
		need_eq(ret, 0);
	}
	return NULL;
}

static void *consume(void *context)
{
	const struct exchange *mine = context;
	uint64_t last[PRODUCERS] = {0}, element;
	while (__atomic_load_n(mine->left, __ATOMIC_ACQUIRE) != 0) {
		int ret = mpshm_mpmc_try_pop(mine->ring, &element);
		if (ret == -EAGAIN) {
			(void) sched_yield();
			continue;
		}
		need_eq(ret, 0);
		uint64_t sequence = element & 0xffffffffffff;
		need(element >> 48 < PRODUCERS);
		need(sequence > last[element >> 48]);
		last[element >> 48] = sequence;
		(void) __atomic_fetch_add(mine->sum, element, __ATOMIC_RELAXED);
		(void) __atomic_fetch_sub(mine->left, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void child_consumes(void *context)
{
	(void) consume(context);
}

/* Some of each are threads, others children with their parent's handle, others use
 * the other mapping. */
START_TEST(mpmc_moves_each_element_once_between_threads_children_and_mappings)
{
	struct mpshm_segment *second = second_mapping();
	struct mpshm_mpmc *ring = ring_of(64, 8, (uint32_t) _i), *other;
	struct exchange ends[PRODUCERS + CONSUMERS];
	pthread_t threads[PRODUCERS + CONSUMERS];
	uint64_t *shared = shared_memory(2 * sizeof *shared), expected = 0;
	ck_assert_int_eq(mpshm_mpmc_open(&other, second, "ring", 0, NULL), MPSHM_ATTACHED);
	shared[1] = (uint64_t) PRODUCERS * EACH;
	for (uint64_t i = 0; i < COUNT_OF(ends); i++)
		ends[i] = (struct exchange){i % 2 ? ring : other, i, shared, shared + 1};
	pid_t child = child_start(child_consumes, &ends[PRODUCERS]);
	for (uint64_t i = 0; i < COUNT_OF(ends); i++)
		if (i != PRODUCERS)
			ck_assert_int_eq(pthread_create(&threads[i], NULL,
			                                i < PRODUCERS ? produce : consume,
			                                &ends[i]),
			                 0);
	for (uint64_t i = 0; i < COUNT_OF(ends); i++)
		if (i != PRODUCERS)
			ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	child_ends_well(child);
	for (uint64_t p = 0; p < PRODUCERS; p++)
		expected += EACH * (p << 48) + (uint64_t) EACH * (EACH + 1) / 2;
	ck_assert_uint_eq(shared[0], expected);
	ck_assert_uint_eq(mpshm_mpmc_size(ring), 0);
	ck_assert_int_eq(mpshm_mpmc_close(other), 0);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
	ck_assert_int_eq(mpshm_segment_close(second), 0);
}
END_TEST

Suite *suite_mpmc(void)
{
	Suite *suite = suite_create("mpmc");
	TCase *tcase = objects_tcase(suite, "mpmc");
	tcase_add_test(tcase, mpmc_open_creates_once_and_then_attaches);
	tcase_add_test(tcase, mpmc_open_refuses_bad_arguments);
	tcase_add_test(tcase, mpmc_open_tells_exists_other_type_other_options_and_no_room);
	tcase_add_loop_test(tcase, mpmc_pop_returns_what_was_pushed_in_order_for_every_size, 0,
	                    (int) COUNT_OF(element_sizes));
	tcase_add_loop_test(tcase,
	                    mpmc_moves_each_element_once_between_threads_children_and_mappings,
	                    MPSHM_WORDS_BESIDE, MPSHM_WORDS_APART + 1);
	return suite;
}
