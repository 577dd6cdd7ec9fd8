/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ZeroMQ over its ipc transport, PUSH to PULL.  Each worker has a context of its own, made
 * after the fork; its I/O thread shares the worker's CPU.  As many messages as the others
 * hold may wait on either side, and some in the socket between.
 */
#include "channel_loops.h"

#ifdef HAVE_ZMQ
#include <stdio.h>
#include <zmq.h>

#define RECONNECT_MS 1 /* who connects may come before the one that binds */

static int zmq_create(struct stage *stage, const struct row *row)
{
	(void) stage;
	(void) row;
	return 0; /* its name is an abstract one, which goes with its sockets */
}

static void zmq_remove(struct stage *stage, const struct row *row)
{
	(void) stage;
	(void) row;
}

static int open_end(struct worker *worker, void *context, unsigned end)
{
	bool sends = worker->row->shape != SHAPE_IDLE && worker->index == end;
	int capacity = (int) channel_capacity(worker->row), reconnect_ms = RECONNECT_MS;
	char address[96];
	void *socket = zmq_socket(context, sends ? ZMQ_PUSH : ZMQ_PULL);

	snprintf(address, sizeof(address), "ipc://@%s.%s", worker->stage->own.name,
	         stage_end_name(end));
	if (!socket || zmq_setsockopt(socket, ZMQ_SNDHWM, &capacity, sizeof(capacity)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_RCVHWM, &capacity, sizeof(capacity)) < 0 ||
	    zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &reconnect_ms, sizeof(reconnect_ms)) < 0)
		return -zmq_errno();
	if ((sends ? zmq_connect(socket, address) : zmq_bind(socket, address)) < 0)
		return -zmq_errno();
	worker->end[end] = socket;
	return 0;
}

static int zmq_attach(struct worker *worker)
{
	void *context = zmq_ctx_new();
	unsigned i;
	int error = context ? 0 : -zmq_errno();

	for (i = 0; i < row_ends(worker->row) && error == 0; i++)
		error = open_end(worker, context, i);
	return error;
}

static int zmq_put(void *channel, const void *message, size_t bytes)
{
	while (zmq_send(channel, message, bytes, 0) < 0)
		if (zmq_errno() != EINTR)
			return -zmq_errno();
	return 0;
}

static int zmq_get(void *channel, void *buffer, size_t bytes)
{
	while (zmq_recv(channel, buffer, bytes, 0) < 0)
		if (zmq_errno() != EINTR)
			return -zmq_errno();
	return 0;
}

static int zmq_await(void *channel, void *buffer, size_t bytes, int64_t timeout_ns)
{
	int timeout_ms = (int) (timeout_ns / 1000000);

	if (zmq_setsockopt(channel, ZMQ_RCVTIMEO, &timeout_ms, sizeof(timeout_ms)) < 0)
		return -zmq_errno();
	return zmq_recv(channel, buffer, bytes, 0) < 0 && zmq_errno() == EAGAIN ? 0 : -EBADMSG;
}

static const struct channel_calls zmq_calls = {zmq_put, zmq_get, zmq_await};
CHANNEL_RUNS(zmq)
CHANNEL_RUN_PACED(zmq)

const struct peer peer_zmq = {
	.name = "ZeroMQ ipc",
	.create = zmq_create,
	.remove = zmq_remove,
	.attach = zmq_attach,
	.run = {[SHAPE_STREAM] = zmq_stream,
                [SHAPE_STREAM_LONG] = zmq_stream_long,
                [SHAPE_TRIP] = zmq_trip,
                [SHAPE_PACED] = zmq_paced,
                [SHAPE_IDLE] = zmq_idle},
};

const char *version_zmq(void)
{
	static char text[32];
	int major, minor, patch;

	zmq_version(&major, &minor, &patch);
	snprintf(text, sizeof(text), "%d.%d.%d", major, minor, patch);
	return text;
}
#else
const struct peer peer_zmq = {.name = "ZeroMQ ipc", .missing = "compiled without ZeroMQ"};

const char *version_zmq(void)
{
	return NULL;
}
#endif
