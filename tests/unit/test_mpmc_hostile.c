/* SPDX-License-Identifier: BSD-2-Clause */
/* Rings and queues whose shared words a hostile peer has overwritten: an error or odd
 * contents, never a crash, a hang or a byte outside. */
#include "objects.h"

#include "queue/queue.h"
#include "ring/mpmc_batch.h"

#include <stdlib.h>

#define CALLS 40

/* Every call returns, and with an error that is documented or a sane count. */
static void calls_return(struct mpshm_mpmc *ring)
{
	uint64_t many[8] = {0};
	struct mpshm_span span;
	for (int i = 0; i < CALLS; i++) {
		int put = mpshm_mpmc_try_push(ring, many), get = mpshm_mpmc_try_pop(ring, many);
		ck_assert(put == 0 || put == -EAGAIN || put == -EBADMSG);
		ck_assert(get == 0 || get == -EAGAIN || get == -EBADMSG);
		ck_assert_int_le(mpshm_mpmc_try_push_burst(ring, many, 8), 8);
		ck_assert_int_le(mpshm_mpmc_try_pop_burst(ring, many, 8), 8);
		ck_assert_int_le(mpshm_mpmc_try_pop_bulk(ring, many, 3), 3);
		ck_assert_uint_le(mpshm_mpmc_size(ring), 4);
		if (mpshm_mpmc_try_peek(ring, 4, &span) > 0)
			ck_assert_int_eq(mpshm_mpmc_release(ring, &span), 0);
		if (mpshm_mpmc_try_reserve(ring, 4, &span) > 0)
			ck_assert_int_eq(mpshm_mpmc_commit(ring, &span, span.count / 2), 0);
	}
}

static struct mpshm_mpmc *ring_of_four(void)
{
	struct mpshm_mpmc *ring;
	const struct mpshm_mpmc_options options = {4, 8, MPSHM_WORDS_AUTO, {0}};
	ck_assert_int_eq(mpshm_mpmc_open(&ring, seg, "ring", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	for (uint64_t i = 0; i < 2; i++)
		ck_assert_int_eq(mpshm_mpmc_try_push(ring, &i), 0);
	return ring;
}

START_TEST(mpmc_word_that_contradicts_the_ring_returns_ebadmsg)
{
	struct mpshm_mpmc *ring = ring_of_four();
	uint64_t element = 0;
	atomic64_store_release(mpmc_word(&ring->ring, 0), slot_word(SLOT_READY, 0, 4096));
	ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &element), -EBADMSG);
	ck_assert_int_eq(mpshm_mpmc_try_pop_burst(ring, &element, 1), -EBADMSG);
	ck_assert_int_eq(mpshm_mpmc_try_pop_bulk(ring, &element, 1), -EBADMSG);
	ck_assert_str_ne(mpshm_error_detail(), "");
	atomic64_store_release(mpmc_word(&ring->ring, 2), slot_word(SLOT_FREE, 0, 4096));
	ck_assert_int_eq(mpshm_mpmc_try_push(ring, &element), -EBADMSG);
	ck_assert_int_eq(mpshm_mpmc_try_push_bulk(ring, &element, 1), -EBADMSG);
	ck_assert_uint_eq(atomic32_load_acquire(&seg->shm->corrupt), 1);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

START_TEST(mpmc_calls_return_whatever_a_hostile_peer_writes_into_words_and_positions)
{
	static const uint64_t values[] = {0,
	                                  1,
	                                  2,
	                                  3,
	                                  4,
	                                  7,
	                                  UINT64_MAX,
	                                  UINT64_C(1) << 63,
	                                  UINT64_C(1) << 62,
	                                  UINT64_C(0x2000) | 1,
	                                  UINT64_C(0x2000) | 2,
	                                  UINT64_C(0x2000) | 3,
	                                  UINT64_C(0x2000) | 4};
	for (size_t v = 0; v < COUNT_OF(values); v++)
		for (int target = 0; target < 8; target++) {
			struct mpshm_mpmc *ring = ring_of_four();
			struct mpmc_shm *shm = ring->ring.shm;
			atomic64 *const targets[] = {&shm->tail,
			                             &shm->head,
			                             &shm->redelivery_map,
			                             &shm->redelivery[0],
			                             mpmc_word(&ring->ring, 0),
			                             mpmc_word(&ring->ring, 1),
			                             mpmc_word(&ring->ring, 2),
			                             mpmc_word(&ring->ring, 3)};
			(void) atomic64_fetch_or(&shm->redelivery_map, 1);
			if (target == 0 && (values[v] & TAIL_CLOSED))
				atomic64_store_release(targets[0], values[v] & ~TAIL_CLOSED);
			else
				atomic64_store_release(targets[target], values[v]);
			calls_return(ring);
			(void) mpshm_segment_recover(seg);
			ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
			ck_assert_int_eq(mpshm_object_unlink(seg, "ring"), 0);
		}
}
END_TEST

static void hold_nothing(void *context)
{
	struct cell_shm *cell;
	(void) context;
	need_eq(thread_cell(seg, &cell), 0);
}

/* The frames of a dead process are believed by nobody who could be hurt by them. */
START_TEST(mpmc_frames_that_a_hostile_process_leaves_are_resolved_without_harm)
{
	static const uint64_t wheres[] = {0, 1, 2, 5, FRAME_POSITION_BITS, UINT64_MAX >> 1};
	static const uint32_t counts[] = {0, 1, 4, 1000, UINT32_MAX};
	struct mpshm_mpmc *ring = ring_of_four();
	uint64_t got;
	for (size_t c = 0; c < COUNT_OF(counts); c++) {
		pid_t child = child_held(hold_nothing, NULL);
		struct cell_shm *cell = NULL;
		for (uint32_t i = 0; i < seg->threads_max; i++) {
			uint64_t owner = atomic64_load_acquire(&seg->cells[i].owner);
			if (owner != OWNER_NONE && owner != seg->self)
				cell = &seg->cells[i];
		}
		ck_assert_ptr_nonnull(cell);
		for (uint32_t f = 0; f < CELL_FRAMES && f < COUNT_OF(wheres); f++) {
			uint64_t what = f % 3 == 0   ? ring->ring.identity_put
			                : f % 3 == 1 ? ring->ring.identity_get
			                             : ring->ring.identity_adopt;
			atomic64_store_release(&cell->frames[f].what,
			                       (uint64_t) counts[c] << 32 |
			                               (f == 5 ? 0xffffffff : what));
			atomic64_store_release(&cell->frames[f].where, wheres[f] | FRAME_BUSY);
		}
		child_kill(child);
		ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	}
	for (uint64_t i = 0; i < 2; i++) {
		ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &got), 0);
		ck_assert_uint_eq(got, i);
	}
	ck_assert_int_eq(mpshm_mpmc_try_pop(ring, &got), -EAGAIN);
	for (uint64_t i = 0; i < 4; i++)
		ck_assert_int_eq(mpshm_mpmc_try_push(ring, &i), 0);
	ck_assert_int_eq(mpshm_mpmc_close(ring), 0);
}
END_TEST

static void put_long(struct mpshm_queue *queue)
{
	char message[600];
	pattern_fill(message, sizeof message, 1);
	ck_assert_int_eq(mpshm_queue_try_put(queue, message, sizeof message), 0);
}

START_TEST(queue_header_of_a_hostile_peer_is_skipped_with_ebadmsg_or_asks_for_a_larger_buffer)
{
	struct mpshm_queue *queue;
	const struct mpshm_queue_options options = {.capacity = 4, .max_message_bytes = 1024};
	char *out = malloc(1024);
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	const struct {
		uint64_t head;
		ssize_t expected;
	} rows[] = {
		{message_head(106, 0, 0, 0), -EBADMSG},   /* longer than a slot holds */
		{message_head(1024, 0, 0, 0), -EBADMSG},  /* likewise */
		{message_head(1025, 0, 0, 0), -EMSGSIZE}, /* longer than any */
		{message_head(0x1ffffff, 0, 0, 0), -EMSGSIZE},
		{message_head(10, 0xffffff, 0, 0), -EBADMSG}, /* no such block */
		{message_head(10, 1, 0, 0), -EBADMSG},        /* somebody else's block */
		{message_head(1024, 1, 0, 0), -EBADMSG},
		{UINT64_MAX, -EMSGSIZE},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		put_long(queue);
		uint64_t position = atomic64_load_acquire(&queue->ring.shm->head);
		struct message_shm *slot = mpmc_element(&queue->ring, position);
		uint64_t good = atomic64_load_acquire(&slot->head);
		/* Its own block would be good. */
		if (message_block_plus_1(good) == message_block_plus_1(rows[i].head))
			continue;
		atomic64_store_release(&slot->head, rows[i].head);
		ssize_t bytes = mpshm_queue_try_get(queue, out, 1024);
		ck_assert_msg(bytes == rows[i].expected, "row %zu: %zd", i, bytes);
		if (bytes == -EMSGSIZE) {
			atomic64_store_release(&slot->head, good);
			ck_assert_int_eq(mpshm_queue_try_get(queue, out, 1024), 600);
		}
	}
	free(out);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

START_TEST(queue_pool_words_of_a_hostile_peer_cost_blocks_at_most)
{
	struct mpshm_queue *queue;
	const struct mpshm_queue_options options = {.capacity = 4, .max_message_bytes = 1024};
	char message[1024] = {0};
	ck_assert_int_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &options),
	                 MPSHM_CREATED);
	for (uint32_t b = 0; b < queue->pool.blocks; b++)
		atomic64_store_release(&queue->pool.descriptors[b].word,
		                       block_word((enum block_kind)(b % 8), UINT64_MAX >> b % 61));
	for (uint32_t c = 0; c < queue->pool.classes; c++)
		for (uint32_t w = 0; w < (queue->pool.class_table[c].count + 63) / 64; w++)
			atomic64_store_release(&queue->pool.class_table[c].free_map[w], UINT64_MAX);
	for (int i = 0; i < CALLS; i++) {
		int ret = mpshm_queue_put(queue, message, sizeof message, MPSHM_MILLISECOND);
		ck_assert(ret == 0 || ret == -ETIMEDOUT);
		if (ret == 0)
			ck_assert_int_eq(mpshm_queue_try_get(queue, message, sizeof message), 1024);
	}
	child_kill(child_held(hold_nothing, NULL));
	ck_assert_int_eq(mpshm_segment_recover(seg), 1);
	ck_assert_int_eq(mpshm_queue_close(queue), 0);
}
END_TEST

Suite *suite_mpmc_hostile(void)
{
	Suite *suite = suite_create("mpmc_hostile");
	TCase *tcase = objects_tcase(suite, "mpmc");
	tcase_add_test(tcase, mpmc_word_that_contradicts_the_ring_returns_ebadmsg);
	tcase_add_test(tcase,
	               mpmc_calls_return_whatever_a_hostile_peer_writes_into_words_and_positions);
	tcase_add_test(tcase, mpmc_frames_that_a_hostile_process_leaves_are_resolved_without_harm);
	tcase = objects_tcase(suite, "queue");
	tcase_add_test(
		tcase,
		queue_header_of_a_hostile_peer_is_skipped_with_ebadmsg_or_asks_for_a_larger_buffer);
	tcase_add_test(tcase, queue_pool_words_of_a_hostile_peer_cost_blocks_at_most);
	return suite;
}
