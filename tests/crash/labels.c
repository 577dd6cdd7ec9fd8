/* SPDX-License-Identifier: BSD-2-Clause */
#include "labels.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 5000u
#define LINE_BYTES 400u

/* A file, taken apart: the code of each line, and its comments. */
struct source {
	char code[LINES_MAX + 2][LINE_BYTES]; /* from line 1 on, comments left out */
	uint32_t lines;
	struct label *labels;
	size_t label_count;
};

static bool is_blank(const char *code)
{
	return code[strspn(code, " \t")] == '\0';
}

/* Does the code of a line end a statement, or begin a block? */
static bool ends_statement(const char *code)
{
	size_t length = strlen(code);
	while (length > 0 && isspace((unsigned char) code[length - 1]))
		length--;
	return length == 0 || strchr(";{}:", code[length - 1]) != NULL;
}

/* The length of a label such as [AB-C1] at the beginning of text, or 0. */
static size_t label_length(const char *text)
{
	const char *at = text + 1;

	if (text[0] != '[' || !isupper((unsigned char) *at))
		return 0;
	while (isupper((unsigned char) *at) || isdigit((unsigned char) *at))
		at++;
	if (*at++ != '-' || !isupper((unsigned char) *at))
		return 0;
	while (isupper((unsigned char) *at))
		at++;
	if (!isdigit((unsigned char) *at))
		return 0;
	while (isdigit((unsigned char) *at))
		at++;
	at += islower((unsigned char) *at) != 0;
	return *at == ']' ? (size_t) (at - text) - 1 : 0;
}

/* The next label of a comment that names no partner; NULL: there is none. */
static const char *next_site(const char *text, bool *partners)
{
	static const char with[] = "pairs with";

	for (; *text; text++) {
		if (strncmp(text, with, sizeof with - 1) == 0)
			*partners = true;
		if (strchr(";:.", *text) && isspace((unsigned char) text[1]))
			*partners = false;
		if (!*partners && label_length(text) > 0)
			return text;
	}
	return NULL;
}

static void add_label(struct source *source, const char *text, uint32_t first, uint32_t last)
{
	source->labels = realloc(source->labels, (source->label_count + 1) * sizeof(struct label));
	if (!source->labels)
		abort();
	struct label *label = &source->labels[source->label_count++];
	*label = (struct label){.first = first, .last = last};
	(void) snprintf(label->name, sizeof label->name, "%.*s", (int) label_length(text),
	                text + 1);
}

/* Whose comment it is: the statement that it stands behind, or the one that follows. */
static bool statement_of(const struct source *source, uint32_t begin, uint32_t end,
                         uint32_t *ret_first, uint32_t *ret_last)
{
	uint32_t first = begin, last = begin;

	if (is_blank(source->code[begin])) {
		first = last = end + 1;
		if (!isspace((unsigned char) source->code[first][0]) ||
		    is_blank(source->code[first]))
			return false;
	}
	while (first > 1 && !ends_statement(source->code[first - 1]))
		first--;
	while (last < source->lines && !ends_statement(source->code[last]))
		last++;
	*ret_first = first;
	*ret_last = last;
	return true;
}

static void take_comment(struct source *source, const char *text, uint32_t begin, uint32_t end)
{
	uint32_t first, last;
	bool partners = false;

	if (!statement_of(source, begin, end, &first, &last))
		return;
	while ((text = next_site(text, &partners)) != NULL) {
		add_label(source, text, first, last);
		text += label_length(text);
	}
}

/* The code of each line, without comments, and with each comment's text in *ret_text. */
static void read_code(struct source *source, FILE *file)
{
	bool inside = false;
	char line[LINE_BYTES];

	while (source->lines < LINES_MAX && fgets(line, sizeof line, file)) {
		char *code = source->code[++source->lines];
		for (const char *at = line; *at && *at != '\n'; at++) {
			if (!inside && at[0] == '/' && at[1] == '/')
				break;
			if (!inside && at[0] == '/' && at[1] == '*')
				inside = true;
			if (!inside)
				*code++ = *at;
			if (inside && at[0] == '*' && at[1] == '/') {
				inside = false;
				at++;
			}
		}
	}
}

/* Once more, for the comments: whose they are is known only when all code is. */
static void read_comments(struct source *source, FILE *file)
{
	char line[LINE_BYTES], text[4000] = "";
	uint32_t number = 0, begin = 0;
	size_t length = 0;

	while (number < source->lines && fgets(line, sizeof line, file)) {
		number++;
		for (const char *at = line; *at; at++) {
			if (begin == 0 && at[0] == '/' && (at[1] == '/' || at[1] == '*'))
				begin = number;
			if (begin > 0 && length < sizeof text - 1)
				text[length++] = *at;
			if (begin > 0 && ((at[0] == '*' && at[1] == '/') ||
			                  (at[0] == '\n' && strncmp(text, "//", 2) == 0))) {
				text[length] = '\0';
				take_comment(source, text, begin, number);
				begin = 0;
				length = 0;
			}
		}
	}
}

size_t labels_read(const char *name, struct label **ret_labels)
{
	struct source *source = calloc(1, sizeof *source);
	FILE *file = fopen(name, "r");

	if (source && file) {
		read_code(source, file);
		rewind(file);
		read_comments(source, file);
	}
	if (file)
		(void) fclose(file);
	*ret_labels = source ? source->labels : NULL;
	size_t count = source ? source->label_count : 0;
	free(source);
	return count;
}
