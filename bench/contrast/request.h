/* SPDX-License-Identifier: BSD-2-Clause */
/* What mpshm-contrast is asked to do. */
#ifndef BENCH_CONTRAST_REQUEST_H
#define BENCH_CONTRAST_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

struct request {
	uint32_t experiments, ways;           /* bits, by their place in the tables */
	uint64_t runs, processes, increments; /* 0: each experiment's own */
	int64_t gap_ns;                       /* negative: each experiment's own */
	bool json;
};

/* Exits where the command line is wrong, or asks for nothing but a text. */
void request_parse(int argc, char *argv[], struct request *ret_request);

#endif
