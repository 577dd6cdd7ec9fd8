/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger: who sent what, and what came.  Messages carry an id and a pattern made of
 * it.  Each actor writes what it is about to do before the operation, and what came of
 * it after; so what a killed one did is known, but for the operation that killed it:
 *
 *   its puts: each comes once or not at all;
 *   its gets: each message comes once more, or lies whole in its buffer.
 */
#ifndef MPSHM_TESTS_CRASH_LEDGER_H
#define MPSHM_TESTS_CRASH_LEDGER_H

#include "crash.h"

enum ledger_actor {
	LEDGER_DEBRIS = 0, /* `wanted`: what the dead of the setup had claimed, to come late */
	LEDGER_BEFORE = 1, /* the survivor, during setup */
	LEDGER_VICTIM,     /* and + 1: the second of a pair */
	LEDGER_SURVIVOR = 4,
	LEDGER_HELPER, /* and more */
	LEDGER_ACTORS = 8,
};

#define LEDGER_SEQUENCES 256u
#define LEDGER_BUFFER_BYTES 16384u

struct ledger_log {
	uint32_t asked;        /* puts up to this sequence may come */
	uint32_t acknowledged; /* puts up to this one must come */
	uint32_t wanted;       /* messages that a get under way may take; 0: none is */
	uint32_t got;          /* messages in buffer that a finished get took */
	uint32_t message_bytes;
	uint32_t unused[3];
	char buffer[LEDGER_BUFFER_BYTES]; /* where its gets go, packed */
};

struct ledger_log *ledger_log(int actor);

/* In a victim: itself. */
static inline int ledger_victim(void)
{
	return LEDGER_VICTIM + crash_victim();
}

uint64_t ledger_id(int actor, uint32_t sequence);
void ledger_fill(void *message, size_t bytes, uint64_t id);
bool ledger_whole(const void *message, size_t bytes, uint64_t *ret_id);

/* Puts of `count`: their messages, packed; then what came of it (negative: none). */
void ledger_put_begin(int actor, uint32_t count, void *ret_messages, size_t bytes);
void ledger_put_end(int actor, int64_t result);
void ledger_get_begin(int actor, uint32_t count, size_t bytes);
void ledger_get_end(int actor, int64_t result);

/* A message came to a survivor. */
void ledger_deliver(const void *message, size_t bytes, bool redelivered);
/* Gets of finished victims and helpers: count those too.  Once, after they ended. */
void ledger_collect(void);

/* Messages that must still come. */
uint32_t ledger_missing(void);
/* Judge it all; reports what it finds.  marked: redelivered ones are told apart. */
void ledger_judge(bool marked);

#endif
