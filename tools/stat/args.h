/* SPDX-License-Identifier: BSD-2-Clause */
/* args: what the command line asks for. */
#ifndef MPSHM_STAT_ARGS_H
#define MPSHM_STAT_ARGS_H

#include <stdbool.h>

enum command { COMMAND_LIST, COMMAND_SHOW, COMMAND_HELP, COMMAND_VERSION };

struct arguments {
	enum command command;
	bool json;
	char **names; /* list: segments, none means all; show: one SEGMENT[/OBJECT] */
	int names_count;
};

/* 0, or -1 where it makes no sense; that has then been said on stderr. */
int arguments_parse(struct arguments *ret_arguments, int argc, char **argv);

void arguments_help(void);

#endif
