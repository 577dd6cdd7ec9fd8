/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hosts that close all descriptors, as daemons do, and open files of their own where
 * ours were: they stay alive to others, go on working, touch none of the host's files;
 * and their death is seen.
 */
#include "objects.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "segment/segment.h"

#define TEXT "the host's own"

static struct mpshm_mpmc *ring;
static struct mpshm_queue *queue;

static void open_both(struct mpshm_segment *segment)
{
	const struct mpshm_mpmc_options ring_options = {.capacity = 8, .element_bytes = 8};
	const struct mpshm_queue_options queue_options = {.capacity = 8, .max_message_bytes = 4096};
	need(mpshm_mpmc_open(&ring, segment, "ring", MPSHM_CREATE, &ring_options) >= 0);
	need(mpshm_queue_open(&queue, segment, "queue", MPSHM_CREATE, &queue_options) >= 0);
}

static void close_both(void)
{
	need_eq(mpshm_mpmc_close(ring), 0);
	need_eq(mpshm_queue_close(queue), 0);
}

static void close_all(void)
{
#ifdef SYS_close_range
	if (syscall(SYS_close_range, 3, ~0U, 0) == 0)
		return;
#endif
	for (long i = 3; i < sysconf(_SC_OPEN_MAX); i++)
		(void) close((int) i);
}

/* A file of the host's at every number up to where ours was. */
static int host_opens(int last)
{
	int host = memfd_create("host", MFD_CLOEXEC);
	need_eq(host, 3);
	need_eq(write(host, TEXT, sizeof TEXT), sizeof TEXT);
	for (int fd = 4; fd <= last; fd++)
		need_eq(fcntl(host, F_DUPFD, fd), fd);
	return host;
}

/* Nothing was closed, written, resized, or locked in any of them. */
static void host_has_all(int host, int last)
{
	struct stat first, other;
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	char text[64] = "";

	need_eq(fstat(host, &first), 0);
	need_eq(first.st_size, sizeof TEXT);
	for (int fd = host; fd <= last; fd++) {
		need_eq(fstat(fd, &other), 0);
		need(other.st_ino == first.st_ino && other.st_dev == first.st_dev);
	}
	need_eq(pread(host, text, sizeof text, 0), sizeof TEXT);
	need_eq(memcmp(text, TEXT, sizeof TEXT), 0);
	need_eq(fcntl(host, F_GETLK, &lock), 0);
	need_eq(lock.l_type, F_UNLCK);
}

static void works(struct mpshm_segment *segment)
{
	struct mpshm_value *value;
	char in[4096], out[4096];
	uint64_t element = 9;

	need_eq(mpshm_segment_recover(segment), 0);
	need_eq(mpshm_value_open(&value, segment, "v", MPSHM_CREATE, NULL), MPSHM_CREATED);
	need_eq(mpshm_value_close(value), 0);
	need_eq(mpshm_object_unlink(segment, "v"), 0);
	need_eq(mpshm_mpmc_try_push(ring, &element), 0);
	need_eq(mpshm_mpmc_try_pop(ring, &element), 0);
	pattern_fill(in, sizeof in, 5);
	need_eq(mpshm_queue_put(queue, in, sizeof in, MPSHM_SECOND), 0);
	need_eq(mpshm_queue_get(queue, out, sizeof out, MPSHM_SECOND), sizeof out);
	need(pattern_is(out, sizeof out, 5));
}

static void claim(void *unused)
{
	struct mpshm_span span;
	(void) unused;
	need_eq(mpshm_mpmc_try_reserve(ring, 1, &span), 1);
}

/*
 * Somebody dies, and the one with the lost descriptor sees it.  Without Check, which
 * would write to its own descriptor, by now a file of the host's.
 */
static void sees_a_death(struct mpshm_segment *segment)
{
	volatile int *ready = mmap(NULL, sizeof *ready, PROT_READ | PROT_WRITE,
	                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t element = 1;

	pid_t other = fork();
	if (other == 0) {
		ends_by_itself();
		claim(NULL);
		__atomic_store_n(ready, 1, __ATOMIC_RELEASE);
		for (;;)
			(void) pause();
	}
	while (!__atomic_load_n(ready, __ATOMIC_ACQUIRE)) {
		need_eq(waitpid(other, NULL, WNOHANG), 0);
		nap_ms(1);
	}
	need_eq(mpshm_segment_recover(segment), 0);
	need_eq(kill(other, SIGKILL), 0);
	need_eq(waitpid(other, NULL, 0), other);
	need_eq(mpshm_mpmc_try_push(ring, &element), 0);
	need_eq(mpshm_segment_recover(segment), 1);
	need_eq(mpshm_mpmc_try_pop(ring, &element), 0);
}

static struct mpshm_segment *other_attachment(int *ret_fd)
{
	struct mpshm_segment *own;
	need_eq(mpshm_segment_open(&own, segment_file(), MPSHM_NEW_MAPPING, NULL), MPSHM_ATTACHED);
	*ret_fd = own->fd;
	return own;
}

static void lose_descriptors_and_hold(void *unused)
{
	int fd;
	(void) unused;
	struct mpshm_segment *own = other_attachment(&fd);
	open_both(own);
	need_eq(mpshm_thread_attach(own), 0);
	close_all();
	int host = host_opens(fd);
	works(own);
	sees_a_death(own);
	host_has_all(host, fd);
	claim(NULL);
}

START_TEST(host_that_closed_and_reused_all_descriptors_goes_on_and_its_death_is_seen)
{
	uint64_t element = 42;

	open_both(seg);
	pid_t host = child_held(lose_descriptors_and_hold, NULL);
	need_eq(participants(), 2);
	need_eq(mpshm_segment_recover(seg), 0); /* alive, though nothing of it is open */
	need_eq(mpshm_mpmc_try_push(ring, &element), 0);
	need_eq(mpshm_mpmc_try_pop(ring, &element), -EAGAIN);
	child_kill(host);
	need_eq(mpshm_segment_recover(seg), 1);
	need_eq(mpshm_mpmc_try_pop(ring, &element), 0);
	need_eq(element, 42);
	need_eq(participants(), 1);
	close_both();
}
END_TEST

static void lose_descriptors_and_leave(void *unused)
{
	int fd;
	(void) unused;
	struct mpshm_segment *own = other_attachment(&fd);
	open_both(own);
	need_eq(mpshm_thread_attach(own), 0);
	close_all();
	int host = host_opens(fd);
	close_both();
	need_eq(mpshm_segment_close(own), 0);
	host_has_all(host, fd);
}

START_TEST(host_that_closed_and_reused_all_descriptors_detaches_and_keeps_its_files)
{
	open_both(seg);
	child_does(lose_descriptors_and_leave, NULL);
	need_eq(participants(), 1);
	need_eq(mpshm_segment_recover(seg), 0);
	close_both();
}
END_TEST

/* fork, setsid, fork, close everything: the handles came with it. */
static void become_daemon(void *context)
{
	volatile int *ready = context;
	int fd = seg->fd;

	need(setsid() > 0);
	pid_t daemon = fork();
	need(daemon >= 0);
	if (daemon > 0)
		_exit(0);
	ends_by_itself();
	close_all();
	int host = host_opens(fd);
	need_eq(participants(), 1); /* it is nobody so far */
	works(seg);
	need_eq(participants(), 2);
	sees_a_death(seg);
	host_has_all(host, fd);
	claim(NULL);
	ready[1] = (int) getpid();
	__atomic_store_n(ready, 1, __ATOMIC_RELEASE);
	for (;;)
		(void) pause();
}

START_TEST(daemon_goes_on_with_inherited_handles_after_it_closed_all_descriptors)
{
	volatile int *ready = shared_memory(2 * sizeof *ready);

	open_both(seg);
	child_does(become_daemon, (void *) ready);
	while (!__atomic_load_n(ready, __ATOMIC_ACQUIRE))
		nap_ms(1); /* the test's timeout is the bound */
	need_eq(participants(), 2);
	need_eq(mpshm_segment_recover(seg), 0);
	need_eq(kill(ready[1], SIGKILL), 0);
	while (mpshm_segment_recover(seg) == 0)
		nap_ms(1);
	need_eq(participants(), 1);
	close_both();
}
END_TEST

Suite *suite_hosts(void)
{
	Suite *suite = suite_create("hosts");
	TCase *tcase = objects_tcase(suite, "hosts");
	tcase_add_test(tcase,
	               host_that_closed_and_reused_all_descriptors_goes_on_and_its_death_is_seen);
	tcase_add_test(tcase,
	               host_that_closed_and_reused_all_descriptors_detaches_and_keeps_its_files);
	tcase_add_test(tcase,
	               daemon_goes_on_with_inherited_handles_after_it_closed_all_descriptors);
	return suite;
}
