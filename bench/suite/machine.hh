/* SPDX-License-Identifier: BSD-2-Clause */
/* What a run was made on, and against: the facts that every report tells. */
#ifndef BENCH_SUITE_MACHINE_HH
#define BENCH_SUITE_MACHINE_HH

#include <string>
#include <vector>

struct machine {
	std::string date; /* of now, UTC */
	std::string cpu, architecture, kernel, compiler;
	bool is_virtual;
};

struct machine machine_now();

/* A library that takes part. */
struct version {
	std::string key, name; /* in JSON, and for people */
	const char *text;      /* NULL: not there */
};

/* Ours first. */
std::vector<struct version> versions();

#endif
