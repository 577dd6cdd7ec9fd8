/* SPDX-License-Identifier: BSD-2-Clause */
/* What the processes of a run share: a segment's value and counter, and a page. */
#include "contrast.h"

#include "common/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static int mutex_open(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attributes;
	int error = pthread_mutexattr_init(&attributes);

	if (error != 0)
		return -error;
	error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	if (error == 0)
		error = pthread_mutex_init(mutex, &attributes);
	pthread_mutexattr_destroy(&attributes);
	return -error;
}

static int objects_open(struct arena *arena)
{
	struct mpshm_segment *segment = arena->own.segment;
	int error = mpshm_value_open(&arena->value, segment, "number", MPSHM_CREATE, NULL);

	if (error < 0)
		return library_refused("opening the value", error);
	error = mpshm_counter_open(&arena->counter, segment, "count", MPSHM_CREATE, NULL);
	if (error < 0)
		return library_refused("opening the counter", error);
	return 0;
}

int arena_open(struct arena *arena, unsigned cpus)
{
	int error;

	*arena = (struct arena){.cpus = cpus};
	arena->page = mmap(NULL, sizeof(*arena->page), PROT_READ | PROT_WRITE,
	                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (arena->page == MAP_FAILED) {
		error = -errno;
		fprintf(stderr, "%s: a shared page: %s\n", program_name, strerror(-error));
		return error;
	}
	error = mutex_open(&arena->page->mutex);
	if (error < 0) {
		fprintf(stderr, "%s: a process-shared mutex: %s\n", program_name, strerror(-error));
		return error;
	}
	error = own_segment_create(&arena->own);
	if (error < 0)
		return error;
	error = objects_open(arena);
	if (error < 0)
		arena_close(arena);
	return error;
}

int arena_close(struct arena *arena)
{
	int removed;

	if (arena->counter != NULL)
		mpshm_counter_close(arena->counter);
	if (arena->value != NULL)
		mpshm_value_close(arena->value);
	removed = own_segment_remove(&arena->own);
	munmap(arena->page, sizeof(*arena->page));
	return removed;
}
