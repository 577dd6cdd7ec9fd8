/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * directory: the entries of a segment, from EMPTY to EMPTY.
 *
 * One word, the entry's state, says what an entry is, and it is stored last in each
 * step.  Whoever takes the lock over from the dead runs mend() first, which brings
 * every entry to READY, EMPTY, or UNLINKED with somebody alive who has it open.
 */
#include "segment/directory.h"

#include <string.h>

#include "platform/clock.h"
#include "platform/error.h"
#include "platform/keep_errno.h"
#include "platform/shm.h"
#include "segment/recovery.h"

static enum entry_kind kind_of(const struct entry_shm *entry)
{
	return entry_state_kind(atomic64_load_acquire(&entry->state));
}

static void set_state(struct entry_shm *entry, enum entry_kind kind, uint32_t incarnation)
{
	/* [DIR-R1] pairs with [DIR-A1] in bind(): the entry, and the object, as stored before. */
	atomic64_store_release(&entry->state, entry_state(kind, incarnation));
}

static uint32_t incarnation_of(const struct entry_shm *entry)
{
	/* Relaxed: only holders of the lock change it, and we are one. */
	return entry_state_incarnation(atomic64_load_relaxed(&entry->state));
}

/*
 * Memory first, EMPTY last: a death between leaves the entry as it was, for mend()
 * to come here again.  Where the memory can't be given back now the entry stays, with
 * its extents taken, until somebody can.
 */
static int give_back(struct mpshm_segment *segment, struct entry_shm *entry)
{
	int fd = mpshm_i_segment_fd(segment);
	if (fd < 0)
		return fd;
	for (uint32_t i = 0; i < ENTRY_EXTENTS; i++) {
		struct extent_shm extent = mpshm_i_extent_read(&entry->extents[i]);
		if (extent.bytes == 0)
			continue;
		if (!mpshm_i_extent_valid(segment, extent)) {
			mpshm_i_segment_corrupt(segment);
			continue;
		}
		int ret = mpshm_i_shm_punch(fd, extent.offset, extent.bytes);
		if (ret < 0)
			return ret;
	}
	set_state(entry, ENTRY_EMPTY, incarnation_of(entry));
	return 0;
}

int mpshm_i_entry_find(struct mpshm_segment *segment, const char *name)
{
	for (uint32_t i = 0; i < segment->directory_capacity; i++) {
		const struct entry_shm *entry = &segment->directory[i];
		if (kind_of(entry) == ENTRY_READY &&
		    strncmp(entry->name, name, ENTRY_NAME_BYTES) == 0)
			return (int) i;
	}
	return -ENOENT;
}

static struct entry_shm *find_empty(struct mpshm_segment *segment)
{
	for (uint32_t i = 0; i < segment->directory_capacity; i++)
		if (kind_of(&segment->directory[i]) == ENTRY_EMPTY)
			return &segment->directory[i];
	return NULL;
}

/* EMPTY(n) -> CREATING(n+1), with its extent noted. */
static int begin(struct mpshm_segment *segment, const char *name, uint64_t bytes,
                 struct entry_shm **ret_entry)
{
	struct extent_shm extent = {.bytes = bytes};
	struct entry_shm *entry = find_empty(segment);
	if (!entry)
		return mpshm_i_fail(
			ENOSPC,
			"object %s: the directory of segment %s is full (directory_capacity %u)",
			name, segment->name, segment->directory_capacity);
	if (mpshm_i_extent_find(segment, bytes, &extent.offset) < 0)
		return mpshm_i_fail(
			ENOSPC,
			"object %s: no %llu bytes of address space in one piece in segment %s (size_bytes %llu)",
			name, (unsigned long long) bytes, segment->name,
			(unsigned long long) segment->bytes);

	/* A death from here on: an EMPTY entry's fields mean nothing. */
	memset(entry->extents, 0, sizeof entry->extents);
	memset(entry->openers, 0, sizeof entry->openers);
	atomic64_store_relaxed(&entry->peer_deaths, 0);
	entry->extents[0] = extent;

	/* A death from here on: mend() finds CREATING with an extent, and punches it. */
	set_state(entry, ENTRY_CREATING, incarnation_of(entry) + 1);
	*ret_entry = entry;
	return 0;
}

/* Give the extent zeroed memory: no access to it raises SIGBUS from now on. */
static int give_memory(int fd, const char *name, const struct extent_shm *extent)
{
	/* What lay here before was punched with its entry; but a file system that lost
	 * that, or a peer that wrote into free space, must not show in a new object. */
	int ret = mpshm_i_shm_punch(fd, extent->offset, extent->bytes);
	if (ret == 0)
		ret = mpshm_i_shm_reserve(fd, extent->offset, extent->bytes);
	if (ret == -ENOSPC)
		return mpshm_i_fail(ENOSPC,
		                    "object %s: no %llu bytes of memory for it in " SHM_DIRECTORY
		                    " (or past the limit RLIMIT_FSIZE)",
		                    name, (unsigned long long) extent->bytes);
	if (ret < 0)
		return mpshm_i_fail(-ret, "object %s: can't give it memory: %s", name,
		                    strerror(-ret));
	return 0;
}

static void describe(struct mpshm_segment *segment, struct entry_shm *entry, const char *name,
                     enum object_type type)
{
	entry->type = type;
	entry->features = 0;
	entry->created_ns = mpshm_i_clock_wall();
	entry->creator = segment->self;
	memset(entry->name, 0, sizeof entry->name);
	memcpy(entry->name, name, strlen(name)); /* a valid name is shorter than the field */
}

int mpshm_i_entry_create(struct mpshm_segment *segment, const char *name, enum object_type type,
                         const struct object_plan *plan)
{
	struct entry_shm *entry = NULL;
	uint64_t bytes = (plan->bytes + LAYOUT_PAGE - 1) / LAYOUT_PAGE * LAYOUT_PAGE;

	if (plan->bytes == 0 || bytes < plan->bytes)
		return mpshm_i_fail(EINVAL, "object %s: a size of %llu bytes", name,
		                    (unsigned long long) plan->bytes);
	int fd = mpshm_i_segment_fd(segment);
	if (fd < 0)
		return mpshm_i_fail(-fd,
		                    "object %s: the file of segment %s can't be reached any more",
		                    name, segment->name);
	int ret = begin(segment, name, bytes, &entry);
	if (ret < 0)
		return ret;
	struct extent_shm extent = mpshm_i_extent_read(&entry->extents[0]);
	if (mpshm_i_extent_valid(segment, extent) && extent.bytes == bytes)
		ret = give_memory(fd, name, &extent);
	else
		ret = mpshm_i_fail(EBADMSG, "object %s: its extent changed under our eyes", name);
	if (ret < 0) {
		(void) give_back(segment, entry);
		return ret;
	}
	plan->lay_out(segment->base + extent.offset, plan->context);
	describe(segment, entry, name, type);

	/* A death before this store: no such object.  Behind it: the object is whole. */
	set_state(entry, ENTRY_READY, incarnation_of(entry));
	return (int) (entry - segment->directory);
}

void mpshm_i_entry_unlink(struct mpshm_segment *segment, uint32_t index)
{
	struct entry_shm *entry = &segment->directory[index];

	/* A death behind this store: whoever mends, or closes it last, reaps it. */
	set_state(entry, ENTRY_UNLINKED, incarnation_of(entry));
}

/* Has any live participant it open?  Bits of others are left-overs. */
static bool has_live_opener(struct mpshm_segment *segment, uint32_t index)
{
	for (uint32_t i = 0; i < segment->participants_max; i++) {
		if (!mpshm_i_opener_has(segment, index, i))
			continue;
		uint64_t state = atomic64_load_acquire(&segment->participants[i].state);
		uint64_t owner = owner_make(i, participant_state_generation(state));
		if (mpshm_i_owner_alive_locked(segment, owner))
			return true;
	}
	return false;
}

/*
 * What frames of the dead say of the object is void with it: recovery finds the
 * entry empty, or another incarnation in it.
 */
void mpshm_i_entry_reap(struct mpshm_segment *segment, uint32_t index)
{
	struct entry_shm *entry = &segment->directory[index];

	if (kind_of(entry) == ENTRY_UNLINKED && !has_live_opener(segment, index))
		(void) give_back(segment, entry);
}

int mpshm_i_entry_bind(struct mpshm_segment *segment, uint32_t index, struct object *object)
{
	struct entry_shm *entry = &segment->directory[index];

	/* [DIR-A1] pairs with [DIR-R1] in set_state(): the object, as it was laid out. */
	uint64_t state = atomic64_load_acquire(&entry->state);
	enum entry_kind kind = entry_state_kind(state);
	if (kind != ENTRY_READY && kind != ENTRY_UNLINKED)
		return -ENOENT;
	struct extent_shm extent = mpshm_i_extent_read(&entry->extents[0]);
	if (!mpshm_i_extent_valid(segment, extent)) {
		mpshm_i_segment_corrupt(segment);
		return -EBADMSG;
	}
	*object = (struct object){
		.segment = segment,
		.shm = segment->base + extent.offset,
		.bytes = extent.bytes,
		.index = index,
		.incarnation = entry_state_incarnation(state),
	};
	return 0;
}

void mpshm_i_directory_mend(struct mpshm_segment *segment)
{
	for (uint32_t i = 0; i < segment->directory_capacity; i++) {
		enum entry_kind kind = kind_of(&segment->directory[i]);
		if (kind == ENTRY_CREATING)
			(void) give_back(segment, &segment->directory[i]);
		else if (kind == ENTRY_UNLINKED)
			mpshm_i_entry_reap(segment, i);
		else if (kind > ENTRY_UNLINKED)
			mpshm_i_segment_corrupt(segment);
	}
}
