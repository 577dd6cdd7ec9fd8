/* SPDX-License-Identifier: BSD-2-Clause */
/* inspect_tables: the directory and the participants, one by one. */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "platform/error.h"
#include "platform/keep_errno.h"
#include "platform/liveness.h"
#include "platform/shm.h"
#include "segment/inspect.h"

/* How often something that changes while it is copied is copied again. */
#define COPY_TRIES 8

bool mpshm_i_inspect_extent_valid(const struct mpshm_inspect *inspect, struct extent_shm extent)
{
	uint64_t size = inspect->geometry.bytes;

	if (extent.bytes == 0 || extent.offset % LAYOUT_PAGE != 0 ||
	    extent.bytes % LAYOUT_PAGE != 0)
		return false;
	if (extent.bytes > size || extent.offset > size - extent.bytes)
		return false;
	return extent.offset >= inspect->geometry.heap_at;
}

static uint64_t entry_at(const struct mpshm_inspect *inspect, uint32_t index)
{
	return inspect->geometry.directory_at + (uint64_t) index * sizeof(struct entry_shm);
}

static uint32_t count_openers(const struct mpshm_inspect *inspect, const struct entry_shm *entry)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < inspect->geometry.participants_max; i++)
		count += (uint32_t) (entry->openers[i / 64].raw >> i % 64 & 1);
	return count;
}

static int entry_corrupt(const struct mpshm_inspect *inspect, uint32_t index, const char *what)
{
	return mpshm_i_fail(EBADMSG, "segment %s: entry %u: %s", inspect->name, index, what);
}

/* From a copy of the entry: what every object has, then what its type has. */
static int fill_object(const struct mpshm_inspect *inspect, const struct entry_shm *entry,
                       struct mpshm_object_info *info)
{
	if (memchr(entry->name, '\0', sizeof entry->name) == NULL ||
	    !mpshm_i_name_valid(entry->name))
		return entry_corrupt(inspect, info->index, "its name is none");
	if (!mpshm_i_inspect_extent_valid(inspect, entry->extents[0]))
		return entry_corrupt(inspect, info->index, "its place lies outside the heap");
	for (uint32_t i = 0; i < ENTRY_EXTENTS; i++)
		if (mpshm_i_inspect_extent_valid(inspect, entry->extents[i]))
			info->memory_bytes += entry->extents[i].bytes;
	memcpy(info->name, entry->name, sizeof info->name);
	info->kind = entry->type;
	info->created_ns = entry->created_ns;
	info->peer_deaths = entry->peer_deaths.raw;
	info->openers = count_openers(inspect, entry);
	int ret = mpshm_i_inspect_head(inspect, (enum object_type) entry->type, entry->extents[0],
	                               info);
	if (ret == -EBADMSG)
		return entry_corrupt(inspect, info->index,
		                     "the object's own fields fail the check");
	return ret;
}

/*
 * One entry with its object.  1: there is one; 0: there is none.  Copied without a
 * lock, so where the state is not the same behind the copy, all of it is copied again.
 */
static int copy_object(const struct mpshm_inspect *inspect, uint32_t index,
                       struct mpshm_object_info *ret_info)
{
	int ret = 0;

	for (int i = 0; i < COPY_TRIES; i++) {
		struct mpshm_object_info info = {.index = index};
		struct entry_shm entry;
		atomic64 now;

		int error = mpshm_i_inspect_read(inspect, entry_at(inspect, index), &entry,
		                                 sizeof entry);
		if (error < 0)
			return error;
		enum entry_kind kind = entry_state_kind(entry.state.raw);
		if (kind == ENTRY_EMPTY || kind == ENTRY_CREATING)
			return 0;
		if (kind > ENTRY_UNLINKED)
			return entry_corrupt(inspect, index, "a state that doesn't exist");
		info.incarnation = entry_state_incarnation(entry.state.raw);
		info.unlinked = kind == ENTRY_UNLINKED;
		ret = fill_object(inspect, &entry, &info);
		error = mpshm_i_inspect_read(inspect, entry_at(inspect, index), &now, sizeof now);
		if (error < 0)
			return error;
		if (now.raw != entry.state.raw)
			continue;
		if (ret == 0)
			*ret_info = info;
		return ret < 0 ? ret : 1;
	}
	return ret < 0 ? ret : 0; /* created and unlinked all the time */
}

int mpshm_inspect_object(struct mpshm_inspect *inspect, uint32_t *cursor,
                         struct mpshm_object_info *ret_info)
{
	KEEP_ERRNO;

	int ret = mpshm_i_inspect_usable(inspect);
	while (ret == 0 && *cursor < inspect->geometry.directory_capacity)
		ret = copy_object(inspect, (*cursor)++, ret_info);
	return ret;
}

int mpshm_inspect_has_open(struct mpshm_inspect *inspect, uint32_t object, uint32_t participant)
{
	KEEP_ERRNO;
	atomic64 bits;

	int ret = mpshm_i_inspect_usable(inspect);
	if (ret < 0)
		return ret;
	if (object >= inspect->geometry.directory_capacity ||
	    participant >= inspect->geometry.participants_max)
		return mpshm_i_fail(EINVAL, "segment %s: no object %u or no participant %u",
		                    inspect->name, object, participant);
	ret = mpshm_i_inspect_read(inspect,
	                           entry_at(inspect, object) + offsetof(struct entry_shm, openers) +
	                                   participant / 64 * sizeof bits,
	                           &bits, sizeof bits);
	return ret < 0 ? ret : (int) (bits.raw >> participant % 64 & 1);
}

static int count_threads(const struct mpshm_inspect *inspect, uint64_t owner, uint32_t *ret_threads)
{
	struct cell_shm batch[64];
	uint32_t cells, count = 0;

	int ret = mpshm_i_inspect_cells(inspect, &cells);
	for (uint32_t i = 0; ret == 0 && i < cells; i += 64) {
		uint32_t now = cells - i < 64 ? cells - i : 64;
		ret = mpshm_i_inspect_read(inspect,
		                           inspect->geometry.cells_at + i * sizeof batch[0], batch,
		                           now * sizeof batch[0]);
		for (uint32_t k = 0; ret == 0 && k < now; k++)
			count += (batch[k].owner.raw & OWNER_BITS) == owner;
	}
	*ret_threads = count;
	return ret;
}

/* A command is a stranger's text on its way to a terminal. */
static void copy_command(const char *command, char *ret_command, size_t bytes)
{
	size_t i;

	for (i = 0; i + 1 < bytes && command[i] != '\0'; i++) {
		unsigned char c = (unsigned char) command[i];
		ret_command[i] = c < 0x20 || c >= 0x7f ? '?' : (char) c;
	}
	ret_command[i] = '\0';
}

static uint32_t liveness_of(const struct mpshm_inspect *inspect, uint32_t index,
                            enum participant_kind kind)
{
	if (kind == PARTICIPANT_DEAD)
		return MPSHM_DEAD;
	int held = mpshm_i_liveness_held(inspect->fd, LIVENESS_BYTE_PARTICIPANT(index));
	if (held < 0 || mpshm_i_inspect_usable(inspect) < 0)
		return MPSHM_LIVENESS_UNKNOWN;
	return held ? MPSHM_ALIVE : MPSHM_DEAD;
}

static uint64_t participant_at(const struct mpshm_inspect *inspect, uint32_t index)
{
	return inspect->geometry.participants_at +
	       (uint64_t) index * sizeof(struct participant_shm);
}

/*
 * Of a copy of the slot.  Who leaves stores FREE, then gives the lock back: a lock that
 * is free tells of a death only where the state is still what it was.  *ret_stale: not so.
 */
static int look_alive(const struct mpshm_inspect *inspect, uint32_t index, uint64_t state,
                      uint32_t *ret_liveness, bool *ret_stale)
{
	atomic64 now;

	*ret_liveness = liveness_of(inspect, index, participant_state_kind(state));
	int ret = mpshm_i_inspect_read(inspect, participant_at(inspect, index), &now, sizeof now);
	*ret_stale = ret == 0 && now.raw != state;
	return ret;
}

/* 1: there is one; 0: the slot is free; *ret_stale: look again. */
static int copy_participant(const struct mpshm_inspect *inspect, uint32_t index,
                            struct mpshm_participant_info *ret_info, bool *ret_stale)
{
	struct mpshm_participant_info info = {.index = index};
	struct participant_shm participant;

	*ret_stale = false;
	int ret = mpshm_i_inspect_read(inspect, participant_at(inspect, index), &participant,
	                               sizeof participant);
	if (ret < 0)
		return ret;
	enum participant_kind kind = participant_state_kind(participant.state.raw);
	if (kind == PARTICIPANT_FREE)
		return 0;
	if (kind > PARTICIPANT_DEAD)
		return mpshm_i_fail(EBADMSG,
		                    "segment %s: participant %u: a state that doesn't exist",
		                    inspect->name, index);
	info.generation = participant_state_generation(participant.state.raw);
	info.pid = participant.pid;
	info.uid = participant.uid;
	info.attached_ns = participant.attached_ns;
	copy_command(participant.command, info.command, sizeof info.command);
	ret = look_alive(inspect, index, participant.state.raw, &info.liveness, ret_stale);
	if (ret < 0 || *ret_stale)
		return ret;
	ret = count_threads(inspect, owner_make(index, info.generation), &info.threads);
	if (ret < 0)
		return ret;
	*ret_info = info;
	return 1;
}

int mpshm_inspect_participant(struct mpshm_inspect *inspect, uint32_t *cursor,
                              struct mpshm_participant_info *ret_info)
{
	KEEP_ERRNO;

	int ret = mpshm_i_inspect_usable(inspect);
	while (ret == 0 && *cursor < inspect->geometry.participants_max) {
		bool stale = true;
		for (int i = 0; i < COPY_TRIES && ret == 0 && stale; i++)
			ret = copy_participant(inspect, *cursor, ret_info, &stale);
		(*cursor)++; /* stale still: it comes and goes all the time */
	}
	return ret;
}
