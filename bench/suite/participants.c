/* SPDX-License-Identifier: BSD-2-Clause */
/* A put and a get by one process, while many participants are registered in the segment. */
#include "cost.h"

#include <mpshm.h>
#include <stdio.h>

#define PAIRS_A_LOOK 64

static void segment_name(const struct stage *stage, char *name, size_t bytes)
{
	snprintf(name, bytes, "%s.many", stage->own.name);
}

/* A segment with room for all of them: the others have room for fewer. */
static int many_create(struct stage *stage, const struct row *row)
{
	struct mpshm_segment_options many = {.participants_max = 1024, .threads_max = 2048};
	struct mpshm_queue_options options = {.capacity = row->capacity,
	                                      .max_message_bytes = SHORT_BYTES};
	struct mpshm_segment *segment;
	struct mpshm_queue *queue;
	char name[96];
	int error;

	segment_name(stage, name, sizeof(name));
	error = mpshm_segment_open(&segment, name, MPSHM_CREATE | MPSHM_EXCLUSIVE, &many);
	if (error < 0)
		return library_refused(name, error);
	stage->object[0] = segment;
	error = mpshm_queue_open(&queue, segment, stage_end_name(0), MPSHM_CREATE, &options);
	if (error < 0)
		return library_refused("queue", error);
	mpshm_queue_close(queue);
	return 0;
}

static void many_remove(struct stage *stage, const struct row *row)
{
	char name[96];

	(void) row;
	segment_name(stage, name, sizeof(name));
	mpshm_segment_close(stage->object[0]);
	mpshm_segment_unlink(name);
}

/* The parent is the first participant; this process attaches as all the others. */
static int many_attach(struct worker *worker)
{
	struct mpshm_segment *segment;
	struct mpshm_queue *queue;
	char name[96];
	unsigned i;
	int error = 0;

	segment_name(worker->stage, name, sizeof(name));
	for (i = 1; i < worker->row->participants && error >= 0; i++)
		error = mpshm_segment_open(&segment, name, MPSHM_NEW_MAPPING, NULL);
	if (error >= 0)
		error = mpshm_queue_open(&queue, segment, stage_end_name(0), 0, NULL);
	if (error < 0)
		return library_refused("attaching", error);
	worker->end[0] = queue;
	return 0;
}

static int put_and_get(struct worker *worker, unsigned times)
{
	uint64_t message[SHORT_BYTES / 8] = {0};
	ssize_t got = 0;
	int error = 0;

	for (; times > 0 && error == 0 && got >= 0; times--) {
		message[0] = ++worker->result.put_count;
		worker->result.put_sum += message[0];
		error = mpshm_queue_put(worker->end[0], message, sizeof(message), MPSHM_FOREVER);
		got = mpshm_queue_get(worker->end[0], message, sizeof(message), MPSHM_FOREVER);
		worker->result.got_count++;
		worker->result.got_sum += message[0];
	}
	return error < 0 ? error : got < 0 ? (int) got : 0;
}

static void many_run(struct worker *worker, int64_t duration_ns)
{
	cost_run(worker, duration_ns, put_and_get, PAIRS_A_LOOK);
}

const struct peer peer_mpshm_among = {.name = "mpshm queue",
                                      .ours = true,
                                      .create = many_create,
                                      .remove = many_remove,
                                      .attach = many_attach,
                                      .run = {[SHAPE_ALONE] = many_run}};
