/* SPDX-License-Identifier: BSD-2-Clause */
/* The two sides of the queue, each a process's whole work. */
#include "demo.h"

#include "common/clock.h"
#include "common/program.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Lines between two publications of the tally. */
#define PUBLISH_EVERY 1024

/* Registers the process before the start, so that the rate is of the queue alone. */
static int demo_join(struct demo *demo)
{
	int error = mpshm_thread_attach(demo->own.segment);

	return error < 0 ? library_refused("attaching a process", error) : 0;
}

static int demo_leave(struct demo *demo)
{
	int error = mpshm_queue_close(demo->queue);

	if (error == 0)
		error = mpshm_segment_close(demo->own.segment);
	return error < 0 ? library_refused("leaving the segment", error) : 0;
}

static int put_refused(const struct demo *demo, size_t at, size_t bytes, int error)
{
	if (error != -EMSGSIZE)
		return library_refused("putting a line", error);
	fprintf(stderr,
	        "%s: %s: the line at byte %zu has %zu bytes, and the queue takes up to %u: give "
	        "--max-line %zu\n",
	        program_name, demo->text.name, at, bytes, demo->request.max_line, bytes);
	return error;
}

int produce(unsigned index, void *context)
{
	struct demo *demo = context;
	const char *start = demo->text.start;
	struct seat *seat = &demo->page->producer[index];
	struct tally tally = {0, 0, 0};
	size_t at, to;
	int error;

	if (demo_join(demo) < 0)
		return 1;
	text_part(&demo->text, index, demo->request.producers, &at, &to);
	start_line_wait(&demo->page->line);
	while (at < to) {
		const char *newline = memchr(start + at, '\n', to - at);
		size_t bytes = newline == NULL ? to - at : (size_t) (newline - (start + at));

		tally_add(&tally, start + at, bytes);
		error = mpshm_queue_put_tagged(demo->queue, start + at, bytes,
		                               (uint64_t) index << TAG_PRODUCER_SHIFT | tally.lines,
		                               MPSHM_FOREVER);
		if (error < 0) {
			put_refused(demo, at, bytes, error);
			return 1;
		}
		if (tally.lines % PUBLISH_EVERY == 0)
			tally_publish(seat, &tally);
		at += bytes + 1;
	}
	tally_publish(seat, &tally);
	seat->end_ns = now_ns();
	return demo_leave(demo) < 0 ? 1 : 0;
}

/* Of one producer, a consumer sees rising numbers; those between went to others. */
static int check_tag(const struct demo *demo, struct seat *seat, uint64_t last[],
                     const struct mpshm_message *message)
{
	uint64_t producer = message->tag >> TAG_PRODUCER_SHIFT;
	uint64_t number = message->tag & TAG_NUMBER_MASK;

	if (producer >= demo->request.producers) {
		fprintf(stderr,
		        "%s: a message has the tag %#" PRIx64 ", which no producer gave it\n",
		        program_name, message->tag);
		return -EBADMSG;
	}
	if (message->flags & MPSHM_MESSAGE_REDELIVERED) {
		seat->redelivered++; /* may come behind later ones; nobody died, so none is due */
		return 0;
	}
	if (number <= last[producer])
		seat->out_of_order++;
	last[producer] = number;
	return 0;
}

int consume(unsigned index, void *context)
{
	struct demo *demo = context;
	struct seat *seat = &demo->page->consumer[index];
	uint64_t last[SIDE_MAX] = {0};
	struct tally tally = {0, 0, 0};
	struct mpshm_message message;
	size_t room = mpshm_queue_max_message_bytes(demo->queue);
	char *buffer = malloc(room + 1);
	ssize_t bytes;

	if (buffer == NULL) {
		fprintf(stderr, "%s: no memory for a message of %zu bytes\n", program_name, room);
		return 1;
	}
	if (demo_join(demo) < 0)
		return 1;
	start_line_wait(&demo->page->line);
	while ((bytes = mpshm_queue_receive(demo->queue, buffer, room, &message, MPSHM_FOREVER)) >=
	       0) {
		tally_add(&tally, buffer, (size_t) bytes);
		if (check_tag(demo, seat, last, &message) < 0)
			return 1;
		if (tally.lines % PUBLISH_EVERY == 0)
			tally_publish(seat, &tally);
	}
	tally_publish(seat, &tally);
	seat->end_ns = now_ns();
	free(buffer);
	if (bytes != -EPIPE) { /* -EPIPE: shut down, and all was taken */
		library_refused("getting a line", (int) bytes);
		return 1;
	}
	return demo_leave(demo) < 0 ? 1 : 0;
}
