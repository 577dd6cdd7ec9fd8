/* SPDX-License-Identifier: BSD-2-Clause */
#include "mortals.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mpshm.h>

#include "segment/segment.h"

#define WARM_UP 200     /* lives before the first footprint */
#define LOOK_EVERY 4    /* lives from one look of the living one to the next */
#define KIB_ALLOWED 64  /* the allocator's and the kernel's ways */
#define SPAN_TRIES 8    /* lives that show how long a life must be */
#define SPAN_SECONDS 10 /* for one of them to have worked */
#define LONG_BYTES 900u

struct objects {
	struct mpshm_segment *segment;
	struct mpshm_mpmc *ring;
	struct mpshm_queue *queue;
	struct mpshm_counter *counter;
};

/* What the mortals leave behind for the living one to read. */
static struct legacy {
	uint64_t attached, worked, refusals;
	int claimed;
	char refusal[200];
} * legacy;

static char name[64];

static void refused(const char *what, int64_t error)
{
	(void) __atomic_fetch_add(&legacy->refusals, 1, __ATOMIC_RELAXED);
	if (__atomic_exchange_n(&legacy->claimed, 1, __ATOMIC_RELAXED) == 0)
		(void) snprintf(legacy->refusal, sizeof legacy->refusal, "%s: %lld: %s", what,
		                (long long) error, mpshm_error_detail());
}

/* For now: full, or empty. */
static bool done(const char *what, int64_t result)
{
	if (result < 0 && result != -EAGAIN)
		refused(what, result);
	return result >= 0;
}

static bool objects_open(struct objects *o, unsigned flags)
{
	const struct mpshm_mpmc_options ring = {.capacity = 64, .element_bytes = 24};
	const struct mpshm_queue_options queue = {.capacity = 64, .max_message_bytes = LONG_BYTES};

	return done("ring", mpshm_mpmc_open(&o->ring, o->segment, "ring", flags, &ring)) &&
	       done("queue", mpshm_queue_open(&o->queue, o->segment, "queue", flags, &queue)) &&
	       done("counter", mpshm_counter_open(&o->counter, o->segment, "counter", flags, NULL));
}

static void open_and_unlink(struct objects *o)
{
	struct mpshm_value *value;

	if (!done("value", mpshm_value_open(&value, o->segment, "value", MPSHM_CREATE, NULL)))
		return;
	mpshm_value_store(value, 1);
	int ret = mpshm_object_unlink(o->segment, "value");
	if (ret != -ENOENT)
		done("unlink", ret);
	done("close", mpshm_value_close(value));
}

static void use_spans(struct objects *o)
{
	struct mpshm_span span;
	void *block;

	if (done("ring reserve", mpshm_mpmc_try_reserve(o->ring, 3, &span)))
		done("ring commit", mpshm_mpmc_commit(o->ring, &span, 1));
	if (done("ring peek", mpshm_mpmc_try_peek(o->ring, 3, &span)))
		done("ring release", mpshm_mpmc_release(o->ring, &span));
	if (done("queue reserve", mpshm_queue_reserve(o->queue, LONG_BYTES, &block, 0)) &&
	    !done("queue commit", mpshm_queue_commit(o->queue, block, 100, 0, 0)))
		done("queue abort", mpshm_queue_abort(o->queue, block));
}

static void use_all(struct objects *o)
{
	char message[LONG_BYTES] = "";

	done("push", mpshm_mpmc_try_push(o->ring, message));
	done("put", mpshm_queue_try_put(o->queue, message, 20));
	done("put", mpshm_queue_try_put(o->queue, message, LONG_BYTES));
	done("add", mpshm_counter_add(o->counter, 1));
	use_spans(o);
	done("pop", mpshm_mpmc_try_pop(o->ring, message));
	done("get", mpshm_queue_try_get(o->queue, message, sizeof message));
	open_and_unlink(o);
}

/* Every second one goes by the handles that came by fork, the others attach. */
static void live(const struct objects *inherited, bool anew)
{
	struct objects own = *inherited;

	if (anew) {
		int ret = mpshm_segment_open(&own.segment, name, MPSHM_NEW_MAPPING, NULL);
		if (!done("attach", ret) || !objects_open(&own, 0))
			_exit(1);
	} else if (!done("register", mpshm_thread_attach(own.segment))) {
		_exit(1);
	}
	(void) __atomic_fetch_add(&legacy->attached, 1, __ATOMIC_RELAXED);
	use_all(&own);
	(void) __atomic_fetch_add(&legacy->worked, 1, __ATOMIC_RELAXED);
	for (;;)
		use_all(&own);
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static int64_t now_ns(void)
{
	struct timespec now;
	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static pid_t be_born(const struct objects *objects, bool anew)
{
	pid_t child = fork();
	if (child == 0)
		live(objects, anew);
	return child;
}

static bool die(pid_t child)
{
	int status;
	(void) kill(child, SIGKILL);
	return waitpid(child, &status, 0) == child;
}

/*
 * How long a life may be, so that about every other one has attached and worked: twice
 * what one that attaches anew takes for it, by the fastest.  Or a negative errno.
 */
static int64_t find_span(const struct objects *objects)
{
	int64_t fastest = INT64_MAX;

	for (int i = 0; i < SPAN_TRIES; i++) {
		uint64_t worked = legacy->worked;
		int64_t begin = now_ns(), took = 0;
		pid_t child = be_born(objects, true);
		if (child < 0)
			return -errno;
		while (__atomic_load_n(&legacy->worked, __ATOMIC_RELAXED) == worked &&
		       took < SPAN_SECONDS * INT64_C(1000000000)) {
			(void) sched_yield();
			took = now_ns() - begin;
		}
		if (__atomic_load_n(&legacy->worked, __ATOMIC_RELAXED) != worked && took < fastest)
			fastest = took;
		if (!die(child))
			return -errno;
	}
	return fastest == INT64_MAX ? -ETIMEDOUT : 2 * fastest;
}

static bool one_life(const struct objects *objects, uint64_t *seed, int64_t span_ns)
{
	uint64_t number = random_next(seed);
	int64_t nap_ns = (int64_t) (number >> 8) % span_ns;
	const struct timespec nap = {nap_ns / 1000000000, nap_ns % 1000000000};

	pid_t child = be_born(objects, number % 2 == 0);
	if (child < 0)
		return false;
	(void) nanosleep(&nap, NULL);
	return die(child);
}

/* The living one: finds the dead, and takes what they left; then all must be empty. */
static void look(struct objects *o)
{
	char message[LONG_BYTES] = "";

	done("recover", mpshm_segment_recover(o->segment));
	open_and_unlink(o); /* a victim may have died between the two */
	while (mpshm_mpmc_try_pop(o->ring, message) == 0)
		;
	while (mpshm_queue_try_get(o->queue, message, sizeof message) >= 0)
		;
	int ret = mpshm_mpmc_try_push(o->ring, message);
	if (ret == 0)
		ret = mpshm_mpmc_try_pop(o->ring, message);
	if (ret != 0)
		refused("push and pop of the living", ret);
	ssize_t got = mpshm_queue_try_put(o->queue, message, LONG_BYTES);
	if (got == 0)
		got = mpshm_queue_try_get(o->queue, message, sizeof message);
	if (got != LONG_BYTES)
		refused("put and get of the living", got);
}

/* Until `count` more have attached. */
static bool lives(struct objects *o, uint64_t count, int64_t span_ns, uint64_t *seed, bool progress)
{
	uint64_t begin = legacy->attached, said = 0;

	for (uint64_t i = 1; legacy->attached - begin < count; i++) {
		if (!one_life(o, seed, span_ns))
			return false;
		if (i % LOOK_EVERY == 0)
			look(o);
		uint64_t attached = legacy->attached - begin;
		if (progress && attached / 10000 > said) {
			said = attached / 10000;
			(void) printf("mortals: %" PRIu64 " attached and died, %" PRIu64
			              " refusals\n",
			              attached, legacy->refusals);
		}
	}
	look(o);
	return true;
}

static int run(const struct mortals_plan *plan, struct mortals_result *ret, struct objects *o)
{
	uint64_t seed = plan->seed * 2 + 1;

	int64_t span_ns = find_span(o);
	if (span_ns < 0)
		return (int) span_ns;
	if (!lives(o, WARM_UP, span_ns, &seed, false))
		return -errno;
	footprint_take(&ret->before, o->segment);
	if (!lives(o, plan->lives, span_ns, &seed, plan->progress))
		return -errno;
	footprint_take(&ret->after, o->segment);
	ret->recovered = atomic64_load_acquire(&o->segment->shm->peer_deaths);
	ret->attached = legacy->attached;
	ret->worked = legacy->worked;
	ret->refusals = legacy->refusals;
	memcpy(ret->refusal, legacy->refusal, sizeof ret->refusal);
	return 0;
}

static void objects_close(struct objects *o)
{
	(void) mpshm_mpmc_close(o->ring);
	(void) mpshm_queue_close(o->queue);
	(void) mpshm_counter_close(o->counter);
	(void) mpshm_segment_close(o->segment);
	(void) mpshm_segment_unlink(name);
}

int mortals_run(const struct mortals_plan *plan, struct mortals_result *ret)
{
	/* Few of everything, so that what is not given back is soon missed. */
	const struct mpshm_segment_options options = {.size_bytes = UINT64_C(4) << 20,
	                                              .directory_capacity = 8,
	                                              .participants_max = 4,
	                                              .threads_max = 8};
	struct objects objects = {.segment = NULL};

	memset(ret, 0, sizeof *ret);
	legacy = mmap(NULL, sizeof *legacy, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	              0);
	if (legacy == MAP_FAILED)
		return -errno;
	(void) snprintf(name, sizeof name, "test-%d-mortals-%d", (int) getppid(), (int) getpid());
	int failed = mpshm_segment_open(&objects.segment, name, MPSHM_CREATE | MPSHM_EXCLUSIVE,
	                                &options);
	if (failed < 0 || !objects_open(&objects, MPSHM_CREATE)) {
		(void) snprintf(ret->why, sizeof ret->why, "%s", mpshm_error_detail());
		return -1;
	}
	failed = run(plan, ret, &objects);
	if (failed != 0)
		(void) snprintf(ret->why, sizeof ret->why, "%s", strerror(-failed));
	objects_close(&objects);
	(void) munmap(legacy, sizeof *legacy);
	return failed == 0 && ret->refusals == 0 &&
	                       footprint_same(&ret->before, &ret->after, KIB_ALLOWED, 0)
	               ? 0
	               : -1;
}
