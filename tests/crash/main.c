/* SPDX-License-Identifier: BSD-2-Clause */
/* crash: see crash.h, and doc/CRASH_HARNESS.md for how to run it and read its table. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "victim.h"

#define MAX_CASES 1000u

static const char usage[] =
	"usage: crash [--case NAME [--step K]] [--pair NAME,NAME [--step K,M]] [--list]\n"
	"             [--all] [--quick] [--no-pairs] [--seed N] [--sample N] [--pairs N]\n"
	"  --case NAME   only this one; NAME may end in * for all that begin so\n"
	"  --step K      kill before step K only\n"
	"  --pair A,B    kill A while B stands frozen; --step K,M: A before K, B before M\n"
	"  --all         every 4th instruction of shared libraries, 100 kills of each pair\n"
	"  --quick       a sample of the cases that matter most, for some seconds\n"
	"  --sample N    every Nth instruction\n"
	"  --pairs N     kills of each pair; --no-pairs: none\n"
	"  --stop        at the first violation\n";

enum {
	OPTION_CASE = 1000,
	OPTION_STEP,
	OPTION_PAIR,
	OPTION_ALL,
	OPTION_QUICK,
	OPTION_SEED,
	OPTION_SAMPLE,
	OPTION_PAIRS,
	OPTION_NO_PAIRS,
	OPTION_LIST,
	OPTION_STOP,
	OPTION_HELP,
};

static const struct option options[] = {
	{"case", required_argument, NULL, OPTION_CASE},
	{"step", required_argument, NULL, OPTION_STEP},
	{"pair", required_argument, NULL, OPTION_PAIR},
	{"all", no_argument, NULL, OPTION_ALL},
	{"quick", no_argument, NULL, OPTION_QUICK},
	{"seed", required_argument, NULL, OPTION_SEED},
	{"sample", required_argument, NULL, OPTION_SAMPLE},
	{"pairs", required_argument, NULL, OPTION_PAIRS},
	{"no-pairs", no_argument, NULL, OPTION_NO_PAIRS},
	{"list", no_argument, NULL, OPTION_LIST},
	{"stop", no_argument, NULL, OPTION_STOP},
	{"help", no_argument, NULL, OPTION_HELP},
	{0},
};

static const char *only, *only_pair;
static bool quick, singles = true;
static enum { PAIRS_UNSAID, PAIRS_NO, PAIRS_YES } pairs; /* --case alone means none */
static uint32_t violations;

static bool stopped(void)
{
	return engine_options.stop && violations > 0;
}

static bool matches(const char *name)
{
	size_t length = only ? strlen(only) : 0;

	if (!only)
		return true;
	if (length > 0 && only[length - 1] == '*')
		return strncmp(name, only, length - 1) == 0;
	return strcmp(name, only) == 0;
}

/* All cases in one list. */
static const struct crash_case *crash_cases[MAX_CASES + 1];

/* false: a list has no case, so what it is for would not be tested. */
static bool gather(void)
{
	size_t count = 0;
	for (size_t i = 0; crash_lists[i]; i++) {
		if (!crash_lists[i][0]) {
			(void) fprintf(stderr, "crash: list %zu is empty\n", i);
			return false;
		}
		for (size_t j = 0; crash_lists[i][j] && count < MAX_CASES; j++)
			crash_cases[count++] = crash_lists[i][j];
	}
	return count > 0;
}

static int list(void)
{
	for (size_t i = 0; crash_cases[i]; i++)
		(void) printf("%s\n", crash_cases[i]->name);
	return 0;
}

static uint32_t run_singles(void)
{
	uint32_t count = 0;

	for (size_t i = 0; crash_cases[i] && !stopped(); i++) {
		const struct crash_case *what = crash_cases[i];
		if (!matches(what->name) || (quick && !(what->flags & CRASH_QUICK)))
			continue;
		violations += report_case(what->name, engine_run(what, NULL));
		count++;
	}
	return count;
}

static bool paired(const struct crash_case *a, const struct crash_case *b)
{
	if ((a->flags | b->flags) & CRASH_ALONE)
		return false;
	return a->poke && a->poke == b->poke && a->setup == b->setup && a->check == b->check &&
	       a->with == b->with && (!a->holds || a->holds != b->holds);
}

/* "A,B" as it is on the command line? */
static bool is_pair(const char *text, const char *a, const char *b)
{
	size_t length = strlen(a);
	return strncmp(text, a, length) == 0 && text[length] == ',' &&
	       strcmp(text + length + 1, b) == 0;
}

/* A line each only where something was found; and one for all of them. */
static uint32_t run_pairs(void)
{
	uint32_t count = 0;

	for (size_t i = 0; crash_cases[i]; i++)
		for (size_t j = 0; crash_cases[j] && !stopped(); j++) {
			const struct crash_case *a = crash_cases[i], *b = crash_cases[j];
			char name[100];
			if (!paired(a, b) || (only_pair && !is_pair(only_pair, a->name, b->name)))
				continue;
			if (only && !matches(a->name))
				continue;
			(void) snprintf(name, sizeof name, "%s | %s", a->name, b->name);
			violations += report_pair(name, engine_run(a, b));
			count++;
		}
	report_pairs();
	return count;
}

static uint32_t number(const char *text)
{
	return (uint32_t) strtoul(text, NULL, 0);
}

static void set_step(const char *text)
{
	const char *comma = strchr(text, ',');
	engine_options.step = number(text);
	if (comma)
		engine_options.frozen_at = number(comma + 1);
}

static void be_quick(void)
{
	quick = true;
	pairs = PAIRS_NO;
	engine_options.sample = 11;
	engine_options.foreign = 60;
}

static void be_thorough(void)
{
	engine_options.foreign_max = UINT32_MAX;
	engine_options.foreign = 4;
	engine_options.pairs = 100;
}

static void set_pairs(const char *text)
{
	engine_options.pairs = number(text);
	pairs = PAIRS_YES;
}

/* false: unknown. */
static bool take(int option, const char *value)
{
	switch (option) {
	case OPTION_CASE:
		only = value;
		return true;
	case OPTION_STEP:
		set_step(value);
		return true;
	case OPTION_PAIR:
		only_pair = value;
		singles = false;
		return true;
	case OPTION_ALL:
		be_thorough();
		return true;
	case OPTION_QUICK:
		be_quick();
		return true;
	case OPTION_SEED:
		engine_options.seed = strtoull(value, NULL, 0);
		return true;
	case OPTION_SAMPLE:
		engine_options.sample = number(value);
		return true;
	case OPTION_PAIRS:
		set_pairs(value);
		return true;
	case OPTION_NO_PAIRS:
		pairs = PAIRS_NO;
		return true;
	case OPTION_STOP:
		engine_options.stop = true;
		return true;
	default:
		return false;
	}
}

/* -1: go on; else the exit status. */
static int parse(int argc, char **argv)
{
	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == OPTION_LIST)
			return list();
		if (option == OPTION_HELP)
			return fputs(usage, stdout) < 0;
		if (take(option, optarg))
			continue;
		(void) fputs(usage, stderr);
		return 2;
	}
	return -1;
}

int main(int argc, char **argv)
{
	engine_options = (struct engine_options){
		.seed = 1,
		.sample = 1,
		.foreign = 24,
		.foreign_max = 750,
		.pairs = 12,
		.step = RUN_NO_STEP,
	};
	if (!gather())
		return 1;
	int status = parse(argc, argv);
	if (status >= 0)
		return status;
	const char *why = victim_unsupported();
	if (why) {
		(void) printf("crash: skipped: %s\n", why);
		return 77;
	}
	engine_progress = isatty(STDERR_FILENO);
	int64_t begin = crash_now();
	report_head();
	uint32_t count = singles ? run_singles() : 0;
	if (!stopped() && (only_pair || pairs == PAIRS_YES || (pairs == PAIRS_UNSAID && !only)))
		count += run_pairs();
	report_totals();
	(void) printf("seed %llu, %.0f s: %u violations\n",
	              (unsigned long long) engine_options.seed,
	              (double) (crash_now() - begin) / 1e9, violations);
	if (count == 0)
		(void) fputs("crash: no such case; --list names them\n", stderr);
	return violations > 0 || count == 0;
}
