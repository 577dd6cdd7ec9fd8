/* SPDX-License-Identifier: BSD-2-Clause */
/* mpshm-stat looks at the segment while it is in use. */
#include "demo.h"

#include "common/clock.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * $MPSHM_STAT; or beside this program: in its folder, or in tools/ of the build
 * (libtool keeps the real programs one folder deeper); or in PATH.
 */
static const char *find_stat(char path[PATH_MAX])
{
	static const char *const beside[] = {"mpshm-stat", "../tools/mpshm-stat",
	                                     "../../tools/mpshm-stat"};
	const char *named = getenv("MPSHM_STAT");
	char folder[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	char *slash;
	size_t i;

	if (named != NULL && *named != '\0')
		return named;
	folder[length < 0 ? 0 : length] = '\0';
	slash = strrchr(folder, '/');
	if (slash == NULL)
		return "mpshm-stat";
	*slash = '\0';
	for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		int needed = snprintf(path, PATH_MAX, "%s/%s", folder, beside[i]);

		if (needed < PATH_MAX && access(path, X_OK) == 0)
			return path;
	}
	return "mpshm-stat";
}

void look_start(struct look *look, const struct demo *demo)
{
	FILE *to = talk(&demo->request);
	char path[PATH_MAX];
	const char *argv[] = {find_stat(path), "show", demo->own.name, NULL};

	fprintf(to, "--- in the midst of it: mpshm-stat show %s\n", demo->own.name);
	look->started_ns = now_ns();
	if (crew_start_program(&look->crew, "mpshm-stat", argv, fileno(to), fileno(to)) < 0)
		fprintf(to, "--- mpshm-stat could not be started\n");
}

int look_running(const struct look *look)
{
	return look->crew.running > 0;
}

void look_follow(struct look *look, const struct demo *demo, int64_t timeout_ns)
{
	FILE *to = talk(&demo->request);
	int status;

	if (!look_running(look) || crew_wait(&look->crew, timeout_ns) != 1)
		return;
	status = look->crew.member[0].status;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		fprintf(to, "--- there is no mpshm-stat here; MPSHM_STAT may name one\n");
	else if (status != 0)
		fprintf(to, "--- %s\n", look->crew.failure);
	else
		fprintf(to, "--- mpshm-stat took %.0f ms\n",
		        (double) (now_ns() - look->started_ns) / 1e6);
}
