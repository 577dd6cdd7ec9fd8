/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <mpshm.h>

#define MUST(condition) \
	do { \
		if (!(condition)) { \
			(void) fprintf(stderr, "guest: line %d: %s (%s)\n", __LINE__, #condition, \
			               mpshm_error_detail()); \
			return 1; \
		} \
	} while (0)

int guest_main(int argc, char **argv)
{
	struct mpshm_segment *segment;
	struct mpshm_counter *guests;

	if (argc == 2) /* whether we can be run at all */
		return 0;
	MUST(argc == 4);
	MUST(mpshm_segment_find(&segment, argv[2]) < 0); /* nothing of it came through exec */
	MUST(mpshm_segment_open(&segment, argv[2], 0, NULL) == MPSHM_ATTACHED);
	MUST(mpshm_counter_open(&guests, segment, "guests", 0, NULL) == MPSHM_ATTACHED);
	MUST(mpshm_counter_add(guests, 1) == 0);
	if (strcmp(argv[3], "stay") == 0)
		(void) alarm(120); /* should the test fail */
	while (strcmp(argv[3], "stay") == 0)
		(void) pause();
	MUST(mpshm_counter_close(guests) == 0);
	MUST(mpshm_segment_close(segment) == 0);
	return 0;
}

char **guest_arguments(const char *segment, const char *how)
{
	static char path[4096], name[256], manner[8];
	static char word[] = "guest";
	static char *arguments[] = {path, word, name, manner, NULL};

	/* Not /proc/self/exe itself: a tool that runs us may stand there. */
	ssize_t bytes = readlink("/proc/self/exe", path, sizeof path - 1);
	path[bytes < 0 ? 0 : bytes] = '\0';
	(void) snprintf(name, sizeof name, "%s", segment);
	(void) snprintf(manner, sizeof manner, "%s", how);
	return arguments;
}
