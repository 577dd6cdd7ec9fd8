/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the suites of suites.def.  The last line is always Check's summary.
 *
 * Check's own variables select and steer: CK_RUN_SUITE, CK_RUN_CASE, CK_FORK=no,
 * CK_VERBOSITY=verbose, CK_TIMEOUT_MULTIPLIER.
 */
#include "suites.h"

#include "guest.h"
#include "leftovers.h"
#include "skip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Suite *(*const suites[])(void) = {
#define SUITE(name) suite_##name,
#include "suites.def"
#undef SUITE
};

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "guest") == 0)
		return guest_main(argc, argv);

	leftovers_remove();
	skip_begin();
	SRunner *runner = srunner_create(NULL);
	for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++)
		srunner_add_suite(runner, suites[i]());

	setvbuf(stdout, NULL, _IOLBF, 0);
	srunner_run_all(runner, CK_ENV);

	int run = srunner_ntests_run(runner);
	int failed = srunner_ntests_failed(runner);
	const char *verbosity = getenv("CK_VERBOSITY");

	/* Skips come after its summary, and so do Check's single results: say it again. */
	if (skip_report() > 0 || failed > 0 || (verbosity && strcmp(verbosity, "verbose") == 0))
		srunner_print(runner, CK_MINIMAL);
	srunner_free(runner);

	if (run == 0) {
		fputs("mpshm-unit: no test ran; look at CK_RUN_SUITE and CK_RUN_CASE\n", stderr);
		return EXIT_FAILURE;
	}
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
