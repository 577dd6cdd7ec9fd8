/* SPDX-License-Identifier: BSD-2-Clause */
/* mpshm-contrast: what its files share. */
#ifndef BENCH_CONTRAST_CONTRAST_H
#define BENCH_CONTRAST_CONTRAST_H

#include "common/crew.h"
#include "common/own_segment.h"
#include "common/start_line.h"

#include <mpshm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define PROCESSES_MAX 100
#define RUNS_MAX 1000

/* --- What is tried ------------------------------------------------------------ */

struct experiment {
	const char *name;
	const char *text;
	unsigned runs;
	unsigned processes;
	uint64_t increments; /* of each process; ticket: 1 */
	int64_t gap_ns;      /* imitated, between a look at the number and its change */
	int64_t pause_ns;    /* before each increment */
	bool ticket;
};

struct worker;

struct way {
	const char *name;
	const char *text;
	bool exact;  /* promises that nothing is lost */
	bool looks;  /* look and change are two steps, so that an imitated gap has a place */
	bool python; /* an interpreter's: it is python.c that runs it */
	bool locked; /* python: with get_lock() */
	void (*raise)(struct worker *worker, uint64_t times);
	bool (*buy)(struct worker *worker); /* the ticket: true where this buyer got it */
};

extern const struct experiment experiments[];
extern const unsigned experiments_count;
extern const struct way ways[];
extern const unsigned ways_count;

/* What a process of the C ways works with. */
struct worker {
	struct mpshm_value *value;
	volatile int64_t *number; /* the same integer, bare */
	struct mpshm_counter_stripe stripe;
	pthread_mutex_t *mutex;
	int64_t gap_ns;
};

/* Let this time pass: on the CPU, or asleep where that is precise enough. */
void pass_time(int64_t ns);

/* --- One run of one way ---------------------------------------------------------- */

struct result {
	int64_t expected, got;
	double ns_per_op;
};

struct seat {
	_Alignas(64) int64_t end_ns;
	bool bought;
};

struct shared_page {
	struct start_line line;
	_Alignas(64) pthread_mutex_t mutex;
	struct seat seat[PROCESSES_MAX];
};

struct arena {
	struct own_segment own;
	struct mpshm_value *value;
	struct mpshm_counter *counter;
	struct shared_page *page;
	unsigned cpus; /* that we may run on */
};

/* 0, or a negative errno that was told on stderr. */
int arena_open(struct arena *arena, unsigned cpus);
int arena_close(struct arena *arena);

/* 0; -EINTR: asked to end; another negative errno: failed, and told on stderr. */
int run_once(struct arena *arena, const struct experiment *experiment, const struct way *way,
             struct result *ret_result);

/* "" where python3 and its multiprocessing work, else why not; finds out once. */
const char *python_missing(void);
int python_once(const struct experiment *experiment, const struct way *way,
                struct result *ret_result);

/* --- What is told ------------------------------------------------------------------ */

struct report {
	bool json;
	bool may_spare; /* the racy million may lose nothing: one CPU, or not a million */
	unsigned exact_runs, exact_broken;
	unsigned spared;  /* runs of the racy million that lost nothing and had to */
	char broken[200]; /* the first breach in words */
	char lost[300];   /* what the racy ways lost, in words */
};

void report_start(const struct report *report, unsigned cpus);
void report_experiment(const struct report *report, const struct experiment *experiment);
void report_skipped(const struct report *report, const struct experiment *experiment,
                    const struct way *way, const char *why);
void report_way(struct report *report, const struct experiment *experiment, const struct way *way,
                const struct result *results, unsigned count);

/* The last line.  The exit status: 0 held, 1 did not. */
int report_verdict(const struct report *report);

#endif
