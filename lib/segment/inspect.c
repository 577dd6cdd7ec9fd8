/* SPDX-License-Identifier: BSD-2-Clause */
/* inspect: open a segment for looking, and what concerns it as a whole. */
#include "segment/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/error.h"
#include "platform/keep_errno.h"
#include "platform/shm.h"

#define BATCH_BYTES 16384u

int mpshm_i_inspect_read(const struct mpshm_inspect *inspect, uint64_t offset, void *ret_buffer,
                         uint64_t bytes)
{
	char *to = ret_buffer;

	while (bytes > 0) {
		ssize_t got = pread(inspect->fd, to, bytes, (off_t) offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return mpshm_i_fail(errno, "segment %s: can't be read: %s", inspect->name,
			                    strerror(errno));
		if (got == 0)
			return mpshm_i_fail(EBADMSG, "segment %s: truncated: ends before byte %llu",
			                    inspect->name, (unsigned long long) (offset + bytes));
		to += got;
		offset += (uint64_t) got;
		bytes -= (uint64_t) got;
	}
	return 0;
}

int mpshm_i_inspect_usable(const struct mpshm_inspect *inspect)
{
	struct stat status;

	if (!inspect)
		return mpshm_i_fail(EINVAL, "inspect: no handle");
	if (fstat(inspect->fd, &status) == 0 && (uint64_t) status.st_dev == inspect->device &&
	    (uint64_t) status.st_ino == inspect->inode)
		return 0;
	return mpshm_i_fail(EBADF, "segment %s: somebody closed the descriptor to look at it with",
	                    inspect->name);
}

int mpshm_i_inspect_cells(const struct mpshm_inspect *inspect, uint32_t *ret_cells)
{
	atomic32 high;
	int ret = mpshm_i_inspect_read(inspect, offsetof(struct segment_shm, cells_high), &high,
	                               sizeof high);
	if (ret < 0)
		return ret;
	*ret_cells =
		high.raw < inspect->geometry.threads_max ? high.raw : inspect->geometry.threads_max;
	return 0;
}

static int open_file(struct mpshm_inspect *inspect, enum mpshm_segment_state *ret_state)
{
	char why[SEGMENT_WHY_BYTES];
	struct stat status;
	uint64_t bytes;

	inspect->fd = mpshm_i_shm_open(inspect->name, O_RDONLY, 0);
	if (inspect->fd == -ENOTTY) {
		*ret_state = MPSHM_SEGMENT_OTHER;
		return mpshm_i_fail(EBADMSG, "segment %s: no regular file", inspect->name);
	}
	if (inspect->fd < 0)
		return mpshm_i_fail(-inspect->fd, "segment %s: %s", inspect->name,
		                    strerror(-inspect->fd));
	if (fstat(inspect->fd, &status) < 0)
		return mpshm_i_fail(errno, "segment %s: %s", inspect->name, strerror(errno));
	inspect->device = (uint64_t) status.st_dev;
	inspect->inode = (uint64_t) status.st_ino;

	int ret = mpshm_i_segment_read_header(inspect->fd, &inspect->header, &bytes);
	if (ret < 0)
		return mpshm_i_fail(-ret, "segment %s: can't be read: %s", inspect->name,
		                    strerror(-ret));
	*ret_state = mpshm_i_segment_check(&inspect->header, bytes, false, &inspect->geometry, why);
	if (*ret_state != MPSHM_SEGMENT_OK)
		return mpshm_i_fail(mpshm_i_segment_state_error(*ret_state), "segment %s: %s",
		                    inspect->name, why);
	return 0;
}

int mpshm_inspect_open(struct mpshm_inspect **ret_inspect, const char *name,
                       enum mpshm_segment_state *ret_state)
{
	KEEP_ERRNO;
	enum mpshm_segment_state state = MPSHM_SEGMENT_OTHER;

	if (!ret_inspect)
		return mpshm_i_fail(EINVAL, "inspect: nowhere to put the handle");
	if (!mpshm_i_name_valid(name))
		return mpshm_i_fail(EINVAL, "segment: not a name (1 to %d of A-Za-z0-9._-)",
		                    MPSHM_NAME_MAX);
	struct mpshm_inspect *inspect = calloc(1, sizeof *inspect);
	if (!inspect)
		return mpshm_i_fail(ENOMEM, "segment %s: no memory to look at it", name);
	memcpy(inspect->name, name, strlen(name) + 1);
	int ret = open_file(inspect, &state);
	if (ret_state)
		*ret_state = state;
	if (ret < 0) {
		mpshm_inspect_close(inspect);
		return ret;
	}
	*ret_inspect = inspect;
	return 0;
}

void mpshm_inspect_close(struct mpshm_inspect *inspect)
{
	KEEP_ERRNO;

	if (!inspect)
		return;
	/* Not what the host may have put in its place. */
	if (inspect->fd >= 0 && (inspect->inode == 0 || mpshm_i_inspect_usable(inspect) == 0))
		(void) close(inspect->fd);
	free(inspect);
}

/* Walk a table of `count` items, some at a time. */
static int walk(const struct mpshm_inspect *inspect, uint64_t at, uint32_t count, size_t item_bytes,
                void (*visit)(const struct mpshm_inspect *inspect, const void *item,
                              struct mpshm_segment_info *info),
                struct mpshm_segment_info *info)
{
	_Alignas(64) char batch[BATCH_BYTES];
	uint32_t step = BATCH_BYTES / (uint32_t) item_bytes;

	for (uint32_t i = 0; i < count; i += step) {
		uint32_t now = count - i < step ? count - i : step;
		int ret = mpshm_i_inspect_read(inspect, at + (uint64_t) i * item_bytes, batch,
		                               (uint64_t) now * item_bytes);
		if (ret < 0)
			return ret;
		for (uint32_t k = 0; k < now; k++)
			visit(inspect, batch + k * item_bytes, info);
	}
	return 0;
}

static void see_entry(const struct mpshm_inspect *inspect, const void *item,
                      struct mpshm_segment_info *info)
{
	const struct entry_shm *entry = item;
	enum entry_kind kind = entry_state_kind(entry->state.raw);

	if (kind == ENTRY_READY || kind == ENTRY_UNLINKED)
		info->objects++;
	for (uint32_t i = 0; i < ENTRY_EXTENTS && kind != ENTRY_EMPTY; i++) {
		struct extent_shm extent = entry->extents[i];
		if (mpshm_i_inspect_extent_valid(inspect, extent))
			info->heap_bytes -=
				extent.bytes < info->heap_bytes ? extent.bytes : info->heap_bytes;
	}
}

static void see_participant(const struct mpshm_inspect *inspect, const void *item,
                            struct mpshm_segment_info *info)
{
	const struct participant_shm *participant = item;

	(void) inspect;
	if (participant_state_kind(participant->state.raw) != PARTICIPANT_FREE)
		info->participants++;
}

static void see_cell(const struct mpshm_inspect *inspect, const void *item,
                     struct mpshm_segment_info *info)
{
	const struct cell_shm *cell = item;

	(void) inspect;
	if (cell->owner.raw != OWNER_NONE)
		info->threads++;
}

static void fill_constants(const struct mpshm_inspect *inspect, struct mpshm_segment_info *info)
{
	const struct segment_geometry *geometry = &inspect->geometry;
	const struct segment_shm *header = &inspect->header;

	memcpy(info->name, inspect->name, sizeof info->name);
	memcpy(info->uuid, geometry->uuid, sizeof info->uuid);
	info->layout_major = header->layout_major;
	info->layout_minor = header->layout_minor;
	info->size_bytes = geometry->bytes;
	info->heap_bytes = geometry->bytes - geometry->heap_at;
	info->created_ns = header->created_ns;
	info->creator_pid = header->creator_pid;
	info->directory_capacity = geometry->directory_capacity;
	info->participants_max = geometry->participants_max;
	info->threads_max = geometry->threads_max;
	info->ephemeral = (geometry->options & SEGMENT_EPHEMERAL) != 0;
}

int mpshm_inspect_segment(struct mpshm_inspect *inspect, struct mpshm_segment_info *ret_info)
{
	KEEP_ERRNO;
	struct mpshm_segment_info info = {0};
	atomic64 deaths[2]; /* and take-overs */
	struct stat status;
	uint32_t cells;

	int ret = mpshm_i_inspect_usable(inspect);
	if (ret < 0)
		return ret;
	const struct segment_geometry *at = &inspect->geometry;
	if (fstat(inspect->fd, &status) < 0)
		return mpshm_i_fail(errno, "segment %s: %s", inspect->name, strerror(errno));
	fill_constants(inspect, &info);
	info.memory_bytes = (uint64_t) status.st_blocks * 512;
	info.mode = status.st_mode & 07777;
	info.uid = status.st_uid;
	info.gid = status.st_gid;
	ret = mpshm_i_inspect_read(inspect, offsetof(struct segment_shm, peer_deaths), deaths,
	                           sizeof deaths);
	if (ret == 0)
		ret = mpshm_i_inspect_cells(inspect, &cells);
	if (ret == 0)
		ret = walk(inspect, at->directory_at, at->directory_capacity,
		           sizeof(struct entry_shm), see_entry, &info);
	if (ret == 0)
		ret = walk(inspect, at->participants_at, at->participants_max,
		           sizeof(struct participant_shm), see_participant, &info);
	if (ret == 0)
		ret = walk(inspect, at->cells_at, cells, sizeof(struct cell_shm), see_cell, &info);
	if (ret < 0)
		return ret;
	info.peer_deaths = deaths[0].raw;
	info.lock_take_overs = deaths[1].raw;
	*ret_info = info;
	return 0;
}
