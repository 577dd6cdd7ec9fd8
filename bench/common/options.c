/* SPDX-License-Identifier: BSD-2-Clause */
/* Command lines: numbers, and what is wrong with them. */
#include "options.h"

#include "program.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mpshm.h>

uint64_t option_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	char *end;
	uintmax_t number;

	errno = 0;
	number = strtoumax(text, &end, 10); /* takes " -1" too: hence the look at the first one */
	if (!isdigit((unsigned char) text[0]) || *end != '\0' || errno != 0 || number < min ||
	    number > max) {
		fprintf(stderr, "%s: %s %s: give a whole number from %" PRIu64 " to %" PRIu64 "\n",
		        program_name, option, text, min, max);
		exit(EXIT_USAGE);
	}
	return number;
}

static void refused(int code, char *const argv[])
{
	const char *option = argv[optind - 1];

	if (code == ':')
		fprintf(stderr, "%s: %s: wants an argument; see %s --help\n", program_name, option,
		        program_name);
	else
		fprintf(stderr, "%s: %s: no such option, or not used so; see %s --help\n",
		        program_name, option, program_name);
	exit(EXIT_USAGE);
}

void option_answered(void)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "%s: standard output: %s\n", program_name, strerror(errno));
		exit(1);
	}
	exit(0);
}

void option_common(int code, char *const argv[], void (*help)(void))
{
	if (code == 'h')
		help();
	else if (code == 'v')
		printf("%s %s\n", program_name, mpshm_version());
	else
		refused(code, argv);
	option_answered();
}

void option_no_arguments(int argc, char *const argv[])
{
	if (optind == argc)
		return;
	fprintf(stderr, "%s: %s: takes options only; see %s --help\n", program_name, argv[optind],
	        program_name);
	exit(EXIT_USAGE);
}
