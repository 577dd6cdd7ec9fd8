/* SPDX-License-Identifier: BSD-2-Clause */
/* The pool's geometry: planned at creation, checked at each open. */
#include <string.h>

#include "platform/error.h"
#include "queue/pool.h"

#define CLASS_BYTES_MIN 256u
#define CLASS_SHARE_DEFAULT (256u * 1024)
#define TOP_CLASS_BLOCKS_DEFAULT 4u
#define TURN_BLOCK_BYTES 65536u /* from this size on blocks are taken in turn */
#define TURN_BYTES (4u << 20)
#define TURN_LEAST 4u
#define POOL_BLOCKS_MAX 0xfffff0u /* a message's header has 24 bits for the block */

static uint64_t round_up(uint64_t bytes, uint64_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

static uint64_t map_bytes(uint32_t blocks)
{
	return round_up(blocks, 64) / 8;
}

/* Sizes double from CLASS_BYTES_MIN; the last is the largest message's. */
static uint32_t plan_sizes(uint32_t max_message_bytes, uint32_t sizes[POOL_CLASSES])
{
	uint32_t top = (uint32_t) round_up(max_message_bytes ? max_message_bytes : 1, 64);
	uint32_t classes = 0;
	for (uint32_t size = CLASS_BYTES_MIN; size < top; size *= 2)
		sizes[classes++] = size;
	sizes[classes++] = top;
	return classes;
}

/* How many blocks each class gets.  false: they don't fit pool_bytes. */
static bool plan_counts(const uint32_t *sizes, uint32_t classes, uint64_t pool_bytes,
                        uint32_t *ret_counts)
{
	uint64_t share = pool_bytes ? pool_bytes / classes : CLASS_SHARE_DEFAULT;
	uint64_t total = 0, blocks = 0;

	for (uint32_t c = 0; c < classes; c++) {
		uint64_t count = share / sizes[c];
		uint64_t least = pool_bytes ? 1 : c == classes - 1 ? TOP_CLASS_BLOCKS_DEFAULT : 2;
		if (count < least)
			count = least;
		if (count > POOL_BLOCKS_MAX)
			return false;
		ret_counts[c] = (uint32_t) count;
		blocks += count;
		total += count * sizes[c];
	}
	/* Where the top class took more than its share, the others give it back. */
	for (uint32_t c = 0; pool_bytes && total > pool_bytes && c < classes; c++) {
		uint64_t surplus = (total - pool_bytes + sizes[c] - 1) / sizes[c];
		if (surplus > ret_counts[c] - 1)
			surplus = ret_counts[c] - 1;
		ret_counts[c] -= (uint32_t) surplus;
		blocks -= surplus;
		total -= surplus * sizes[c];
	}
	return (pool_bytes == 0 || total <= pool_bytes) && blocks <= POOL_BLOCKS_MAX;
}

uint64_t mpshm_i_pool_lay_out(struct pool_shm *ret_shm, uint32_t max_message_bytes,
                              uint64_t pool_bytes, uint64_t start)
{
	uint32_t sizes[POOL_CLASSES], counts[POOL_CLASSES];
	uint32_t classes = plan_sizes(max_message_bytes, sizes);
	uint64_t at = round_up(start, LAYOUT_LINE);

	if (!plan_counts(sizes, classes, pool_bytes, counts))
		return 0;
	ret_shm->classes = classes;
	ret_shm->blocks = 0;
	ret_shm->pool_bytes = 0;
	for (uint32_t c = 0; c < classes; c++) {
		ret_shm->class_table[c] = (struct class_shm){
			.block_bytes = sizes[c],
			.blocks = counts[c],
			.first_block = ret_shm->blocks,
			.free_map_at = at,
		};
		at = round_up(at + map_bytes(counts[c]), LAYOUT_LINE);
		ret_shm->blocks += counts[c];
		ret_shm->pool_bytes += (uint64_t) counts[c] * sizes[c];
	}
	ret_shm->descriptors_at = at;
	at = round_up(at + (uint64_t) ret_shm->blocks * sizeof(struct block_shm), LAYOUT_PAGE);
	for (uint32_t c = 0; c < classes; c++) {
		ret_shm->class_table[c].blocks_at = at;
		at += (uint64_t) counts[c] * sizes[c];
	}
	return at - start;
}

void mpshm_i_pool_fill(const struct pool_shm *shm, void *object_shm)
{
	for (uint32_t c = 0; c < shm->classes; c++) {
		const struct class_shm *class = &shm->class_table[c];
		atomic64 *map = (atomic64 *) (void *) ((char *) object_shm + class->free_map_at);
		for (uint32_t b = 0; b < class->blocks; b += 64) {
			uint32_t here = class->blocks - b < 64 ? class->blocks - b : 64;
			/* Relaxed: before the object is READY. */
			atomic64_store_relaxed(&map[b / 64],
			                       here == 64 ? UINT64_MAX : (UINT64_C(1) << here) - 1);
		}
	}
}

static bool inside(uint64_t at, uint64_t bytes, uint64_t align, const struct object *object)
{
	return at % align == 0 && bytes <= object->bytes && at <= object->bytes - bytes;
}

/*
 * Of long blocks each process takes the next: the one that was freed longest ago is the likeliest
 * to have left the caches of who read it; but no more of them than a cache holds.  Of short
 * ones it takes the first, so that few are in use and stay in its own.  Processes begin apart.
 */
static void view_turn(struct pool_class *class, uint32_t participant)
{
	uint32_t turn = TURN_BYTES / class->block_bytes;
	uint32_t words = (class->count + 63) / 64;

	if (turn < TURN_LEAST)
		turn = TURN_LEAST;
	if (turn > class->count)
		turn = class->count;
	class->turn = class->block_bytes >= TURN_BLOCK_BYTES ? turn : 0;
	atomic32_store_relaxed(&class->next,
	                       class->turn > 0 ? participant % turn : participant % words * 64);
}

static bool view_class(struct pool *pool, const struct class_shm *class, uint32_t c)
{
	struct object *object = pool->object;

	if (class->block_bytes == 0 || class->block_bytes % 64 != 0 || class->blocks == 0 ||
	    class->blocks > POOL_BLOCKS_MAX || class->first_block != pool->blocks ||
	    (c > 0 && class->block_bytes <= pool->class_table[c - 1].block_bytes) ||
	    !inside(class->blocks_at, (uint64_t) class->blocks * class->block_bytes, 64, object) ||
	    !inside(class->free_map_at, map_bytes(class->blocks), 8, object))
		return false;
	pool->class_table[c] = (struct pool_class){
		.blocks = (char *) object->shm + class->blocks_at,
		.free_map = (atomic64 *) (void *) ((char *) object->shm + class->free_map_at),
		.block_bytes = class->block_bytes,
		.count = class->blocks,
		.first_block = class->first_block,
	};
	view_turn(&pool->class_table[c], object->segment->participant);
	pool->blocks += class->blocks;
	return pool->blocks <= POOL_BLOCKS_MAX;
}

int mpshm_i_pool_view(struct pool *pool, struct object *object, struct pool_shm *shm)
{
	struct pool_shm copy; /* one reading: what a peer writes later changes nothing */
	memcpy(&copy, shm, sizeof copy);
	compiler_barrier();

	*pool = (struct pool){.object = object, .shm = shm};
	bool good = copy.classes > 0 && copy.classes <= POOL_CLASSES;
	for (uint32_t c = 0; good && c < copy.classes; c++)
		good = view_class(pool, &copy.class_table[c], c);
	if (!good || copy.blocks != pool->blocks ||
	    !inside(copy.descriptors_at, (uint64_t) pool->blocks * sizeof(struct block_shm), 8,
	            object))
		return mpshm_i_fail(EBADMSG,
		                    "segment %s: object %u: its pool's geometry is corrupt",
		                    object->segment->name, object->index);
	pool->classes = copy.classes;
	pool->group_blocks = (pool->blocks + 63) / 64;
	pool->descriptors =
		(struct block_shm *) (void *) ((char *) object->shm + copy.descriptors_at);
	return 0;
}
