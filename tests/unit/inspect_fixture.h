/* SPDX-License-Identifier: BSD-2-Clause */
/* For the tests of inspect: a segment, and one who looks into it. */
#ifndef MPSHM_TESTS_UNIT_INSPECT_FIXTURE_H
#define MPSHM_TESTS_UNIT_INSPECT_FIXTURE_H

#include "suites.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mpshm.h>

#include "layout/segment.h"
#include "platform/shm.h"
#include "segment/segment.h"

static char name[64];
static struct mpshm_segment *segment;
static struct mpshm_inspect *inspect;

static inline void set_up(void)
{
	struct mpshm_segment_options options = {
		.size_bytes = UINT64_C(4) << 20,
		.directory_capacity = 16,
		.participants_max = 6,
		.threads_max = 10,
	};
	snprintf(name, sizeof name, "test-inspect-%d", (int) getpid());
	(void) mpshm_segment_unlink(name);
	ck_assert_int_eq(
		mpshm_segment_open(&segment, name, MPSHM_CREATE | MPSHM_EXCLUSIVE, &options),
		MPSHM_CREATED);
	ck_assert_int_eq(mpshm_inspect_open(&inspect, name, NULL), 0);
}

static inline void tear_down(void)
{
	mpshm_inspect_close(inspect);
	(void) mpshm_segment_close(segment);
	(void) mpshm_segment_unlink(name);
}

#endif
