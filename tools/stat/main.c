/* SPDX-License-Identifier: BSD-2-Clause */
/* mpshm-stat: what lives in shared memory, and is it well?  Read-only. */
#include <signal.h>
#include <stdio.h>

#include <mpshm.h>

#include "args.h"
#include "output.h"
#include "report.h"
#include "status.h"

static enum status run(const struct arguments *arguments)
{
	switch (arguments->command) {
	case COMMAND_LIST:
		return report_list(arguments);
	case COMMAND_SHOW:
		return report_show(arguments);
	case COMMAND_HELP:
		arguments_help();
		return STATUS_HEALTHY;
	case COMMAND_VERSION:
		printf("mpshm-stat %d.%d.%d, library %s\n", MPSHM_VERSION_MAJOR,
		       MPSHM_VERSION_MINOR, MPSHM_VERSION_PATCH, mpshm_version());
		return STATUS_HEALTHY;
	}
	return STATUS_USAGE;
}

int main(int argc, char **argv)
{
	struct arguments arguments;
	enum status status;

	/* A reader that has gone is an error to report, like a full disk. */
	signal(SIGPIPE, SIG_IGN);
	if (arguments_parse(&arguments, argc, argv) < 0)
		return STATUS_USAGE;
	status = run(&arguments);
	if (output_finish() < 0)
		return STATUS_UNHEALTHY;
	return (int) status;
}
