/* SPDX-License-Identifier: BSD-2-Clause */
/* plan: the options of a new segment, checked, with defaults filled in. */
#include "segment/create.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/error.h"

#define DEFAULT_HEAP_BYTES (UINT64_C(1) << 30)
#define DEFAULT_DIRECTORY_CAPACITY 128u
#define DEFAULT_PARTICIPANTS_MAX 128u
#define DEFAULT_THREADS_MAX 512u
#define DEFAULT_MODE 0600u
#define MODE_BITS 0777u

#define GROUP_BUFFER_BYTES 1024u
#define GROUP_BUFFER_BYTES_MAX (1u << 20)

/* 0; -ENOENT: no such group; another negative errno. */
static int look_up_group(const char *group, gid_t *ret_group)
{
	for (size_t bytes = GROUP_BUFFER_BYTES; bytes <= GROUP_BUFFER_BYTES_MAX; bytes *= 2) {
		struct group entry;
		struct group *found = NULL;
		char *buffer = malloc(bytes);
		if (!buffer)
			return -ENOMEM;
		int error = getgrnam_r(group, &entry, buffer, bytes, &found);
		if (found)
			*ret_group = entry.gr_gid;
		free(buffer);
		if (found)
			return 0;
		if (error != ERANGE)
			return error == ENOMEM || error == EMFILE || error == ENFILE ? -error
			                                                             : -ENOENT;
	}
	return -ENOENT;
}

/* A number is a number even where a group has such a name. */
static int resolve_group(const char *group, gid_t *ret_group)
{
	if (strspn(group, "0123456789") == strlen(group) && *group != '\0') {
		uint64_t number = strlen(group) > 10 ? UINT64_MAX : strtoull(group, NULL, 10);
		if (number >= (gid_t) -1)
			return -ENOENT;
		*ret_group = (gid_t) number;
		return 0;
	}
	return look_up_group(group, ret_group);
}

static int out_of_range(const char *name, const char *option, uint32_t value, uint32_t most)
{
	return mpshm_i_fail(EINVAL,
	                    "segment %s: %s is %" PRIu32 ", at most %" PRIu32 " is possible", name,
	                    option, value, most);
}

static int check_options(const char *name, const struct mpshm_segment_options *o)
{
	if (o->directory_capacity > DIRECTORY_LIMIT)
		return out_of_range(name, "directory_capacity", o->directory_capacity,
		                    DIRECTORY_LIMIT);
	if (o->participants_max > PARTICIPANTS_LIMIT)
		return out_of_range(name, "participants_max", o->participants_max,
		                    PARTICIPANTS_LIMIT);
	if (o->threads_max > THREADS_LIMIT)
		return out_of_range(name, "threads_max", o->threads_max, THREADS_LIMIT);
	if (o->size_bytes > SEGMENT_BYTES_LIMIT / 2)
		return mpshm_i_fail(EINVAL,
		                    "segment %s: size_bytes is %" PRIu64 ", at most %" PRIu64
		                    " is possible",
		                    name, o->size_bytes, SEGMENT_BYTES_LIMIT / 2);
	if ((o->mode & ~MODE_BITS) != 0 || (o->mode != 0 && (o->mode & 0600u) != 0600u))
		return mpshm_i_fail(EINVAL,
		                    "segment %s: mode 0%" PRIo32
		                    " is none of permission bits that let its owner read and write",
		                    name, o->mode);
	if ((o->flags & ~MPSHM_EPHEMERAL) != 0)
		return mpshm_i_fail(EINVAL, "segment %s: unknown option flags 0x%" PRIx32, name,
		                    o->flags & ~MPSHM_EPHEMERAL);
	for (size_t i = 0; i < sizeof o->reserved / sizeof o->reserved[0]; i++)
		if (o->reserved[i] != 0)
			return mpshm_i_fail(EINVAL, "segment %s: a reserved option is not zero",
			                    name);
	return 0;
}

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
	return value != 0 ? value : fallback;
}

int mpshm_i_segment_plan(struct segment_plan *ret_plan, const char *name,
                         const struct mpshm_segment_options *options)
{
	static const struct mpshm_segment_options defaults;
	const struct mpshm_segment_options *o = options ? options : &defaults;
	struct segment_plan plan = {
		.geometry.participants_max =
			or_default(o->participants_max, DEFAULT_PARTICIPANTS_MAX),
		.geometry.threads_max = or_default(o->threads_max, DEFAULT_THREADS_MAX),
		.geometry.directory_capacity =
			or_default(o->directory_capacity, DEFAULT_DIRECTORY_CAPACITY),
		.geometry.options = o->flags & MPSHM_EPHEMERAL ? SEGMENT_EPHEMERAL : 0,
		.mode = or_default(o->mode, DEFAULT_MODE),
		.group = getegid(),
	};

	int ret = check_options(name, o);
	if (ret < 0)
		return ret;
	ret = o->group ? resolve_group(o->group, &plan.group) : 0;
	if (ret == -ENOENT)
		return mpshm_i_fail(EINVAL, "segment %s: there is no group %s", name, o->group);
	if (ret < 0)
		return mpshm_i_fail(-ret, "segment %s: group %s can't be looked up: %s", name,
		                    o->group, strerror(-ret));
	mpshm_i_segment_lay_out(&plan.geometry,
	                        o->size_bytes != 0 ? o->size_bytes : DEFAULT_HEAP_BYTES);
	*ret_plan = plan;
	return 0;
}
