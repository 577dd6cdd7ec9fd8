/* SPDX-License-Identifier: BSD-2-Clause */
/* POSIX message queues, as long and as deep as the system lets ordinary users have them. */
#include "channel_loops.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static long limit_of(const char *name, long otherwise)
{
	char path[64];
	long value = otherwise;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", name);
	file = fopen(path, "re");
	if (!file)
		return otherwise;
	if (fscanf(file, "%ld", &value) != 1)
		value = otherwise;
	fclose(file);
	return value;
}

/* A queue without a name: the workers inherit its descriptor. */
static int make(const char *name, const struct row *row)
{
	long capacity = channel_capacity(row), most = limit_of("msg_max", 10);
	struct mq_attr attr = {.mq_maxmsg = capacity < most ? capacity : most,
	                       .mq_msgsize = (long) row_message_bytes(row)};
	mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);

	if (queue < 0)
		return -errno;
	mq_unlink(name);
	return queue;
}

static const char *mq_unable(const struct row *row)
{
	static char text[80];
	char probe[48];
	long most = limit_of("msgsize_max", 8192);
	int queue;

	if (row_message_bytes(row) > (size_t) most) {
		snprintf(text, sizeof(text), "no message above %ld bytes, by fs.mqueue.msgsize_max",
		         most);
		return text;
	}
	snprintf(probe, sizeof(probe), "/mpshm-bench.%d.probe", (int) getpid());
	queue = make(probe, row);
	if (queue < 0) {
		snprintf(text, sizeof(text), "mq_open: %s", strerror(-queue));
		return text;
	}
	mq_close(queue);
	return NULL;
}

static void mq_remove(struct stage *stage, const struct row *row)
{
	unsigned i;

	for (i = 0; i < row_ends(row); i++)
		mq_close(stage->fd[i][0]);
}

static int mq_create(struct stage *stage, const struct row *row)
{
	char name[96];
	unsigned i;

	for (i = 0; i < row_ends(row); i++) {
		snprintf(name, sizeof(name), "/%s.%s", stage->own.name, stage_end_name(i));
		stage->fd[i][0] = make(name, row);
		if (stage->fd[i][0] < 0)
			return stage->fd[i][0];
	}
	return 0;
}

static int mq_attach(struct worker *worker)
{
	unsigned i;

	for (i = 0; i < row_ends(worker->row); i++)
		worker->end[i] = (void *) (uintptr_t) worker->stage->fd[i];
	return 0;
}

static int mq_put(void *channel, const void *message, size_t bytes)
{
	const mqd_t *queue = channel;

	while (mq_send(*queue, message, bytes, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int mq_get(void *channel, void *buffer, size_t bytes)
{
	const mqd_t *queue = channel;

	while (mq_receive(*queue, buffer, bytes, NULL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int mq_wait(void *channel, void *buffer, size_t bytes, int64_t timeout_ns)
{
	const mqd_t *queue = channel;
	struct timespec until;
	int64_t until_ns;

	clock_gettime(CLOCK_REALTIME, &until); /* it knows no other clock */
	until_ns = (int64_t) until.tv_sec * 1000000000 + until.tv_nsec + timeout_ns;
	until.tv_sec = until_ns / 1000000000;
	until.tv_nsec = until_ns % 1000000000;
	return mq_timedreceive(*queue, buffer, bytes, NULL, &until) < 0 && errno == ETIMEDOUT
	               ? 0
	               : -EBADMSG;
}

static const struct channel_calls mq_calls = {mq_put, mq_get, mq_wait};
CHANNEL_RUNS(mq)
CHANNEL_RUN_PACED(mq)

const struct peer peer_mq = {
	.name = "POSIX mq",
	.unable = mq_unable,
	.create = mq_create,
	.remove = mq_remove,
	.attach = mq_attach,
	.run = {[SHAPE_STREAM] = mq_stream,
                [SHAPE_STREAM_LONG] = mq_stream_long,
                [SHAPE_TRIP] = mq_trip,
                [SHAPE_PACED] = mq_paced,
                [SHAPE_IDLE] = mq_idle},
};
