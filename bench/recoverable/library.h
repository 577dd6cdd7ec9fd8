/* SPDX-License-Identifier: BSD-2-Clause */
/* The two builds of the library, of which a process loads one. */
#ifndef BENCH_RECOVERABLE_LIBRARY_H
#define BENCH_RECOVERABLE_LIBRARY_H

#include <mpshm.h>
#include <stdbool.h>

enum build {
	BUILD_WITH,    /* as it is */
	BUILD_WITHOUT, /* intents are neither announced nor emptied */
	BUILDS,
};

/* Its calls by their names without mpshm_. */
struct library {
#define CALL(name) __typeof__(mpshm_##name) *name;
#include "library.def"
#undef CALL
};

/* Set by library_load(). */
extern struct library library;

/* Load it for this process.  0, or -ELIBACC, told on stderr. */
int library_load(enum build build);

/* Is it there to be loaded?  Not where shared libraries are not built. */
bool library_is_built(enum build build);

#endif
