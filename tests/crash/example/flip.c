/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The harness on code of one's own: a record in shared memory that a writer replaces.  It is
 * complete as a program with the engine's sources, and knows nothing of mpshm.
 *
 *   flip   writes the copy that nobody reads, and then says which one is to be read
 *   naive  writes over the only copy: the harness finds the torn record
 */
#include "../crash.h"

#define WORDS 6u

struct record {
	uint64_t copy[2][WORDS]; /* all words of a record are equal */
	uint32_t current;        /* which copy is to be read; the writer's */
};

static struct record *record(void)
{
	return crash_shared();
}

static void flip_write(uint64_t value)
{
	struct record *r = record();
	uint32_t other = 1 - r->current;
	for (uint32_t i = 0; i < WORDS; i++)
		__atomic_store_n(&r->copy[other][i], value, __ATOMIC_RELAXED);
	__atomic_store_n(&r->current, other, __ATOMIC_RELEASE); /* [FLIP-R0] */
}

static void naive_write(uint64_t value)
{
	struct record *r = record();
	for (uint32_t i = 0; i < WORDS; i++)
		__atomic_store_n(&r->copy[r->current][i], value, __ATOMIC_RELAXED);
}

/* false: it is torn. */
static bool read_whole(uint64_t *ret_value)
{
	const struct record *r = record();
	uint32_t current = __atomic_load_n(&r->current, __ATOMIC_ACQUIRE); /* [FLIP-A0] */
	*ret_value = r->copy[current][0];
	for (uint32_t i = 1; i < WORDS; i++)
		if (r->copy[current][i] != *ret_value)
			return false;
	return true;
}

/* The survivor, before each kill: the same each time.  Shared memory is zeroed. */
static void setup(const struct crash_case *self)
{
	(void) self;
	flip_write(1);
}

/* The victim; `with` is the case's own. */
static void operate(const struct crash_case *self)
{
	void (*write)(uint64_t) = *(void (*const *)(uint64_t)) self->with;
	write(2);
	write(3);
}

/* The survivor, after the kill: before or after, never between; and a successor can write. */
static void check(const struct crash_case *self)
{
	uint64_t value;

	(void) self;
	if (!read_whole(&value))
		crash_fault(CRASH_TORN, "the record is torn");
	else if (value < 1 || value > 3)
		crash_fault(CRASH_TORN, "nobody wrote %llu", (unsigned long long) value);
	crash_progress();
	flip_write(4);
	if (!read_whole(&value) || value != 4)
		crash_fault(CRASH_LOSS, "the successor's record is not there");
	crash_all_done();
}

static void clean(const struct crash_case *self)
{
	(void) self;
}

static void (*const flip_way)(uint64_t) = flip_write;
static void (*const naive_way)(uint64_t) = naive_write;

static const struct crash_case flip = {
	.name = "record.flip",
	.setup = setup,
	.operate = operate,
	.check = check,
	.clean = clean,
	.with = &flip_way,
};
static const struct crash_case naive = {
	.name = "record.naive",
	.setup = setup,
	.operate = operate,
	.check = check,
	.clean = clean,
	.with = &naive_way,
};

static const struct crash_case *const cases[] = {&flip, &naive, NULL};
const struct crash_case *const *const crash_lists[] = {cases, NULL};
