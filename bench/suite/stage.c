/* SPDX-License-Identifier: BSD-2-Clause */
#include "stage.h"

#include "board.h"

#include "common/program.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int cpu_fact(unsigned cpu, const char *fact)
{
	char path[96];
	int value = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/topology/%s", cpu, fact);
	file = fopen(path, "r");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

/* Two threads of one core share its caches: that is neither of the two cases measured. */
static bool same_core(unsigned a, unsigned b)
{
	int core = cpu_fact(a, "core_id"), package = cpu_fact(a, "physical_package_id");

	return core >= 0 && core == cpu_fact(b, "core_id") &&
	       package == cpu_fact(b, "physical_package_id");
}

/* The first CPU that we may run on, and the first that is another core. */
static int choose_cpus(struct stage *stage)
{
	cpu_set_t allowed;
	unsigned cpu;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return -errno;
	stage->cpus = 0;
	for (cpu = 0; cpu < CPU_SETSIZE && stage->cpus < 2; cpu++)
		if (CPU_ISSET(cpu, &allowed) &&
		    (stage->cpus == 0 || !same_core(stage->cpu[0], cpu)))
			stage->cpu[stage->cpus++] = cpu;
	if (stage->cpus < 2)
		stage->cpu[1] = stage->cpu[0];
	return stage->cpus > 0 ? 0 : -ENODEV;
}

struct board *stage_map(const struct stage *stage, char **ret_arena)
{
	char *start = mmap(NULL, sizeof(struct board) + ARENA_BYTES, PROT_READ | PROT_WRITE,
	                   MAP_SHARED | MAP_POPULATE, stage->memory_fd, 0);

	if (start == MAP_FAILED)
		return NULL;
	*ret_arena = start + sizeof(struct board);
	return (struct board *) (void *) start;
}

int stage_open(struct stage *stage)
{
	int error = choose_cpus(stage);

	if (error < 0) {
		fprintf(stderr, "%s: CPUs to run on: %s\n", program_name, strerror(-error));
		return error;
	}
	stage->memory_fd = memfd_create("mpshm-bench", MFD_CLOEXEC);
	if (stage->memory_fd < 0 ||
	    ftruncate(stage->memory_fd, (off_t) (sizeof(struct board) + ARENA_BYTES)) < 0 ||
	    !(stage->board = stage_map(stage, &stage->arena))) {
		error = -errno;
		fprintf(stderr, "%s: memory for the peers: %s\n", program_name, strerror(-error));
		return error;
	}
	return own_segment_create(&stage->own);
}

int stage_close(struct stage *stage)
{
	munmap(stage->board, sizeof(struct board) + ARENA_BYTES);
	close(stage->memory_fd);
	return own_segment_remove(&stage->own);
}

int arena_attach(struct worker *worker)
{
	worker->end[0] = worker->arena;
	worker->end[1] = worker->arena + ARENA_END_BYTES;
	return 0;
}

/* Nothing: the next create() finds it zero. */
void arena_remove(struct stage *stage, const struct row *row)
{
	(void) stage;
	(void) row;
}

const char *stage_end_name(unsigned end)
{
	return end == 0 ? "a" : "b";
}
