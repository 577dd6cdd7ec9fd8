/* SPDX-License-Identifier: BSD-2-Clause */
/* producer: sends the lines of its input to whoever runs consumer, before or after. */
#include <err.h>
#include <mpshm.h>
#include <stdio.h>
#include <string.h>

#define MUST(call) ((call) < 0 ? errx(1, "%s", mpshm_error_detail()) : (void) 0)

int main(int argc, char **argv)
{
	struct mpshm_segment *segment;
	struct mpshm_queue *lines;
	char line[4096];

	MUST(mpshm_segment_open(&segment, argc > 1 ? argv[1] : "example", MPSHM_CREATE, NULL));
	MUST(mpshm_queue_open(&lines, segment, "lines", MPSHM_CREATE, NULL));
	while (fgets(line, sizeof(line), stdin))
		MUST(mpshm_queue_put(lines, line, strlen(line), MPSHM_FOREVER));
	MUST(mpshm_queue_put(lines, NULL, 0, MPSHM_FOREVER)); /* nothing: the end */
	MUST(mpshm_queue_close(lines));
	MUST(mpshm_segment_close(segment));
	return 0;
}
