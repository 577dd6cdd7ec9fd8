/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A fault at every step of a case needs no thousand lines. */
#define TOLD_MAX 8u

static const char *const fault_names[CRASH_FAULTS] = {"hang", "loss", "duplicate",
                                                      "torn", "leak", "broken"};

int64_t crash_now(void)
{
	struct timespec now;
	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void crash_fault(enum crash_fault fault, const char *format, ...)
{
	struct run *run = engine_current;
	unsigned long long seed = engine_options.seed;
	char text[400];
	va_list list;

	if (run->last_fault_at[fault] == run->step * 31u + run->frozen_at)
		return;
	run->last_fault_at[fault] = run->step * 31u + run->frozen_at;
	run->faults[fault]++;
	if (run->told++ >= TOLD_MAX)
		return;
	va_start(list, format);
	(void) vsnprintf(text, sizeof text, format, list);
	va_end(list);
	(void) printf("%s: %s: %s\n", run->what->name, fault_names[fault], text);
	if (run->step == RUN_NO_STEP) {
		(void) printf("  in the first, uninterrupted run\n");
	} else if (run->frozen) {
		(void) printf("  killed before step %u: %s, while %s stood at step %u\n"
		              "  again: crash --seed %llu --pair %s,%s --step %u,%u\n",
		              run->step, engine_place(run->pc), run->frozen->name, run->frozen_at,
		              seed, run->what->name, run->frozen->name, run->step, run->frozen_at);
	} else {
		(void) printf("  killed before step %u: %s\n"
		              "  again: crash --seed %llu --case %s --step %u\n",
		              run->step, engine_place(run->pc), seed, run->what->name, run->step);
	}
	(void) fflush(stdout);
}

static struct {
	uint64_t own, kills_own, kills_foreign, edges, gaps, gaps_hit, faults[CRASH_FAULTS];
	uint32_t cases, without_edges;
} total;

/* Of all cases together; those of cases where somebody slept apart. */
struct pool {
	const char *name;
	size_t count, room;
	int64_t *took;
};
static struct pool pools[] = {
	{.name = "a running survivor: its first progress"},
	{.name = "a running survivor: all that was acknowledged"},
	{.name = "a survivor asleep all the while: its first progress"},
	{.name = "the kernel: from SIGKILL until it reports the death"},
};

void report_head(void)
{
	(void) printf("%-34s %6s %8s %8s %5s %11s %4s %4s %4s %4s %4s %4s  %s\n", "", "own",
	              "kills at", "kills", "", "gaps", "", "", "dup-", "", "", "bro-",
	              "first progress, ms      all done");
	(void) printf("%-34s %6s %8s %8s %5s %11s %4s %4s %4s %4s %4s %4s  %6s %6s %6s  %6s %6s\n",
	              "operation", "instr.", "own", "elsewh.", "edges", "killed in", "hang", "loss",
	              "lic.", "torn", "leak", "ken", "p50", "p99", "max", "p99", "max");
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;
	return (x > y) - (x < y);
}

static double at(const int64_t *sorted, size_t count, double part)
{
	if (count == 0)
		return 0;
	return (double) sorted[(size_t) (part * (double) (count - 1) + 0.5)] / 1e6;
}

static const struct samples *sorted(const struct samples *samples)
{
	static struct samples copy;
	memcpy(&copy, samples, sizeof copy);
	qsort(copy.took, copy.count, sizeof *copy.took, compare);
	return &copy;
}

static void print_times(const struct run *run)
{
	const struct samples *s = sorted(run->woken.count > 0 ? &run->woken : &run->first);
	(void) printf("  %6.2f %6.2f %6.2f", at(s->took, s->count, .5), at(s->took, s->count, .99),
	              at(s->took, s->count, 1));
	s = sorted(&run->all);
	(void) printf("  %6.2f %6.2f", at(s->took, s->count, .99), at(s->took, s->count, 1));
	(void) printf(run->strayed ? "  (%u strayed)\n" : "\n", run->strayed);
}

static void keep(struct pool *pool, const struct samples *samples)
{
	if (pool->count + samples->count > pool->room) {
		pool->room = 2 * (pool->count + samples->count);
		pool->took = realloc(pool->took, pool->room * sizeof *pool->took);
		if (!pool->took)
			abort();
	}
	memcpy(pool->took + pool->count, samples->took, samples->count * sizeof *samples->took);
	pool->count += samples->count;
}

static void keep_times(const struct run *run)
{
	if (run->woken.count == 0) {
		keep(&pools[0], &run->first);
		keep(&pools[1], &run->all);
	}
	keep(&pools[2], &run->woken);
	keep(&pools[3], &run->death);
}

static void print_edges(uint64_t edges, uint64_t hit, uint64_t gaps)
{
	char text[40];
	(void) snprintf(text, sizeof text, "%llu/%llu", (unsigned long long) hit,
	                (unsigned long long) gaps);
	(void) printf(" %5llu %11s", (unsigned long long) edges, text);
}

static void print_own_edges(const struct run *run)
{
	if (run->edges_known)
		print_edges(run->edges, run_gaps_hit(run), run_gaps(run));
	else
		(void) printf(" %5s %11s", "?", "?");
}

static uint32_t print_row(const char *name, const struct run *run)
{
	uint32_t violations = 0;

	(void) printf("%-34s %6u %8u %8u", name, run->steps_own, run->kills_own,
	              run->kills_foreign);
	print_own_edges(run);
	for (int i = 0; i < CRASH_FAULTS; i++) {
		(void) printf(" %4u", run->faults[i]);
		violations += run->faults[i];
		total.faults[i] += run->faults[i];
	}
	print_times(run);
	(void) fflush(stdout);
	total.kills_own += run->kills_own;
	total.kills_foreign += run->kills_foreign;
	return violations;
}

uint32_t report_case(const char *name, const struct run *run)
{
	keep_times(run);
	total.own += run->steps_own;
	total.cases++;
	if (run->edges_known) {
		total.edges += run->edges;
		total.gaps += run_gaps(run);
		total.gaps_hit += run_gaps_hit(run);
	} else {
		total.without_edges++;
	}
	return print_row(name, run);
}

static struct run all_pairs;
static uint32_t pairs_count;

static void add(struct samples *sum, const struct samples *more)
{
	for (uint32_t i = 0; i < more->count && sum->count < RUN_SAMPLES; i++)
		sum->took[sum->count++] = more->took[i];
}

uint32_t report_pair(const char *name, const struct run *run)
{
	if (engine_faults(run) > 0)
		return print_row(name, run);
	all_pairs.kills_own += run->kills_own;
	all_pairs.strayed += run->strayed;
	add(&all_pairs.first, &run->first);
	add(&all_pairs.all, &run->all);
	pairs_count++;
	return 0;
}

void report_pairs(void)
{
	char name[60];
	if (pairs_count == 0)
		return;
	(void) snprintf(name, sizeof name, "%u pairs, one frozen", pairs_count);
	(void) print_row(name, &all_pairs);
}

/* Recovery times of the single kills, counted from the death's report. */
static void print_distribution(void)
{
	(void) printf("\n%-54s %8s %7s %7s %7s %7s %7s\n", "from the death's report, ms", "times",
	              "p50", "p90", "p99", "p99.9", "max");
	for (size_t i = 0; i < sizeof pools / sizeof *pools; i++) {
		struct pool *pool = &pools[i];
		if (pool->count == 0)
			continue;
		qsort(pool->took, pool->count, sizeof *pool->took, compare);
		(void) printf("%-54s %8zu %7.2f %7.2f %7.2f %7.2f %7.2f\n", pool->name, pool->count,
		              at(pool->took, pool->count, .5), at(pool->took, pool->count, .9),
		              at(pool->took, pool->count, .99), at(pool->took, pool->count, .999),
		              at(pool->took, pool->count, 1));
	}
}

void report_totals(void)
{
	(void) printf("%-34s %6llu %8llu %8llu", "all", (unsigned long long) total.own,
	              (unsigned long long) total.kills_own,
	              (unsigned long long) total.kills_foreign);
	print_edges(total.edges, total.gaps_hit, total.gaps);
	for (int i = 0; i < CRASH_FAULTS; i++)
		(void) printf(" %4llu", (unsigned long long) total.faults[i]);
	(void) printf("\n");
	if (total.cases > 0)
		print_distribution();
	if (total.without_edges > 0)
		(void) printf("labelled edges unknown in %u: no addr2line, or built without -g\n",
		              total.without_edges);
	else if (total.cases > 0 && total.edges == 0)
		(void) printf(
			"no labelled edge was come by: no labels in the sources, or no sources\n");
}
