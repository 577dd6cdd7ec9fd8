/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach: mpshm_segment_open(), in attempts.
 *
 * An attempt never waits: what another process is busy with ends it as FILE_AGAIN, and
 * the next one begins anew after a nap.  It holds the ATTACH byte shared from before it
 * looks at the file until it is registered, so that whoever unlinks waits.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/error.h"
#include "platform/keep_errno.h"
#include "platform/no_cancel.h"
#include "platform/shm.h"
#include "segment/attachment.h"
#include "segment/create.h"
#include "segment/file.h"
#include "segment/participant.h"
#include "segment/recovery.h"
#include "segment/registry.h"

#define FLAGS \
	(MPSHM_CREATE | MPSHM_EXCLUSIVE | MPSHM_NEW_MAPPING | MPSHM_PREFAULT | MPSHM_HUGE_PAGES)

/* One call of mpshm_segment_open(). */
struct opening {
	const char *name;
	unsigned flags;
	struct segment_plan plan; /* with MPSHM_CREATE */
	struct mpshm_segment *segment;
	int64_t slot_deadline; /* 0: no attempt has lacked a slot yet */
};

static int map(struct opening *opening, int fd, const struct segment_geometry *geometry)
{
	return mpshm_i_attachment_make(&opening->segment, opening->name, fd, geometry,
	                               opening->flags);
}

/* Into the segment's tables; the caller makes it visible in the registry. */
static int join(struct opening *opening)
{
	int ret = mpshm_i_participant_register(opening->segment, mpshm_i_registry_process());
	if (ret != -EAGAIN)
		return ret;
	if (opening->slot_deadline == 0)
		opening->slot_deadline = mpshm_i_deadline(PARTICIPANT_PATIENCE_NS);
	if (mpshm_i_clock_now() < opening->slot_deadline)
		return FILE_AGAIN;
	return mpshm_i_fail(EUSERS,
	                    "segment %s: all of its %u slots are taken, and the dead ones "
	                    "can't be recovered now",
	                    opening->name, opening->segment->participants_max);
}

/* Somebody else's file is not ours to remove. */
static bool is_own(int fd)
{
	struct stat file;
	return fstat(fd, &file) == 0 && file.st_uid == geteuid();
}

/* With the CREATE byte.  Everything that can fail comes before it is published. */
static int make(struct opening *opening, int fd)
{
	int ret = mpshm_i_segment_prepare_file(fd, opening->name, &opening->plan);
	if (ret == 0)
		ret = map(opening, fd, &opening->plan.geometry);
	if (ret == 0) {
		struct mpshm_segment *segment = opening->segment;
		ret = mpshm_i_segment_write_header(segment->shm, &opening->plan, segment->uuid);
		if (ret < 0)
			ret = mpshm_i_fail(-ret, "segment %s: no random bytes for its UUID",
			                   opening->name);
		if (ret == 0)
			ret = join(opening);
		if (ret != 0)
			mpshm_i_attachment_discard(segment);
	}
	if (ret != 0) {
		if (is_own(fd))
			(void) mpshm_i_file_unlink(fd, opening->name);
		return ret;
	}
	mpshm_i_segment_publish(opening->segment->shm);
	return MPSHM_CREATED;
}

/* The file is not a segment yet. */
static int take_over(struct opening *opening, int fd)
{
	struct segment_geometry g;
	struct segment_shm header;
	uint64_t bytes;
	char why[SEGMENT_WHY_BYTES];

	int ret = mpshm_i_file_hold_creation(fd, opening->name);
	if (ret != 0)
		return ret;
	ret = mpshm_i_segment_read_header(fd, &header, &bytes);
	if (ret < 0)
		return mpshm_i_fail(-ret, "segment %s: its header can't be read: %s", opening->name,
		                    strerror(-ret));
	/* The creator finished between our look and our lock. */
	if (mpshm_i_segment_check(&header, bytes, true, &g, why) != MPSHM_SEGMENT_CREATING)
		return FILE_AGAIN;
	if (!(opening->flags & MPSHM_CREATE))
		return mpshm_i_fail(ENOENT,
		                    "segment %s: there is none; its creator died half-way, and who "
		                    "opens it with MPSHM_CREATE takes over",
		                    opening->name);
	return make(opening, fd);
}

/* The file is a segment: attach, unless this process has it attached. */
static int attach(struct opening *opening, int fd, const struct segment_geometry *g)
{
	struct stat file;

	if (opening->flags & MPSHM_EXCLUSIVE)
		return mpshm_i_fail(EEXIST, "segment %s: it exists", opening->name);
	if (fstat(fd, &file) < 0)
		return mpshm_i_fail(errno, "segment %s: fstat: %s", opening->name, strerror(errno));
	if (!(opening->flags & MPSHM_NEW_MAPPING)) {
		const struct registry_file same = {.device = file.st_dev, .inode = file.st_ino};
		opening->segment = mpshm_i_registry_take(opening->name, &same);
		if (opening->segment)
			return MPSHM_ATTACHED;
	}
	int ret = map(opening, fd, g);
	if (ret < 0)
		return ret;
	ret = join(opening);
	if (ret != 0)
		mpshm_i_attachment_discard(opening->segment);
	return ret;
}

static int open_file(struct opening *opening, int fd)
{
	struct segment_geometry g;
	struct segment_shm header;
	uint64_t bytes;
	char why[SEGMENT_WHY_BYTES];

	int ret = mpshm_i_file_hold(fd, opening->name, F_RDLCK);
	if (ret != 0)
		return ret;
	ret = mpshm_i_segment_read_header(fd, &header, &bytes);
	if (ret < 0)
		return mpshm_i_fail(-ret, "segment %s: its header can't be read: %s", opening->name,
		                    strerror(-ret));
	enum mpshm_segment_state state = mpshm_i_segment_check(&header, bytes, true, &g, why);
	if (state == MPSHM_SEGMENT_OK)
		return attach(opening, fd, &g);
	if (state == MPSHM_SEGMENT_CREATING)
		return take_over(opening, fd);
	return mpshm_i_fail(mpshm_i_segment_state_error(state), "segment %s: %s", opening->name,
	                    why);
}

/* Somebody may remove the file without asking us: then nobody could find us here. */
static bool is_alone(const struct opening *opening, int fd)
{
	return mpshm_i_shm_is_linked(fd, opening->name) == 0;
}

/* With the registry locked. */
static int open_and_add(struct opening *opening)
{
	int fd = mpshm_i_file_open(opening->name, (opening->flags & MPSHM_CREATE) != 0);
	if (fd < 0)
		return fd;
	opening->segment = NULL;
	int ret = open_file(opening, fd);
	bool made = (ret == MPSHM_ATTACHED || ret == MPSHM_CREATED) && opening->segment->fd == fd;
	if (made && is_alone(opening, fd)) {
		mpshm_i_participant_leave(opening->segment);
		mpshm_i_attachment_discard(opening->segment);
		made = false;
		ret = FILE_AGAIN;
	}
	mpshm_i_file_let_go(fd);
	if (made)
		mpshm_i_registry_add(opening->segment);
	else
		(void) close(fd);
	return ret;
}

static int attempt(struct opening *opening)
{
	int ret = mpshm_i_registry_lock();
	if (ret < 0)
		return mpshm_i_fail(-ret, "segment %s: this process can't attach anything: %s",
		                    opening->name, strerror(-ret));
	ret = open_and_add(opening);
	mpshm_i_registry_unlock();
	return ret;
}

static int begin(struct opening *opening, const struct mpshm_segment_options *options)
{
	if (!mpshm_i_name_valid(opening->name))
		return mpshm_i_fail(EINVAL, "segment: not a name (1 to %d of A-Za-z0-9._-)",
		                    MPSHM_NAME_MAX);
	if ((opening->flags & ~FLAGS) != 0)
		return mpshm_i_fail(EINVAL, "segment %s: unknown flags 0x%x", opening->name,
		                    opening->flags & ~FLAGS);
	if ((opening->flags & MPSHM_EXCLUSIVE) && !(opening->flags & MPSHM_CREATE))
		return mpshm_i_fail(EINVAL, "segment %s: MPSHM_EXCLUSIVE goes with MPSHM_CREATE",
		                    opening->name);
	return opening->flags & MPSHM_CREATE
	               ? mpshm_i_segment_plan(&opening->plan, opening->name, options)
	               : 0;
}

int mpshm_segment_open(struct mpshm_segment **ret_segment, const char *name, unsigned flags,
                       const struct mpshm_segment_options *options)
{
	NO_CANCEL;
	KEEP_ERRNO;
	struct opening opening = {.name = name, .flags = flags};

	if (!ret_segment)
		return mpshm_i_fail(EINVAL, "segment: nowhere to put the handle");
	int ret = begin(&opening, options);
	if (ret < 0)
		return ret;
	while ((ret = attempt(&opening)) == FILE_AGAIN)
		mpshm_i_clock_nap(FILE_NAP_NS);
	if (ret < 0)
		return ret;

	/* Does nothing but for a handle that a forked child has inherited. */
	int registered = mpshm_i_segment_register(opening.segment);
	if (registered < 0) {
		(void) mpshm_segment_close(opening.segment);
		return registered;
	}
	mpshm_i_attachment_prepare(opening.segment, opening.segment->base,
	                           opening.segment->heap_at);
	if (ret == MPSHM_ATTACHED)
		(void) mpshm_i_recover(opening.segment);
	*ret_segment = opening.segment;
	return ret;
}
