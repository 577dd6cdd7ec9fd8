/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Another program, for the tests of exec: this one, run again as `mpshm-unit guest
 * SEGMENT leave|stay`.  It attaches, adds one to the counter "guests", and leaves, or
 * stays until it is killed.  Without more arguments it does nothing.
 */
#ifndef MPSHM_TESTS_UNIT_GUEST_H
#define MPSHM_TESTS_UNIT_GUEST_H

/* The whole of main() there; the exit status names the line that failed. */
int guest_main(int argc, char **argv);

/*
 * Arguments for exec, with the path as the first; made before a vfork, used behind it.
 * They stand until the next call.
 */
char **guest_arguments(const char *segment, const char *how);

#endif
