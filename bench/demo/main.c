/* SPDX-License-Identifier: BSD-2-Clause */
/* mpshm-demo: every line of a real text through a queue, counted at both ends. */
#include "demo.h"

#include "common/clock.h"
#include "common/program.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

const char program_name[] = "mpshm-demo";

struct outcome {
	struct tally sent, received;
	uint64_t out_of_order, redelivered;
	double seconds;
	bool held;
};

static int demo_open(struct demo *demo)
{
	struct mpshm_queue_options options = {.capacity = demo->request.capacity,
	                                      .max_message_bytes = demo->request.max_line};
	int error;

	demo->page = mmap(NULL, sizeof(*demo->page), PROT_READ | PROT_WRITE,
	                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (demo->page == MAP_FAILED) {
		error = -errno;
		fprintf(stderr, "%s: a shared page: %s\n", program_name, strerror(-error));
		return error;
	}
	error = own_segment_create(&demo->own);
	if (error < 0)
		return error;
	error = mpshm_queue_open(&demo->queue, demo->own.segment, "lines", MPSHM_CREATE, &options);
	if (error < 0) {
		library_refused("opening the queue", error);
		own_segment_remove(&demo->own);
		return error;
	}
	return 0;
}

static int demo_close(struct demo *demo)
{
	int closed = mpshm_queue_close(demo->queue);
	int removed = own_segment_remove(&demo->own);

	if (closed < 0)
		library_refused("closing the queue", closed);
	return closed < 0 ? closed : removed;
}

static int start_all(struct demo *demo)
{
	unsigned i;
	int error = 0;

	start_line_reset(&demo->page->line, demo->request.producers + demo->request.consumers, 1);
	for (i = 0; error == 0 && i < demo->request.consumers; i++)
		error = crew_start(&demo->crew, "consumer", i, consume, demo);
	for (i = 0; error == 0 && i < demo->request.producers; i++)
		error = crew_start(&demo->crew, "producer", i, produce, demo);
	if (error < 0)
		fprintf(stderr, "%s: forking: %s\n", program_name, strerror(-error));
	return error;
}

static struct outcome judge(const struct demo *demo)
{
	const struct shared_page *page = demo->page;
	struct outcome outcome = {.sent = tally_sum(page->producer, demo->request.producers),
	                          .received = tally_sum(page->consumer, demo->request.consumers)};
	int64_t end_ns = page->line.start_ns + 1;
	unsigned i;

	for (i = 0; i < demo->request.consumers; i++) {
		outcome.out_of_order += page->consumer[i].out_of_order;
		outcome.redelivered += page->consumer[i].redelivered;
		if (page->consumer[i].end_ns > end_ns)
			end_ns = page->consumer[i].end_ns;
	}
	outcome.seconds = (double) (end_ns - page->line.start_ns) / 1e9;
	outcome.held = outcome.sent.lines == outcome.received.lines &&
	               outcome.sent.bytes == outcome.received.bytes &&
	               outcome.sent.checksum == outcome.received.checksum &&
	               outcome.out_of_order == 0 && outcome.redelivered == 0;
	return outcome;
}

static void print_json(const struct demo *demo, const struct outcome *outcome)
{
	printf("{\"held\": %s, \"producers\": %u, \"consumers\": %u, \"capacity\": %" PRIu32
	       ", \"lines_sent\": %" PRIu64 ", \"lines_received\": %" PRIu64
	       ", \"bytes_sent\": %" PRIu64 ", \"bytes_received\": %" PRIu64
	       ", \"checksum_sent\": \"%016" PRIx64 "\", \"checksum_received\": \"%016" PRIx64
	       "\", \"out_of_order\": %" PRIu64 ", \"redelivered\": %" PRIu64
	       ", \"seconds\": %.6f, \"lines_per_second\": %.0f, \"bytes_per_second\": %.0f}\n",
	       outcome->held ? "true" : "false", demo->request.producers, demo->request.consumers,
	       demo->request.capacity, outcome->sent.lines, outcome->received.lines,
	       outcome->sent.bytes, outcome->received.bytes, outcome->sent.checksum,
	       outcome->received.checksum, outcome->out_of_order, outcome->redelivered,
	       outcome->seconds, (double) outcome->received.lines / outcome->seconds,
	       (double) outcome->received.bytes / outcome->seconds);
}

static void print_verdict(const struct demo *demo, const struct outcome *outcome)
{
	FILE *to = talk(&demo->request);

	if (outcome->held)
		fprintf(to,
		        "demo: held: %" PRIu64 " lines, %.1f MB, checksum %016" PRIx64
		        " equal at both ends, order kept per producer, %.2f M lines/s, %.1f MB/s\n",
		        outcome->sent.lines, (double) outcome->sent.bytes / 1e6,
		        outcome->sent.checksum,
		        (double) outcome->sent.lines / 1e6 / outcome->seconds,
		        (double) outcome->sent.bytes / 1e6 / outcome->seconds);
	else
		fprintf(to,
		        "demo: did not hold: sent %" PRIu64 " lines, %" PRIu64
		        " bytes, checksum %016" PRIx64 "; received %" PRIu64 " lines, %" PRIu64
		        " bytes, checksum %016" PRIx64 "; %" PRIu64 " out of order, %" PRIu64
		        " delivered again\n",
		        outcome->sent.lines, outcome->sent.bytes, outcome->sent.checksum,
		        outcome->received.lines, outcome->received.bytes,
		        outcome->received.checksum, outcome->out_of_order, outcome->redelivered);
}

static int run(struct demo *demo)
{
	FILE *to = talk(&demo->request);
	int error;

	fprintf(to, "text: %.1f MB: %s\n", (double) demo->text.bytes / 1e6, demo->text.name);
	fprintf(to,
	        "segment %s, queue lines: %u producers -> %" PRIu32 " messages -> %u consumers\n",
	        demo->own.name, demo->request.producers, demo->request.capacity,
	        demo->request.consumers);
	error = start_all(demo);
	if (error < 0)
		crew_kill(&demo->crew);
	else
		error = watch(demo);
	return error;
}

int main(int argc, char *argv[])
{
	static struct demo demo;
	struct outcome outcome = {.held = false};
	int error, closed;

	request_parse(argc, argv, &demo.request);
	crew_take_signals();
	error = text_open(&demo.text, &demo.request);
	if (error == -EINTR)
		crew_end_by_signal();
	if (error < 0)
		return demo.request.file != NULL ? 2 : 1;
	if (demo_open(&demo) < 0)
		return 1;
	error = run(&demo);
	closed = demo_close(&demo);
	text_close(&demo.text);
	if (error == -EINTR)
		crew_end_by_signal();
	if (error == -ECHILD)
		fprintf(talk(&demo.request), "demo: did not hold: %s\n", demo.crew.failure);
	if (error < 0 || closed < 0)
		return 1;
	outcome = judge(&demo);
	if (demo.request.json)
		print_json(&demo, &outcome);
	print_verdict(&demo, &outcome);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "%s: standard output: %s\n", program_name, strerror(errno));
		return 1;
	}
	return outcome.held ? 0 : 1;
}
