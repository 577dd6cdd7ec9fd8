/* SPDX-License-Identifier: BSD-2-Clause */
/* A peer whose library was not there at compile time. */
#ifndef BENCH_SUITE_MISSING_HH
#define BENCH_SUITE_MISSING_HH

#include "suite.h"

static inline struct peer missing_peer(const char *name, const char *missing)
{
	struct peer peer = {};

	peer.name = name;
	peer.missing = missing;
	return peer;
}

#endif
