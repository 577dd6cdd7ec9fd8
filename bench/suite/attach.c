/* SPDX-License-Identifier: BSD-2-Clause */
/* To open a segment that is there, and a queue in it, and to close both again. */
#include "cost.h"

#include <errno.h>
#include <fcntl.h>
#include <mpshm.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int queue_create(struct stage *stage, const struct row *row)
{
	return peer_mpshm_queue.create(stage, row);
}

static void queue_remove(struct stage *stage, const struct row *row)
{
	peer_mpshm_queue.remove(stage, row);
}

static int nothing(struct worker *worker)
{
	(void) worker;
	return 0;
}

static int open_and_close(struct worker *worker, unsigned times)
{
	struct mpshm_segment *segment;
	struct mpshm_queue *queue;
	int error = 0;

	for (; times > 0 && error >= 0; times--) {
		error = mpshm_segment_open(&segment, worker->stage->own.name, MPSHM_NEW_MAPPING,
		                           NULL);
		if (error >= 0)
			error = mpshm_queue_open(&queue, segment, stage_end_name(0), 0, NULL);
		if (error >= 0)
			error = mpshm_queue_close(queue);
		if (error >= 0)
			error = mpshm_segment_close(segment);
	}
	return error < 0 ? library_refused("attaching", error) : 0;
}

static void attach_run(struct worker *worker, int64_t duration_ns)
{
	cost_run(worker, duration_ns, open_and_close, 1);
}

const struct peer peer_mpshm_attach = {.name = "mpshm segment and queue",
                                       .ours = true,
                                       .create = queue_create,
                                       .remove = queue_remove,
                                       .attach = nothing,
                                       .run = {[SHAPE_ATTACH] = attach_run}};

/* --- what the system takes for it ------------------------------------------------------- */

#define BAR_BYTES 65536

static void bar_name(const struct stage *stage, char *name, size_t bytes)
{
	snprintf(name, bytes, "/%s.bar", stage->own.name);
}

static int bar_create(struct stage *stage, const struct row *row)
{
	char name[96];
	int fd, error = 0;

	(void) row;
	bar_name(stage, name, sizeof(name));
	fd = shm_open(name, O_CREAT | O_RDWR | O_EXCL, 0600);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, BAR_BYTES) < 0) {
		error = -errno;
		shm_unlink(name);
	}
	close(fd);
	return error;
}

static void bar_remove(struct stage *stage, const struct row *row)
{
	char name[96];

	(void) row;
	bar_name(stage, name, sizeof(name));
	shm_unlink(name);
}

static int map_and_unmap(struct worker *worker, unsigned times)
{
	char name[96];

	bar_name(worker->stage, name, sizeof(name));
	for (; times > 0; times--) {
		int fd = shm_open(name, O_RDWR, 0);
		struct stat stat;
		char *memory;

		if (fd < 0 || fstat(fd, &stat) < 0)
			return -errno;
		memory = mmap(NULL, (size_t) stat.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		              0);
		if (memory == MAP_FAILED)
			return -errno;
		__atomic_fetch_add(memory, 1, __ATOMIC_RELAXED);
		munmap(memory, (size_t) stat.st_size);
		close(fd);
	}
	return 0;
}

static void bar_run(struct worker *worker, int64_t duration_ns)
{
	cost_run(worker, duration_ns, map_and_unmap, 1);
}

const struct peer peer_shm_attach = {.name = "shm_open, mmap, a page",
                                     .bar = true,
                                     .create = bar_create,
                                     .remove = bar_remove,
                                     .attach = nothing,
                                     .run = {[SHAPE_ATTACH] = bar_run}};
