/* SPDX-License-Identifier: BSD-2-Clause */
/* list: segments and their objects, many at a glance. */
#include <errno.h>
#include <string.h>

#include "json.h"
#include "output.h"
#include "report.h"

struct listing {
	bool json;
	bool all; /* of the machine, as opposed to those named */
	unsigned shown;
	enum status status;
};

static void print_header(const struct view *view)
{
	const struct mpshm_segment_info *segment = &view->segment;
	uint64_t now = now_ns();

	printf("%s  ", human_time(now));
	if (!view_readable(view)) {
		printf("%s  %s  %s\n", escaped(view->name), view_word(view), view_problem(view));
		return;
	}
	printf("layout %u.%u  %s  %s  creator %u  age %s  memory %s of %s", segment->layout_major,
	       segment->layout_minor, escaped(view->name), view_word(view), segment->creator_pid,
	       human_age(now > segment->created_ns ? now - segment->created_ns : 0),
	       human_bytes(segment->memory_bytes), human_bytes(segment->size_bytes));
	printf("  participants %u alive, %u dead", view->alive, view->dead);
	if (view->unknown)
		printf(", %u unknown", view->unknown);
	putchar('\n');
	if (view->state != VIEW_OK)
		printf("  %s\n", view_problem(view));
}

static void show_text(const struct view *view, bool first)
{
	if (!first)
		putchar('\n');
	print_header(view);
	if (view_readable(view))
		print_objects(view, "  ");
	output_check();
}

static void show_json(const struct view *view)
{
	json_segment(view);
	for (uint32_t i = 0; i < view->objects_count; i++)
		json_object(view, &view->objects[i]);
}

static int list_one(const char *name, void *context)
{
	struct listing *listing = context;
	struct view view;

	view_open(&view, name);
	if (view.state == VIEW_ABSENT || view.state == VIEW_BAD_NAME) {
		/* In a listing of all it went away since it was found: nothing to tell. */
		if (!listing->all) {
			complain("%s: %s", escaped(name), view_problem(&view));
			listing->status = status_worse(listing->status, view_status(&view));
		}
		view_close(&view);
		return 0;
	}
	if (listing->json)
		show_json(&view);
	else
		show_text(&view, listing->shown == 0);
	listing->shown++;
	/* Other people's segments are no failure unless one asked for them. */
	if (!(listing->all && view.state == VIEW_DENIED))
		listing->status = status_worse(listing->status, view_status(&view));
	view_close(&view);
	return 0;
}

enum status report_list(const struct arguments *arguments)
{
	struct listing listing = {.json = arguments->json, .all = arguments->names_count == 0};

	for (int i = 0; i < arguments->names_count; i++)
		list_one(arguments->names[i], &listing);
	if (listing.all) {
		int result = mpshm_inspect_list(list_one, &listing);
		if (result < 0) {
			const char *detail = mpshm_error_detail();
			complain("can't list the segments: %s",
			         *detail ? detail : strerror(-result));
			return result == -EACCES ? STATUS_PERMISSION : STATUS_UNHEALTHY;
		}
		if (listing.shown == 0 && !listing.json)
			puts("no segments");
	}
	return listing.status;
}
