/* SPDX-License-Identifier: BSD-2-Clause */
/* One life of a producer or consumer in a storm. */
#include "storm.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define WAIT_NS (50 * MPSHM_MILLISECOND)

struct header {
	uint64_t id;
	uint64_t life; /* worker's number and how often it was born */
	uint64_t bytes;
};
_Static_assert(sizeof(struct header) == STORM_HEADER_BYTES, "the header is packed");

static struct storm_log *storm;
static const struct storm_worker *self;
static uint64_t seed;

/* A call said what it never should. */
static void failed(int64_t error)
{
	storm->failed_with = (int) error;
	(void) __atomic_fetch_add(&storm->failed, 1, __ATOMIC_RELAXED);
	_exit(1);
}

static uint64_t new_id(void)
{
	uint64_t id = __atomic_fetch_add(&storm->next_id, 1, __ATOMIC_RELAXED);
	if (!storm_knows(storm, id)) {
		while (!__atomic_load_n(&storm->stop, __ATOMIC_ACQUIRE))
			(void) usleep(1000);
		_exit(0);
	}
	storm_note(storm, id, STORM_INTENT);
	return id;
}

static void acked(uint64_t id)
{
	storm_note(storm, id, STORM_ACKED);
}

void storm_got(struct storm_log *log, uint64_t id)
{
	if (!storm_knows(log, id) ||
	    !(__atomic_load_n(&log->state[id - log->first_id], __ATOMIC_ACQUIRE) & STORM_INTENT)) {
		(void) __atomic_fetch_add(&log->phantom, 1, __ATOMIC_RELAXED);
		return;
	}
	(void) __atomic_fetch_add(&log->got[id - log->first_id], 1, __ATOMIC_RELAXED);
	(void) __atomic_fetch_add(&log->got_total, 1, __ATOMIC_RELAXED);
}

static uint8_t content(uint64_t id, uint64_t i)
{
	return (uint8_t) ((id * UINT64_C(0x9e3779b97f4a7c15) + i * 0x2545f491u) >> 24);
}

bool storm_message_whole(const char *message, uint64_t bytes)
{
	struct header header;
	if (bytes < sizeof header)
		return false;
	memcpy(&header, message, sizeof header);
	if (header.bytes != bytes)
		return false;
	for (uint64_t i = sizeof header; i < bytes; i++)
		if ((uint8_t) message[i] != content(header.id, i))
			return false;
	return true;
}

static void compose(char *message, uint64_t id, uint64_t bytes)
{
	const struct header header = {id, (uint64_t) self->life << 8 | self->number, bytes};
	memcpy(message, &header, sizeof header);
	for (uint64_t i = sizeof header; i < bytes; i++)
		message[i] = (char) content(id, i);
}

/* One producer, one consumer: ids only grow, whoever lived when. */
void storm_got_element(struct storm_log *log, const char *element)
{
	uint64_t id;
	memcpy(&id, element, sizeof id);
	if (!storm_message_whole(element, STORM_ELEMENT_BYTES))
		(void) __atomic_fetch_add(&log->torn, 1, __ATOMIC_RELAXED);
	if (id <= log->last_element)
		(void) __atomic_fetch_add(&log->disordered, 1, __ATOMIC_RELAXED);
	log->last_element = id;
	storm_got(log, id);
}

/* Now and then, with a claim in hand: so that deaths come there often. */
static void linger(void)
{
	if (storm_random(&seed) % 64 == 0)
		(void) usleep(50);
}

/* Of a put of `count` the first `sent` were sent, the others not. */
static void note_sent(const uint64_t *ids, uint64_t count, ssize_t sent)
{
	if (sent < 0 && sent != -EAGAIN)
		failed(sent);
	for (uint64_t i = 0; i < count; i++)
		storm_note(storm, ids[i], (ssize_t) i < sent ? STORM_ACKED : STORM_KEPT);
	if (sent <= 0)
		(void) sched_yield();
}

/* Four ways to put into a ring; `ids` were announced. */
static void produce_to_ring(struct mpshm_mpmc *ring)
{
	uint64_t ids[STORM_BATCH];
	struct mpshm_span span;
	uint64_t count = 1 + storm_random(&seed) % STORM_BATCH;
	ssize_t sent = 0;

	for (uint64_t i = 0; i < count; i++)
		ids[i] = new_id();
	switch (storm_random(&seed) % 4) {
	case 0:
		sent = mpshm_mpmc_try_push(ring, ids);
		sent = sent == 0 ? 1 : sent;
		break;
	case 1:
		sent = mpshm_mpmc_try_push_burst(ring, ids, count);
		break;
	case 2:
		sent = mpshm_mpmc_try_push_bulk(ring, ids, count);
		break;
	default:
		sent = mpshm_mpmc_try_reserve(ring, count, &span);
		if (sent <= 0)
			break;
		sent = (ssize_t) (storm_random(&seed) % ((uint64_t) sent + 1));
		for (ssize_t i = 0; i < sent; i++)
			*(uint64_t *) mpshm_span_element(&span, (size_t) i) = ids[i];
		linger();
		if (mpshm_mpmc_commit(ring, &span, (size_t) sent) != 0)
			failed(-EINVAL);
	}
	note_sent(ids, count, sent);
}

/* The same to an spsc ring, whose elements have a content. */
static void produce_to_spsc(struct mpshm_spsc *ring)
{
	char elements[STORM_BATCH][STORM_ELEMENT_BYTES];
	uint64_t ids[STORM_BATCH];
	struct mpshm_span span;
	uint64_t count = 1 + storm_random(&seed) % STORM_BATCH;
	ssize_t sent = 0;

	for (uint64_t i = 0; i < count; i++) {
		ids[i] = new_id();
		compose(elements[i], ids[i], STORM_ELEMENT_BYTES);
	}
	switch (storm_random(&seed) % 4) {
	case 0:
		sent = mpshm_spsc_try_push(ring, elements[0]);
		sent = sent == 0 ? 1 : sent;
		break;
	case 1:
		sent = mpshm_spsc_try_push_burst(ring, elements, count);
		break;
	case 2:
		sent = mpshm_spsc_try_push_bulk(ring, elements, count);
		break;
	default:
		sent = mpshm_spsc_try_reserve(ring, count, &span);
		if (sent <= 0)
			break;
		for (ssize_t i = 0; i < sent; i++)
			memcpy(mpshm_span_element(&span, (size_t) i), elements[i],
			       STORM_ELEMENT_BYTES);
		linger();
		sent = (ssize_t) (storm_random(&seed) % ((uint64_t) sent + 1));
		if (mpshm_spsc_commit(ring, &span, (size_t) sent) != 0)
			failed(-EINVAL);
	}
	note_sent(ids, count, sent);
}

static void consume_from_spsc(struct mpshm_spsc *ring)
{
	char *elements = storm->buffers[self->number].message;
	struct mpshm_span span;
	ssize_t got;

	switch (storm_random(&seed) % 4) {
	case 0:
		got = mpshm_spsc_try_pop(ring, elements);
		got = got == 0 ? 1 : got;
		break;
	case 1:
		got = mpshm_spsc_try_pop_burst(ring, elements, STORM_BATCH);
		break;
	case 2:
		got = mpshm_spsc_try_pop_bulk(ring, elements, 2);
		break;
	default:
		got = mpshm_spsc_try_peek(ring, STORM_BATCH, &span);
		if (got <= 0)
			break;
		linger();
		for (ssize_t i = 0; i < got; i++)
			memcpy(elements + i * STORM_ELEMENT_BYTES,
			       mpshm_span_element(&span, (size_t) i), STORM_ELEMENT_BYTES);
		linger();
		got = (ssize_t) (storm_random(&seed) % ((uint64_t) got + 1));
		if (mpshm_spsc_release(ring, &span, (size_t) got) != 0)
			failed(-EINVAL);
	}
	if (got < 0 && got != -EAGAIN)
		failed(got);
	for (ssize_t i = 0; i < got; i++)
		storm_got_element(storm, elements + i * STORM_ELEMENT_BYTES);
	if (got <= 0)
		(void) sched_yield();
}

static void consume_from_ring(struct mpshm_mpmc *ring)
{
	uint64_t *ids = storm->buffers[self->number].ids;
	struct mpshm_span span;
	ssize_t got;

	switch (storm_random(&seed) % 4) {
	case 0:
		got = mpshm_mpmc_try_pop(ring, ids);
		got = got == 0 ? 1 : got;
		break;
	case 1:
		got = mpshm_mpmc_try_pop_burst(ring, ids, STORM_BATCH);
		break;
	case 2:
		got = mpshm_mpmc_try_pop_bulk(ring, ids, 2);
		break;
	default:
		got = mpshm_mpmc_try_peek(ring, STORM_BATCH, &span);
		for (ssize_t i = 0; i < got; i++)
			ids[i] = *(uint64_t *) mpshm_span_element(&span, (size_t) i);
		linger();
		if (got > 0 && mpshm_mpmc_release(ring, &span) != 0)
			failed(-EINVAL);
	}
	if (got < 0 && got != -EAGAIN)
		failed(got);
	for (ssize_t i = 0; i < got; i++)
		storm_got(storm, ids[i]);
	if (got <= 0)
		(void) sched_yield();
}

static void produce_to_queue(struct mpshm_queue *queue)
{
	char message[STORM_MESSAGE_BYTES];
	uint64_t id = new_id(), room = STORM_MESSAGE_BYTES - STORM_HEADER_BYTES;
	uint64_t bytes =
		STORM_HEADER_BYTES + storm_random(&seed) % ((room >> storm_random(&seed) % 12) + 1);
	uint64_t way = storm_random(&seed) % 4;
	void *block = message;
	int sent = 0;

	if (way >= 2)
		sent = mpshm_queue_reserve(queue, bytes, &block, WAIT_NS);
	if (sent == 0)
		compose(block, id, bytes);
	linger();
	if (sent == 0 && way == 3 && storm_random(&seed) % 4 == 0) {
		if (mpshm_queue_abort(queue, block) != 0)
			failed(-EINVAL);
		return;
	}
	if (way == 0)
		sent = mpshm_queue_try_put(queue, message, bytes);
	else if (way == 1)
		sent = mpshm_queue_put_tagged(queue, message, bytes, id, WAIT_NS);
	else if (sent == 0)
		while ((sent = mpshm_queue_commit(queue, block, bytes, id, WAIT_NS)) == -ETIMEDOUT)
			if (__atomic_load_n(&storm->stop, __ATOMIC_ACQUIRE))
				_exit(0);
	if (sent == 0)
		acked(id);
	else if (sent != -EAGAIN && sent != -ENOBUFS && sent != -ETIMEDOUT)
		failed(sent);
}

/* First deliveries of one producer's life come in its order. */
static void check_order(const char *message, const struct mpshm_message *told)
{
	static struct {
		uint64_t life, id;
	} last[STORM_WORKERS_MAX];
	struct header header;
	memcpy(&header, message, sizeof header);
	uint64_t from = (header.life & 0xff) % STORM_WORKERS_MAX;
	if (told->attempt > 0)
		return;
	if (last[from].life == header.life && last[from].id >= header.id)
		(void) __atomic_fetch_add(&storm->disordered, 1, __ATOMIC_RELAXED);
	last[from].life = header.life;
	last[from].id = header.id;
}

static void consume_from_queue(struct mpshm_queue *queue)
{
	char *message = storm->buffers[self->number].message;
	struct mpshm_message told;
	uint64_t id;
	ssize_t bytes = mpshm_queue_receive(queue, message, STORM_MESSAGE_BYTES, &told,
	                                    storm_random(&seed) % 2 ? WAIT_NS : 0);
	if (bytes >= 0) {
		memcpy(&id, message, sizeof id);
		storm_got(storm, id);
		if (storm_message_whole(message, (uint64_t) bytes))
			check_order(message, &told);
		else
			(void) __atomic_fetch_add(&storm->torn, 1, __ATOMIC_RELAXED);
	} else if (bytes != -EAGAIN && bytes != -ETIMEDOUT) {
		failed(bytes);
	}
}

#define LEASES 4u

/* Begin another lease, or end one: mostly by a commit, in any order. */
static void consume_by_lease(struct mpshm_queue *queue)
{
	static struct mpshm_lease leases[LEASES];
	struct mpshm_lease *lease = &leases[storm_random(&seed) % LEASES];

	if (!lease->data) {
		ssize_t bytes =
			mpshm_queue_get_begin(queue, lease, storm_random(&seed) % 2 ? WAIT_NS : 0);
		if (bytes >= 0)
			check_order(lease->data, &lease->message);
		else if (bytes != -EAGAIN && bytes != -ENOBUFS && bytes != -ETIMEDOUT)
			failed(bytes);
		return;
	}
	linger();
	if (!storm_message_whole(lease->data, lease->message.bytes))
		(void) __atomic_fetch_add(&storm->torn, 1, __ATOMIC_RELAXED);
	if (storm_random(&seed) % 4 == 0) {
		if (mpshm_queue_get_abort(queue, lease) != 0)
			failed(-EINVAL);
		return;
	}
	uint64_t *id = &storm->buffers[self->number].ids[0];
	memcpy(id, lease->data, sizeof *id);
	if (mpshm_queue_get_commit(queue, lease) != 0)
		failed(-EINVAL);
	storm_got(storm, *id);
}

/*
 * -EBUSY: the predecessor is not dead yet.  Nothing is done before its end was looked into,
 * for its buffer is ours from then on.
 */
static int take_side(struct mpshm_spsc **ret_ring, struct mpshm_segment *segment)
{
	unsigned side = self->producer ? MPSHM_PRODUCER : MPSHM_CONSUMER;
	int ret;
	while ((ret = mpshm_spsc_open(ret_ring, segment, "storm", side, NULL)) == -EBUSY) {
		(void) __atomic_fetch_add(&storm->busy, 1, __ATOMIC_RELAXED);
		if (__atomic_load_n(&storm->stop, __ATOMIC_ACQUIRE))
			_exit(0);
		(void) sched_yield();
	}
	while (__atomic_load_n(&storm->settled[self->number], __ATOMIC_ACQUIRE) + 1 < self->life &&
	       !__atomic_load_n(&storm->stop, __ATOMIC_ACQUIRE))
		(void) sched_yield();
	return ret;
}

_Noreturn void storm_worker(const struct storm_worker *worker)
{
	struct mpshm_segment *segment;
	struct mpshm_mpmc *mpmc = NULL;
	struct mpshm_spsc *spsc = NULL;
	struct mpshm_queue *queue = NULL;

	self = worker;
	storm = worker->log;
	seed = worker->seed;
	int ret = mpshm_segment_open(&segment, worker->segment, 0, NULL);
	if (ret >= 0)
		ret = worker->kind == STORM_MPMC ? mpshm_mpmc_open(&mpmc, segment, "storm", 0, NULL)
		      : worker->kind == STORM_SPSC
		              ? take_side(&spsc, segment)
		              : mpshm_queue_open(&queue, segment, "storm", 0, NULL);
	if (ret < 0)
		failed(ret);
	while (!__atomic_load_n(&storm->stop, __ATOMIC_ACQUIRE)) {
		if (mpmc)
			worker->producer ? produce_to_ring(mpmc) : consume_from_ring(mpmc);
		else if (spsc)
			worker->producer ? produce_to_spsc(spsc) : consume_from_spsc(spsc);
		else
			worker->producer     ? produce_to_queue(queue)
			: worker->number % 2 ? consume_by_lease(queue)
					     : consume_from_queue(queue);
	}
	_exit(0);
}
