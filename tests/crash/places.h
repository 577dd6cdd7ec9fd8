/* SPDX-License-Identifier: BSD-2-Clause */
/* places: where in the source an instruction comes from, as binutils' addr2line says. */
#ifndef MPSHM_TESTS_CRASH_PLACES_H
#define MPSHM_TESTS_CRASH_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLACE_FRAMES 12u

/* Of one instruction: its line, then the line that it was inlined into, and so on. */
struct place {
	uint64_t pc;
	uint32_t frames;
	struct {
		uint32_t file; /* index into files */
		uint32_t line;
	} frame[PLACE_FRAMES];
};

struct places {
	struct place *place; /* in the order of the addresses */
	size_t count;
	char **files;
	uint32_t file_count;
};

/* Is it an instruction of this program's own text, not of a shared library? */
bool place_is_own(uint64_t pc);

/* Look many up at once.  false: no addr2line, or no line table. */
bool places_find(const uint64_t *pcs, size_t count, struct places *ret_places);
void places_free(struct places *places);

#endif
