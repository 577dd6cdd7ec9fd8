/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * effort: how often to repeat what shows a fault only now and then.  `most` times; where
 * the machine is slow, as an emulator is at forks, as often as it comes to in a few
 * seconds, but at least `least` times.
 */
#ifndef MPSHM_TESTS_UNIT_EFFORT_H
#define MPSHM_TESTS_UNIT_EFFORT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define EFFORT_SECONDS 5

struct effort {
	int least, most, done;
	time_t begin;
};

static inline time_t effort_now(void)
{
	struct timespec now;
	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static inline struct effort effort_begin(int least, int most)
{
	return (struct effort){least, most, 0, effort_now()};
}

/* Once more? */
static inline bool effort_goes_on(struct effort *effort)
{
	if (effort->done == effort->most ||
	    (effort->done >= effort->least && effort_now() > effort->begin + EFFORT_SECONDS))
		return false;
	effort->done++;
	return true;
}

#endif
