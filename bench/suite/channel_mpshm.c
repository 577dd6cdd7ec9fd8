/* SPDX-License-Identifier: BSD-2-Clause */
/* Our queue, its settings left alone but for capacity and the longest message. */
#include "channel_loops.h"

#include <mpshm.h>

static int queue_create(struct stage *stage, const struct row *row)
{
	struct mpshm_queue_options options = {
		.capacity = channel_capacity(row),
		.max_message_bytes = (uint32_t) row_message_bytes(row),
	};
	struct mpshm_queue *queue;
	unsigned i;
	int error = 0;

	for (i = 0; i < row_ends(row) && error >= 0; i++) {
		error = mpshm_queue_open(&queue, stage->own.segment, stage_end_name(i),
		                         MPSHM_CREATE | MPSHM_EXCLUSIVE, &options);
		if (error >= 0)
			mpshm_queue_close(queue);
	}
	return error < 0 ? library_refused("queue", error) : 0;
}

static void queue_remove(struct stage *stage, const struct row *row)
{
	unsigned i;

	for (i = 0; i < row_ends(row); i++)
		mpshm_object_unlink(stage->own.segment, stage_end_name(i));
}

static int queue_attach(struct worker *worker)
{
	struct mpshm_segment *segment;
	struct mpshm_queue *queue;
	unsigned i;
	int error = mpshm_segment_open(&segment, worker->stage->own.name, MPSHM_NEW_MAPPING, NULL);

	for (i = 0; i < row_ends(worker->row) && error >= 0; i++) {
		error = mpshm_queue_open(&queue, segment, stage_end_name(i), 0, NULL);
		worker->end[i] = queue;
	}
	return error < 0 ? library_refused("queue", error) : 0;
}

static int queue_send(void *channel, const void *message, size_t bytes)
{
	return mpshm_queue_put(channel, message, bytes, MPSHM_FOREVER);
}

static int queue_receive(void *channel, void *buffer, size_t bytes)
{
	ssize_t got = mpshm_queue_get(channel, buffer, bytes, MPSHM_FOREVER);

	return got < 0 ? (int) got : 0;
}

static int queue_wait(void *channel, void *buffer, size_t bytes, int64_t timeout_ns)
{
	ssize_t got = mpshm_queue_get(channel, buffer, bytes, timeout_ns);

	return got == -ETIMEDOUT ? 0 : -EBADMSG;
}

static const struct channel_calls queue_calls = {queue_send, queue_receive, queue_wait};
CHANNEL_RUNS(queue)
CHANNEL_RUN_READ(queue)
CHANNEL_RUN_CROWD(queue)
CHANNEL_RUN_PACED(queue)

static int queue_try(void *channel, void *buffer, size_t bytes)
{
	ssize_t got = mpshm_queue_try_get(channel, buffer, bytes);

	return got < 0 ? (int) got : 0;
}

CHANNEL_RUN_PACED_SPIN(queue, queue_try)

const struct peer peer_mpshm_queue = {
	.name = "mpshm queue",
	.ours = true,
	.create = queue_create,
	.remove = queue_remove,
	.attach = queue_attach,
	.run = {[SHAPE_STREAM] = queue_stream,
                [SHAPE_STREAM_LONG] = queue_stream_long,
                [SHAPE_TRIP] = queue_trip,
                [SHAPE_STREAM_READ] = queue_read,
                [SHAPE_STREAM_CROWD] = queue_crowd,
                [SHAPE_PACED] = queue_paced,
                [SHAPE_PACED_SPIN] = queue_paced_spin,
                [SHAPE_IDLE] = queue_idle},
};
