/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring behind a process-shared pthread mutex, with two condition variables for those who
 * wait: what is written first where processes share memory.  Whoever dies with the mutex
 * held blocks all others.
 */
#include "channel_loops.h"
#include "inherited.h"
#include "ring_loops.h"

#include <pthread.h>

struct mutex_ring {
	pthread_mutex_t mutex;
	pthread_cond_t not_full, not_empty;
	uint64_t head, tail;
	uint64_t capacity, bytes; /* of an element */
	char element[] __attribute__((aligned(LINE_BYTES)));
};

static int lay(struct mutex_ring *ring, uint64_t capacity, uint64_t bytes)
{
	pthread_mutexattr_t mutex;
	pthread_condattr_t cond;
	int error;

	ring->capacity = capacity;
	ring->bytes = bytes;
	pthread_mutexattr_init(&mutex);
	pthread_condattr_init(&cond);
	error = pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
	if (error == 0)
		error = pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
	if (error == 0)
		error = pthread_condattr_setclock(&cond, CLOCK_MONOTONIC);
	if (error == 0)
		error = pthread_mutex_init(&ring->mutex, &mutex);
	if (error == 0)
		error = pthread_cond_init(&ring->not_full, &cond);
	if (error == 0)
		error = pthread_cond_init(&ring->not_empty, &cond);
	return -error;
}

static int create(struct stage *stage, const struct row *row)
{
	uint64_t capacity = row_blocks(row) ? channel_capacity(row) : row->capacity;
	uint64_t bytes = row_blocks(row) ? row_message_bytes(row) : row_words(row) * 8u;
	unsigned i;
	int error = inherited_create(stage, row, sizeof(struct mutex_ring) + capacity * bytes);

	if (error < 0)
		return error;
	for (i = 0; i < row_ends(row) && error == 0; i++)
		error = lay(stage->object[i], capacity, bytes);
	if (error < 0)
		inherited_remove(stage, row);
	return error;
}

/* Both with the mutex held, and with room or an element there. */
RING_INLINE void put(struct mutex_ring *ring, const void *element, size_t bytes)
{
	memcpy(ring->element + ring->tail++ % ring->capacity * bytes, element, bytes);
}

RING_INLINE void get(struct mutex_ring *ring, void *ret_element, size_t bytes)
{
	memcpy(ret_element, ring->element + ring->head++ % ring->capacity * bytes, bytes);
}

/* --- as a ring: who finds it full or empty looks again ---------------------------- */

RING_INLINE bool try_push(void *memory, const void *element, size_t bytes)
{
	struct mutex_ring *ring = (struct mutex_ring *) memory;
	bool room;

	pthread_mutex_lock(&ring->mutex);
	room = ring->tail - ring->head < ring->capacity;
	if (room)
		put(ring, element, bytes);
	pthread_mutex_unlock(&ring->mutex);
	return room;
}

RING_INLINE bool try_pop(void *memory, void *ret_element, size_t bytes)
{
	struct mutex_ring *ring = (struct mutex_ring *) memory;
	bool there;

	pthread_mutex_lock(&ring->mutex);
	there = ring->tail != ring->head;
	if (there)
		get(ring, ret_element, bytes);
	pthread_mutex_unlock(&ring->mutex);
	return there;
}

RING_INLINE bool push_word(void *ring, const void *element)
{
	return try_push(ring, element, 8);
}

RING_INLINE bool pop_word(void *ring, void *ret_element)
{
	return try_pop(ring, ret_element, 8);
}

RING_INLINE bool push_line(void *ring, const void *element)
{
	return try_push(ring, element, 64);
}

RING_INLINE bool pop_line(void *ring, void *ret_element)
{
	return try_pop(ring, ret_element, 64);
}

static const struct ring_calls word_calls = {push_word, pop_word, NULL, NULL};
static const struct ring_calls line_calls = {push_line, pop_line, NULL, NULL};
RING_RUN(word, &word_calls, 1, 1, false)
RING_RUN(line, &line_calls, 8, 1, false)
RING_RUN(crowd, &word_calls, 1, 1, true)
RING_RUN_TRIP(word_trip, &word_calls)

/* --- as a channel: who finds it full or empty sleeps ------------------------------ */

static int mutex_send(void *channel, const void *message, size_t bytes)
{
	struct mutex_ring *ring = channel;

	pthread_mutex_lock(&ring->mutex);
	while (ring->tail - ring->head == ring->capacity)
		pthread_cond_wait(&ring->not_full, &ring->mutex);
	put(ring, message, bytes);
	pthread_cond_signal(&ring->not_empty);
	pthread_mutex_unlock(&ring->mutex);
	return 0;
}

static int mutex_receive(void *channel, void *buffer, size_t bytes)
{
	struct mutex_ring *ring = channel;

	pthread_mutex_lock(&ring->mutex);
	while (ring->tail == ring->head)
		pthread_cond_wait(&ring->not_empty, &ring->mutex);
	get(ring, buffer, bytes);
	pthread_cond_signal(&ring->not_full);
	pthread_mutex_unlock(&ring->mutex);
	return 0;
}

static int mutex_wait(void *channel, void *buffer, size_t bytes, int64_t timeout_ns)
{
	struct mutex_ring *ring = channel;
	int64_t until_ns = now_ns() + timeout_ns;
	struct timespec until = {.tv_sec = until_ns / 1000000000, .tv_nsec = until_ns % 1000000000};
	int error = 0;

	(void) buffer;
	(void) bytes;
	pthread_mutex_lock(&ring->mutex);
	while (ring->tail == ring->head && error == 0)
		error = pthread_cond_timedwait(&ring->not_empty, &ring->mutex, &until);
	pthread_mutex_unlock(&ring->mutex);
	return error == ETIMEDOUT ? 0 : -EBADMSG;
}

static const struct channel_calls mutex_calls = {mutex_send, mutex_receive, mutex_wait};
CHANNEL_RUNS(mutex)
CHANNEL_RUN_CROWD(mutex)
CHANNEL_RUN_PACED(mutex)

const struct peer peer_mutex = {
	.name = "mutex and condvar",
	.sleeps = true,
	.create = create,
	.remove = inherited_remove,
	.attach = inherited_attach,
	.run = {[SHAPE_WORD] = word,
                [SHAPE_LINE] = line,
                [SHAPE_WORD_CROWD] = crowd,
                [SHAPE_WORD_TRIP] = word_trip,
                [SHAPE_STREAM] = mutex_stream,
                [SHAPE_STREAM_LONG] = mutex_stream_long,
                [SHAPE_TRIP] = mutex_trip,
                [SHAPE_STREAM_CROWD] = mutex_crowd,
                [SHAPE_PACED] = mutex_paced,
                [SHAPE_IDLE] = mutex_idle},
};
