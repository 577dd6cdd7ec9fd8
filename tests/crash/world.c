/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "engine.h"
#include "segment/resolve.h"
#include "segment/segment.h"

struct mpshm_segment *world_segment;

const struct mpshm_segment_options world_options = {
	.size_bytes = UINT64_C(4) << 20,
	.directory_capacity = 16,
	.participants_max = 8,
	.threads_max = 16,
};

const char *world_name(void)
{
	static char name[64];
	static pid_t named;
	/* The runner's: victims and helpers inherit it. */
	if (!named) {
		named = getpid();
		(void) snprintf(name, sizeof name, "crash-%d", (int) named);
	}
	return name;
}

/* What a runner that was killed, or a failed case, left. */
static void remove_file(const char *name)
{
	char path[100];
	(void) snprintf(path, sizeof path, "/dev/shm/mpshm.%s", name);
	(void) unlink(path);
}

static void remove_stale(void)
{
	glob_t found;
	if (glob("/dev/shm/mpshm.crash-*", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		int pid = atoi(strrchr(found.gl_pathv[i], '-') + 1);
		if (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH)
			(void) unlink(found.gl_pathv[i]);
	}
	globfree(&found);
}

void world_failed(const char *file, int line, const char *what, int64_t got)
{
	crash_fault(CRASH_BROKEN, "%s:%d: %s returned %lld (%s)", file, line, what, (long long) got,
	            mpshm_error_detail());
	if (world_name()[0])
		remove_file(world_name());
	(void) fflush(stdout);
	_exit(97);
}

void world_begin(void)
{
	static bool stale_removed;
	if (!stale_removed)
		remove_stale();
	stale_removed = true;
	WORLD_IS(mpshm_segment_open(&world_segment, world_name(), MPSHM_CREATE | MPSHM_EXCLUSIVE,
	                            &world_options),
	         MPSHM_CREATED);
	WORLD_IS(mpshm_thread_attach(world_segment), 0);
}

void world_end(void)
{
	WORLD_IS(mpshm_segment_unlink(world_name()), 0);
	WORLD_IS(mpshm_segment_close(world_segment), 0);
	world_segment = NULL;
}

bool patience(struct patience *patience)
{
	int64_t now = crash_now();
	if (patience->until == 0)
		patience->until = now + CRASH_PATIENCE_NS;
	return now < patience->until;
}

pid_t world_helper(void (*run)(void *), void *context)
{
	pid_t helper = fork();
	if (helper == 0) {
		(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(context);
		_exit(0);
	}
	if (helper < 0)
		world_failed(__FILE__, __LINE__, "fork", errno);
	return helper;
}

bool world_join(pid_t helper)
{
	int status = 0;
	for (struct patience p = {0}; patience(&p); (void) usleep(200)) {
		if (waitpid(helper, &status, WNOHANG) != helper)
			continue;
		if (status == 0)
			return true;
		crash_fault(CRASH_BROKEN, "a helper ended with 0x%x", (unsigned) status);
		return false;
	}
	crash_fault(CRASH_HANG, "a helper does not get on");
	world_kill(helper);
	return false;
}

void world_kill(pid_t helper)
{
	(void) kill(helper, SIGKILL);
	(void) waitpid(helper, NULL, 0);
}

void world_attempt(void (*run)(void *), void *context)
{
	pid_t helper = world_helper(run, context);
	for (int64_t until = crash_now() + 5000000; crash_now() < until; (void) usleep(100))
		if (waitpid(helper, NULL, WNOHANG) == helper)
			return;
	world_kill(helper);
}

void world_await(const uint32_t *flag)
{
	for (struct patience p = {0}; patience(&p); (void) usleep(50))
		if (__atomic_load_n(flag, __ATOMIC_ACQUIRE))
			return;
	world_failed(__FILE__, __LINE__, "a helper's flag", 0);
}

void world_thread(const struct crash_case *self)
{
	(void) self;
	WORLD_IS(mpshm_thread_attach(world_segment), 0);
}

void *world_scratch(void)
{
	return (char *) crash_shared() + CRASH_SHARED_BYTES - 16384;
}

static void check_cells(uint32_t live)
{
	uint32_t owned = 0, alive = live + crash_alive() + 1;

	for (uint32_t i = 0; i < world_segment->threads_max; i++) {
		const struct cell_shm *cell = &world_segment->cells[i];
		uint64_t owner = atomic64_load_acquire(&cell->owner);
		if (owner != OWNER_NONE)
			owned++;
		for (uint32_t f = 0; f < CELL_FRAMES; f++)
			if (atomic64_load_acquire(&cell->frames[f].where) != 0)
				crash_fault(CRASH_LEAK,
				            "nobody is in a call, and %s cell has a busy frame",
				            owner == OWNER_NONE ? "a free" : "an owned");
	}
	if (owned > alive)
		crash_fault(CRASH_LEAK, "%u cells are owned, by %u live processes", owned, alive);
}

void world_check_leftovers(uint32_t live)
{
	uint32_t taken = 0, alive = live + crash_alive() + 1;

	WORLD_IS(mpshm_segment_recover(world_segment) >= 0, 1);
	for (uint32_t i = 0; i < world_segment->participants_max; i++) {
		uint64_t state = atomic64_load_acquire(&world_segment->participants[i].state);
		if (participant_state_kind(state) != PARTICIPANT_FREE)
			taken++;
	}
	if (taken != alive)
		crash_fault(CRASH_LEAK, "%u participant slots are taken, by %u live processes",
		            taken, alive);
	check_cells(live);
	if (atomic64_load_acquire(&world_segment->shm->directory_lock.owner) != OWNER_NONE)
		crash_fault(CRASH_LEAK, "the directory lock is held");
	if (atomic32_load_relaxed(&world_segment->shm->corrupt))
		crash_fault(CRASH_TORN, "the segment calls itself corrupt");
}
