/* SPDX-License-Identifier: BSD-2-Clause */
#include "able.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "guest.h"
#include "platform/clock.h"
#include "processes.h"

/* No word: that it fails is an answer. */
#define TRY(condition) ((condition) ? (void) 0 : _exit(1))

#define SECONDS 20       /* for an answer, however busy the machine */
#define PAGE_BYTES 65536 /* on every machine a number of whole pages */

/* Does it end, and well?  An emulator may hang in a lock of its own, deaf to signals. */
static bool ends_well(void (*act)(void *), int seconds)
{
	enum { NAPS_A_SECOND = 1000, NAP_US = 1000 };
	int status = 0;

	pid_t child = child_start(act, NULL);
	for (int naps = 0; naps < seconds * NAPS_A_SECOND; naps++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0;
		(void) usleep(NAP_US);
	}
	child_kill(child);
	return false;
}

/* What `look` says, in a bare clone, of a page that was advised upon. */
static int advised_page_in_child(int advice, int (*look)(const char *page))
{
	char *page =
		mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	page[0] = 1;
	ck_assert_int_eq(madvise(page, PAGE_BYTES, advice), 0);
	pid_t child = bare_clone();
	if (child == 0)
		_exit(look(page));
	int found = child_wait(child);
	ck_assert_int_eq(munmap(page, PAGE_BYTES), 0);
	return found;
}

static int is_there(const char *page)
{
	int ends[2];
	return pipe(ends) == 0 && write(ends[1], page, 1) == 1;
}

static int has_content(const char *page)
{
	return page[0];
}

bool able_to_keep_from_children(void)
{
	return advised_page_in_child(MADV_DONTFORK, is_there) == 0;
}

bool able_to_wipe_in_children(void)
{
	return advised_page_in_child(MADV_WIPEONFORK, has_content) == 0;
}

static void *do_nothing(void *unused)
{
	return unused;
}

static void *wait_to_be_joined(void *mutex)
{
	(void) pthread_mutex_lock(mutex);
	return NULL;
}

static void start_thread(void *unused)
{
	pthread_t thread;
	(void) unused;
	TRY(pthread_create(&thread, NULL, do_nothing, NULL) == 0);
	TRY(pthread_join(thread, NULL) == 0);
}

/* Of two threads. */
static void start_thread_in_child(void *unused)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_t thread;
	(void) unused;
	TRY(pthread_mutex_lock(&mutex) == 0);
	TRY(pthread_create(&thread, NULL, wait_to_be_joined, &mutex) == 0);
	_exit(ends_well(start_thread, SECONDS / 2) ? 0 : 1);
}

bool able_to_start_threads_in_children(void)
{
#ifdef MPSHM_TSAN /* which does not allow it */
	(void) start_thread_in_child;
	return false;
#else
	return ends_well(start_thread_in_child, SECONDS);
#endif
}

static void start_threads(int count)
{
	while (count-- > 0)
		start_thread(NULL);
}

static long pages_in_memory(void)
{
	char text[128] = "";
	long total = 0, resident = 0;
	int fd = open("/proc/self/statm", O_RDONLY);
	TRY(fd >= 0 && read(fd, text, sizeof text - 1) > 0);
	TRY(sscanf(text, "%ld %ld", &total, &resident) == 2 && close(fd) == 0);
	return resident;
}

static void end_at_once(void *unused)
{
	(void) unused;
}

bool able_to_fork_fast(void)
{
	enum { TRIES = 20, ENOUGH_NS = 10000000 };
	for (int i = 0; i < TRIES; i++) {
		int64_t begin = mpshm_i_clock_now();
		(void) child_run(end_at_once, NULL);
		if (mpshm_i_clock_now() - begin < ENOUGH_NS)
			return true;
	}
	return false;
}

static void share_descriptors(void *unused)
{
	(void) unused;
	pid_t child = (pid_t) syscall(SYS_clone, (unsigned long) CLONE_FILES | SIGCHLD, NULL, NULL,
	                              NULL, NULL);
	if (child == 0)
		_exit(0);
	TRY(child > 0 && child_wait(child) == 0);
}

bool able_to_share_descriptors(void)
{
	return ends_well(share_descriptors, SECONDS);
}

static void start_many_threads(void *unused)
{
	enum { WARM_UP = 50, THREADS = 500 };
	(void) unused;
	start_threads(WARM_UP);
	long before = pages_in_memory();
	start_threads(THREADS);
	TRY(pages_in_memory() < before + THREADS);
}

bool able_to_forget_threads(void)
{
	return ends_well(start_many_threads, SECONDS);
}

static void run_itself(void *unused)
{
	char **arguments = guest_arguments("", "");
	(void) unused;
	arguments[2] = NULL;
	(void) execv(arguments[0], arguments);
	_exit(1);
}

bool able_to_run_itself(void)
{
	return ends_well(run_itself, SECONDS);
}

static void map_beyond_limit(void *unused)
{
	const struct rlimit limit = {.rlim_cur = 1 << 30, .rlim_max = 1 << 30};
	(void) unused;
	TRY(setrlimit(RLIMIT_AS, &limit) == 0);
	TRY(mmap(NULL, (size_t) 1 << 36, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
	         0) == MAP_FAILED &&
	    errno == ENOMEM);
}

bool able_to_limit_address_space(void)
{
#if defined(MPSHM_ASAN) || defined(MPSHM_TSAN) /* they need more */
	(void) map_beyond_limit;
	return false;
#else
	return ends_well(map_beyond_limit, SECONDS);
#endif
}

static void create_beyond_limit(void *unused)
{
	char name[64];
	struct rlimit limit;
	(void) unused;
	(void) snprintf(name, sizeof name, "/test-able-%d", getpid());
	TRY(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = 3;
	TRY(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	TRY(shm_open(name, O_CREAT | O_EXCL | O_RDWR, 0600) < 0 && errno == EMFILE);
	TRY(shm_unlink(name) < 0);
}

bool able_to_limit_descriptors(void)
{
	return ends_well(create_beyond_limit, SECONDS);
}

static void map_and_die(void *fd)
{
	TRY(mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, *(int *) fd, 0) !=
	    MAP_FAILED);
	(void) kill(getpid(), SIGKILL);
}

static void leave_a_hole(void *unused)
{
	int fd = memfd_create("hole", 0);
	struct stat file;
	(void) unused;
	TRY(fd >= 0 && ftruncate(fd, PAGE_BYTES) == 0);
	(void) child_wait(child_start(map_and_die, &fd));
	TRY(fstat(fd, &file) == 0 && file.st_blocks == 0);
}

bool able_to_leave_holes(void)
{
	return ends_well(leave_a_hole, SECONDS);
}

bool able_to_begin_anew(void)
{
	const char *fork_mode = getenv("CK_FORK");
	return !fork_mode || strcmp(fork_mode, "no") != 0;
}

bool able_to_vfork(void)
{
	static volatile int seen;

	seen = 0;
	pid_t child = vfork();
	if (child == 0) {
		seen = 1;
		_exit(0);
	}
	ck_assert_int_eq(child_wait(child), 0);
	return seen == 1;
}
