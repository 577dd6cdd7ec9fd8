/* SPDX-License-Identifier: BSD-2-Clause */
/* full: everything about one segment or one object, a fact a line. */
#include <stdarg.h>

#include "output.h"
#include "report.h"

static void fact(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fact(const char *what, const char *format, ...)
{
	va_list arguments;

	printf("%-14s ", what);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
}

static void fact_created(uint64_t created_ns, const char *by)
{
	uint64_t now = now_ns();

	fact("created", "%s, %s ago%s", human_time(created_ns),
	     human_age(now > created_ns ? now - created_ns : 0), by);
}

static const char *uuid_text(const uint8_t *uuid)
{
	return formatted("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
	                 uuid[0], uuid[1], uuid[2], uuid[3], uuid[4], uuid[5], uuid[6], uuid[7],
	                 uuid[8], uuid[9], uuid[10], uuid[11], uuid[12], uuid[13], uuid[14],
	                 uuid[15]);
}

static void segment_facts(const struct view *view)
{
	const struct mpshm_segment_info *info = &view->segment;

	fact("segment", "%s", escaped(view->name));
	if (view->state == VIEW_OK)
		fact("state", "ok");
	else
		fact("state", "%s: %s", view_word(view), view_problem(view));
	fact("layout", "%u.%u", info->layout_major, info->layout_minor);
	fact("uuid", "%s", uuid_text(info->uuid));
	fact_created(info->created_ns, formatted(", by pid %u", info->creator_pid));
	fact("file", "mode %04o, uid %u, gid %u", info->mode & 07777u, info->uid, info->gid);
	fact("memory", "%s of %s; %s left for objects", human_bytes(info->memory_bytes),
	     human_bytes(info->size_bytes), human_bytes(info->heap_bytes));
	fact("lifetime", "%s",
	     info->ephemeral ? "unlinked by the last participant to close it"
	                     : "until it is unlinked");
	fact("objects", "%u of %u", info->objects, info->directory_capacity);
	fact("participants", "%u of %u: %u alive, %u dead, %u unknown", info->participants,
	     info->participants_max, view->alive, view->dead, view->unknown);
	fact("threads", "%u of %u", info->threads, info->threads_max);
	fact("peer deaths", "%llu found and resolved", (unsigned long long) info->peer_deaths);
	fact("take-overs", "%llu of the directory's lock from the dead",
	     (unsigned long long) info->lock_take_overs);
}

void print_segment(const struct view *view)
{
	segment_facts(view);
	fputs("\nobjects\n", stdout);
	print_objects(view, "  ");
	fputs("\nparticipants\n", stdout);
	if (view->participants_count)
		print_participants(view, NULL, "  ");
	else
		fputs("  no participants\n", stdout);
	output_check();
}

static const char *side_text(const struct view *view, uint32_t index)
{
	const struct mpshm_participant_info *participant = view_participant(view, index);

	if (index == UINT32_MAX)
		return "free";
	if (!participant)
		return formatted("participant %u, who is gone", index);
	return formatted("participant %u, pid %u, %s", index, participant->pid,
	                 liveness_word(participant->liveness));
}

static void element_facts(const struct view *view, const struct mpshm_object_info *info)
{
	bool queue = info->kind == MPSHM_KIND_QUEUE;

	fact("capacity", "%llu %s", (unsigned long long) info->capacity,
	     queue ? "messages" : "elements");
	fact("used", "%llu, %.1f%%", (unsigned long long) info->used,
	     info->capacity ? 100.0 * (double) info->used / (double) info->capacity : 0.0);
	fact(queue ? "max message" : "element size", "%llu bytes",
	     (unsigned long long) info->element_bytes);
	fact("put", "%llu since creation", (unsigned long long) info->put_total);
	fact("got", "%llu since creation", (unsigned long long) info->get_total);
	if (info->kind == MPSHM_KIND_SPSC) {
		fact("producer", "%s", side_text(view, info->producer));
		fact("consumer", "%s", side_text(view, info->consumer));
	}
	if (queue) {
		fact("pool", "%llu of %llu blocks in use",
		     (unsigned long long) info->pool_blocks_used,
		     (unsigned long long) info->pool_blocks);
		fact("leased", "%u in getters' hands, %u came back", info->leased, info->returned);
		fact("waiters", "to put: %s; to get: %s", info->waiters_put ? "yes" : "none",
		     info->waiters_get ? "yes" : "none");
		fact("shut down", "%s", info->shut_down ? "yes" : "no");
	}
}

/* Zeros too: they reassure. */
static void death_facts(const struct mpshm_object_info *info)
{
	fact("peer deaths", "%llu with it open", (unsigned long long) info->peer_deaths);
	if (info->kind == MPSHM_KIND_SPSC)
		fact("recovered", "%llu sides of the dead taken over",
		     (unsigned long long) info->recovered);
	if (info->kind != MPSHM_KIND_MPMC && info->kind != MPSHM_KIND_QUEUE)
		return;
	fact("recovered", "%llu positions of the dead resolved",
	     (unsigned long long) info->recovered);
	fact("redelivered", "%llu", (unsigned long long) info->redelivered);
	fact("tombstoned", "%llu puts cut off", (unsigned long long) info->tombstoned);
	fact("dropped", "%llu, each the death of 255 consumers",
	     (unsigned long long) info->dropped);
}

void print_object(const struct view *view, const struct object_view *object)
{
	const struct mpshm_object_info *info = &object->info;

	fact("object", "%s/%s", escaped(view->name), escaped(info->name));
	fact("kind", "%s", kind_word(info->kind));
	fact("state", "%s", object_state_word(object));
	fact("place", "%u, incarnation %u", info->index, info->incarnation);
	fact_created(info->created_ns, "");
	fact("memory", "%s", human_bytes(info->memory_bytes));
	if (kind_holds_elements(info->kind))
		element_facts(view, info);
	else
		fact("value", "%lld", (long long) info->value);
	death_facts(info);
	fact("openers", "%u", info->openers);
	if (info->openers) {
		putchar('\n');
		print_participants(view, object, "  ");
	}
	output_check();
}
