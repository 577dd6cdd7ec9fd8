/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A ring between two process-shared semaphores, that of the free and that of the full
 * slots; one producer, one consumer.
 */
#include "channel_loops.h"
#include "inherited.h"

#include <semaphore.h>
#include <string.h>

struct semaphore_ring {
	sem_t free __attribute__((aligned(LINE_BYTES)));
	sem_t full __attribute__((aligned(LINE_BYTES)));
	uint64_t tail __attribute__((aligned(LINE_BYTES))); /* the producer's */
	uint64_t head __attribute__((aligned(LINE_BYTES))); /* the consumer's */
	uint64_t capacity __attribute__((aligned(LINE_BYTES)));
	char slot[] __attribute__((aligned(LINE_BYTES)));
};

static int semaphore_create(struct stage *stage, const struct row *row)
{
	uint32_t capacity = channel_capacity(row);
	unsigned i;
	int error = inherited_create(
		stage, row, sizeof(struct semaphore_ring) + capacity * row_message_bytes(row));

	for (i = 0; i < row_ends(row) && error == 0; i++) {
		struct semaphore_ring *ring = stage->object[i];

		ring->capacity = capacity;
		if (sem_init(&ring->free, 1, capacity) < 0 || sem_init(&ring->full, 1, 0) < 0) {
			error = -errno;
			inherited_remove(stage, row);
		}
	}
	return error;
}

static int take(sem_t *semaphore)
{
	while (sem_wait(semaphore) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int give(sem_t *semaphore)
{
	return sem_post(semaphore) < 0 ? -errno : 0;
}

static int semaphore_send(void *channel, const void *message, size_t bytes)
{
	struct semaphore_ring *ring = channel;
	int error = take(&ring->free);

	if (error < 0)
		return error;
	memcpy(ring->slot + ring->tail++ % ring->capacity * bytes, message, bytes);
	return give(&ring->full);
}

static int semaphore_receive(void *channel, void *buffer, size_t bytes)
{
	struct semaphore_ring *ring = channel;
	int error = take(&ring->full);

	if (error < 0)
		return error;
	memcpy(buffer, ring->slot + ring->head++ % ring->capacity * bytes, bytes);
	return give(&ring->free);
}

static int semaphore_wait(void *channel, void *buffer, size_t bytes, int64_t timeout_ns)
{
	struct semaphore_ring *ring = channel;
	struct timespec until;
	int64_t until_ns;

	(void) buffer;
	(void) bytes;
	clock_gettime(CLOCK_REALTIME, &until); /* it knows no other clock */
	until_ns = (int64_t) until.tv_sec * 1000000000 + until.tv_nsec + timeout_ns;
	until.tv_sec = until_ns / 1000000000;
	until.tv_nsec = until_ns % 1000000000;
	return sem_timedwait(&ring->full, &until) < 0 && errno == ETIMEDOUT ? 0 : -EBADMSG;
}

static const struct channel_calls semaphore_calls = {semaphore_send, semaphore_receive,
                                                     semaphore_wait};
CHANNEL_RUNS(semaphore)
CHANNEL_RUN_PACED(semaphore)

const struct peer peer_semaphore = {
	.name = "two semaphores",
	.create = semaphore_create,
	.remove = inherited_remove,
	.attach = inherited_attach,
	.run = {[SHAPE_STREAM] = semaphore_stream,
                [SHAPE_STREAM_LONG] = semaphore_stream_long,
                [SHAPE_TRIP] = semaphore_trip,
                [SHAPE_PACED] = semaphore_paced,
                [SHAPE_IDLE] = semaphore_idle},
};
