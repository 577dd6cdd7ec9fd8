/* SPDX-License-Identifier: BSD-2-Clause */
/* What mpshm-demo is asked to do. */
#ifndef BENCH_DEMO_REQUEST_H
#define BENCH_DEMO_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Most processes of a side. */
#define SIDE_MAX 32

struct request {
	const char *file; /* NULL: made from the text that the machine has */
	uint64_t megabytes;
	unsigned producers, consumers;
	uint32_t capacity;
	uint32_t max_line;
	bool json;
};

/* Exits where the command line is wrong, or asks for nothing but a text. */
void request_parse(int argc, char *argv[], struct request *ret_request);

/* Where to tell what is not the result: stdout, or stderr beside JSON. */
static inline FILE *talk(const struct request *request)
{
	return request->json ? stderr : stdout;
}

#endif
