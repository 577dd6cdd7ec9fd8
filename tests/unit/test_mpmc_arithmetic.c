/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mpmc: positions just below each wrap: of 31 and 32 bits, of the 53 bits that a
 * slot's word and a frame keep, and of the ring itself; for 1 to 2^31 slots, on
 * sparse memory in which only the slots in use are touched.
 */
#include "objects.h"

#include "ring/mpmc_batch.h"

#include <stdlib.h>

static const uint64_t wraps[] = {UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 53,
                                 UINT64_C(1) << 62};
static const uint32_t capacities[] = {1, 2, 8, 1u << 31};

#define TOUCHED 64u

/* An empty ring whose next position is `start`. */
static void begin_at(struct mpmc *ring, uint64_t start)
{
	uint64_t count = ring->mask + 1 < TOUCHED ? ring->mask + 1 : TOUCHED;
	atomic64_store_release(&ring->shm->tail, start);
	atomic64_store_release(&ring->shm->head, start);
	for (uint64_t p = start; p < start + count; p++)
		atomic64_store_release(mpmc_word(ring, p), mpmc_word_of(ring, SLOT_FREE, p));
}

static struct mpshm_mpmc *fake_ring(uint32_t capacity, bool beside, uint64_t start)
{
	const struct mpmc_plan plan = {.capacity = capacity,
	                               .limit = capacity,
	                               .element_bytes = 4,
	                               .words_beside = beside};
	struct mpmc_shm scratch = {0};
	uint64_t bytes = sizeof scratch + mpshm_i_mpmc_lay_out(&scratch, &plan, sizeof scratch);
	struct mpshm_mpmc *handle = aligned_alloc(LAYOUT_LINE, sizeof *handle);
	*handle = (struct mpshm_mpmc){0};
	handle->object = (struct object){.segment = seg,
	                                 .shm = sparse_memory(bytes),
	                                 .bytes = bytes,
	                                 .index = 31,
	                                 .incarnation = 1};
	memcpy(handle->object.shm, &scratch, sizeof scratch);
	ck_assert_int_eq(mpshm_i_mpmc_view(&handle->ring, &handle->object, handle->object.shm), 0);
	begin_at(&handle->ring, start);
	return handle;
}

static void fake_ring_free(struct mpshm_mpmc *handle)
{
	sparse_free(handle->object.shm, handle->object.bytes);
	free(handle);
}

START_TEST(mpmc_goes_on_across_every_wrap_of_its_positions)
{
	for (size_t c = 0; c < 2 * COUNT_OF(capacities); c++) {
		uint32_t capacity = capacities[c / 2];
		struct mpshm_mpmc *ring = fake_ring(capacity, c % 2, wraps[_i] - 7);
		size_t batch = capacity < 4 ? capacity : 4;
		uint32_t in[4], out[8];
		struct mpshm_span span;
		for (uint32_t i = 0; i < 5; i++) {
			for (uint32_t k = 0; k < 4; k++)
				in[k] = i * 4 + k;
			ck_assert_int_eq(mpshm_mpmc_try_push_bulk(ring, in, batch),
			                 (ssize_t) batch);
			ck_assert_uint_eq(mpshm_mpmc_size(ring), batch);
			if (batch == capacity)
				ck_assert_int_eq(mpshm_mpmc_try_push(ring, in), -EAGAIN);
			ck_assert_int_eq(mpshm_mpmc_try_pop_burst(ring, out, 8), (ssize_t) batch);
			ck_assert_mem_eq(in, out, batch * sizeof *in);
			ck_assert_int_eq(mpshm_mpmc_try_pop(ring, out), -EAGAIN);

			ck_assert_int_eq(mpshm_mpmc_try_push(ring, &i), 0);
			ck_assert_int_eq(mpshm_mpmc_try_peek(ring, 1, &span), 1);
			ck_assert_uint_eq(*(uint32_t *) span.first, i);
			ck_assert_int_eq(mpshm_mpmc_release(ring, &span), 0);
			ck_assert_int_eq(mpshm_mpmc_try_reserve(ring, 1, &span), 1);
			ck_assert_int_eq(mpshm_mpmc_commit(ring, &span, 0), 0);
			ck_assert_int_eq(mpshm_mpmc_try_pop(ring, out), -EAGAIN);
			ck_assert_int_eq(mpshm_mpmc_try_push(ring, &i), 0);
			ck_assert_int_eq(mpshm_mpmc_try_pop(ring, out), 0);
			ck_assert_uint_eq(out[0], i);
		}
		ck_assert_uint_gt(atomic64_load_acquire(&ring->ring.shm->tail), wraps[_i]);
		fake_ring_free(ring);
	}
}
END_TEST

START_TEST(mpmc_full_ring_of_2_to_the_31_is_full_across_every_wrap)
{
	const uint64_t capacity = UINT64_C(1) << 31;
	for (int beside = 0; beside < 2; beside++) {
		uint64_t head = wraps[_i] - 3, tail = head + capacity - 1;
		struct mpshm_mpmc *handle = fake_ring((uint32_t) capacity, beside, head);
		struct mpmc *ring = &handle->ring;
		uint32_t element = 9;
		for (uint64_t p = head; p < head + 8; p++)
			atomic64_store_release(mpmc_word(ring, p),
			                       mpmc_word_of(ring, SLOT_READY, p));
		atomic64_store_release(mpmc_word(ring, tail), mpmc_word_of(ring, SLOT_FREE, tail));
		atomic64_store_release(&ring->shm->tail, tail);
		ck_assert_uint_eq(mpshm_mpmc_size(handle), capacity - 1);
		ck_assert_int_eq(mpshm_mpmc_try_push_bulk(handle, (uint32_t[2]){0}, 2), -EAGAIN);
		ck_assert_int_eq(mpshm_mpmc_try_push(handle, &element), 0);
		ck_assert_uint_eq(mpshm_mpmc_size(handle), capacity);
		for (int i = 0; i < 20; i++)
			ck_assert_int_eq(mpshm_mpmc_try_push(handle, &element), -EAGAIN);
		ck_assert_int_eq(mpshm_mpmc_try_pop(handle, &element), 0);
		ck_assert_int_eq(mpshm_mpmc_try_push(handle, &element), 0);
		ck_assert_int_eq(mpshm_mpmc_try_push(handle, &element), -EAGAIN);
		fake_ring_free(handle);
	}
}
END_TEST

/* The rest: a real ring, moved to its wrap, and processes that die there. */
static struct mpshm_mpmc *real_ring(uint64_t start)
{
	struct mpshm_mpmc *handle;
	const struct mpshm_mpmc_options options = {4, 8, MPSHM_WORDS_AUTO, {0}};
	ck_assert_int_eq(mpshm_mpmc_open(&handle, seg, "ring", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	begin_at(&handle->ring, start);
	return handle;
}

static uint64_t pop_soon(struct mpshm_mpmc *ring)
{
	uint64_t got = 0;
	int64_t until = now_ns() + 5 * MPSHM_SECOND;
	int ret;
	while ((ret = mpshm_mpmc_try_pop(ring, &got)) == -EAGAIN && now_ns() < until)
		;
	ck_assert_int_eq(ret, 0);
	return got;
}

static void reserve_two(void *ring)
{
	struct mpshm_span span;
	need_eq(mpshm_mpmc_try_reserve(ring, 2, &span), 2);
}

static void peek_two(void *ring)
{
	struct mpshm_span span;
	need_eq(mpshm_mpmc_try_peek(ring, 2, &span), 2);
}

START_TEST(mpmc_dead_claims_are_resolved_across_every_wrap)
{
	for (uint64_t before = 1; before <= 5; before++) {
		struct mpshm_mpmc *ring = real_ring(wraps[_i] - before);
		for (uint64_t i = 0; i < 4; i++) {
			child_kill(child_held(reserve_two, ring));
			ck_assert_int_eq(mpshm_mpmc_try_push(ring, &i), 0);
			ck_assert_uint_eq(pop_soon(ring), i);
			for (uint64_t k = 10; k < 12; k++)
				ck_assert_int_eq(mpshm_mpmc_try_push(ring, &k), 0);
			child_kill(child_held(peek_two, ring));
			ck_assert_uint_eq(pop_soon(ring) + pop_soon(ring), 21);
		}
		ck_assert_int_eq(mpshm_segment_recover(seg) >= 0, 1);
		for (uint64_t i = 0; i < 4; i++)
			ck_assert_int_eq(mpshm_mpmc_try_push(ring, &i), 0);
		ck_assert_int_eq(mpshm_mpmc_try_push(ring, &before), -EAGAIN);
		ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
		ck_assert_int_eq(mpshm_object_unlink(seg, "ring"), 0);
	}
}
END_TEST

/* Dies between announce and claim: at the next position to put, or to get. */
static void announce_only(void *context)
{
	struct mpshm_mpmc *handle = context;
	struct mpmc *ring = &handle->ring;
	struct cell_shm *cell;
	need(thread_cell(seg, &cell) == 0);
	frame_announce(&cell->frames[0], mpmc_what(ring->identity_put, 2),
	               atomic64_load_acquire(&ring->shm->tail));
	frame_announce(&cell->frames[1], mpmc_what(ring->identity_get, 2),
	               atomic64_load_acquire(&ring->shm->head));
}

START_TEST(mpmc_dead_announcements_without_a_claim_change_nothing_across_every_wrap)
{
	for (uint64_t before = 0; before <= 3; before++) {
		struct mpshm_mpmc *ring = real_ring(wraps[_i] - before + 1);
		for (uint64_t i = 0; i < 6; i++) {
			child_kill(child_held(announce_only, ring));
			ck_assert_int_eq(mpshm_segment_recover(seg), 1);
			ck_assert_int_eq(mpshm_mpmc_try_push(ring, &i), 0);
			child_kill(child_held(announce_only, ring));
			ck_assert_int_eq(mpshm_segment_recover(seg), 1);
			uint64_t got = 99;
			ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &got), 0);
			ck_assert_uint_eq(got, i);
		}
		ck_assert_uint_eq(atomic64_load_acquire(&ring->ring.shm->recovered), 0);
		ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
		ck_assert_int_eq(mpshm_object_unlink(seg, "ring"), 0);
	}
}
END_TEST

Suite *suite_mpmc_arithmetic(void)
{
	Suite *suite = suite_create("mpmc_arithmetic");
	TCase *tcase = objects_tcase(suite, "wraps");
	tcase_add_loop_test(tcase, mpmc_goes_on_across_every_wrap_of_its_positions, 0,
	                    (int) COUNT_OF(wraps));
	tcase_add_loop_test(tcase, mpmc_full_ring_of_2_to_the_31_is_full_across_every_wrap, 0,
	                    (int) COUNT_OF(wraps));
	tcase = objects_tcase(suite, "crash");
	tcase_add_loop_test(tcase, mpmc_dead_claims_are_resolved_across_every_wrap, 0,
	                    (int) COUNT_OF(wraps));
	tcase_add_loop_test(
		tcase, mpmc_dead_announcements_without_a_claim_change_nothing_across_every_wrap, 0,
		(int) COUNT_OF(wraps));
	return suite;
}
