/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extents: the directory is the allocator.  The heap less the extents of all
 * entries that are not EMPTY is free: there is no second book that a death could
 * leave in disagreement with the first.
 */
#include "segment/directory.h"

#include <errno.h>

void mpshm_i_segment_corrupt(struct mpshm_segment *segment)
{
	/* Relaxed: for people.  Read first: a line that every waker reads. */
	if (atomic32_load_relaxed(&segment->shm->corrupt) == 0)
		atomic32_store_relaxed(&segment->shm->corrupt, 1);
}

/* Each word once, so that what was checked is what is used, whatever a peer writes. */
struct extent_shm mpshm_i_extent_read(const struct extent_shm *extent)
{
	const volatile struct extent_shm *shared = extent;

	return (struct extent_shm){.offset = shared->offset, .bytes = shared->bytes};
}

bool mpshm_i_extent_valid(const struct mpshm_segment *segment, struct extent_shm extent)
{
	if (extent.bytes == 0 || extent.offset % LAYOUT_PAGE != 0 ||
	    extent.bytes % LAYOUT_PAGE != 0)
		return false;
	if (extent.bytes > segment->bytes || extent.offset > segment->bytes - extent.bytes)
		return false;
	return extent.offset >= segment->heap_at;
}

/*
 * Where [start, start + bytes) meets an extent in use, the end of that extent, else
 * `start`.  An extent that fails its check is left out: nobody will touch what it
 * claims to be.
 */
static uint64_t move_behind(struct mpshm_segment *segment, const struct entry_shm *entry,
                            uint64_t start, uint64_t bytes)
{
	if (entry_state_kind(atomic64_load_acquire(&entry->state)) == ENTRY_EMPTY)
		return start;
	for (uint32_t i = 0; i < ENTRY_EXTENTS; i++) {
		struct extent_shm extent = mpshm_i_extent_read(&entry->extents[i]);
		if (extent.bytes == 0)
			continue;
		if (!mpshm_i_extent_valid(segment, extent)) {
			mpshm_i_segment_corrupt(segment);
			continue;
		}
		if (start < extent.offset + extent.bytes && extent.offset < start + bytes)
			start = extent.offset + extent.bytes;
	}
	return start;
}

/*
 * First fit without sorting: no start before the end of an extent that was met can
 * be free, so the start only moves up, past everything that it meets.  Two rounds
 * where entries lie in the order of their addresses, as they mostly do.
 */
int mpshm_i_extent_find(struct mpshm_segment *segment, uint64_t bytes, uint64_t *ret_offset)
{
	uint64_t start = segment->heap_at, before;

	do {
		before = start;
		for (uint32_t i = 0; i < segment->directory_capacity; i++) {
			if (bytes > segment->bytes || start > segment->bytes - bytes)
				return -ENOSPC;
			start = move_behind(segment, &segment->directory[i], start, bytes);
		}
	} while (start != before);
	if (bytes > segment->bytes || start > segment->bytes - bytes)
		return -ENOSPC;
	*ret_offset = start;
	return 0;
}
