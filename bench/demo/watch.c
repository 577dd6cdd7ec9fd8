/* SPDX-License-Identifier: BSD-2-Clause */
/* The parent's part: it watches, tells, and ends the queue. */
#include "demo.h"

#include "common/clock.h"

#include <errno.h>
#include <unistd.h>

#define TICK_NS (10 * MPSHM_MILLISECOND)
#define TELL_EVERY_NS (500 * MPSHM_MILLISECOND)
#define TELL_EVERY_PERCENT 20 /* where that comes sooner */
#define LOOK_PATIENCE_NS (5 * MPSHM_SECOND)

/* Look when so many of 100 bytes have arrived: well after the start, well before the end. */
#define LOOK_AT_PERCENT 25

struct progress {
	FILE *to;
	bool in_place;
	int64_t told_ns;
	uint64_t told_lines;
	double told_percent;
};

static void tell(struct progress *progress, const struct demo *demo, const struct tally *arrived)
{
	int64_t now = now_ns();
	double seconds = (double) (now - progress->told_ns) / 1e9;
	double percent = 100.0 * (double) (arrived->bytes + arrived->lines) /
	                 ((double) demo->text.bytes + 1);

	if (now - progress->told_ns < TELL_EVERY_NS &&
	    percent - progress->told_percent < TELL_EVERY_PERCENT)
		return;
	fprintf(progress->to,
	        "%s%3.0f %%  %.1f MB  %.2f M lines  %.2f M lines/s  %zu of %zu in the queue%s",
	        progress->in_place ? "\r\033[K" : "", percent, (double) arrived->bytes / 1e6,
	        (double) arrived->lines / 1e6,
	        (double) (arrived->lines - progress->told_lines) / 1e6 / seconds,
	        mpshm_queue_size(demo->queue), mpshm_queue_capacity(demo->queue),
	        progress->in_place ? "" : "\n");
	fflush(progress->to);
	progress->told_ns = now;
	progress->told_lines = arrived->lines;
	progress->told_percent = percent;
}

/* Leave the line that is told in place, so that others may write. */
static void untell(const struct progress *progress)
{
	if (progress->in_place) {
		fprintf(progress->to, "\r\033[K");
		fflush(progress->to);
	}
}

static void look_end(struct look *look, const struct demo *demo)
{
	if (look->started_ns == 0)
		fprintf(talk(&demo->request),
		        "--- through before mpshm-stat could look; a longer text shows it\n");
	look_follow(look, demo, LOOK_PATIENCE_NS);
	crew_kill(&look->crew);
}

int watch(struct demo *demo)
{
	struct progress progress = {.to = talk(&demo->request), .told_ns = now_ns()};
	struct look look = {.started_ns = 0};
	bool shut_down = false;

	progress.in_place = isatty(fileno(progress.to)) == 1;
	while (demo->crew.running > 0 && demo->crew.failure[0] == '\0') {
		struct tally arrived;

		if (crew_wait(&demo->crew, TICK_NS) == -EINTR)
			break;
		if (!shut_down && crew_running(&demo->crew, "producer") == 0) {
			mpshm_queue_shutdown(demo->queue);
			shut_down = true;
		}
		arrived = tally_sum(demo->page->consumer, demo->request.consumers);
		look_follow(&look, demo, 0);
		if (look.started_ns == 0 && !shut_down &&
		    arrived.bytes > demo->text.bytes / 100 * LOOK_AT_PERCENT) {
			untell(&progress);
			look_start(&look, demo);
		}
		if (!look_running(&look))
			tell(&progress, demo, &arrived);
	}
	untell(&progress);
	if (crew_asked_to_end() || demo->crew.failure[0] != '\0')
		crew_kill(&look.crew);
	else
		look_end(&look, demo);
	return crew_finish(&demo->crew);
}
