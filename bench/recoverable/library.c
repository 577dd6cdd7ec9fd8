/* SPDX-License-Identifier: BSD-2-Clause */
#include "library.h"

#include "common/program.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct library library;

static const char *const files[BUILDS] = {
	[BUILD_WITH] = RECOVERABLE_MODULES "/with.so",
	[BUILD_WITHOUT] = RECOVERABLE_MODULES "/without.so",
};

static const struct {
	const char *name;
	size_t at;
} calls[] = {
#define CALL(name) {"mpshm_" #name, offsetof(struct library, name)},
#include "library.def"
#undef CALL
};

bool library_is_built(enum build build)
{
	return access(files[build], R_OK) == 0;
}

int library_load(enum build build)
{
	void *module = dlopen(files[build], RTLD_NOW | RTLD_LOCAL);
	size_t i;

	for (i = 0; module && i < sizeof(calls) / sizeof(*calls); i++) {
		void *symbol = dlsym(module, calls[i].name);

		if (!symbol)
			break;
		memcpy((char *) &library + calls[i].at, &symbol, sizeof(symbol));
	}
	if (module && i == sizeof(calls) / sizeof(*calls))
		return 0;
	fprintf(stderr, "%s: %s\n", program_name, dlerror());
	return -ELIBACC;
}
