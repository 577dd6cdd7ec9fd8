/* SPDX-License-Identifier: BSD-2-Clause */
/* inspect_objects: the head of each type of object, from a copy. */
#include <errno.h>
#include <string.h>

#include "layout/mpmc.h"
#include "layout/object.h"
#include "layout/queue.h"
#include "segment/inspect.h"

/* `bytes` bytes at `offset` of the object: -EBADMSG where they aren't its own. */
static int read_part(const struct mpshm_inspect *inspect, struct extent_shm extent, uint64_t offset,
                     void *ret_part, uint64_t bytes)
{
	if (bytes > extent.bytes || offset > extent.bytes - bytes)
		return -EBADMSG;
	return mpshm_i_inspect_read(inspect, extent.offset + offset, ret_part, bytes);
}

static uint32_t side_of(const struct mpshm_inspect *inspect, uint64_t owner)
{
	uint32_t participant = owner_participant(owner);

	return owner == OWNER_NONE || participant >= inspect->geometry.participants_max
	               ? UINT32_MAX
	               : participant;
}

/* The ends were not read in one moment: a difference that can't be is cut. */
static uint64_t used(uint64_t tail, uint64_t head, uint64_t capacity)
{
	int64_t difference = (int64_t) (tail - head);

	if (difference < 0)
		return 0;
	return (uint64_t) difference < capacity ? (uint64_t) difference : capacity;
}

static int spsc(const struct mpshm_inspect *inspect, struct extent_shm extent,
                struct mpshm_object_info *info)
{
	struct spsc_shm ring;

	int ret = read_part(inspect, extent, 0, &ring, sizeof ring);
	if (ret < 0)
		return ret;
	if (ring.capacity == 0 || ring.element_bytes == 0)
		return -EBADMSG;
	info->capacity = ring.capacity;
	info->element_bytes = ring.element_bytes;
	info->used = used(ring.tail.raw, ring.head.raw, ring.capacity);
	info->put_total = ring.tail.raw;
	info->get_total = ring.head.raw;
	info->producer = side_of(inspect, ring.producer.raw);
	info->consumer = side_of(inspect, ring.consumer.raw);
	info->recovered = ring.take_overs.raw;
	return 0;
}

static int fill_ring(const struct mpmc_shm *ring, struct mpshm_object_info *info)
{
	if (ring->capacity == 0 || (ring->capacity & (ring->capacity - 1)) != 0)
		return -EBADMSG;
	uint64_t tail = ring->tail.raw & ~TAIL_CLOSED;
	info->capacity =
		ring->limit != 0 && ring->limit < ring->capacity ? ring->limit : ring->capacity;
	info->element_bytes = ring->element_bytes;
	info->used = used(tail, ring->head.raw, info->capacity);
	info->put_total = tail;
	info->get_total = ring->head.raw;
	info->shut_down = (ring->tail.raw & TAIL_CLOSED) != 0;
	info->recovered = ring->recovered.raw;
	info->redelivered = ring->redelivered.raw;
	info->tombstoned = ring->tombstoned.raw;
	info->dropped = ring->dropped.raw;
	return 0;
}

static int mpmc(const struct mpshm_inspect *inspect, struct extent_shm extent,
                struct mpshm_object_info *info)
{
	struct mpmc_shm ring;

	int ret = read_part(inspect, extent, 0, &ring, sizeof ring);
	return ret < 0 ? ret : fill_ring(&ring, info);
}

/*
 * Is the block taken?  IN(p) is true as long as the slot has not moved on from p: what
 * lies between head and tail has not; of the rest, few, the slot is asked.
 */
static bool block_used(const struct mpshm_inspect *inspect, struct extent_shm extent,
                       const struct mpmc_shm *ring, uint64_t word)
{
	uint64_t position = block_payload(word), slot;

	if (block_kind(word) != BLOCK_IN)
		return block_kind(word) != BLOCK_FREE;
	if (position - ring->head.raw < (ring->tail.raw & ~TAIL_CLOSED) - ring->head.raw)
		return true;
	uint64_t at = (position & (ring->capacity - 1)) * ring->word_stride + ring->words_at;
	if (read_part(inspect, extent, at, &slot, sizeof slot) < 0)
		return false;
	uint64_t lap =
		slot_lap(slot_word(SLOT_FREE, 0, position & ~((uint64_t) ring->capacity - 1)));
	return slot_lap(slot) == lap && slot_kind(slot) != SLOT_FREE &&
	       slot_kind(slot) != SLOT_TOMB;
}

static int count_blocks(const struct mpshm_inspect *inspect, struct extent_shm extent,
                        const struct queue_shm *queue, struct mpshm_object_info *info)
{
	struct block_shm batch[128];
	uint32_t blocks = queue->pool.blocks;

	if (blocks > extent.bytes / sizeof batch[0] || blocks >= MESSAGE_BLOCKS_LIMIT)
		return -EBADMSG;
	info->pool_blocks = blocks;
	for (uint32_t i = 0; i < blocks; i += 128) {
		uint32_t now = blocks - i < 128 ? blocks - i : 128;
		if (queue->pool.descriptors_at > extent.bytes)
			return -EBADMSG;
		int ret = read_part(inspect, extent,
		                    queue->pool.descriptors_at + (uint64_t) i * sizeof batch[0],
		                    batch, (uint64_t) now * sizeof batch[0]);
		if (ret < 0)
			return ret;
		for (uint32_t k = 0; k < now; k++) {
			uint64_t word = batch[k].word.raw;
			info->pool_blocks_used += block_used(inspect, extent, &queue->ring, word);
			info->leased += block_kind(word) == BLOCK_LEASED;
			info->returned += block_kind(word) == BLOCK_BACK;
		}
	}
	return 0;
}

static int queue(const struct mpshm_inspect *inspect, struct extent_shm extent,
                 struct mpshm_object_info *info)
{
	struct queue_shm head;

	int ret = read_part(inspect, extent, 0, &head, sizeof head);
	if (ret == 0)
		ret = fill_ring(&head.ring, info);
	if (ret < 0)
		return ret;
	info->element_bytes = head.max_message_bytes;
	info->waiters_put = (head.not_full.word.raw | head.block_free.word.raw) & 1;
	info->waiters_get = head.not_empty.word.raw & 1;
	return count_blocks(inspect, extent, &head, info);
}

static int value(const struct mpshm_inspect *inspect, struct extent_shm extent,
                 struct mpshm_object_info *info)
{
	struct value_shm head;

	int ret = read_part(inspect, extent, 0, &head, sizeof head);
	if (ret == 0)
		info->value = (int64_t) head.value.raw;
	return ret;
}

static int counter(const struct mpshm_inspect *inspect, struct extent_shm extent,
                   struct mpshm_object_info *info)
{
	struct stripe_shm batch[128];
	struct counter_shm head;
	uint64_t sum = 0;

	int ret = read_part(inspect, extent, 0, &head, sizeof head);
	if (ret < 0)
		return ret;
	if (head.stripe_bytes != sizeof batch[0] || head.lane_at % sizeof(uint64_t) != 0 ||
	    head.lane_at > sizeof batch[0] - sizeof(uint64_t) || head.stripes > THREADS_LIMIT ||
	    head.stripes_at > extent.bytes)
		return -EBADMSG;
	for (uint32_t i = 0; i < head.stripes; i += 128) {
		uint32_t now = head.stripes - i < 128 ? head.stripes - i : 128;
		ret = read_part(inspect, extent, head.stripes_at + (uint64_t) i * sizeof batch[0],
		                batch, (uint64_t) now * sizeof batch[0]);
		if (ret < 0)
			return ret;
		for (uint32_t k = 0; k < now; k++) {
			uint64_t lane;
			memcpy(&lane, (const char *) &batch[k] + head.lane_at, sizeof lane);
			sum += lane;
		}
	}
	info->value = (int64_t) sum;
	return 0;
}

int mpshm_i_inspect_head(const struct mpshm_inspect *inspect, enum object_type type,
                         struct extent_shm extent, struct mpshm_object_info *info)
{
	info->producer = UINT32_MAX;
	info->consumer = UINT32_MAX;
	switch (type) {
	case OBJECT_SPSC:
		return spsc(inspect, extent, info);
	case OBJECT_MPMC:
		return mpmc(inspect, extent, info);
	case OBJECT_QUEUE:
		return queue(inspect, extent, info);
	case OBJECT_VALUE:
		return value(inspect, extent, info);
	case OBJECT_COUNTER:
		return counter(inspect, extent, info);
	default:
		return 0; /* of a later version: what every object has is all that we know */
	}
}
