/* SPDX-License-Identifier: BSD-2-Clause */
#include "args.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "output.h"

static const char help_text[] =
	"usage: mpshm-stat [--json] [list [SEGMENT...]]\n"
	"       mpshm-stat [--json] show SEGMENT[/OBJECT]\n"
	"\n"
	"Looks into live mpshm segments, read-only, without becoming a participant.\n"
	"\n"
	"  list         segments and their objects; the default\n"
	"  show         one segment with its participants, or one object, in full\n"
	"\n"
	"  -j, --json   one JSON object a line, raw integers\n"
	"  -h, --help   this\n"
	"  --version    version of program and library\n"
	"\n"
	"Exit status: 0 healthy; 1 unhealthy: a segment is truncated, corrupt or no segment,\n"
	"or a participant died and nobody has resolved it yet; 2 usage; 3 not found;\n"
	"4 permission; 5 incompatible layout.  Where several apply, the smallest but 0.\n";

void arguments_help(void)
{
	fputs(help_text, stdout);
}

static int wrong(const char *what, const char *which)
{
	complain("%s%s%s; try mpshm-stat --help", what, which ? " " : "",
	         which ? escaped(which) : "");
	return -1;
}

static int parse_command(struct arguments *arguments, int count, char **words)
{
	arguments->names = words + (count > 0);
	arguments->names_count = count - (count > 0);
	if (count == 0 || strcmp(words[0], "list") == 0) {
		arguments->command = COMMAND_LIST;
		return 0;
	}
	if (strcmp(words[0], "show") != 0)
		return wrong("no such command:", words[0]);
	arguments->command = COMMAND_SHOW;
	if (arguments->names_count != 1)
		return wrong("show wants one SEGMENT or SEGMENT/OBJECT", NULL);
	return 0;
}

int arguments_parse(struct arguments *ret_arguments, int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	struct arguments arguments = {.command = COMMAND_LIST};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			arguments.json = true;
			break;
		case 'h':
		case 'V':
			arguments.command = option == 'h' ? COMMAND_HELP : COMMAND_VERSION;
			*ret_arguments = arguments;
			return 0;
		default:
			return wrong("no such option, or one that takes no value:",
			             optopt ? formatted("-%c", optopt) : argv[optind - 1]);
		}
	}
	if (parse_command(&arguments, argc - optind, argv + optind) < 0)
		return -1;
	*ret_arguments = arguments;
	return 0;
}
