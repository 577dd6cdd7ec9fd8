/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crash: kill a process at every instruction of an operation, and look whether
 * the survivors carry on.
 *
 * A case says what to set up, what the victim does, and how the survivors check.
 * For each kill point k: setup() in the survivor; fork the victim; ready() in it; then
 * operate() for exactly k instructions under ptrace; SIGKILL; check() in the survivor;
 * clean().  All of that happens in a runner process that may itself hang or
 * crash: that is a finding too, and the next runner goes on behind it.
 *
 * This header, engine.c, victim.c, trace.c, report.c and main.c know nothing of
 * mpshm: with other cases they test other code.
 */
#ifndef MPSHM_TESTS_CRASH_CRASH_H
#define MPSHM_TESTS_CRASH_CRASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum crash_fault {
	CRASH_HANG,      /* no progress in CRASH_PATIENCE_NS */
	CRASH_LOSS,      /* something acknowledged is gone */
	CRASH_DUPLICATE, /* something came twice */
	CRASH_TORN,      /* something came half, or that nobody sent, or out of order */
	CRASH_LEAK,      /* capacity, a slot, a block, a file is not free again */
	CRASH_BROKEN,    /* a survivor, or the victim, crashed; or the case itself failed */
	CRASH_FAULTS,
};

#define CRASH_PATIENCE_NS INT64_C(10000000000)

#define CRASH_QUICK 0x1u  /* part of the quick run */
#define CRASH_LEAVES 0x2u /* of a pair, the frozen one must be gone before check() */
#define CRASH_ALONE 0x4u  /* its state is made for one victim: no pairs */

struct crash_case {
	const char *name;
	void (*setup)(const struct crash_case *self);   /* survivor, before the fork */
	void (*ready)(const struct crash_case *self);   /* victim, before the first step; or NULL */
	void (*operate)(const struct crash_case *self); /* victim: killed in here */
	void (*check)(const struct crash_case *self);   /* survivor, after the kill */
	void (*clean)(const struct crash_case *self);   /* survivor */
	/*
	 * For pairs: what survivors may try while another victim is frozen in the middle.
	 * Bounded; need not succeed.  Cases of the same setup, poke, check and with are paired.
	 */
	void (*poke)(const struct crash_case *self);
	/* What only one can hold: two that hold the same are no pair.  Or NULL. */
	const void *holds;
	const void *with; /* the case's own */
	unsigned flags;
};

/* All there is: NULL-terminated lists of cases, NULL-terminated. */
extern const struct crash_case *const *const crash_lists[];

/* A violation of the promise at this kill point; the run goes on. */
void crash_fault(enum crash_fault fault, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * The survivors got on: call it at the first success after the kill, and when all is
 * done, which every check has to say.  And when one got on that had slept all the while.
 */
void crash_progress(void);
void crash_all_done(void);
void crash_woken(void);

/* Memory shared by survivor, victims and helpers; zeroed before each setup. */
#define CRASH_SHARED_BYTES 262144u
void *crash_shared(void);

/* In a victim: 0, or 1 for the second of a pair. */
int crash_victim(void);
/* In check(): victims that live on, behind the end of their operation. */
uint32_t crash_alive(void);
/* The kill point under way: to vary a check with. */
uint32_t crash_step(void);
int64_t crash_now(void);

#endif
