/* SPDX-License-Identifier: BSD-2-Clause */
#include "json.h"

#include <stdio.h>

#include "json_text.h"
#include "output.h"

/*
 * A line is json_begin(), members, json_end(); each member writes the comma
 * before itself, since "schema_version" always comes first.
 */
static void json_begin(const char *type)
{
	printf("{\"schema_version\":%d,\"type\":\"%s\"", JSON_SCHEMA_VERSION, type);
}

static void json_end(void)
{
	puts("}");
	output_check();
}

static void json_text(const char *key, const char *text)
{
	printf(",\"%s\":", key);
	json_quoted(stdout, text);
}

static void json_uint(const char *key, uint64_t number)
{
	printf(",\"%s\":%llu", key, (unsigned long long) number);
}

static void json_int(const char *key, int64_t number)
{
	printf(",\"%s\":%lld", key, (long long) number);
}

static void json_bool(const char *key, bool truth)
{
	printf(",\"%s\":%s", key, truth ? "true" : "false");
}

/* A participant's number, or null. */
static void json_side(const char *key, uint32_t participant)
{
	if (participant == UINT32_MAX)
		printf(",\"%s\":null", key);
	else
		json_uint(key, participant);
}

static void segment_members(const struct view *view)
{
	const struct mpshm_segment_info *info = &view->segment;

	json_uint("layout_major", info->layout_major);
	json_uint("layout_minor", info->layout_minor);
	fputs(",\"uuid\":\"", stdout);
	for (size_t i = 0; i < sizeof(info->uuid); i++)
		printf("%02x", info->uuid[i]);
	putchar('"');
	json_uint("size_bytes", info->size_bytes);
	json_uint("memory_bytes", info->memory_bytes);
	json_uint("heap_bytes", info->heap_bytes);
	json_uint("created_ns", info->created_ns);
	json_uint("creator_pid", info->creator_pid);
	json_uint("mode", info->mode);
	json_uint("uid", info->uid);
	json_uint("gid", info->gid);
	json_bool("ephemeral", info->ephemeral != 0);
	json_uint("objects", info->objects);
	json_uint("directory_capacity", info->directory_capacity);
	json_uint("participants", info->participants);
	json_uint("participants_max", info->participants_max);
	json_uint("participants_alive", view->alive);
	json_uint("participants_dead", view->dead);
	json_uint("participants_unknown", view->unknown);
	json_uint("threads", info->threads);
	json_uint("threads_max", info->threads_max);
	json_uint("peer_deaths", info->peer_deaths);
	json_uint("lock_take_overs", info->lock_take_overs);
	json_uint("damaged_entries", view->damaged);
}

void json_segment(const struct view *view)
{
	json_begin("segment");
	json_text("segment", view->name);
	json_text("state", view_word(view));
	json_uint("time_ns", now_ns());
	if (view_readable(view))
		segment_members(view);
	else
		json_text("detail", view->detail);
	json_end();
}

static void object_members(const struct mpshm_object_info *info)
{
	json_text("kind", kind_word(info->kind));
	json_uint("incarnation", info->incarnation);
	json_bool("unlinked", info->unlinked != 0);
	json_uint("memory_bytes", info->memory_bytes);
	json_uint("created_ns", info->created_ns);
	json_uint("openers", info->openers);
	if (kind_holds_elements(info->kind)) {
		json_uint("capacity", info->capacity);
		json_uint("used", info->used);
		json_uint("element_bytes", info->element_bytes);
		json_uint("put_total", info->put_total);
		json_uint("get_total", info->get_total);
	} else {
		json_int("value", info->value);
	}
	if (info->kind == MPSHM_KIND_SPSC) {
		json_side("producer", info->producer);
		json_side("consumer", info->consumer);
	}
	if (info->kind == MPSHM_KIND_QUEUE) {
		json_uint("pool_blocks", info->pool_blocks);
		json_uint("pool_blocks_used", info->pool_blocks_used);
		json_uint("leased", info->leased);
		json_uint("returned", info->returned);
		json_bool("waiters_put", info->waiters_put != 0);
		json_bool("waiters_get", info->waiters_get != 0);
		json_bool("shut_down", info->shut_down != 0);
	}
	json_uint("recovered", info->recovered);
	json_uint("redelivered", info->redelivered);
	json_uint("tombstoned", info->tombstoned);
	json_uint("dropped", info->dropped);
	json_uint("peer_deaths", info->peer_deaths);
}

void json_object(const struct view *view, const struct object_view *object)
{
	json_begin("object");
	json_text("segment", view->name);
	if (!object->damaged)
		json_text("name", object->info.name);
	json_text("state", object_state_word(object));
	json_uint("index", object->info.index);
	if (!object->damaged)
		object_members(&object->info);
	json_end();
}

/* "open":["a","b"] */
static void open_objects(const struct view *view, const struct mpshm_participant_info *participant)
{
	const char *comma = "";

	fputs(",\"open\":[", stdout);
	for (uint32_t i = 0; i < view->objects_count; i++) {
		if (!view_has_open(view, &view->objects[i], participant))
			continue;
		fputs(comma, stdout);
		json_quoted(stdout, view->objects[i].info.name);
		comma = ",";
	}
	putchar(']');
}

void json_participant(const struct view *view, const struct mpshm_participant_info *participant,
                      const struct object_view *opener_of)
{
	json_begin("participant");
	json_text("segment", view->name);
	if (opener_of)
		json_text("object", opener_of->info.name);
	json_uint("index", participant->index);
	json_uint("generation", participant->generation);
	json_uint("pid", participant->pid);
	json_uint("uid", participant->uid);
	json_text("liveness", liveness_word(participant->liveness));
	json_uint("threads", participant->threads);
	json_uint("attached_ns", participant->attached_ns);
	json_text("command", participant->command);
	if (!opener_of)
		open_objects(view, participant);
	json_end();
}
