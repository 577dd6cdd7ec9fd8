/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holder SEGMENT [COMMAND]: creates the segment with one object of each kind, or
 * attaches, as a process of that name; says "ready" and stays until its input
 * ends.  The first one puts something into each and unlinks it in the end.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <mpshm.h>

struct held {
	struct mpshm_segment *segment;
	struct mpshm_spsc *spsc;
	struct mpshm_mpmc *mpmc;
	struct mpshm_queue *queue;
	struct mpshm_value *value;
	struct mpshm_counter *counter;
};

static int must(int result)
{
	if (result < 0)
		errx(1, "%s: %s", strerror(-result), mpshm_error_detail());
	return result;
}

static int open_all(struct held *held, const char *name)
{
	struct mpshm_segment_options small = {.size_bytes = 64 << 20, .participants_max = 8};
	struct mpshm_spsc_options spsc = {.capacity = 8, .element_bytes = 16};
	struct mpshm_mpmc_options mpmc = {.capacity = 16, .element_bytes = 24};
	struct mpshm_queue_options queue = {.capacity = 4, .max_message_bytes = 4096};
	struct mpshm_value_options value = {.initial = -42};
	int created = must(mpshm_segment_open(&held->segment, name, MPSHM_CREATE, &small));
	unsigned sides = created == MPSHM_CREATED ? MPSHM_PRODUCER : MPSHM_CONSUMER;

	must(mpshm_spsc_open(&held->spsc, held->segment, "ring1", MPSHM_CREATE | sides, &spsc));
	must(mpshm_mpmc_open(&held->mpmc, held->segment, "ring2", MPSHM_CREATE, &mpmc));
	must(mpshm_queue_open(&held->queue, held->segment, "orders", MPSHM_CREATE, &queue));
	must(mpshm_value_open(&held->value, held->segment, "level", MPSHM_CREATE, &value));
	must(mpshm_counter_open(&held->counter, held->segment, "hits", MPSHM_CREATE, NULL));
	return created;
}

static void fill(struct held *held)
{
	static const char bytes[4096];

	for (int i = 0; i < 3; i++)
		must(mpshm_spsc_try_push(held->spsc, bytes));
	for (int i = 0; i < 16; i++)
		must(mpshm_mpmc_try_push(held->mpmc, bytes));
	must(mpshm_queue_try_put(held->queue, bytes, 10));
	must(mpshm_queue_try_put(held->queue, bytes, sizeof(bytes)));
	must(mpshm_counter_add(held->counter, 7));
}

static void close_all(struct held *held)
{
	must(mpshm_counter_close(held->counter));
	must(mpshm_value_close(held->value));
	must(mpshm_queue_close(held->queue));
	must(mpshm_mpmc_close(held->mpmc));
	must(mpshm_spsc_close(held->spsc));
	must(mpshm_segment_close(held->segment));
}

int main(int argc, char **argv)
{
	struct held held;
	int created;
	char byte;

	if (argc < 2 || argc > 3)
		errx(2, "usage: holder SEGMENT [COMMAND]");
	if (argc == 3 && prctl(PR_SET_NAME, argv[2]) != 0)
		err(1, "prctl");
	created = open_all(&held, argv[1]) == MPSHM_CREATED;
	if (created)
		fill(&held);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	close_all(&held);
	if (created)
		must(mpshm_segment_unlink(argv[1]));
	return 0;
}
