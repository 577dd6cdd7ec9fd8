/* SPDX-License-Identifier: BSD-2-Clause */
/* consumer: prints the lines that producer sends, then removes the segment. */
#include <err.h>
#include <mpshm.h>
#include <stdio.h>

#define MUST(call) ((call) < 0 ? errx(1, "%s", mpshm_error_detail()) : (void) 0)

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "example";
	struct mpshm_segment *segment;
	struct mpshm_queue *lines;
	char line[4096];
	ssize_t bytes;

	MUST(mpshm_segment_open(&segment, name, MPSHM_CREATE, NULL));
	MUST(mpshm_queue_open(&lines, segment, "lines", MPSHM_CREATE, NULL));
	while ((bytes = mpshm_queue_get(lines, line, sizeof(line), MPSHM_FOREVER)) > 0)
		fwrite(line, 1, (size_t) bytes, stdout);
	MUST(bytes);
	MUST(mpshm_queue_close(lines));
	MUST(mpshm_segment_close(segment));
	MUST(mpshm_segment_unlink(name));
	return 0;
}
