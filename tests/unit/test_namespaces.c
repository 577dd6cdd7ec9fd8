/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process in another pid namespace, with the very number of a live one: pids decide
 * nothing, so it is recovered like any other, and the other way round.
 */
#include "objects.h"
#include "skip.h"

#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "segment/segment.h"

static struct mpshm_mpmc *ring;
static struct mpshm_queue *queue;

/* What the processes tell each other. */
static struct stage {
	volatile int ready; /* who is to die holds what it holds */
	volatile int dead;  /* it is dead and gone */
	volatile int ended; /* the live one has seen all that it was to see */
	volatile int skipped;
} * stage;

/* In the kernel's order; an older <linux/sched.h> lacks set_tid. */
struct clone3_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size;
};

static void open_both(void)
{
	const struct mpshm_mpmc_options ring_options = {.capacity = 8, .element_bytes = 8};
	const struct mpshm_queue_options queue_options = {.capacity = 8, .max_message_bytes = 4096};
	stage = shared_memory(sizeof *stage);
	need_eq(mpshm_mpmc_open(&ring, seg, "ring", MPSHM_CREATE, &ring_options), MPSHM_CREATED);
	need_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &queue_options),
	        MPSHM_CREATED);
}

static void close_both(void)
{
	need_eq(mpshm_mpmc_close(ring), 0);
	need_eq(mpshm_queue_close(queue), 0);
}

static void await(const volatile int *word)
{
	while (!*word)
		nap_ms(1);
}

static void hold_and_die(void *unused)
{
	(void) unused;
	struct mpshm_span span;
	void *block;

	need_eq(mpshm_mpmc_try_reserve(ring, 1, &span), 1);
	need_eq(mpshm_queue_reserve(queue, 4096, &block, 0), 0);
	need_eq(mpshm_queue_put(queue, "from the dead", 14, 0), 0);
	stage->ready = 1;
	(void) kill(getpid(), SIGKILL);
}

/*
 * Holds something of its own all the while; when the other one has died, it recovers
 * that one's things, and keeps its own.
 */
static void live_and_see(void *unused)
{
	(void) unused;
	struct mpshm_span own;
	void *block;
	char text[16] = "";
	uint64_t element = 42;

	need_eq(mpshm_mpmc_try_reserve(ring, 1, &own), 1);
	need_eq(mpshm_queue_reserve(queue, 4096, &block, 0), 0);
	need_eq(participants(), 2);
	stage->ready = 1;
	await(&stage->dead);
	need_eq(participants(), 3);

	uint64_t deaths = atomic64_load_acquire(&seg->shm->peer_deaths);
	need_eq(mpshm_segment_recover(seg), 1);
	need_eq(atomic64_load_acquire(&seg->shm->peer_deaths), deaths + 1);
	need_eq(participants(), 2);

	/* Position 0 is ours, 1 was the dead one's. */
	need_eq(mpshm_mpmc_try_push(ring, &element), 0);
	need_eq(mpshm_mpmc_try_pop(ring, &element), -EAGAIN);
	*(uint64_t *) mpshm_span_element(&own, 0) = 7;
	need_eq(mpshm_mpmc_commit(ring, &own, 1), 0);
	need_eq(mpshm_mpmc_try_pop(ring, &element), 0);
	need_eq(element, 7);
	need_eq(mpshm_mpmc_try_pop(ring, &element), 0);
	need_eq(element, 42);

	/* What it put stands; its reservation does not. */
	need_eq(mpshm_queue_get(queue, text, sizeof text, 0), 14);
	need(strcmp(text, "from the dead") == 0);
	memcpy(block, "from the living", 16);
	need_eq(mpshm_queue_commit(queue, block, 16, 0, 0), 0);
	need_eq(mpshm_queue_get(queue, text, sizeof text, 0), 16);
	need(strcmp(text, "from the living") == 0);
	stage->ended = 1;
}

/* The first process of a new pid namespace; `then` runs in one that has the pid `wanted`. */
static pid_t in_another_namespace(pid_t wanted, child_function *then)
{
	pid_t child = fork();
	need(child >= 0);
	if (child > 0)
		return child;
	if (unshare(CLONE_NEWPID) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0) {
		stage->skipped = 1;
		_exit(0);
	}
	pid_t first = fork(); /* pid 1 there: ends the others when it ends */
	need(first >= 0);
	if (first > 0) {
		child_ends_well(first);
		_exit(0);
	}
	const struct clone3_arguments arguments = {.exit_signal = SIGCHLD,
	                                           .set_tid = (uint64_t) (uintptr_t) &wanted,
	                                           .set_tid_size = 1};
	pid_t twin = (pid_t) syscall(SYS_clone3, &arguments, sizeof arguments);
	if (twin == 0) {
		ends_by_itself();
		need_eq(getpid(), wanted);
		then(NULL);
		_exit(0);
	}
	int status = 0;
	if (twin < 0)
		stage->skipped = 1;
	else
		need_eq(waitpid(twin, &status, 0), wanted);
	need(twin < 0 || status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	_exit(0);
}

static bool skipped(const char *test)
{
	if (stage->skipped)
		skip_note(test, "no pid namespace in which a pid can be chosen");
	return stage->skipped;
}

START_TEST(participant_of_another_pid_namespace_with_the_pid_of_a_live_one_is_recovered)
{
	open_both();
	pid_t child = child_start(live_and_see, NULL);
	await(&stage->ready);
	stage->ready = 0;
	child_ends_well(in_another_namespace(child, hold_and_die));
	if (skipped(__func__)) {
		child_kill(child);
	} else {
		need(stage->ready);
		stage->dead = 1;
		child_ends_well(child);
		need(stage->ended);
	}
	(void) mpshm_segment_recover(seg);
	close_both();
}
END_TEST

START_TEST(participant_is_recovered_by_one_of_another_pid_namespace_that_has_its_pid)
{
	open_both();
	int go[2];
	char byte;
	need_eq(pipe(go), 0);
	pid_t child = fork();
	need(child >= 0);
	if (child == 0) {
		if (read(go[0], &byte, 1) == 1)
			hold_and_die(NULL);
		_exit(0);
	}
	pid_t space = in_another_namespace(child, live_and_see);
	while (!stage->ready && !stage->skipped)
		nap_ms(1);
	if (skipped(__func__)) {
		child_kill(child);
		child_ends_well(space);
	} else {
		int status;
		stage->ready = 0;
		need_eq(write(go[1], "g", 1), 1);
		need_eq(waitpid(child, &status, 0), child);
		need(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		stage->dead = 1;
		child_ends_well(space);
		need(stage->ended);
	}
	(void) mpshm_segment_recover(seg);
	close_both();
}
END_TEST

Suite *suite_namespaces(void)
{
	Suite *suite = suite_create("namespaces");
	TCase *tcase = objects_tcase(suite, "pid");
	tcase_add_test(
		tcase,
		participant_of_another_pid_namespace_with_the_pid_of_a_live_one_is_recovered);
	tcase_add_test(tcase,
	               participant_is_recovered_by_one_of_another_pid_namespace_that_has_its_pid);
	return suite;
}
