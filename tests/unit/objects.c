/* SPDX-License-Identifier: BSD-2-Clause */
#include "objects.h"

#include <glob.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "segment/segment.h"

struct mpshm_segment *seg;

static char name[64];
static pid_t runner;
static pid_t test_process;

const char *segment_file(void)
{
	return name;
}

static void begin_case(void)
{
	runner = getpid();
}

/* A test that failed, or was killed, has left its segment. */
static void end_case(void)
{
	char pattern[80];
	glob_t found;
	(void) snprintf(pattern, sizeof pattern, "/dev/shm/mpshm.test-%d-*", (int) runner);
	if (glob(pattern, 0, NULL, &found) == 0) {
		for (size_t i = 0; i < found.gl_pathc; i++)
			(void) unlink(found.gl_pathv[i]);
		globfree(&found);
	}
}

static void set_up(void)
{
	static unsigned serial;

	test_process = getpid();
	(void) snprintf(name, sizeof name, "test-%d-%d-%u", (int) runner, (int) getpid(), serial++);
	const struct mpshm_segment_options options = {
		.size_bytes = UINT64_C(256) << 20,
		.directory_capacity = 32,
		.participants_max = 32,
		.threads_max = 64,
	};
	int created = mpshm_segment_open(&seg, name, MPSHM_CREATE | MPSHM_EXCLUSIVE, &options);
	ck_assert_msg(created == MPSHM_CREATED, "%d: %s", created, mpshm_error_detail());
}

static void tear_down(void)
{
	ck_assert_int_eq(mpshm_segment_unlink(name), 0);
	int closed = mpshm_segment_close(seg);
	ck_assert_msg(closed == 0, "%d: %s", closed, mpshm_error_detail());
	seg = NULL;
}

void objects_fixture(TCase *tcase)
{
	tcase_add_unchecked_fixture(tcase, begin_case, end_case);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
}

TCase *objects_tcase(Suite *suite, const char *case_name)
{
	TCase *tcase = tcase_create(case_name);
	objects_fixture(tcase);
	tcase_set_timeout(tcase, 20);
	suite_add_tcase(suite, tcase);
	return tcase;
}

struct mpshm_segment *second_mapping(void)
{
	struct mpshm_segment *second;
	int opened = mpshm_segment_open(&second, name, MPSHM_NEW_MAPPING, NULL);
	ck_assert_msg(opened == MPSHM_ATTACHED, "%d: %s", opened, mpshm_error_detail());
	ck_assert_ptr_ne(second, seg);
	return second;
}

unsigned participants(void)
{
	unsigned count = 0;
	for (uint32_t i = 0; i < seg->participants_max; i++)
		count += participant_state_kind(atomic64_load_acquire(
				 &seg->participants[i].state)) == PARTICIPANT_ACTIVE;
	return count;
}

void need_failed(const char *file, int line, const char *what)
{
	if (getpid() != test_process) {
		(void) fprintf(stderr, "child: %s:%d: %s (%s)\n", file, line, what,
		               mpshm_error_detail());
		_exit(99);
	}
	ck_abort_msg("%s:%d: %s (%s)", file, line, what, mpshm_error_detail());
}

void need_equal(int64_t a, int64_t b, const char *file, int line, const char *what)
{
	char text[200];
	if (a == b)
		return;
	(void) snprintf(text, sizeof text, "%s: %lld and %lld", what, (long long) a, (long long) b);
	need_failed(file, line, text);
}

pid_t child_start(child_function *run, void *context)
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
		run(context);
		_exit(0);
	}
	return child;
}

void child_ends_well(pid_t child)
{
	int status = -1;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child ended with 0x%x",
	              (unsigned) status);
}

void child_does(child_function *run, void *context)
{
	child_ends_well(child_start(run, context));
}

struct hold {
	child_function *run;
	void *context;
	volatile int *done;
};

static void run_and_wait(void *context)
{
	const struct hold *hold = context;
	hold->run(hold->context);
	__atomic_store_n(hold->done, 1, __ATOMIC_RELEASE);
	for (;;)
		(void) pause();
}

pid_t child_held(child_function *run, void *context)
{
	struct hold hold = {run, context, shared_memory(sizeof(int))};
	pid_t child = child_start(run_and_wait, &hold);
	while (!__atomic_load_n(hold.done, __ATOMIC_ACQUIRE)) {
		int status;
		pid_t gone = waitpid(child, &status, WNOHANG);
		ck_assert_msg(gone == 0, "child ended early with 0x%x", (unsigned) status);
		(void) usleep(100);
	}
	return child;
}

void child_kill(pid_t child)
{
	int status;
	ck_assert_int_eq(kill(child, SIGKILL), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "child ended with 0x%x",
	              (unsigned) status);
}

void ends_by_itself(void)
{
	(void) alarm(120);
}

void *shared_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	return memory;
}

void *sparse_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	return memory;
}

void sparse_free(void *memory, size_t bytes)
{
	ck_assert_int_eq(munmap(memory, bytes), 0);
}

int64_t now_ns(void)
{
	struct timespec now;
	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * MPSHM_SECOND + now.tv_nsec;
}

void nap_ms(int milliseconds)
{
	(void) usleep((useconds_t) milliseconds * 1000);
}

static uint8_t pattern_byte(uint64_t seed, size_t i)
{
	uint64_t mixed =
		(seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + i * UINT64_C(0xff51afd7ed558ccd);
	return (uint8_t) (mixed >> 56);
}

void pattern_fill(void *memory, size_t bytes, uint64_t seed)
{
	uint8_t *at = memory;
	for (size_t i = 0; i < bytes; i++)
		at[i] = pattern_byte(seed, i);
}

bool pattern_is(const void *memory, size_t bytes, uint64_t seed)
{
	const uint8_t *at = memory;
	for (size_t i = 0; i < bytes; i++)
		if (at[i] != pattern_byte(seed, i))
			return false;
	return true;
}
