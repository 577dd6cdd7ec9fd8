/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment/attachment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "platform/error.h"
#include "platform/shm.h"
#include "segment/registry.h"

static void take_geometry(struct mpshm_segment *segment, const struct segment_geometry *geometry)
{
	segment->participants = (void *) (segment->base + geometry->participants_at);
	segment->cells = (void *) (segment->base + geometry->cells_at);
	segment->directory = (void *) (segment->base + geometry->directory_at);
	segment->participants_max = geometry->participants_max;
	segment->threads_max = geometry->threads_max;
	segment->directory_capacity = geometry->directory_capacity;
	segment->options = geometry->options;
	segment->heap_at = geometry->heap_at;
	memcpy(segment->uuid, geometry->uuid, sizeof segment->uuid);
}

int mpshm_i_attachment_make(struct mpshm_segment **ret_segment, const char *name, int fd,
                            const struct segment_geometry *geometry, unsigned flags)
{
	struct mpshm_segment *segment = calloc(1, sizeof *segment);
	struct stat file;
	void *base = NULL;

	int ret = !segment ? -ENOMEM : fstat(fd, &file) < 0 ? -errno : 0;
	if (ret == 0)
		ret = mpshm_i_shm_map(fd, geometry->bytes, true, (flags & MPSHM_HUGE_PAGES) != 0,
		                      &base);
	if (ret < 0) {
		free(segment);
		return mpshm_i_fail(-ret, "segment %s: %ju bytes can't be mapped: %s", name,
		                    (uintmax_t) geometry->bytes, strerror(-ret));
	}
	segment->base = base;
	segment->bytes = geometry->bytes;
	segment->shm = base;
	take_geometry(segment, geometry);
	memcpy(segment->name, name, strlen(name) + 1);
	segment->device = file.st_dev;
	segment->inode = file.st_ino;
	segment->participant = PARTICIPANT_NONE;
	segment->fd = fd;
	segment->additional = (flags & MPSHM_NEW_MAPPING) != 0;
	segment->prefault = (flags & MPSHM_PREFAULT) != 0;
	segment->huge = (flags & MPSHM_HUGE_PAGES) != 0;
	atomic32_store_relaxed(&segment->references, 1); /* nobody else knows it yet */
	pthread_mutex_init(&segment->mutex, NULL);
	*ret_segment = segment;
	return 0;
}

void mpshm_i_attachment_prepare(struct mpshm_segment *segment, void *start, uint64_t bytes)
{
	if (unlikely(segment->huge))
		mpshm_i_shm_ask_huge(start, bytes);
	if (unlikely(segment->prefault))
		mpshm_i_shm_prefault(start, bytes);
}

void mpshm_i_attachment_discard(struct mpshm_segment *segment)
{
	(void) munmap(segment->base, segment->bytes);
	(void) pthread_mutex_destroy(&segment->mutex);
	free(segment);
}

const char *mpshm_segment_name(const struct mpshm_segment *segment)
{
	return segment->name;
}

void mpshm_segment_uuid(const struct mpshm_segment *segment, uint8_t ret_uuid[16])
{
	memcpy(ret_uuid, segment->uuid, sizeof segment->uuid);
}
