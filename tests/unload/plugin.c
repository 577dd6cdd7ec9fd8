/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A plugin that uses the library, for tests/unload/host.c, which knows nothing of it.
 * Both return 0, or the number of the line that failed.
 */
#include <stddef.h>

#include <mpshm.h>

int plugin_attach(const char *name);
int plugin_detach(const char *name);

#define MUST(condition) \
	do { \
		if (!(condition)) \
			return __LINE__; \
	} while (0)

static int work(struct mpshm_segment *segment)
{
	const struct mpshm_queue_options options = {.capacity = 8, .max_message_bytes = 100};
	struct mpshm_queue *queue;
	char text[4] = "";

	MUST(mpshm_queue_open(&queue, segment, "queue", MPSHM_CREATE, &options) >= 0);
	MUST(mpshm_queue_put(queue, "abc", 4, 0) == 0);
	MUST(mpshm_queue_get(queue, text, sizeof text, 0) == 4);
	MUST(mpshm_queue_close(queue) == 0);
	return 0;
}

__attribute__((visibility("default"))) int plugin_attach(const char *name)
{
	const struct mpshm_segment_options small = {.size_bytes = 1 << 20};
	struct mpshm_segment *segment;

	MUST(mpshm_segment_open(&segment, name, MPSHM_CREATE, &small) >= 0);
	MUST(mpshm_thread_attach(segment) == 0);
	return work(segment);
}

__attribute__((visibility("default"))) int plugin_detach(const char *name)
{
	struct mpshm_segment *segment;

	MUST(mpshm_segment_find(&segment, name) == 0);
	int failed = work(segment);
	if (failed)
		return failed;
	MUST(mpshm_segment_close(segment) == 0);
	MUST(mpshm_segment_close(segment) == 0);
	MUST(mpshm_segment_find(&segment, name) < 0);
	return 0;
}
