/* SPDX-License-Identifier: BSD-2-Clause */
/* show: one segment, or one object of it. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "report.h"

static void show_segment(const struct view *view, bool json)
{
	if (!json) {
		print_segment(view);
		return;
	}
	json_segment(view);
	for (uint32_t i = 0; i < view->objects_count; i++)
		json_object(view, &view->objects[i]);
	for (uint32_t i = 0; i < view->participants_count; i++)
		json_participant(view, &view->participants[i], NULL);
}

static void show_object(const struct view *view, const struct object_view *object, bool json)
{
	if (!json) {
		print_object(view, object);
		return;
	}
	json_object(view, object);
	for (uint32_t i = 0; i < view->participants_count; i++)
		if (view_has_open(view, object, &view->participants[i]))
			json_participant(view, &view->participants[i], object);
}

/* Several can have a name: one, and those that were unlinked while somebody had them open. */
static enum status show_objects(const struct view *view, const char *name, bool json)
{
	enum status status = STATUS_NOT_FOUND;

	for (uint32_t i = 0; i < view->objects_count; i++) {
		const struct object_view *object = &view->objects[i];
		if (object->damaged || strcmp(object->info.name, name) != 0)
			continue;
		if (status == STATUS_NOT_FOUND)
			status = STATUS_HEALTHY;
		else if (!json)
			putchar('\n');
		show_object(view, object, json);
		if (object->dead_peer)
			status = STATUS_UNHEALTHY;
	}
	if (status == STATUS_NOT_FOUND)
		complain("%s: no object %s; mpshm-stat show %s tells those there are",
		         escaped(view->name), escaped(name), escaped(view->name));
	return status;
}

static enum status show(const char *segment, const char *object, bool json)
{
	enum status status;
	struct view view;

	view_open(&view, segment);
	status = view_status(&view);
	if (!view_readable(&view)) {
		/* JSON readers get a line too, except where there is nothing at all. */
		if (json && status != STATUS_USAGE && status != STATUS_NOT_FOUND)
			json_segment(&view);
		complain("%s: %s", escaped(segment), view_problem(&view));
		if (status == STATUS_HEALTHY) /* under creation: nothing could be shown */
			status = STATUS_UNHEALTHY;
	} else if (object) {
		status = show_objects(&view, object, json);
	} else {
		show_segment(&view, json);
	}
	view_close(&view);
	return status;
}

enum status report_show(const struct arguments *arguments)
{
	char *segment = strdup(arguments->names[0]);
	enum status status;
	char *slash;

	if (!segment)
		out_of_memory();
	slash = strchr(segment, '/');
	if (slash)
		*slash = '\0';
	status = show(segment, slash ? slash + 1 : NULL, arguments->json);
	free(segment);
	return status;
}
