/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line of mpshm-demo. */
#include "request.h"

#include "common/options.h"
#include "common/program.h"

#include <getopt.h>
#include <mpshm.h>

static void help(void)
{
	printf("usage: mpshm-demo [OPTION]...\n"
	       "Send every line of a real text through a queue from producer processes to consumer\n"
	       "processes; count and checksum it at both ends.\n\n"
	       "  --file PATH      the text; without it, made from what the machine has: package\n"
	       "                   lists, documentation, headers\n"
	       "  --megabytes N    how much to make, 1 to 10000; 50\n"
	       "  --producers N    1 to %d; 2\n"
	       "  --consumers N    1 to %d; 2\n"
	       "  --capacity N     of the queue, in messages, 1 to 67108864; 1024\n"
	       "  --max-line N     the longest line that the queue takes, in bytes, 1 to 16777216;\n"
	       "                   65536\n"
	       "  --json           the result as one object; all else goes to standard error\n"
	       "  --help, --version\n\n"
	       "MPSHM_STAT       the mpshm-stat that looks at the live segment; without it, the one\n"
	       "                 of the same build or installation, or in PATH\n"
	       "TMPDIR           where the text is put together; /tmp\n\n"
	       "Exit status: 0 held, 1 did not hold or could not run, 2 usage.\n",
	       SIDE_MAX, SIDE_MAX);
}

static const struct option known[] = {
	{"file", required_argument, NULL, 'f'},
	{"megabytes", required_argument, NULL, 'm'},
	{"producers", required_argument, NULL, 'p'},
	{"consumers", required_argument, NULL, 'c'},
	{"capacity", required_argument, NULL, 'a'},
	{"max-line", required_argument, NULL, 'l'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'v'},
	{NULL, 0, NULL, 0},
};

void request_parse(int argc, char *argv[], struct request *request)
{
	int code;

	*request = (struct request){.megabytes = 50,
	                            .producers = 2,
	                            .consumers = 2,
	                            .capacity = 1024,
	                            .max_line = 65536};
	opterr = 0;
	while ((code = getopt_long(argc, argv, ":", known, NULL)) != -1) {
		switch (code) {
		case 'f':
			request->file = optarg;
			break;
		case 'm':
			request->megabytes = option_number("--megabytes", optarg, 1, 10000);
			break;
		case 'p':
			request->producers =
				(unsigned) option_number("--producers", optarg, 1, SIDE_MAX);
			break;
		case 'c':
			request->consumers =
				(unsigned) option_number("--consumers", optarg, 1, SIDE_MAX);
			break;
		case 'a':
			request->capacity =
				(uint32_t) option_number("--capacity", optarg, 1, 1 << 26);
			break;
		case 'l':
			request->max_line =
				(uint32_t) option_number("--max-line", optarg, 1, 16 << 20);
			break;
		case 'j':
			request->json = true;
			break;
		default:
			option_common(code, argv, help);
		}
	}
	option_no_arguments(argc, argv);
}
