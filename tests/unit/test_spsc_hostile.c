/* SPDX-License-Identifier: BSD-2-Clause */
/* spsc: positions near their wraps, what the dead leave, what a hostile peer writes. */
#include "objects.h"

#include "ring/spsc.h"

#include <stdlib.h>

#define BOTH (MPSHM_PRODUCER | MPSHM_CONSUMER)

static struct mpshm_spsc *ring_of(uint32_t capacity, unsigned flags)
{
	struct mpshm_spsc *ring;
	const struct mpshm_spsc_options options = {capacity, 8, {0}};
	int opened = mpshm_spsc_open(&ring, seg, "ring", MPSHM_CREATE | flags, &options);
	ck_assert_msg(opened >= 0, "%d: %s", opened, mpshm_error_detail());
	return ring;
}

/* A handle of 2^31 one-byte elements over sparse memory, both sides at `start`. */
static struct mpshm_spsc *fake_ring(uint64_t capacity, uint64_t start)
{
	struct mpshm_spsc *ring = aligned_alloc(MPSHM_SPSC_END_BYTES, sizeof *ring);
	struct spsc_shm *shm = sparse_memory(sizeof *shm + capacity);
	uint64_t process = *mpshm_i_process;
	*ring = (struct mpshm_spsc){
		.object = {.segment = seg, .shm = shm},
		.shm = shm,
		.elements = (char *) (shm + 1),
		.mask = capacity - 1,
		.element_bytes = 1,
		.producer = {.process = process},
		.consumer = {.process = process},
	};
	ring->producer.end = (struct mpshm_spsc_end){.position = start, .bound = start + capacity};
	ring->consumer.end = (struct mpshm_spsc_end){.position = start, .bound = start};
	ring->producer.end.inline_for = ring->consumer.end.inline_for = MPSHM_SPSC_CALLED;
	ring->producer.end.process = ring->consumer.end.process = mpshm_i_process;
	atomic64_store_release(&shm->tail, start);
	atomic64_store_release(&shm->head, start);
	return ring;
}

static void fake_ring_free(struct mpshm_spsc *ring)
{
	sparse_free(ring->shm, sizeof *ring->shm + ring->mask + 1);
	free(ring);
}

static const uint64_t wraps[] = {UINT64_C(1) << 31, UINT64_C(1) << 32, UINT64_C(1) << 53,
                                 UINT64_C(1) << 63, 0};
static const uint64_t capacities[] = {1, 2, 8, UINT64_C(1) << 31};

START_TEST(spsc_goes_on_across_every_wrap_of_its_positions)
{
	for (size_t c = 0; c < COUNT_OF(capacities); c++) {
		struct mpshm_spsc *ring = fake_ring(capacities[c], wraps[_i] - 5);
		uint8_t in[16], out[16];
		struct mpshm_span span;
		size_t batch = capacities[c] < 4 ? (size_t) capacities[c] : 4;
		for (uint8_t i = 0; i < 6; i++) {
			memset(in, i, sizeof in);
			ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, in, batch),
			                 (ssize_t) batch);
			ck_assert_uint_eq(mpshm_spsc_size(ring), batch);
			if (batch == capacities[c])
				ck_assert_int_eq(mpshm_spsc_try_push(ring, in), -EAGAIN);
			ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, out, 16), (ssize_t) batch);
			ck_assert_mem_eq(in, out, batch);
			ck_assert_int_eq(mpshm_spsc_try_pop(ring, out), -EAGAIN);
			ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 1, &span), 1);
			ck_assert_int_eq(mpshm_spsc_commit(ring, &span, 1), 0);
			ck_assert_int_eq(mpshm_spsc_try_peek(ring, 1, &span), 1);
			ck_assert_int_eq(mpshm_spsc_release(ring, &span, 1), 0);
		}
		fake_ring_free(ring);
	}
}
END_TEST

START_TEST(spsc_full_ring_of_2_to_the_31_is_full)
{
	const uint64_t capacity = UINT64_C(1) << 31;
	struct mpshm_spsc *ring = fake_ring(capacity, UINT64_MAX - 100);
	uint8_t byte = 9;
	ring->producer.end.position += capacity - 1;
	atomic64_store_release(&ring->shm->tail, ring->producer.end.position);
	ck_assert_uint_eq(mpshm_spsc_size(ring), capacity - 1);
	ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, &byte, 2), -EAGAIN);
	ck_assert_int_eq(mpshm_spsc_try_push_burst(ring, &byte, 1), 1);
	ck_assert_int_eq(mpshm_spsc_try_push(ring, &byte), -EAGAIN);
	ck_assert_uint_eq(mpshm_spsc_size(ring), capacity);
	struct mpshm_span span;
	ck_assert_int_eq(mpshm_spsc_try_peek(ring, SIZE_MAX, &span), (ssize_t) capacity);
	ck_assert_uint_eq(*(uint8_t *) mpshm_span_element(&span, capacity - 1), 9);
	ck_assert_int_eq(mpshm_spsc_release(ring, &span, capacity), 0);
	ck_assert_uint_eq(mpshm_spsc_size(ring), 0);
	fake_ring_free(ring);
}
END_TEST

START_TEST(spsc_position_of_a_hostile_peer_returns_ebadmsg_however_often)
{
	static const uint64_t lies[] = {5, 6, 1000, UINT64_C(1) << 63, UINT64_MAX};
	struct mpshm_spsc *ring = ring_of(4, BOTH);
	struct mpshm_span span;
	uint64_t many[1100] = {0};
	for (size_t i = 0; i < COUNT_OF(lies); i++) {
		/* The consumer's lie to the producer; then the other way round. */
		atomic64_store_release(&ring->shm->head, 0 - lies[i]);
		ring->producer.end.bound = ring->producer.end.position;
		for (int again = 0; again < 3; again++) {
			ck_assert_int_eq(mpshm_spsc_try_push(ring, many), -EBADMSG);
			ck_assert_int_eq(mpshm_spsc_try_push_burst(ring, many, 1100), -EBADMSG);
			ck_assert_int_eq(mpshm_spsc_try_push_bulk(ring, many, 4), -EBADMSG);
			ck_assert_int_eq(mpshm_spsc_try_reserve(ring, 1100, &span), -EBADMSG);
		}
		ck_assert_uint_le(mpshm_spsc_size(ring), 4);
		atomic64_store_release(&ring->shm->head, 0);
		atomic64_store_release(&ring->shm->tail, lies[i]);
		for (int again = 0; again < 3; again++) {
			ck_assert_int_eq(mpshm_spsc_try_pop(ring, many), -EBADMSG);
			ck_assert_int_eq(mpshm_spsc_try_pop_burst(ring, many, 1100), -EBADMSG);
			ck_assert_int_eq(mpshm_spsc_try_pop_bulk(ring, many, 4), -EBADMSG);
			ck_assert_int_eq(mpshm_spsc_try_peek(ring, 1100, &span), -EBADMSG);
		}
		ck_assert_uint_le(mpshm_spsc_size(ring), 4);
		atomic64_store_release(&ring->shm->tail, 0);
	}
	/* Once the positions make sense again so does the ring. */
	ck_assert_int_eq(mpshm_spsc_try_push(ring, many), 0);
	ck_assert_int_eq(mpshm_spsc_try_pop(ring, many), 0);
	atomic64_store_release(&ring->shm->tail, 99);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "ring", BOTH, NULL), -EBADMSG);
	ck_assert_int_eq(mpshm_spsc_open(&ring, seg, "ring", 0, NULL), MPSHM_ATTACHED);
	ck_assert_uint_eq(atomic64_load_acquire(&ring->shm->producer), SIDE_LEFT);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

START_TEST(spsc_geometry_of_a_hostile_peer_returns_ebadmsg)
{
	struct mpshm_spsc *ring = ring_of(4, 0), *other;
	const struct spsc_shm good = *ring->shm;
	struct spsc_shm bad[7];
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		bad[i] = good;
	bad[0].capacity = 0;
	bad[1].capacity = 3;
	bad[2].capacity = 1u << 31;
	bad[3].element_bytes = 0;
	bad[4].element_bytes = 65537;
	bad[5].elements_at = ring->object.bytes;
	bad[6].elements_at = UINT64_MAX - 15;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		memcpy(ring->shm, &bad[i], sizeof good);
		ck_assert_msg(mpshm_spsc_open(&other, seg, "ring", 0, NULL) == -EBADMSG, "row %zu",
		              i);
	}
	memcpy(ring->shm, &good, sizeof good);
	ck_assert_int_eq(mpshm_spsc_open(&other, seg, "ring", 0, NULL), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_spsc_close(other), 0);
	ck_assert_int_eq(mpshm_spsc_close(ring), 0);
}
END_TEST

static void push_three_and_leave_two_unpublished(void *context)
{
	(void) context;
	struct mpshm_spsc *ring = ring_of(4, MPSHM_PRODUCER);
	struct mpshm_span span;
	for (uint64_t i = 1; i <= 2; i++)
		need_eq(mpshm_spsc_try_push(ring, &i), 0);
	need_eq(mpshm_spsc_try_reserve(ring, 2, &span), 2);
	*(uint64_t *) mpshm_span_element(&span, 0) = 666;
	*(uint64_t *) mpshm_span_element(&span, 1) = 666;
}

START_TEST(spsc_producers_side_is_taken_over_from_the_dead_and_its_unpublished_data_never_was)
{
	uint64_t got = 0, three = 3;
	struct mpshm_spsc *consumer = ring_of(4, MPSHM_CONSUMER), *producer;
	pid_t child = child_held(push_three_and_leave_two_unpublished, NULL);
	ck_assert_int_eq(mpshm_spsc_open(&producer, seg, "ring", MPSHM_PRODUCER, NULL), -EBUSY);
	child_kill(child);
	ck_assert_int_eq(mpshm_spsc_open(&producer, seg, "ring", MPSHM_PRODUCER, NULL),
	                 MPSHM_ATTACHED);
	ck_assert_uint_eq(mpshm_spsc_size(consumer), 2);
	ck_assert_int_eq(mpshm_spsc_try_push(producer, &three), 0);
	for (uint64_t i = 1; i <= 3; i++) {
		ck_assert_int_eq(mpshm_spsc_try_pop(consumer, &got), 0);
		ck_assert_uint_eq(got, i);
	}
	ck_assert_int_eq(mpshm_spsc_try_pop(consumer, &got), -EAGAIN);
	for (uint64_t i = 0; i < 4; i++)
		ck_assert_int_eq(mpshm_spsc_try_push(producer, &i), 0);
	ck_assert_int_eq(mpshm_spsc_try_push(producer, &got), -EAGAIN);
	ck_assert_uint_eq(atomic64_load_acquire(&producer->shm->take_overs), 1);
	ck_assert_int_eq(mpshm_spsc_close(producer), 0);
	ck_assert_int_eq(mpshm_spsc_close(consumer), 0);
}
END_TEST

static void pop_one_and_peek_another(void *context)
{
	(void) context;
	struct mpshm_spsc *ring = ring_of(4, MPSHM_CONSUMER);
	struct mpshm_span span;
	uint64_t got;
	need_eq(mpshm_spsc_try_pop(ring, &got), 0);
	need_eq(mpshm_spsc_try_peek(ring, 2, &span), 2);
}

START_TEST(spsc_consumers_side_is_taken_over_from_the_dead_and_peeked_elements_come_again)
{
	uint64_t got = 0;
	struct mpshm_spsc *producer = ring_of(4, MPSHM_PRODUCER), *consumer;
	for (uint64_t i = 0; i < 4; i++)
		ck_assert_int_eq(mpshm_spsc_try_push(producer, &i), 0);
	child_kill(child_held(pop_one_and_peek_another, NULL));
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	ck_assert_int_eq(mpshm_segment_recover(seg), 0);
	ck_assert_int_eq(mpshm_spsc_open(&consumer, seg, "ring", MPSHM_CONSUMER, NULL),
	                 MPSHM_ATTACHED);
	for (uint64_t i = 1; i < 4; i++) {
		ck_assert_int_eq(mpshm_spsc_try_pop(consumer, &got), 0);
		ck_assert_uint_eq(got, i);
	}
	ck_assert_int_eq(mpshm_spsc_try_pop(consumer, &got), -EAGAIN);
	ck_assert_int_eq(mpshm_spsc_close(producer), 0);
	ck_assert_int_eq(mpshm_spsc_close(consumer), 0);
}
END_TEST

Suite *suite_spsc_hostile(void)
{
	Suite *suite = suite_create("spsc_hostile");
	TCase *tcase = objects_tcase(suite, "arithmetic");
	tcase_add_loop_test(tcase, spsc_goes_on_across_every_wrap_of_its_positions, 0,
	                    (int) COUNT_OF(wraps));
	tcase_add_test(tcase, spsc_full_ring_of_2_to_the_31_is_full);
	tcase = objects_tcase(suite, "hostile");
	tcase_add_test(tcase, spsc_position_of_a_hostile_peer_returns_ebadmsg_however_often);
	tcase_add_test(tcase, spsc_geometry_of_a_hostile_peer_returns_ebadmsg);
	tcase = objects_tcase(suite, "crash");
	tcase_add_test(
		tcase,
		spsc_producers_side_is_taken_over_from_the_dead_and_its_unpublished_data_never_was);
	tcase_add_test(
		tcase,
		spsc_consumers_side_is_taken_over_from_the_dead_and_peeked_elements_come_again);
	return suite;
}
