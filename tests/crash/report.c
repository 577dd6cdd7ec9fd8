/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

extern const char __executable_start[], etext[];

/* addr2line's answer for an address of this program: "function at file:line". */
static bool ask_addr2line(uint64_t pc, char *ret_text, size_t bytes)
{
	char command[300], self[200];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	if (length <= 0)
		return false;
	self[length] = '\0';
	/* A position-independent program is linked at 0, another one where it runs. */
	uint64_t start = (uintptr_t) __executable_start;
	uint64_t at = start > UINT64_C(0x10000000) ? pc - start : pc;
	(void) snprintf(command, sizeof command, "addr2line -e '%s' -f -s -p 0x%llx 2>/dev/null",
	                self, (unsigned long long) at);
	FILE *pipe = popen(command, "r");
	if (!pipe)
		return false;
	bool got = fgets(ret_text, (int) bytes, pipe) != NULL && ret_text[0] != '?';
	(void) pclose(pipe);
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return got;
}

const char *engine_place(uint64_t pc)
{
	static char text[300];
	char line[200];
	Dl_info info;

	bool own = pc >= (uintptr_t) __executable_start && pc < (uintptr_t) etext;
	if (own && ask_addr2line(pc, line, sizeof line))
		(void) snprintf(text, sizeof text, "0x%llx %s", (unsigned long long) pc, line);
	else if (dladdr((void *) (uintptr_t) pc, &info) && info.dli_fname)
		(void) snprintf(text, sizeof text, "0x%llx %s of %s", (unsigned long long) pc,
		                info.dli_sname ? info.dli_sname : "?", info.dli_fname);
	else
		(void) snprintf(text, sizeof text, "0x%llx", (unsigned long long) pc);
	return text;
}

void crash_fault(enum crash_fault fault, const char *format, ...)
{
	struct run *run = engine_current;
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
		              "  again: crash --pair %s,%s --step %u,%u\n",
		              run->step, engine_place(run->pc), run->frozen->name, run->frozen_at,
		              run->what->name, run->frozen->name, run->step, run->frozen_at);
	} else {
		(void) printf("  killed before step %u: %s\n  again: crash --case %s --step %u\n",
		              run->step, engine_place(run->pc), run->what->name, run->step);
	}
	(void) fflush(stdout);
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *) a, y = *(const int64_t *) b;
	return (x > y) - (x < y);
}

static struct {
	uint64_t own, kills_own, kills_foreign, faults[CRASH_FAULTS];
	uint32_t cases;
} total;

void report_head(void)
{
	(void) printf("%-34s %6s %6s %6s %4s %4s %4s %4s %4s %4s  %s\n", "", "own", "kills at",
	              "kills", "", "", "dup-", "", "", "bro-", "first progress, ms      all done");
	(void) printf("%-34s %6s %6s %8s %4s %4s %4s %4s %4s %4s  %6s %6s %6s  %6s %6s\n",
	              "operation", "instr.", "own", "elsewh.", "hang", "loss", "lic.", "torn",
	              "leak", "ken", "p50", "p99", "max", "p99", "max");
}

static double at(const int64_t *sorted, uint32_t count, double part)
{
	if (count == 0)
		return 0;
	uint32_t i = (uint32_t) (part * (count - 1) + 0.5);
	return (double) sorted[i] / 1e6;
}

uint32_t report_case(const char *name, const struct run *run)
{
	static int64_t first[RUN_SAMPLES], all[RUN_SAMPLES];
	uint32_t violations = 0;

	memcpy(first, run->first, sizeof first);
	memcpy(all, run->all, sizeof all);
	qsort(first, run->firsts, sizeof *first, compare);
	qsort(all, run->alls, sizeof *all, compare);
	(void) printf("%-34s %6u %6u %8u", name, run->steps_own, run->kills_own,
	              run->kills_foreign);
	for (int i = 0; i < CRASH_FAULTS; i++) {
		(void) printf(" %4u", run->faults[i]);
		violations += run->faults[i];
		total.faults[i] += run->faults[i];
	}
	(void) printf("  %6.2f %6.2f %6.2f  %6.2f %6.2f", at(first, run->firsts, .5),
	              at(first, run->firsts, .99), at(first, run->firsts, 1),
	              at(all, run->alls, .99), at(all, run->alls, 1));
	(void) printf(run->strayed ? "  (%u strayed)\n" : "\n", run->strayed);
	(void) fflush(stdout);
	total.own += run->steps_own;
	total.kills_own += run->kills_own;
	total.kills_foreign += run->kills_foreign;
	total.cases++;
	return violations;
}

static struct run all_pairs;
static uint32_t pairs_count;

static void add(int64_t *sum, uint32_t *count, const int64_t *samples, uint32_t more)
{
	for (uint32_t i = 0; i < more && *count < RUN_SAMPLES; i++)
		sum[(*count)++] = samples[i];
}

uint32_t report_pair(const char *name, const struct run *run)
{
	if (engine_faults(run) > 0)
		return report_case(name, run);
	all_pairs.steps_own += run->steps_own;
	all_pairs.kills_own += run->kills_own;
	all_pairs.strayed += run->strayed;
	add(all_pairs.first, &all_pairs.firsts, run->first, run->firsts);
	add(all_pairs.all, &all_pairs.alls, run->all, run->alls);
	pairs_count++;
	return 0;
}

void report_pairs(void)
{
	char name[60];
	if (pairs_count == 0)
		return;
	(void) snprintf(name, sizeof name, "%u pairs, one frozen", pairs_count);
	(void) report_case(name, &all_pairs);
}

void report_totals(void)
{
	(void) printf("%-34s %6llu %6llu %8llu", "all", (unsigned long long) total.own,
	              (unsigned long long) total.kills_own,
	              (unsigned long long) total.kills_foreign);
	for (int i = 0; i < CRASH_FAULTS; i++)
		(void) printf(" %4llu", (unsigned long long) total.faults[i]);
	(void) printf("\n");
}
