/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libqb's ring buffer of chunks, one producer, one consumer.  Reads block on a semaphore;
 * writes don't, so that who finds it full yields its CPU and tries again.
 */
#include "channel_loops.h"

#ifdef HAVE_QB
#include <qb/qbconfig.h>
#include <qb/qbrb.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#define CHUNK_HEAD 16 /* what it adds to a chunk, and a little more */
#define FOREVER_MS (-1)

static void name_of(const struct stage *stage, unsigned end, char name[96])
{
	snprintf(name, 96, "%s.%s", stage->own.name, stage_end_name(end));
}

static qb_ringbuffer_t *open_end(const struct stage *stage, const struct row *row, unsigned end,
                                 uint32_t flags)
{
	char name[96];

	name_of(stage, end, name);
	return qb_rb_open(name, channel_capacity(row) * (row_message_bytes(row) + CHUNK_HEAD),
	                  QB_RB_FLAG_SHARED_PROCESS | flags, 0);
}

/* The last to close takes its files away; a worker that ends does not close. */
static void qb_remove(struct stage *stage, const struct row *row)
{
	static const char *const kinds[] = {"header", "data"};
	char name[96], path[160];
	unsigned i, j;

	for (i = 0; i < row_ends(row); i++) {
		name_of(stage, i, name);
		if (stage->object[i])
			qb_rb_close(stage->object[i]);
		stage->object[i] = NULL;
		for (j = 0; j < 2; j++) {
			snprintf(path, sizeof(path), "/dev/shm/qb-%s-%s", name, kinds[j]);
			unlink(path);
		}
	}
}

static int qb_create(struct stage *stage, const struct row *row)
{
	unsigned i;

	stage->object[0] = stage->object[1] = NULL;
	for (i = 0; i < row_ends(row); i++) {
		stage->object[i] = open_end(stage, row, i, QB_RB_FLAG_CREATE);
		if (!stage->object[i]) {
			int error = -errno;

			qb_remove(stage, row);
			return error;
		}
	}
	return 0;
}

static int qb_attach(struct worker *worker)
{
	unsigned i;

	for (i = 0; i < row_ends(worker->row); i++) {
		worker->end[i] = open_end(worker->stage, worker->row, i, 0);
		if (!worker->end[i])
			return -errno;
	}
	return 0;
}

static int qb_send(void *channel, const void *message, size_t bytes)
{
	ssize_t wrote;

	while ((wrote = qb_rb_chunk_write(channel, message, bytes)) == -EAGAIN)
		sched_yield();
	return wrote < 0 ? (int) wrote : 0;
}

static int qb_receive(void *channel, void *buffer, size_t bytes)
{
	ssize_t got;

	do
		got = qb_rb_chunk_read(channel, buffer, bytes, FOREVER_MS);
	while (got == -EINTR || got == -ETIMEDOUT);
	if (got < 0)
		return (int) got;
	return (size_t) got == bytes ? 0 : -EBADMSG;
}

static int qb_wait(void *channel, void *buffer, size_t bytes, int64_t timeout_ns)
{
	ssize_t got = qb_rb_chunk_read(channel, buffer, bytes, (int32_t) (timeout_ns / 1000000));

	return got == -ETIMEDOUT ? 0 : -EBADMSG;
}

static const struct channel_calls qb_calls = {qb_send, qb_receive, qb_wait};
CHANNEL_RUNS(qb)
CHANNEL_RUN_PACED(qb)

const struct peer peer_qb = {
	.name = "libqb ring",
	.create = qb_create,
	.remove = qb_remove,
	.attach = qb_attach,
	.run = {[SHAPE_STREAM] = qb_stream,
                [SHAPE_STREAM_LONG] = qb_stream_long,
                [SHAPE_TRIP] = qb_trip,
                [SHAPE_PACED] = qb_paced,
                [SHAPE_IDLE] = qb_idle},
};

const char *version_qb(void)
{
	return QB_VER_STR;
}
#else
const struct peer peer_qb = {.name = "libqb ring", .missing = "compiled without libqb"};

const char *version_qb(void)
{
	return NULL;
}
#endif
