/* SPDX-License-Identifier: BSD-2-Clause */
/* A pair of unix sockets that keep the bounds of messages, with the buffer that users may have. */
#include "channel_loops.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES (1 << 21) /* cut to net.core.wmem_max */
#define BUFFER_HEAD 32         /* what the kernel keeps of it for itself */

static int pair(int fd[2])
{
	int bytes = BUFFER_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) < 0)
		return -errno;
	(void) setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return 0;
}

static void seqpacket_remove(struct stage *stage, const struct row *row)
{
	unsigned i;

	for (i = 0; i < row_ends(row); i++) {
		close(stage->fd[i][0]);
		close(stage->fd[i][1]);
	}
}

static int seqpacket_create(struct stage *stage, const struct row *row)
{
	unsigned i;
	int error;

	for (i = 0; i < row_ends(row); i++) {
		error = pair(stage->fd[i]);
		if (error < 0)
			return error;
	}
	return 0;
}

static const char *seqpacket_unable(const struct row *row)
{
	static char text[80];
	socklen_t length = sizeof(int);
	int fd[2], bytes = 0;

	if (pair(fd) < 0)
		return "no unix sockets";
	(void) getsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &bytes, &length);
	close(fd[0]);
	close(fd[1]);
	if (row_message_bytes(row) + BUFFER_HEAD <= (size_t) bytes)
		return NULL;
	snprintf(text, sizeof(text), "its buffer is %d bytes, by net.core.wmem_max", bytes);
	return text;
}

static int seqpacket_attach(struct worker *worker)
{
	unsigned i;

	for (i = 0; i < row_ends(worker->row); i++)
		worker->end[i] = (void *) (uintptr_t) worker->stage->fd[i];
	return 0;
}

static int seqpacket_send(void *channel, const void *message, size_t bytes)
{
	const int *fd = channel;
	ssize_t sent;

	do
		sent = send(fd[1], message, bytes, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

static int seqpacket_receive(void *channel, void *buffer, size_t bytes)
{
	const int *fd = channel;
	ssize_t got;

	do
		got = recv(fd[0], buffer, bytes, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return (size_t) got == bytes ? 0 : -EPIPE;
}

static int seqpacket_wait(void *channel, void *buffer, size_t bytes, int64_t timeout_ns)
{
	const int *fd = channel;
	struct pollfd poll_fd = {.fd = fd[0], .events = POLLIN};

	(void) buffer;
	(void) bytes;
	return poll(&poll_fd, 1, (int) (timeout_ns / 1000000)) == 0 ? 0 : -EBADMSG;
}

static const struct channel_calls seqpacket_calls = {seqpacket_send, seqpacket_receive,
                                                     seqpacket_wait};
CHANNEL_RUNS(seqpacket)
CHANNEL_RUN_PACED(seqpacket)

const struct peer peer_seqpacket = {
	.name = "unix seqpacket",
	.unable = seqpacket_unable,
	.create = seqpacket_create,
	.remove = seqpacket_remove,
	.attach = seqpacket_attach,
	.run = {[SHAPE_STREAM] = seqpacket_stream,
                [SHAPE_STREAM_LONG] = seqpacket_stream_long,
                [SHAPE_TRIP] = seqpacket_trip,
                [SHAPE_PACED] = seqpacket_paced,
                [SHAPE_IDLE] = seqpacket_idle},
};
