/* SPDX-License-Identifier: BSD-2-Clause */
#include "skip.h"

#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/atomic.h"

enum { NOTES_MAX = 100 };

/* Each note by the one process that took its number. */
struct notes {
	atomic32 count;
	char lines[NOTES_MAX][160];
};

static struct notes *notes;

void skip_begin(void)
{
	notes = mmap(NULL, sizeof *notes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	             0);
	if (notes == MAP_FAILED)
		err(1, "mmap");
}

void skip_note(const char *test, const char *lack)
{
	uint32_t number = atomic32_fetch_add(&notes->count, 1);
	size_t bytes = strlen(test);

	/* Check's function for the test `name` is name_fn. */
	if (bytes > 3 && strcmp(test + bytes - 3, "_fn") == 0)
		bytes -= 3;
	if (number < NOTES_MAX)
		(void) snprintf(notes->lines[number], sizeof notes->lines[0], "%.*s: %s",
		                (int) bytes, test, lack);
}

unsigned skip_report(void)
{
	uint32_t count = atomic32_load_acquire(&notes->count);

	for (uint32_t i = 0; i < count && i < NOTES_MAX; i++)
		(void) printf("skipped: %s\n", notes->lines[i]);
	if (count > 0)
		(void) printf("%u skipped\n", count);
	return count;
}
