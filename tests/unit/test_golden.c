/* SPDX-License-Identifier: BSD-2-Clause */
/* A segment that an earlier build wrote, tests/compat/golden-1.0.*, is read by this one. */
#include "objects.h"
#include "skip.h"

#include "../compat/golden.h"

#include "queue/queue.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(__x86_64__)
#define GOLDEN "golden-1.0.x86_64"
#else
#define GOLDEN "" /* made on x86-64 */
#endif

/* Each test runs at both addresses: as mapped first, and as mapped once more. */
static struct mpshm_segment *mapped[2];
#define ADDRESSES 2
#define golden (mapped[_i])
static char name[40];

static FILE *golden_file(void)
{
	char path[4096];
	const char *top = getenv("abs_top_srcdir");
	(void) snprintf(path, sizeof path, "%s/tests/compat/" GOLDEN, top ? top : MPSHM_TOP_SRCDIR);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "no %s", path);
	return file;
}

static void lay_out(FILE *file, int fd)
{
	unsigned long bytes, at;
	char hex[2 * GOLDEN_LINE + 1];
	ck_assert_int_eq(fscanf(file, "mpshm-golden %lu\n", &bytes), 1);
	ck_assert_int_eq(ftruncate(fd, (off_t) bytes), 0);
	ck_assert_int_eq(posix_fallocate(fd, 0, (off_t) bytes), 0);
	while (fscanf(file, "%lx %128s\n", &at, hex) == 2) {
		unsigned char line[GOLDEN_LINE];
		size_t length = strlen(hex) / 2;
		for (size_t i = 0; i < length; i++) {
			const char two[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
			line[i] = (unsigned char) strtoul(two, NULL, 16);
		}
		ck_assert_int_eq(pwrite(fd, line, length, (off_t) at), (ssize_t) length);
	}
}

static void set_up(void)
{
	char path[80];
	(void) snprintf(name, sizeof name, "test-golden-%d", (int) getpid());
	(void) snprintf(path, sizeof path, "/dev/shm/mpshm.%s", name);
	FILE *file = golden_file();
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	lay_out(file, fd);
	(void) fclose(file);
	(void) close(fd);
	int opened = mpshm_segment_open(&mapped[0], name, 0, NULL);
	if (opened == MPSHM_ATTACHED)
		opened = mpshm_segment_open(&mapped[1], name, MPSHM_NEW_MAPPING, NULL);
	(void) unlink(path);
	ck_assert_msg(opened == MPSHM_ATTACHED, "%d: %s", opened, mpshm_error_detail());
	ck_assert_ptr_ne(mapped[0]->base, mapped[1]->base);
}

static void tear_down(void)
{
	ck_assert_int_eq(mpshm_segment_close(mapped[1]), 0);
	ck_assert_int_eq(mpshm_segment_close(mapped[0]), 0);
}

START_TEST(golden_segment_has_one_dead_participant)
{
	/* Found by the attach, or here. */
	ck_assert_int_ge(mpshm_segment_recover(golden), 0);
	ck_assert_uint_eq(atomic64_load_acquire(&golden->shm->peer_deaths), 1);
	ck_assert_int_eq(mpshm_segment_recover(golden), 0);
}
END_TEST

START_TEST(golden_rings_hold_what_was_pushed)
{
	struct mpshm_spsc *spsc;
	struct mpshm_mpmc *mpmc, *batch;
	uint64_t got;
	unsigned char three[GOLDEN_BATCH_ELEMENTS][3];
	ck_assert_int_eq(
		mpshm_spsc_open(&spsc, golden, "spsc", MPSHM_CONSUMER | MPSHM_PRODUCER, NULL),
		MPSHM_ATTACHED);
	ck_assert_uint_eq(mpshm_spsc_capacity(spsc), 8);
	for (uint64_t i = 0; i < GOLDEN_SPSC_ELEMENTS; i++) {
		ck_assert_int_eq(mpshm_spsc_try_pop(spsc, &got), 0);
		ck_assert_uint_eq(got, 1000 + i);
	}
	ck_assert_int_eq(mpshm_spsc_try_pop(spsc, &got), -EAGAIN);
	ck_assert_int_eq(mpshm_spsc_try_push(spsc, &got), 0);
	ck_assert_int_eq(mpshm_spsc_close(spsc), 0);

	ck_assert_int_eq(mpshm_mpmc_open(&mpmc, golden, "mpmc", 0, NULL), MPSHM_ATTACHED);
	ck_assert_uint_eq(mpshm_mpmc_capacity(mpmc), 4);
	ck_assert_uint_eq(mpshm_mpmc_size(mpmc), GOLDEN_MPMC_ELEMENTS);
	for (uint64_t i = 0; i < GOLDEN_MPMC_ELEMENTS; i++) {
		ck_assert_int_eq(mpshm_mpmc_try_pop(mpmc, &got), 0);
		ck_assert_uint_eq(got, 2000 + i);
	}
	for (uint64_t i = 0; i < 4; i++)
		ck_assert_int_eq(mpshm_mpmc_try_push(mpmc, &i), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push(mpmc, &got), -EAGAIN);
	ck_assert_int_eq(mpshm_mpmc_close(mpmc), 0);

	ck_assert_int_eq(mpshm_mpmc_open(&batch, golden, "batch", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(batch, three, GOLDEN_BATCH_ELEMENTS),
	                 GOLDEN_BATCH_ELEMENTS);
	for (unsigned i = 0; i < GOLDEN_BATCH_ELEMENTS; i++)
		for (unsigned k = 0; k < 3; k++)
			ck_assert_uint_eq(three[i][k], golden_byte(i, k));
	ck_assert_int_eq(mpshm_mpmc_close(batch), 0);
}
END_TEST

START_TEST(golden_queue_holds_what_was_put)
{
	struct mpshm_queue *queue;
	struct mpshm_message told;
	unsigned char out[1024];
	ck_assert_int_eq(mpshm_queue_open(&queue, golden, "queue", 0, NULL), MPSHM_ATTACHED);
	ck_assert_uint_eq(mpshm_queue_capacity(queue), 5);
	ck_assert_uint_eq(mpshm_queue_max_message_bytes(queue), 1024);
	for (unsigned m = 0; m < GOLDEN_QUEUE_MESSAGES; m++) {
		ck_assert_int_eq(mpshm_queue_receive(queue, out, sizeof out, &told, 0),
		                 (ssize_t) golden_lengths[m]);
		ck_assert_uint_eq(told.tag, 3000 + m);
		ck_assert_uint_eq(told.position, m);
		for (size_t i = 0; i < golden_lengths[m]; i++)
			ck_assert_uint_eq(out[i], golden_byte(m, i));
	}
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), -EAGAIN);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(mpshm_queue_try_put(queue, out, 1024), 0);
		ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), 1024);
	}
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

/* As what a process of today leaves: skipped, or delivered again. */
START_TEST(golden_claims_of_the_dead_are_settled)
{
	struct mpshm_mpmc *ring;
	uint64_t got, seen = 0;
	ck_assert_int_eq(mpshm_mpmc_open(&ring, golden, "claimed", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_ge(mpshm_segment_recover(golden), 0);
	for (uint64_t i = 0; i < GOLDEN_CLAIMED_ELEMENTS - 1; i++) {
		ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &got), 0);
		ck_assert_uint_ge(got, 4000);
		ck_assert_uint_lt(got, 4000 + GOLDEN_CLAIMED_ELEMENTS);
		ck_assert_uint_eq(seen & 1u << (got - 4000), 0);
		seen |= 1u << (got - 4000);
	}
	ck_assert_uint_eq(seen, ((1u << GOLDEN_CLAIMED_ELEMENTS) - 1) & ~(1u << GOLDEN_RESERVED));
	ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &got), -EAGAIN);
	for (uint64_t i = 0; i < 8; i++)
		ck_assert_int_eq(mpshm_mpmc_try_push(ring, &i), 0);
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, &got), -EAGAIN);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

START_TEST(golden_leases_of_the_dead_are_delivered_again_before_the_end)
{
	struct mpshm_queue *queue;
	struct mpshm_message told;
	unsigned char out[1024];
	ck_assert_int_eq(mpshm_queue_open(&queue, golden, "leased", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_ge(mpshm_segment_recover(golden), 0);
	for (unsigned m = 0; m < GOLDEN_LEASED_MESSAGES; m++) {
		if (golden_leases[m].lease == GOLDEN_COMMITTED)
			continue;
		ck_assert_int_eq(mpshm_queue_receive(queue, out, sizeof out, &told, 0),
		                 (ssize_t) golden_leases[m].bytes);
		ck_assert_uint_eq(told.tag, 5000 + m);
		ck_assert_uint_eq(told.position, m);
		ck_assert_uint_eq(told.attempt, golden_leases[m].lease != GOLDEN_WAITS);
		for (size_t i = 0; i < golden_leases[m].bytes; i++)
			ck_assert_uint_eq(out[i], golden_byte(m, i));
	}
	ck_assert_int_eq(mpshm_queue_try_get(queue, out, sizeof out), -EPIPE);
	for (uint32_t b = 0; b < queue->pool.blocks; b++)
		ck_assert_uint_eq(atomic64_load_acquire(&queue->pool.descriptors[b].word),
		                  block_word(BLOCK_FREE, 0));
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(golden_value_and_counter_are_what_they_were)
{
	struct mpshm_counter *counter;
	struct mpshm_value *value;
	ck_assert_int_eq(mpshm_value_open(&value, golden, "value", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_value_load(value), GOLDEN_VALUE);
	ck_assert_int_eq(mpshm_counter_open(&counter, golden, "counter", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_counter_sum(counter), GOLDEN_COUNTER);
	ck_assert_int_eq(mpshm_counter_add(counter, 1), 0);
	ck_assert_int_eq(mpshm_counter_sum(counter), GOLDEN_COUNTER + 1);
	ck_assert_int_eq(mpshm_value_close(value), 0);
	ck_assert_int_eq(mpshm_counter_close(counter), 0);
}
END_TEST

START_TEST(golden_segment_of_this_machine)
{
	SKIP("none is kept");
}
END_TEST

Suite *suite_golden(void)
{
	Suite *suite = suite_create("golden");
	TCase *tcase = tcase_create("golden");
	if (GOLDEN[0] == '\0') {
		tcase_add_test(tcase, golden_segment_of_this_machine);
		suite_add_tcase(suite, tcase);
		return suite;
	}
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, golden_segment_has_one_dead_participant, 0, ADDRESSES);
	tcase_add_loop_test(tcase, golden_rings_hold_what_was_pushed, 0, ADDRESSES);
	tcase_add_loop_test(tcase, golden_queue_holds_what_was_put, 0, ADDRESSES);
	tcase_add_loop_test(tcase, golden_claims_of_the_dead_are_settled, 0, ADDRESSES);
	tcase_add_loop_test(tcase, golden_leases_of_the_dead_are_delivered_again_before_the_end, 0,
	                    ADDRESSES);
	tcase_add_loop_test(tcase, golden_value_and_counter_are_what_they_were, 0, ADDRESSES);
	suite_add_tcase(suite, tcase);
	return suite;
}
