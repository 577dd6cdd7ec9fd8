/* SPDX-License-Identifier: BSD-2-Clause */
#include "places.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine.h"

/* The program's own text; the linker's symbols. */
extern const char __executable_start[], etext[];

bool place_is_own(uint64_t pc)
{
	return pc >= (uintptr_t) __executable_start && pc < (uintptr_t) etext;
}

/* A position-independent program is linked at 0, another one where it runs. */
static uint64_t linked_at(uint64_t pc)
{
	uint64_t start = (uintptr_t) __executable_start;
	return start > UINT64_C(0x10000000) ? pc - start : pc;
}

static FILE *ask_addr2line(const char *arguments)
{
	char command[400], self[200];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);

	if (length <= 0)
		return NULL;
	self[length] = '\0';
	(void) snprintf(command, sizeof command, "addr2line -e '%s' %s 2>/dev/null", self,
	                arguments);
	return popen(command, "r");
}

static bool function_and_line(uint64_t pc, char *ret_text, size_t bytes)
{
	char arguments[60];

	(void) snprintf(arguments, sizeof arguments, "-f -s -p 0x%llx",
	                (unsigned long long) linked_at(pc));
	FILE *answer = ask_addr2line(arguments);
	if (!answer)
		return false;
	bool got = fgets(ret_text, (int) bytes, answer) != NULL && ret_text[0] != '?';
	(void) pclose(answer);
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return got;
}

const char *engine_place(uint64_t pc)
{
	static char text[300];
	char line[200];
	Dl_info info;

	if (place_is_own(pc) && function_and_line(pc, line, sizeof line))
		(void) snprintf(text, sizeof text, "0x%llx %s", (unsigned long long) pc, line);
	else if (dladdr((void *) (uintptr_t) pc, &info) && info.dli_fname)
		(void) snprintf(text, sizeof text, "0x%llx %s of %s", (unsigned long long) pc,
		                info.dli_sname ? info.dli_sname : "?", info.dli_fname);
	else
		(void) snprintf(text, sizeof text, "0x%llx", (unsigned long long) pc);
	return text;
}

static uint32_t file_index(struct places *places, const char *name)
{
	for (uint32_t i = places->file_count; i-- > 0;)
		if (strcmp(places->files[i], name) == 0)
			return i;
	places->files = realloc(places->files, (places->file_count + 1) * sizeof(char *));
	if (!places->files || !(places->files[places->file_count] = strdup(name)))
		abort();
	return places->file_count++;
}

/* "FILE:LINE", maybe with a remark behind it; "??:?" where nothing is known. */
static void add_frame(struct places *places, struct place *place, char *text)
{
	char *colon = strrchr(text, ':');

	if (!colon || place->frames == PLACE_FRAMES || atoi(colon + 1) <= 0)
		return;
	*colon = '\0';
	place->frame[place->frames].file = file_index(places, text);
	place->frame[place->frames++].line = (uint32_t) atoi(colon + 1);
}

/* For each address a line that says it, then a line for each frame. */
static void read_answer(FILE *answer, struct places *places, const uint64_t *pcs, size_t count)
{
	char line[1000];

	while (fgets(line, sizeof line, answer)) {
		if (strncmp(line, "0x", 2) == 0) {
			if (places->count == count)
				break;
			places->place[places->count].pc = pcs[places->count];
			places->count++;
		} else if (places->count > 0) {
			add_frame(places, &places->place[places->count - 1], line);
		}
	}
}

bool places_find(const uint64_t *pcs, size_t count, struct places *ret_places)
{
	char arguments[60];

	*ret_places = (struct places){.place = calloc(count + 1, sizeof *ret_places->place)};
	FILE *addresses = tmpfile();
	if (!addresses || !ret_places->place)
		return false;
	for (size_t i = 0; i < count; i++)
		(void) fprintf(addresses, "0x%llx\n", (unsigned long long) linked_at(pcs[i]));
	(void) fflush(addresses);
	(void) snprintf(arguments, sizeof arguments, "-a -i </dev/fd/%d", fileno(addresses));
	FILE *answer = ask_addr2line(arguments);
	if (answer) {
		read_answer(answer, ret_places, pcs, count);
		(void) pclose(answer);
	}
	(void) fclose(addresses);
	return ret_places->file_count > 0;
}

void places_free(struct places *places)
{
	for (uint32_t i = 0; i < places->file_count; i++)
		free(places->files[i]);
	free(places->files);
	free(places->place);
	*places = (struct places){0};
}
