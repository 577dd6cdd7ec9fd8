/* SPDX-License-Identifier: BSD-2-Clause */
/* The ways to raise a shared number, and to sell the one ticket. */
#include "contrast.h"

#include "common/clock.h"

/* From here on a sleep is precise enough; below, its own latency would be all there is. */
#define SLEEP_FROM_NS (50 * MPSHM_MICROSECOND)

void pass_time(int64_t ns)
{
	struct timespec length = timespec_of_ns(ns);
	int64_t end;

	if (ns >= SLEEP_FROM_NS) {
		while (clock_nanosleep(CLOCK_MONOTONIC, 0, &length, &length) != 0)
			continue;
		return;
	}
	for (end = now_ns() + ns; now_ns() < end;)
		continue;
}

static inline void gap(const struct worker *worker)
{
	if (worker->gap_ns > 0)
		pass_time(worker->gap_ns);
}

/* --- racy: load, add, store, and nothing that keeps others out ------------------ */

static void raise_racy(struct worker *worker, uint64_t times)
{
	uint64_t i;

	for (i = 0; i < times; i++) {
		int64_t seen = *worker->number;

		gap(worker);
		/* Or the compiler could make one instruction of it, which looks less racy
		 * than it is: without a lock prefix it is a load and a store all the same. */
		__asm__ volatile("" : "+r"(seen));
		*worker->number = seen + 1;
	}
}

static bool buy_racy(struct worker *worker)
{
	if (*worker->number < 1)
		return false;
	gap(worker);
	*worker->number -= 1;
	return true;
}

/* --- atomic: one locked instruction; there is no gap to imitate -------------------- */

static void raise_atomic(struct worker *worker, uint64_t times)
{
	uint64_t i;

	for (i = 0; i < times; i++)
		mpshm_value_add(worker->value, 1);
}

static bool buy_atomic(struct worker *worker)
{
	if (mpshm_value_add(worker->value, -1) >= 1)
		return true;
	mpshm_value_add(worker->value, 1); /* below zero: what was not there goes back */
	return false;
}

/* --- cas: look, and change it only where it is still what was seen ----------------- */

static void raise_cas(struct worker *worker, uint64_t times)
{
	uint64_t i;

	for (i = 0; i < times; i++) {
		int64_t seen = mpshm_value_load(worker->value);

		do
			gap(worker);
		while (!mpshm_value_compare_exchange(worker->value, &seen, seen + 1));
	}
}

static bool buy_cas(struct worker *worker)
{
	int64_t seen = mpshm_value_load(worker->value);

	while (seen >= 1) {
		gap(worker);
		if (mpshm_value_compare_exchange(worker->value, &seen, seen - 1))
			return true;
	}
	return false;
}

/* --- counter: each adds to a cell of its own; it counts, and can't decide ---------- */

static void raise_counter(struct worker *worker, uint64_t times)
{
	uint64_t i;

	for (i = 0; i < times; i++)
		mpshm_counter_stripe_add(&worker->stripe, 1);
}

/* --- mutex: the racy steps, one process at a time ---------------------------------- */

static void raise_mutex(struct worker *worker, uint64_t times)
{
	uint64_t i;

	for (i = 0; i < times; i++) {
		pthread_mutex_lock(worker->mutex);
		raise_racy(worker, 1);
		pthread_mutex_unlock(worker->mutex);
	}
}

static bool buy_mutex(struct worker *worker)
{
	bool bought;

	pthread_mutex_lock(worker->mutex);
	bought = buy_racy(worker);
	pthread_mutex_unlock(worker->mutex);
	return bought;
}

const struct way ways[] = {
	{.name = "racy",
         .text = "plain load, add, store",
         .looks = true,
         .raise = raise_racy,
         .buy = buy_racy},
	{.name = "atomic",
         .text = "mpshm_value_add",
         .exact = true,
         .raise = raise_atomic,
         .buy = buy_atomic},
	{.name = "cas",
         .text = "mpshm_value_compare_exchange",
         .exact = true,
         .looks = true,
         .raise = raise_cas,
         .buy = buy_cas},
	{.name = "counter", .text = "mpshm_counter", .exact = true, .raise = raise_counter},
	{.name = "mutex",
         .text = "pthread mutex, process-shared",
         .exact = true,
         .looks = true,
         .raise = raise_mutex,
         .buy = buy_mutex},
	{.name = "python", .text = "multiprocessing.Value", .python = true},
	{.name = "python-lock",
         .text = "multiprocessing.Value, get_lock()",
         .exact = true,
         .python = true,
         .locked = true},
};

const unsigned ways_count = sizeof(ways) / sizeof(ways[0]);
