/* SPDX-License-Identifier: BSD-2-Clause */
#include "footprint.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layout/directory.h"
#include "segment/segment.h"

/* Without the standard library's streams, whose buffers would be counted. */
static uint64_t count_lines(const char *path)
{
	char bytes[4096];
	uint64_t lines = 0;
	ssize_t got;

	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && (got = read(fd, bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < got; i++)
			lines += bytes[i] == '\n';
	if (fd >= 0)
		(void) close(fd);
	return lines;
}

static uint64_t count_descriptors(void)
{
	uint64_t count = 0;
	for (int fd = 0; fd < 4096; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static uint64_t anonymous_kib(void)
{
	unsigned long total = 0, resident = 0, of_files = 0;
	char text[128] = "";

	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof text - 1) > 0)
		(void) sscanf(text, "%lu %lu %lu", &total, &resident, &of_files);
	(void) close(fd);
	return (uint64_t) (resident - of_files) * (uint64_t) sysconf(_SC_PAGESIZE) / 1024;
}

void footprint_take(struct footprint *ret, const struct mpshm_segment *segment)
{
	struct stat file;

	memset(ret, 0, sizeof *ret);
	ret->descriptors = count_descriptors();
	ret->mappings = count_lines("/proc/self/maps");
	ret->anonymous_kib = anonymous_kib();
	if (fstat(segment->fd, &file) == 0)
		ret->segment_kib = (uint64_t) file.st_blocks / 2;
	for (uint32_t i = 0; i < segment->participants_max; i++)
		ret->participants += participant_state_kind(atomic64_load_acquire(
					     &segment->participants[i].state)) != PARTICIPANT_FREE;
	for (uint32_t i = 0; i < segment->threads_max; i++)
		ret->cells += atomic64_load_acquire(&segment->cells[i].owner) != OWNER_NONE;
	ret->cells_used = atomic32_load_acquire(&segment->shm->cells_high);
	for (uint32_t i = 0; i < segment->directory_capacity; i++)
		ret->entries +=
			entry_state_kind(atomic64_load_acquire(&segment->directory[i].state)) !=
			ENTRY_EMPTY;
	ret->directory_lock = atomic64_load_acquire(&segment->shm->directory_lock.owner);
}

/* Tools that put freed memory in quarantine: theirs can't be told from ours. */
#if defined(MPSHM_ASAN) || defined(MPSHM_TSAN)
#define MEMORY_TELLS false
#else
#define MEMORY_TELLS true
#endif

bool footprint_same(const struct footprint *before, const struct footprint *after,
                    uint64_t kib_allowed, uint64_t mappings_allowed)
{
	return after->descriptors == before->descriptors &&
	       (!MEMORY_TELLS || (after->mappings <= before->mappings + mappings_allowed &&
	                          after->anonymous_kib <= before->anonymous_kib + kib_allowed)) &&
	       after->segment_kib == before->segment_kib &&
	       after->participants == before->participants && after->cells == before->cells &&
	       after->entries == before->entries && after->directory_lock == before->directory_lock;
}

void footprint_print(const char *when, const struct footprint *f)
{
	(void) printf("%s: %" PRIu64 " descriptors, %" PRIu64 " mappings, %" PRIu64
	              " KiB of memory, %" PRIu64 " KiB of segment, %" PRIu64
	              " participants, %" PRIu64 " cells of %" PRIu64 " used, %" PRIu64
	              " objects, directory lock %" PRIx64 "\n",
	              when, f->descriptors, f->mappings, f->anonymous_kib, f->segment_kib,
	              f->participants, f->cells, f->cells_used, f->entries, f->directory_lock);
}
