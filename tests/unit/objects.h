/* SPDX-License-Identifier: BSD-2-Clause */
/* What the suites of objects share: a segment for each test, children, patterns. */
#ifndef MPSHM_TESTS_UNIT_OBJECTS_H
#define MPSHM_TESTS_UNIT_OBJECTS_H

#include "suites.h"

#include <mpshm.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* The test's segment, attached before it and left behind it. */
extern struct mpshm_segment *seg;
const char *segment_file(void);

/* A case whose tests each find a fresh segment. */
void objects_fixture(TCase *tcase);
TCase *objects_tcase(Suite *suite, const char *name);

/* The segment once more, at another address, as another participant. */
struct mpshm_segment *second_mapping(void);

/* How many slots are taken by processes that nobody has found dead yet. */
unsigned participants(void);

/* As ck_assert, but safe in threads and children as well: a child says why and exits. */
#define need(condition) ((condition) ? (void) 0 : need_failed(__FILE__, __LINE__, #condition))
#define need_eq(a, b) need_equal((int64_t) (a), (int64_t) (b), __FILE__, __LINE__, #a " == " #b)
_Noreturn void need_failed(const char *file, int line, const char *what);
void need_equal(int64_t a, int64_t b, const char *file, int line, const char *what);

/* Run a function in a forked child that exits with 0 behind it. */
typedef void child_function(void *context);
pid_t child_start(child_function *run, void *context);
void child_ends_well(pid_t child);
void child_does(child_function *run, void *context);

/*
 * A child that has run the function and now waits to be killed: what it did stands as it
 * left it.  child_kill() returns when it is dead and gone.
 */
pid_t child_held(child_function *run, void *context);
void child_kill(pid_t child);

/* For a process that may outlive a failed test: its life has an end, also after exec. */
void ends_by_itself(void);

/* Zeroed memory that children share; until the test ends. */
void *shared_memory(size_t bytes);

int64_t now_ns(void);
void nap_ms(int milliseconds);

/* `bytes` bytes that only `seed` gives; a check of them. */
void pattern_fill(void *memory, size_t bytes, uint64_t seed);
bool pattern_is(const void *memory, size_t bytes, uint64_t seed);

/* Pages of address space that cost memory only where they are touched. */
void *sparse_memory(size_t bytes);
void sparse_free(void *memory, size_t bytes);

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
