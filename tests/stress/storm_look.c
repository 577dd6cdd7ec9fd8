/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A look into the object from outside: does a slot, or a lease, still hold the message that
 * a dead consumer had in its buffer?  Then its get had not acknowledged it, and it must be
 * delivered again.  By a read-only mapping of the segment's file, so that the process
 * that looks is no participant, and neither are the workers that it forks.
 */
#include "storm.h"

#include "layout/object.h"
#include "layout/queue.h"
#include "layout/segment.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int storm_look_begin(const char *segment, enum storm_kind kind, struct storm_look *ret_look)
{
	char path[128];
	struct stat file;
	(void) snprintf(path, sizeof path, "/dev/shm/mpshm.%s", segment);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &file) < 0)
		return -1;
	ret_look->bytes = (uint64_t) file.st_size;
	ret_look->base = mmap(NULL, ret_look->bytes, PROT_READ, MAP_SHARED, fd, 0);
	(void) close(fd);
	if (ret_look->base == MAP_FAILED)
		return -1;
	const struct segment_shm *header = (const void *) ret_look->base;
	const struct entry_shm *entries = (const void *) (ret_look->base + header->directory_at);
	for (uint32_t i = 0; i < header->directory_capacity; i++)
		if (strcmp(entries[i].name, "storm") == 0)
			ret_look->object = ret_look->base + entries[i].extents[0].offset;
	ret_look->kind = kind;
	return ret_look->object ? 0 : -1;
}

void storm_look_end(struct storm_look *look)
{
	if (look->object)
		(void) munmap((void *) (uintptr_t) look->base, look->bytes);
}

static uint64_t block_id(const struct storm_look *look, uint32_t block)
{
	const struct queue_shm *shm = (const void *) look->object;
	uint64_t id = UINT64_MAX;
	for (uint32_t c = 0; c < shm->pool.classes; c++) {
		const struct class_shm *class = &shm->pool.class_table[c];
		if (block - class->first_block < class->blocks)
			memcpy(&id,
			       look->object + class->blocks_at +
			               (uint64_t) (block - class->first_block) * class->block_bytes,
			       sizeof id);
	}
	return id;
}

/* The id at the beginning of a message's payload. */
static uint64_t message_id(const struct storm_look *look, const struct message_shm *slot)
{
	uint64_t head = atomic64_load_acquire(&slot->head), id;

	if (message_block_plus_1(head) != 0)
		return block_id(look, message_block_plus_1(head) - 1);
	memcpy(&id, slot + 1, sizeof id);
	return id;
}

static bool lease_holds(const struct storm_look *look, uint64_t id)
{
	const struct pool_shm *pool =
		&((const struct queue_shm *) (const void *) look->object)->pool;
	const struct block_shm *blocks = (const void *) (look->object + pool->descriptors_at);
	for (uint32_t b = 0; b < pool->blocks; b++) {
		uint64_t word = atomic64_load_acquire(&blocks[b].word);
		if (block_kind(word) != BLOCK_LEASED && block_kind(word) != BLOCK_BACK)
			continue;
		uint64_t held = block_id(look, b);
		fence_acquire();
		if (held == id && atomic64_load_acquire(&blocks[b].word) == word)
			return true;
	}
	return false;
}

/* The consumer is dead: head stands still, and nobody writes between it and tail. */
static bool spsc_holds(const struct storm_look *look, uint64_t id)
{
	const struct spsc_shm *ring = (const void *) look->object;
	uint64_t tail = atomic64_load_acquire(&ring->tail), held;
	for (uint64_t at = atomic64_load_acquire(&ring->head); at != tail; at++) {
		memcpy(&held,
		       look->object + ring->elements_at +
		               (at & (ring->capacity - 1)) * ring->element_bytes,
		       sizeof held);
		if (held == id)
			return true;
	}
	return false;
}

bool storm_look_holds(const struct storm_look *look, uint64_t id)
{
	const struct mpmc_shm *ring = (const void *) look->object;
	if (look->kind == STORM_SPSC)
		return spsc_holds(look, id);
	for (uint32_t i = 0; i < ring->capacity; i++) {
		const atomic64 *word_at = (const void *) (look->object + ring->words_at +
		                                          (uint64_t) i * ring->word_stride);
		const char *element =
			look->object + ring->elements_at + (uint64_t) i * ring->element_stride;
		uint64_t word = atomic64_load_acquire(word_at), held;
		if (slot_kind(word) == SLOT_FREE || slot_kind(word) == SLOT_TOMB)
			continue;
		if (look->kind == STORM_QUEUE)
			held = message_id(look, (const void *) element);
		else
			memcpy(&held, element, sizeof held);
		fence_acquire();
		if (held == id && atomic64_load_acquire(word_at) == word)
			return true;
	}
	/* After the slots: that is the way it goes. */
	return look->kind == STORM_QUEUE && lease_holds(look, id);
}
