/* SPDX-License-Identifier: BSD-2-Clause */
/* pipe(2), as large as an ordinary user may make it. */
#include "channel_loops.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20) /* what fs.pipe-max-size is by default */

static void pipe_remove(struct stage *stage, const struct row *row)
{
	unsigned i;

	for (i = 0; i < row_ends(row); i++) {
		close(stage->fd[i][0]);
		close(stage->fd[i][1]);
	}
}

static int pipe_create(struct stage *stage, const struct row *row)
{
	unsigned i;

	for (i = 0; i < row_ends(row); i++) {
		if (pipe(stage->fd[i]) < 0)
			return -errno;
		/* Where it is refused, the default will do. */
		(void) fcntl(stage->fd[i][1], F_SETPIPE_SZ, PIPE_BYTES);
	}
	return 0;
}

static int pipe_attach(struct worker *worker)
{
	unsigned i;

	if (worker->row->shape == SHAPE_PACED_SPIN &&
	    fcntl(worker->stage->fd[0][0], F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	for (i = 0; i < row_ends(worker->row); i++)
		worker->end[i] = (void *) (uintptr_t) worker->stage->fd[i];
	return 0;
}

static int pipe_send(void *channel, const void *message, size_t bytes)
{
	const int *fd = channel;
	const char *next = message;

	while (bytes > 0) {
		ssize_t wrote = write(fd[1], next, bytes);

		if (wrote < 0 && errno != EINTR)
			return -errno;
		if (wrote > 0) {
			next += wrote;
			bytes -= (size_t) wrote;
		}
	}
	return 0;
}

static int pipe_receive(void *channel, void *buffer, size_t bytes)
{
	const int *fd = channel;
	char *next = buffer;

	while (bytes > 0) {
		ssize_t got = read(fd[0], next, bytes);

		if (got == 0 || (got < 0 && errno != EINTR))
			return got == 0 ? -EPIPE : -errno;
		if (got > 0) {
			next += got;
			bytes -= (size_t) got;
		}
	}
	return 0;
}

/* A read(2) has no timeout: poll(2) is what it is waited by. */
static int pipe_wait(void *channel, void *buffer, size_t bytes, int64_t timeout_ns)
{
	const int *fd = channel;
	struct pollfd poll_fd = {.fd = fd[0], .events = POLLIN};

	(void) buffer;
	(void) bytes;
	return poll(&poll_fd, 1, (int) (timeout_ns / 1000000)) == 0 ? 0 : -EBADMSG;
}

static const struct channel_calls pipe_calls = {pipe_send, pipe_receive, pipe_wait};
CHANNEL_RUNS(pipe)
CHANNEL_RUN_READ(pipe)
CHANNEL_RUN_CROWD(pipe) /* messages are short: never mixed, never in parts */
CHANNEL_RUN_PACED(pipe)
CHANNEL_RUN_PACED_SPIN(pipe, pipe_receive)

const struct peer peer_pipe = {
	.name = "pipe(2)",
	.create = pipe_create,
	.remove = pipe_remove,
	.attach = pipe_attach,
	.run = {[SHAPE_STREAM] = pipe_stream,
                [SHAPE_STREAM_LONG] = pipe_stream_long,
                [SHAPE_TRIP] = pipe_trip,
                [SHAPE_STREAM_READ] = pipe_read,
                [SHAPE_STREAM_CROWD] = pipe_crowd,
                [SHAPE_PACED] = pipe_paced,
                [SHAPE_PACED_SPIN] = pipe_paced_spin,
                [SHAPE_IDLE] = pipe_idle},
};
