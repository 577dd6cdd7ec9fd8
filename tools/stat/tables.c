/* SPDX-License-Identifier: BSD-2-Clause */
/* tables: objects and participants as tables. */
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "report.h"
#include "table.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void object_row(struct table *table, const struct object_view *object)
{
	const struct mpshm_object_info *info = &object->info;
	bool elements = !object->damaged && kind_holds_elements(info->kind);
	bool value = !object->damaged && !elements;

	table_cell(table, object->damaged ? formatted("#%u", info->index) : escaped(info->name));
	table_cell(table, object->damaged ? "-" : kind_word(info->kind));
	table_cell(table, elements ? human_count(info->capacity) : "-");
	table_cell(table, elements ? human_count(info->used) : "-");
	table_cell(table, elements && info->capacity
	                          ? formatted("%.0f%%",
	                                      100.0 * (double) info->used / (double) info->capacity)
	                          : "-");
	table_cell(table, object->damaged ? "-" : human_bytes(info->memory_bytes));
	table_cell(table, elements ? human_count(info->put_total) : "-");
	table_cell(table, elements ? human_count(info->get_total) : "-");
	table_cell(table, value ? formatted("%lld", (long long) info->value) : "-");
	table_cell(table, object->damaged ? "-" : formatted("%u", info->openers));
	table_cell(table, object->damaged ? "-" : human_count(info->recovered));
	table_cell(table, object_state_word(object));
}

void print_objects(const struct view *view, const char *indent)
{
	static const struct table_column columns[] = {
		{"NAME", TABLE_LEFT},  {"KIND", TABLE_LEFT},   {"CAP", TABLE_RIGHT},
		{"USED", TABLE_RIGHT}, {"USED%", TABLE_RIGHT}, {"SIZE", TABLE_RIGHT},
		{"PUT", TABLE_RIGHT},  {"GET", TABLE_RIGHT},   {"VALUE", TABLE_RIGHT},
		{"OPEN", TABLE_RIGHT}, {"RECOV", TABLE_RIGHT}, {"STATE", TABLE_LEFT},
	};
	struct table table;

	if (view->objects_count == 0) {
		printf("%sno objects\n", indent);
		return;
	}
	table_start(&table, columns, COUNT(columns));
	for (uint32_t i = 0; i < view->objects_count; i++)
		object_row(&table, &view->objects[i]);
	table_print(&table, indent);
}

/* The names of what the participant has open, escaped, with commas. */
static char *open_names(const struct view *view, const struct mpshm_participant_info *participant)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *file = open_memstream(&text, &bytes);

	if (!file)
		out_of_memory();
	for (uint32_t i = 0; i < view->objects_count; i++)
		if (view_has_open(view, &view->objects[i], participant))
			fprintf(file, "%s%s", ftell(file) > 0 ? "," : "",
			        escaped(view->objects[i].info.name));
	if (fclose(file) != 0)
		out_of_memory();
	return text;
}

static const char *side_of(const struct object_view *object,
                           const struct mpshm_participant_info *participant)
{
	bool producer = object->info.producer == participant->index;
	bool consumer = object->info.consumer == participant->index;

	if (object->info.kind != MPSHM_KIND_SPSC || (!producer && !consumer))
		return "-";
	return producer && consumer ? "both" : producer ? "producer" : "consumer";
}

static void participant_row(struct table *table, const struct view *view,
                            const struct mpshm_participant_info *participant,
                            const struct object_view *opener_of)
{
	char *names;

	table_cell(table, formatted("%u", participant->index));
	table_cell(table, formatted("%u", participant->pid));
	table_cell(table, formatted("%u", participant->uid));
	table_cell(table, liveness_word(participant->liveness));
	table_cell(table, formatted("%u", participant->threads));
	table_cell(table, human_time(participant->attached_ns));
	table_cell(table, escaped(participant->command));
	if (opener_of) {
		table_cell(table, side_of(opener_of, participant));
		return;
	}
	names = open_names(view, participant);
	table_cell(table, *names ? names : "-");
	free(names);
}

void print_participants(const struct view *view, const struct object_view *opener_of,
                        const char *indent)
{
	const struct table_column columns[] = {
		{"NO", TABLE_RIGHT},      {"PID", TABLE_RIGHT},
		{"UID", TABLE_RIGHT},     {"LIVENESS", TABLE_LEFT},
		{"THREADS", TABLE_RIGHT}, {"ATTACHED", TABLE_LEFT},
		{"COMMAND", TABLE_LEFT},  {opener_of ? "SIDE" : "OPEN", TABLE_LEFT},
	};
	struct table table;

	table_start(&table, columns, COUNT(columns));
	for (uint32_t i = 0; i < view->participants_count; i++)
		if (!opener_of || view_has_open(view, opener_of, &view->participants[i]))
			participant_row(&table, view, &view->participants[i], opener_of);
	table_print(&table, indent);
}
