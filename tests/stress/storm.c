/* SPDX-License-Identifier: BSD-2-Clause */
/* The storm itself: births and deaths, round after round. */
#include "storm.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STALL_NS (5 * MPSHM_SECOND)
#define QUIET_NS (300 * MPSHM_MILLISECOND)
#define EARLY_US_MAX 1000u
#define STOP_NS_MAX (10 * MPSHM_MILLISECOND)

struct storm {
	const struct storm_plan *plan;
	struct storm_result *result;
	struct storm_log *log;
	struct storm_look look;
	char segment[64];
	struct storm_worker workers[STORM_WORKERS_MAX];
	pid_t pids[STORM_WORKERS_MAX];
	unsigned count;
	pid_t stopped; /* 0: nobody */
	int64_t stopped_until;
	uint64_t seed;
	int64_t begin, told; /* progress */
};

static int64_t now_ns(void)
{
	struct timespec now;
	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * MPSHM_SECOND + now.tv_nsec;
}

static int fail(struct storm *storm, const char *what, int error)
{
	(void) snprintf(storm->result->why, sizeof storm->result->why, "%s: %d %s", what, error,
	                mpshm_error_detail());
	return -1;
}

/* The object, opened or made. */
struct object {
	struct mpshm_segment *segment;
	struct mpshm_mpmc *mpmc;
	struct mpshm_spsc *spsc;
	struct mpshm_queue *queue;
};

static int open_object(struct storm *storm, unsigned flags, struct object *ret)
{
	static const struct mpshm_segment_options small = {
		.size_bytes = UINT64_C(64) << 20, .participants_max = 24, .threads_max = 32};
	static const struct mpshm_mpmc_options of_mpmc = {.capacity = STORM_RING_CAPACITY,
	                                                  .element_bytes = sizeof(uint64_t)};
	static const struct mpshm_spsc_options of_spsc = {.capacity = STORM_RING_CAPACITY,
	                                                  .element_bytes = STORM_ELEMENT_BYTES};
	static const struct mpshm_queue_options of_queue = {.capacity = STORM_QUEUE_CAPACITY,
	                                                    .max_message_bytes =
	                                                            STORM_MESSAGE_BYTES,
	                                                    .pool_bytes = 128u << 10};
	int error = mpshm_segment_open(&ret->segment, storm->segment, flags, &small);
	if (error >= 0 && storm->plan->kind == STORM_MPMC)
		error = mpshm_mpmc_open(&ret->mpmc, ret->segment, "storm", flags, &of_mpmc);
	else if (error >= 0 && storm->plan->kind == STORM_SPSC)
		error = mpshm_spsc_open(&ret->spsc, ret->segment, "storm",
		                        flags | MPSHM_PRODUCER | MPSHM_CONSUMER, &of_spsc);
	else if (error >= 0)
		error = mpshm_queue_open(&ret->queue, ret->segment, "storm", flags, &of_queue);
	return error < 0 ? fail(storm, "open", error) : 0;
}

static int close_object(struct storm *storm, struct object *object)
{
	int error = object->mpmc   ? mpshm_mpmc_close(object->mpmc)
	            : object->spsc ? mpshm_spsc_close(object->spsc)
	                           : mpshm_queue_close(object->queue);
	if (error == 0)
		error = mpshm_segment_close(object->segment);
	return error < 0 ? fail(storm, "close", error) : 0;
}

/* One message in: 0; or out: its bytes.  Or a negative errno. */
static int put(struct object *object, const char *message)
{
	return object->mpmc   ? mpshm_mpmc_try_push(object->mpmc, message)
	       : object->spsc ? mpshm_spsc_try_push(object->spsc, message)
	                      : mpshm_queue_try_put(object->queue, message, sizeof(uint64_t));
}

static ssize_t get(struct object *object, char *ret_message)
{
	if (object->queue)
		return mpshm_queue_try_get(object->queue, ret_message, STORM_MESSAGE_BYTES);
	int error = object->mpmc ? mpshm_mpmc_try_pop(object->mpmc, ret_message)
	                         : mpshm_spsc_try_pop(object->spsc, ret_message);
	if (error)
		return error;
	return object->mpmc ? (ssize_t) sizeof(uint64_t) : (ssize_t) STORM_ELEMENT_BYTES;
}

static int give_birth(struct storm *storm, unsigned number)
{
	struct storm_worker *worker = &storm->workers[number];
	worker->life++;
	worker->seed = storm_random(&storm->seed) | 1;
	pid_t pid = fork();
	if (pid < 0)
		return fail(storm, "fork", -errno);
	if (pid == 0) {
		(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* Who kills must get a word in. */
		(void) setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 5);
		storm_worker(worker);
	}
	storm->pids[number] = pid;
	return 0;
}

/* What a dead consumer had in hand, and no slot holds, it may have acknowledged. */
static void note_maybe(struct storm *storm, unsigned number)
{
	struct storm_log *log = storm->log;
	uint64_t ids = storm->plan->kind == STORM_QUEUE ? 1 : STORM_BATCH, id;
	uint64_t apart = storm->plan->kind == STORM_SPSC ? STORM_ELEMENT_BYTES : sizeof id;
	for (uint64_t i = 0; i < ids; i++) {
		memcpy(&id, log->buffers[number].message + i * apart, sizeof id);
		if (!storm_knows(log, id) || log->state[id - log->first_id] == 0 ||
		    log->got[id - log->first_id] != 0)
			continue;
		if (storm_look_holds(&storm->look, id)) {
			storm_note(log, id, STORM_IN_HAND);
			storm->result->in_hand++;
		} else {
			storm_note(log, id, STORM_MAYBE);
		}
	}
}

static int kill_one(struct storm *storm)
{
	unsigned number = (unsigned) (storm_random(&storm->seed) % storm->count);
	unsigned life = storm->workers[number].life;
	pid_t victim = storm->pids[number];
	bool early = storm->plan->kind == STORM_SPSC && storm_random(&storm->seed) % 2;
	int status;
	if (early) {
		if (give_birth(storm, number) < 0)
			return -1;
		(void) usleep((useconds_t) (storm_random(&storm->seed) % EARLY_US_MAX));
	}
	(void) kill(victim, SIGKILL);
	if (victim == storm->stopped)
		storm->stopped = 0;
	if (waitpid(victim, &status, 0) < 0)
		return fail(storm, "waitpid", -errno);
	if (!WIFSIGNALED(status))
		return fail(storm, "a worker ended by itself", storm->log->failed_with);
	if (!storm->workers[number].producer)
		note_maybe(storm, number);
	__atomic_store_n(&storm->log->settled[number], life, __ATOMIC_RELEASE);
	storm->result->kills++;
	return early ? 0 : give_birth(storm, number);
}

/*
 * Every other time somebody stands still, in whatever it is doing, while others die and
 * recover, and laps go by; then it goes on from there, or dies too.
 */
static void stop_one(struct storm *storm)
{
	int64_t now = now_ns();
	if (storm->stopped) {
		if (now < storm->stopped_until)
			return;
		(void) kill(storm->stopped, SIGCONT);
		storm->stopped = 0;
	} else if (storm_random(&storm->seed) % 2) {
		storm->stopped = storm->pids[storm_random(&storm->seed) % storm->count];
		storm->stopped_until = now + (int64_t) (storm_random(&storm->seed) % STOP_NS_MAX);
		(void) kill(storm->stopped, SIGSTOP);
		storm->result->stops++;
	}
}

static void tell(struct storm *storm, int64_t now)
{
	if (!storm->plan->progress || now - storm->told <= MPSHM_SECOND)
		return;
	storm->told = now;
	(void) printf("%3lld s  %llu kills  %llu delivered\n",
	              (long long) ((now - storm->begin) / MPSHM_SECOND),
	              (unsigned long long) storm->result->kills,
	              (unsigned long long) storm->log->got_total);
}

/* Until `end`, or until the round has no id left. */
static int rage(struct storm *storm, int64_t end)
{
	const struct storm_log *log = storm->log;
	unsigned every_us = storm->plan->kill_every_us;
	int64_t now = now_ns(), moved = now;
	uint64_t got = 0;

	for (; now < end; now = now_ns()) {
		if (!storm_knows(log, __atomic_load_n(&log->next_id, __ATOMIC_RELAXED)))
			return 0;
		(void) usleep((useconds_t) (storm_random(&storm->seed) % (2 * every_us)));
		stop_one(storm);
		if (kill_one(storm) < 0)
			return -1;
		uint64_t now_got = __atomic_load_n(&log->got_total, __ATOMIC_RELAXED);
		if (now_got != got)
			moved = now_ns();
		got = now_got;
		if (now_ns() - moved > STALL_NS) {
			storm->result->stalled++;
			return fail(storm, "nobody got anything for 5 s", 0);
		}
		tell(storm, now);
	}
	return 0;
}

static int calm_down(struct storm *storm)
{
	int ret = 0;
	if (storm->stopped)
		(void) kill(storm->stopped, SIGCONT);
	storm->stopped = 0;
	__atomic_store_n(&storm->log->stop, 1, __ATOMIC_RELEASE);
	for (unsigned i = 0; i < storm->count; i++) {
		int status;
		int64_t until = now_ns() + 2 * STALL_NS;
		pid_t gone;
		while ((gone = waitpid(storm->pids[i], &status, WNOHANG)) == 0 && now_ns() < until)
			(void) usleep(1000);
		if (gone == 0) {
			(void) kill(storm->pids[i], SIGKILL);
			(void) waitpid(storm->pids[i], &status, 0);
			storm->result->stalled++;
		} else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
			ret = fail(storm, "a worker failed", storm->log->failed_with);
		}
		__atomic_store_n(&storm->log->settled[i], storm->workers[i].life, __ATOMIC_RELEASE);
	}
	return ret;
}

/* Everything that is left, until nothing came for a while. */
static int drain(struct storm *storm, struct object *object)
{
	char message[STORM_MESSAGE_BYTES];
	int64_t last = now_ns();
	while (now_ns() - last < QUIET_NS) {
		ssize_t got = get(object, message);
		if (got == -EAGAIN)
			continue;
		if (got < 0)
			return fail(storm, "drain", (int) got);
		last = now_ns();
		if (storm->plan->kind == STORM_SPSC) {
			storm_got_element(storm->log, message);
			continue;
		}
		uint64_t id;
		memcpy(&id, message, sizeof id);
		if (storm->plan->kind == STORM_QUEUE &&
		    !storm_message_whole(message, (uint64_t) got))
			storm->log->torn++;
		storm_got(storm->log, id);
	}
	return 0;
}

#define NOBODYS_ID UINT64_MAX

/* What comes out while the room is measured should all have been put in by us. */
static void note_late(struct storm *storm, uint64_t id)
{
	if (id == NOBODYS_ID)
		return;
	storm->result->late++;
	storm_got(storm->log, id);
}

/* How many blocks of the largest size there are, or how many elements fit. */
static uint64_t count_room(struct storm *storm, struct object *object)
{
	void *blocks[MPSHM_QUEUE_RESERVATIONS_MAX];
	char message[STORM_MESSAGE_BYTES] = {0};
	uint64_t room = 0, id = NOBODYS_ID;

	memcpy(message, &id, sizeof id);
	while (put(object, message) == 0)
		room++;
	while (get(object, message) >= 0) {
		memcpy(&id, message, sizeof id);
		note_late(storm, id);
	}
	if (!object->queue)
		return room;
	for (uint64_t size = 256; size <= STORM_MESSAGE_BYTES; size *= 2) {
		unsigned held = 0;
		while (held < MPSHM_QUEUE_RESERVATIONS_MAX &&
		       mpshm_queue_reserve(object->queue, size, &blocks[held], 0) == 0)
			held++;
		room += (uint64_t) held << 16;
		while (held > 0)
			(void) mpshm_queue_abort(object->queue, blocks[--held]);
	}
	return room;
}

/* From births to the end of all, and an object as it was. */
static int go_through_round(struct storm *storm, uint64_t room, int64_t end)
{
	struct object object = {0};
	for (unsigned i = 0; i < storm->count; i++)
		if (give_birth(storm, i) < 0)
			return -1;
	int raged = rage(storm, end);
	int calmed = calm_down(storm);
	if (raged < 0 || calmed < 0 || open_object(storm, 0, &object) < 0)
		return -1;
	while (mpshm_segment_recover(object.segment) > 0)
		;
	if (drain(storm, &object) < 0)
		return -1;
	while (mpshm_segment_recover(object.segment) > 0)
		;
	uint64_t left = count_room(storm, &object);
	storm->result->leaked += left > room ? left - room : room - left;
	return close_object(storm, &object);
}

static int run(struct storm *storm)
{
	struct object object = {0};
	int64_t end = now_ns() + storm->plan->span_ns;
	int ret;
	if (open_object(storm, MPSHM_CREATE | MPSHM_EXCLUSIVE, &object) < 0)
		return -1;
	uint64_t room = count_room(storm, &object);
	if (close_object(storm, &object) < 0)
		return -1;
	if (storm_look_begin(storm->segment, storm->plan->kind, &storm->look) < 0)
		return fail(storm, "look", -errno);
	do {
		storm_log_begin(storm->log);
		ret = go_through_round(storm, room, end);
		ret |= storm_judge(storm->log, storm->plan->kind, ret == 0, storm->result);
	} while (ret == 0 && now_ns() < end);
	return ret;
}

int storm_run(const struct storm_plan *plan, struct storm_result *ret_result)
{
	struct storm storm = {.plan = plan, .result = ret_result, .seed = plan->seed | 1};
	*ret_result = (struct storm_result){0};
	storm.count = plan->producers + plan->consumers;
	if (storm.count > STORM_WORKERS_MAX || plan->ids > STORM_IDS_MAX)
		return fail(&storm, "too many workers, or ids", 0);
	storm.log = mmap(NULL, sizeof *storm.log, PROT_READ | PROT_WRITE,
	                 MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (storm.log == MAP_FAILED)
		return fail(&storm, "mmap", -errno);
	storm.log->next_id = 1; /* 0 stands in every buffer to begin with */
	storm.log->ids = plan->ids ? plan->ids : STORM_IDS_MAX;
	(void) snprintf(storm.segment, sizeof storm.segment, "test-%d-storm-%d", (int) getppid(),
	                (int) getpid());
	for (unsigned i = 0; i < storm.count; i++)
		storm.workers[i] = (struct storm_worker){.segment = storm.segment,
		                                         .log = storm.log,
		                                         .number = i,
		                                         .kind = plan->kind,
		                                         .producer = i < plan->producers};
	storm.begin = storm.told = now_ns();
	int ret = run(&storm);
	(void) mpshm_segment_unlink(storm.segment);
	storm_look_end(&storm.look);
	(void) munmap(storm.log, sizeof *storm.log);
	return ret;
}
