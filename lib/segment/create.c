/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The steps of a creation, and what a death behind each of them leaves:
 *
 *   open O_CREAT|O_EXCL    an empty file
 *   length, owner, mode    a file of zeros
 *   memory, magic, header  a header that is not ready
 *   ready                  a segment
 *
 * Before the last, the next who opens it with MPSHM_CREATE begins anew at length 0.
 * Nobody can have it mapped then but a creator, and the CREATE lock says that none lives.
 */
#include "segment/create.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/error.h"
#include "platform/shm.h"

static int fail_file(int error, const char *name, const char *what)
{
	return mpshm_i_fail(error, "segment %s: %s: %s", name, what, strerror(error));
}

/*
 * Whoever owns the file can change its mode at any time, so we create in our own
 * only: a file that somebody else has put there under the name is no place for us.
 * Root, who may, makes it its own.
 */
static int take_ownership(int fd, const char *name, const struct segment_plan *plan)
{
	struct stat file;

	if (fstat(fd, &file) < 0)
		return fail_file(errno, name, "fstat");
	if (file.st_uid != geteuid() && fchown(fd, geteuid(), (gid_t) -1) < 0)
		return mpshm_i_fail(EACCES,
		                    "segment %s: user %ju began to create it, and only that user "
		                    "may go on",
		                    name, (uintmax_t) file.st_uid);
	if (file.st_gid != plan->group && fchown(fd, (uid_t) -1, plan->group) < 0)
		return mpshm_i_fail(errno == EPERM ? EACCES : errno,
		                    "segment %s: it can't be given to group %ju: %s", name,
		                    (uintmax_t) plan->group, strerror(errno));
	/* After the group: no other may have the group's rights.  Exact: not the umask's. */
	if (fchmod(fd, plan->mode) < 0)
		return fail_file(errno, name, "fchmod");
	return 0;
}

int mpshm_i_segment_prepare_file(int fd, const char *name, const struct segment_plan *plan)
{
	uint64_t bytes = plan->geometry.bytes;

	int ret = take_ownership(fd, name, plan);
	if (ret < 0)
		return ret;
	ret = mpshm_i_shm_set_bytes(fd, 0);
	if (ret == 0)
		ret = mpshm_i_shm_set_bytes(fd, bytes);
	if (ret == -EFBIG)
		ret = -ENOSPC;
	if (ret < 0)
		return mpshm_i_fail(
			-ret, "segment %s: a file of %" PRIu64 " bytes is refused: %s", name, bytes,
			ret == -ENOSPC ? "beyond RLIMIT_FSIZE or what the file system takes"
				       : strerror(-ret));
	ret = mpshm_i_shm_reserve(fd, 0, plan->geometry.heap_at);
	if (ret < 0)
		return mpshm_i_fail(-ret, "segment %s: no room for %" PRIu64 " bytes of tables: %s",
		                    name, plan->geometry.heap_at, strerror(-ret));
	return 0;
}

int mpshm_i_segment_write_header(struct segment_shm *shm, const struct segment_plan *plan,
                                 uint8_t ret_uuid[16])
{
	const struct segment_geometry *g = &plan->geometry;

	if (getrandom(ret_uuid, 16, 0) != 16)
		return -EIO;
	ret_uuid[6] = (uint8_t) ((ret_uuid[6] & 0x0f) | 0x40); /* version 4: random */
	ret_uuid[8] = (uint8_t) ((ret_uuid[8] & 0x3f) | 0x80);

	/* Plain stores: before `ready` nobody else reads more than whether it is ours.  A
	 * death among them: see above. */
	memcpy(shm->magic, SEGMENT_MAGIC, sizeof shm->magic);
	shm->layout_major = SEGMENT_LAYOUT_MAJOR;
	shm->layout_minor = SEGMENT_LAYOUT_MINOR;
	shm->features_compat = SEGMENT_FEATURES_COMPAT;
	shm->features_ro_compat = SEGMENT_FEATURES_RO_COMPAT;
	shm->features_incompat = SEGMENT_FEATURES_INCOMPAT;
	shm->byte_order = SEGMENT_BYTE_ORDER;
	shm->word_bytes = sizeof(void *);
	shm->line_bytes = LAYOUT_LINE;
	shm->header_bytes = sizeof *shm;
	shm->page_bytes = LAYOUT_PAGE;
	shm->segment_bytes = g->bytes;
	memcpy(shm->uuid, ret_uuid, sizeof shm->uuid);
	shm->created_ns = mpshm_i_clock_wall();
	shm->creator_pid = (uint32_t) getpid();
	shm->options = g->options;
	shm->participants_max = g->participants_max;
	shm->threads_max = g->threads_max;
	shm->directory_capacity = g->directory_capacity;
	shm->participants_at = g->participants_at;
	shm->cells_at = g->cells_at;
	shm->directory_at = g->directory_at;
	shm->heap_at = g->heap_at;
	return 0;
}

void mpshm_i_segment_publish(struct segment_shm *shm)
{
	/* [SEG-R1] pairs with [SEG-A1] in segment/check.c: the header, and the creator's own
	 * registration.  The linearization point of a creation; a death behind it leaves a
	 * whole segment with one dead participant. */
	atomic32_store_release(&shm->ready, SEGMENT_READY);
}
