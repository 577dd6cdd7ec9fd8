/* SPDX-License-Identifier: BSD-2-Clause */
/* Creation: many at once, cut off half-way, refused; and files that are no segments. */
#include "suites.h"

#include "able.h"
#include "processes.h"
#include "skip.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include <mpshm.h>

#include "layout/segment.h"
#include "platform/atomic.h"
#include "platform/liveness.h"
#include "platform/shm.h"
#include "segment/check.h"
#include "segment/segment.h"

#define CREATORS 16

static char name[64];
static char path[SHM_PATH_MAX];
static const struct mpshm_segment_options small = {
	.size_bytes = UINT64_C(1) << 20,
	.directory_capacity = 8,
	.participants_max = 64,
	.threads_max = 64,
};

static struct shared {
	atomic32 go;
	atomic32 created;
	atomic32 failed;
	atomic32 unlinked;
	atomic64 inode;
	atomic32 other_uuid;
	uint8_t uuid[CREATORS][16];
} * shared;

static void set_up(void)
{
	snprintf(name, sizeof name, "test-creation-%d", (int) getpid());
	mpshm_i_shm_path(name, path);
	(void) unlink(path);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
	              0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
}

static void tear_down(void)
{
	(void) munmap(shared, sizeof *shared);
	(void) unlink(path);
}

static int open_now(unsigned flags)
{
	struct mpshm_segment *segment;
	int ret = mpshm_segment_open(&segment, name, flags, &small);
	if (ret >= 0)
		ck_assert_int_eq(mpshm_segment_close(segment), 0);
	return ret;
}

static void race(void *number)
{
	struct mpshm_segment *segment;

	while (atomic32_load_acquire(&shared->go) == 0)
		sched_yield();
	int ret = mpshm_segment_open(&segment, name, MPSHM_CREATE, &small);
	if (ret < 0) {
		(void) atomic32_fetch_add(&shared->failed, 1);
		return;
	}
	if (ret == MPSHM_CREATED)
		(void) atomic32_fetch_add(&shared->created, 1);
	mpshm_segment_uuid(segment, shared->uuid[*(int *) number]);
	CHILD_ASSERT(mpshm_segment_close(segment) == 0);
}

START_TEST(creation_by_sixteen_at_once_happens_exactly_once)
{
	for (int round = 0; round < 20; round++) {
		pid_t children[CREATORS];

		memset(shared, 0, sizeof *shared);
		for (int i = 0; i < CREATORS; i++)
			children[i] = child_start(race, &i);
		atomic32_store_release(&shared->go, 1);
		for (int i = 0; i < CREATORS; i++)
			ck_assert_int_eq(child_wait(children[i]), 0);
		ck_assert_uint_eq(atomic32_load_acquire(&shared->failed), 0);
		ck_assert_uint_eq(atomic32_load_acquire(&shared->created), 1);
		for (int i = 1; i < CREATORS; i++)
			ck_assert_mem_eq(shared->uuid[i], shared->uuid[0], 16);
		ck_assert_int_eq(mpshm_segment_unlink(name), 0);
	}
}
END_TEST

static void create_for_ever(void *unused)
{
	(void) unused;
	struct mpshm_segment *segment;
	for (;;) {
		(void) mpshm_segment_unlink(name);
		atomic32_store_release(&shared->go, 1);
		if (mpshm_segment_open(&segment, name, MPSHM_CREATE, &small) == MPSHM_CREATED)
			(void) mpshm_segment_close(segment);
	}
}

START_TEST(creation_cut_off_at_any_moment_is_taken_over)
{
	srandom((unsigned) getpid());
	for (int i = 0; i < 300; i++) {
		atomic32_store_release(&shared->go, 0);
		pid_t child = child_start(create_for_ever, NULL);
		while (atomic32_load_acquire(&shared->go) == 0)
			sched_yield();
		const struct timespec nap = {.tv_nsec = random() % 400000};
		nanosleep(&nap, NULL);
		child_kill(child);
		int ret = open_now(MPSHM_CREATE);
		ck_assert_msg(ret == MPSHM_CREATED || ret == MPSHM_ATTACHED, "%d: %s", ret,
		              mpshm_error_detail());
		ck_assert_int_eq(open_now(0), MPSHM_ATTACHED);
	}
}
END_TEST

/* As far as one can get without being done: the lock, the length, half a header. */
static void create_half(void *gate)
{
	int fd = mpshm_i_shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
	CHILD_ASSERT(fd >= 0);
	CHILD_ASSERT(mpshm_i_shm_lock(fd, LIVENESS_BYTE_CREATE, F_WRLCK, true) == 0);
	CHILD_ASSERT(mpshm_i_shm_set_bytes(fd, 1 << 20) == 0);
	CHILD_ASSERT(pwrite(fd, SEGMENT_MAGIC, 8, 0) == 8);
	child_says_ready(gate);
	child_stays();
}

static void open_without_create(void *unused)
{
	struct mpshm_segment *segment;
	(void) unused;
	atomic32_store_release(&shared->go, 1);
	CHILD_ASSERT(mpshm_segment_open(&segment, name, 0, NULL) == -ENOENT);
}

START_TEST(creation_half_done_is_waited_for_and_told_as_enoent_once_its_creator_is_dead)
{
	struct child_gate gate;
	int status;

	ck_assert_int_eq(pipe(gate.ends), 0);
	pid_t creator = child_start(create_half, &gate);
	child_awaited(&gate);
	pid_t opener = child_start(open_without_create, NULL);
	while (atomic32_load_acquire(&shared->go) == 0)
		sched_yield();
	usleep(50000);
	ck_assert_int_eq(waitpid(opener, &status, WNOHANG), 0); /* it waits */
	child_kill(creator);
	ck_assert_int_eq(child_wait(opener), 0);
	ck_assert_int_eq(open_now(MPSHM_CREATE | MPSHM_EXCLUSIVE), MPSHM_CREATED);
}
END_TEST

static void unlink_in_turn(void *unused)
{
	(void) unused;
	for (uint32_t i = 0; i < 300; i++) {
		struct mpshm_segment *segment;
		int ret = mpshm_segment_open(&segment, name, MPSHM_CREATE, &small);
		CHILD_ASSERT(ret == MPSHM_CREATED || ret == MPSHM_ATTACHED);
		CHILD_ASSERT(mpshm_segment_unlink(name) == 0);
		mpshm_segment_uuid(segment, shared->uuid[i % CREATORS]);
		atomic32_store_release(&shared->unlinked, i + 1);
		CHILD_ASSERT(mpshm_segment_close(segment) == 0);
	}
	atomic32_store_release(&shared->go, 1);
}

/* Who begins to open when the unlink is over does not get what it unlinked. */
static void attach_in_turn(void *unused)
{
	(void) unused;
	while (atomic32_load_acquire(&shared->go) == 0) {
		struct mpshm_segment *segment;
		uint8_t gone[16], got[16];
		uint32_t unlinked = atomic32_load_acquire(&shared->unlinked);
		memcpy(gone, shared->uuid[(unlinked + CREATORS - 1) % CREATORS], sizeof gone);
		bool whole = atomic32_load_acquire(&shared->unlinked) - unlinked < CREATORS - 1;
		int ret = mpshm_segment_open(&segment, name, MPSHM_CREATE, &small);
		CHILD_ASSERT(ret == MPSHM_CREATED || ret == MPSHM_ATTACHED);
		mpshm_segment_uuid(segment, got);
		CHILD_ASSERT(!whole || memcmp(gone, got, sizeof gone) != 0);
		CHILD_ASSERT(mpshm_segment_close(segment) == 0);
	}
}

START_TEST(creation_and_unlink_at_once_let_nobody_attach_to_what_is_gone)
{
	pid_t openers[3];

	for (int i = 0; i < 3; i++)
		openers[i] = child_start(attach_in_turn, NULL);
	ck_assert_int_eq(child_run(unlink_in_turn, NULL), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(child_wait(openers[i]), 0);
}
END_TEST

/* Each attaches and unlinks as it likes; every second one without MPSHM_CREATE. */
static void come_and_unlink(void *number)
{
	unsigned seed = (unsigned) getpid();
	bool creates = *(int *) number % 2 == 0;

	while (atomic32_load_acquire(&shared->go) == 0) {
		struct mpshm_segment *segment;
		int ret = mpshm_segment_open(&segment, name, creates ? MPSHM_CREATE : 0, &small);
		if (ret == MPSHM_CREATED)
			(void) atomic32_fetch_add(&shared->created, 1);
		CHILD_ASSERT(ret >= 0 || (ret == -ENOENT && !creates));
		if (ret >= 0)
			CHILD_ASSERT(mpshm_segment_recover(segment) >= 0);
		if (rand_r(&seed) % 3 == 0) {
			int unlinked = mpshm_segment_unlink(name);
			CHILD_ASSERT(unlinked == 0 || unlinked == -ENOENT);
			if (unlinked == 0)
				(void) atomic32_fetch_add(&shared->unlinked, 1);
		}
		if (ret >= 0)
			CHILD_ASSERT(mpshm_segment_close(segment) == 0);
	}
}

/*
 * A name is created again only after an unlink of it that said so: two that are there at
 * once would show as a creation too many.
 */
START_TEST(creation_and_unlink_by_six_at_once_make_one_segment_at_a_time)
{
	pid_t children[6];

	for (int i = 0; i < 6; i++)
		children[i] = child_start(come_and_unlink, &i);
	while (atomic32_load_acquire(&shared->created) < 1000)
		usleep(1000); /* the test's timeout is the bound */
	atomic32_store_release(&shared->go, 1);
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(child_wait(children[i]), 0);
	ck_assert_uint_le(atomic32_load_acquire(&shared->created),
	                  atomic32_load_acquire(&shared->unlinked) + 1);
	if (open_now(0) == MPSHM_ATTACHED)
		ck_assert_int_eq(mpshm_segment_unlink(name), 0);
}
END_TEST

static void stop_while_attaching(void *gate)
{
	int fd = mpshm_i_shm_open(name, O_RDWR, 0);
	CHILD_ASSERT(fd >= 0);
	CHILD_ASSERT(mpshm_i_shm_lock(fd, LIVENESS_BYTE_ATTACH, F_RDLCK, false) == 0);
	child_says_ready(gate);
	child_stays();
}

START_TEST(creation_anew_and_unlink_go_on_while_somebody_is_stopped_in_attaching)
{
	struct child_gate gate;

	ck_assert_int_eq(open_now(MPSHM_CREATE), MPSHM_CREATED);
	ck_assert_int_eq(pipe(gate.ends), 0);
	pid_t child = child_start(stop_while_attaching, &gate);
	child_awaited(&gate);
	ck_assert_int_eq(open_now(0), MPSHM_ATTACHED);
	ck_assert_int_eq(mpshm_segment_unlink(name), 0);
	ck_assert_int_eq(open_now(0), -ENOENT);
	ck_assert_int_eq(open_now(MPSHM_CREATE), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_segment_unlink(name), 0);
	child_kill(child);
}
END_TEST

static void attach_for_ever(void *unused)
{
	(void) unused;
	for (;;) {
		struct mpshm_segment *segment;
		struct stat file;
		CHILD_ASSERT(mpshm_segment_open(&segment, name, MPSHM_CREATE, &small) >= 0);
		CHILD_ASSERT(fstat(segment->fd, &file) == 0);
		atomic64_store_release(&shared->inode, file.st_ino);
		(void) atomic32_fetch_add(&shared->go, 1);
		CHILD_ASSERT(mpshm_segment_close(segment) == 0);
	}
}

START_TEST(creation_by_one_stopped_anywhere_while_others_unlink_is_of_what_is_there)
{
	pid_t child = child_start(attach_for_ever, NULL);
	struct stat file;

	for (int i = 0; i < 12; i++) {
		while (atomic32_load_acquire(&shared->go) == 0)
			sched_yield();
		ck_assert_int_eq(kill(child, SIGSTOP), 0);
		int ret = mpshm_segment_unlink(name);
		ck_assert(ret == 0 || ret == -ENOENT);
		ck_assert_int_ge(open_now(MPSHM_CREATE), 0);
		ck_assert_int_eq(stat(path, &file), 0);
		ck_assert_int_eq(kill(child, SIGCONT), 0);
		/* What it was at counts once: the next but one began behind the unlink. */
		atomic32_store_release(&shared->go, 0);
		while (atomic32_load_acquire(&shared->go) < 3)
			sched_yield();
		ck_assert_uint_eq(atomic64_load_acquire(&shared->inode), file.st_ino);
	}
	child_kill(child);
}
END_TEST

START_TEST(creation_gives_exactly_the_mode_and_the_group_asked_for)
{
	struct mpshm_segment_options options = small;
	struct mpshm_segment *segment;
	struct stat file;
	char group[16];
	bool root = geteuid() == 0;

	snprintf(group, sizeof group, "%u", root ? 12345u : (unsigned) getegid());
	options.mode = 0666;
	options.group = group;
	mode_t before = umask(0077);
	ck_assert_int_eq(mpshm_segment_open(&segment, name, MPSHM_CREATE, &options), MPSHM_CREATED);
	umask(before);
	ck_assert_int_eq(stat(path, &file), 0);
	ck_assert_int_eq(file.st_mode & 07777, 0666);
	ck_assert_uint_eq(file.st_gid, root ? 12345u : getegid());
	ck_assert_int_eq(mpshm_segment_close(segment), 0);
	ck_assert_int_eq(mpshm_segment_unlink(name), 0);

	options.group = root ? "root" : NULL;
	ck_assert_int_eq(mpshm_segment_open(&segment, name, MPSHM_CREATE, &options), MPSHM_CREATED);
	ck_assert_int_eq(mpshm_segment_close(segment), 0);
}
END_TEST

static void create_for_a_foreign_group(void *unused)
{
	struct mpshm_segment_options options = small;
	struct mpshm_segment *segment;
	(void) unused;
	options.group = "12345";
	CHILD_ASSERT(setgid(65534) == 0 && setuid(65534) == 0);
	CHILD_ASSERT(mpshm_segment_open(&segment, name, MPSHM_CREATE, &options) == -EACCES);
	CHILD_ASSERT(access(path, F_OK) < 0);
}

static void open_as_nobody(void *expected)
{
	struct mpshm_segment *segment;
	struct mpshm_segment_options options = small;

	CHILD_ASSERT(setgid(65534) == 0 && setuid(65534) == 0);
	CHILD_ASSERT(mpshm_segment_open(&segment, name, MPSHM_CREATE, &options) ==
	             *(int *) expected);
	CHILD_ASSERT(mpshm_segment_unlink(name) == -EACCES);
}

START_TEST(creation_in_a_file_of_another_user_is_refused_and_leaves_it_alone)
{
	int expected = -EACCES;
	struct stat file;

	SKIP_UNLESS(geteuid() == 0, "not root: takes two users");
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(child_run(open_as_nobody, &expected), 0); /* by its mode */
	ck_assert_int_eq(fchmod(fd, 0666), 0);
	ck_assert_int_eq(child_run(open_as_nobody, &expected), 0); /* by its owner */
	ck_assert_int_eq(fstat(fd, &file), 0);
	ck_assert_int_eq(file.st_size, 0);
	ck_assert_uint_eq(file.st_nlink, 1);
	close(fd);
}
END_TEST

static void create_beyond_file_size(void *unused)
{
	struct mpshm_segment *segment;
	const struct rlimit limit = {.rlim_cur = 65536, .rlim_max = 65536};
	(void) unused;
	CHILD_ASSERT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHILD_ASSERT(mpshm_segment_open(&segment, name, MPSHM_CREATE, &small) == -ENOSPC);
	CHILD_ASSERT(access(path, F_OK) < 0);
}

static void create_without_address_space(void *unused)
{
	struct mpshm_segment_options options = small;
	struct mpshm_segment *segment;
	const struct rlimit limit = {.rlim_cur = 1 << 30, .rlim_max = 1 << 30};
	(void) unused;
	options.size_bytes = UINT64_C(1) << 36;
	CHILD_ASSERT(setrlimit(RLIMIT_AS, &limit) == 0);
	CHILD_ASSERT(mpshm_segment_open(&segment, name, MPSHM_CREATE, &options) == -ENOMEM);
	CHILD_ASSERT(access(path, F_OK) < 0);
}

static void create_without_descriptors(void *unused)
{
	struct mpshm_segment *segment;
	struct rlimit limit;
	(void) unused;
	CHILD_ASSERT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	limit.rlim_cur = 3;
	CHILD_ASSERT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	CHILD_ASSERT(mpshm_segment_open(&segment, name, MPSHM_CREATE, &small) == -EMFILE);
	CHILD_ASSERT(access(path, F_OK) < 0);
}

#define NO_NAMESPACE 77

static void create_on_a_full_disk(void *unused)
{
	struct mpshm_segment *segment;
	(void) unused;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", SHM_DIRECTORY, "tmpfs", 0, "size=16k") < 0)
		_exit(NO_NAMESPACE);
	CHILD_ASSERT(mpshm_segment_open(&segment, name, MPSHM_CREATE, &small) == -ENOSPC);
	CHILD_ASSERT(access(path, F_OK) < 0);
	CHILD_ASSERT(umount(SHM_DIRECTORY) == 0);
}

START_TEST(creation_that_fails_says_why_and_leaves_nothing)
{
	ck_assert_int_eq(child_run(create_beyond_file_size, NULL), 0);
	if (able_to_limit_address_space())
		ck_assert_int_eq(child_run(create_without_address_space, NULL), 0);
	else
		SKIP_PART("no RLIMIT_AS");
	if (able_to_limit_descriptors())
		ck_assert_int_eq(child_run(create_without_descriptors, NULL), 0);
	else
		SKIP_PART("RLIMIT_NOFILE comes too late");
	if (geteuid() == 0)
		ck_assert_int_eq(child_run(create_for_a_foreign_group, NULL), 0);
	else
		SKIP_PART("not root: takes two users");
	int ret = child_run(create_on_a_full_disk, NULL);
	if (ret == NO_NAMESPACE)
		SKIP_PART("no mount namespace");
	else
		ck_assert_int_eq(ret, 0);
}
END_TEST

static int edit(size_t at, const void *bytes, size_t count)
{
	int fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, count, (off_t) at), (int) count);
	close(fd);
	return open_now(MPSHM_CREATE);
}

#define EDIT(field, type, value) \
	edit(offsetof(struct segment_shm, field), &(type){value}, sizeof(type))

START_TEST(creation_by_another_layout_version_is_refused_in_words_and_not_touched)
{
	ck_assert_int_eq(open_now(MPSHM_CREATE), MPSHM_CREATED);
	ck_assert_int_eq(EDIT(layout_major, uint32_t, 7), -EPROTO);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "7.0"));
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "1.0"));
	ck_assert_int_eq(EDIT(layout_major, uint32_t, SEGMENT_LAYOUT_MAJOR), MPSHM_ATTACHED);
	ck_assert_int_eq(EDIT(layout_minor, uint32_t, 9), MPSHM_ATTACHED);
	ck_assert_int_eq(EDIT(features_compat, uint64_t, 1), MPSHM_ATTACHED);
	ck_assert_int_eq(EDIT(features_incompat, uint64_t, 4), -EPROTO);
	ck_assert_int_eq(EDIT(features_incompat, uint64_t, 0), MPSHM_ATTACHED);
	ck_assert_int_eq(EDIT(features_ro_compat, uint64_t, 2), -EPROTO);
	ck_assert_int_eq(EDIT(features_ro_compat, uint64_t, 0), MPSHM_ATTACHED);
	ck_assert_int_eq(EDIT(word_bytes, uint16_t, 4), -EPROTO);
	ck_assert_int_eq(EDIT(word_bytes, uint16_t, sizeof(void *)), MPSHM_ATTACHED);
	ck_assert_int_eq(EDIT(byte_order, uint32_t, 0x04030201), -EPROTO);
}
END_TEST

START_TEST(creation_does_not_touch_a_damaged_segment)
{
	static const struct {
		size_t at;
		size_t count;
		uint64_t value;
	} damages[] = {
		{offsetof(struct segment_shm, ready), 4, 5},
		{offsetof(struct segment_shm, magic), 8, 0},
		{offsetof(struct segment_shm, byte_order), 4, 3},
		{offsetof(struct segment_shm, header_bytes), 4, 8192},
		{offsetof(struct segment_shm, page_bytes), 4, 0},
		{offsetof(struct segment_shm, segment_bytes), 8, UINT64_MAX},
		{offsetof(struct segment_shm, segment_bytes), 8, 0},
		{offsetof(struct segment_shm, participants_max), 4, 0},
		{offsetof(struct segment_shm, participants_max), 4, 1025},
		{offsetof(struct segment_shm, threads_max), 4, UINT32_MAX},
		{offsetof(struct segment_shm, directory_capacity), 4, 0},
		{offsetof(struct segment_shm, participants_at), 8, 0},
		{offsetof(struct segment_shm, participants_at), 8, UINT64_MAX - 4095},
		{offsetof(struct segment_shm, cells_at), 8, UINT64_MAX - 8191},
		{offsetof(struct segment_shm, cells_at), 8, 4097},
		{offsetof(struct segment_shm, directory_at), 8, UINT64_C(1) << 63},
		{offsetof(struct segment_shm, heap_at), 8, 4096},
		{offsetof(struct segment_shm, heap_at), 8, UINT64_C(1) << 40},
	};

	for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
		struct segment_shm before, after;
		uint64_t bytes;

		ck_assert_int_eq(open_now(MPSHM_CREATE), MPSHM_CREATED);
		int ret = edit(damages[i].at, &damages[i].value, damages[i].count);
		ck_assert_msg(ret == -EBADMSG, "damage %zu: %d", i, ret);
		int fd = open(path, O_RDWR);
		ck_assert_int_eq(mpshm_i_segment_read_header(fd, &before, &bytes), 0);
		ck_assert_int_eq(open_now(MPSHM_CREATE), -EBADMSG);
		ck_assert_int_eq(mpshm_i_segment_read_header(fd, &after, &bytes), 0);
		ck_assert_mem_eq(&before, &after, sizeof before);
		close(fd);
		ck_assert_int_eq(mpshm_segment_unlink(name), 0);
	}
}
END_TEST

START_TEST(creation_does_not_touch_what_is_truncated_or_no_segment)
{
	char now[16] = "";

	ck_assert_int_eq(open_now(MPSHM_CREATE), MPSHM_CREATED);
	ck_assert_int_eq(truncate(path, 500000 / 4096 * 4096), 0);
	ck_assert_int_eq(open_now(MPSHM_CREATE), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(mpshm_error_detail(), "truncated"));
	ck_assert_int_eq(truncate(path, 100), 0);
	ck_assert_int_eq(open_now(MPSHM_CREATE), -EBADMSG);
	ck_assert_int_eq(unlink(path), 0);

	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	ck_assert_int_eq(write(fd, "dear diary", 10), 10);
	ck_assert_int_eq(open_now(MPSHM_CREATE), -EBADMSG);
	ck_assert_int_eq(ftruncate(fd, 1 << 20), 0);
	ck_assert_int_eq(open_now(MPSHM_CREATE), -EBADMSG);
	ck_assert_int_eq(pread(fd, now, 10, 0), 10);
	ck_assert_str_eq(now, "dear diary");
	close(fd);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(open_now(MPSHM_CREATE), -EBADMSG);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

Suite *suite_creation(void)
{
	Suite *suite = suite_create("creation");
	TCase *tcase = tcase_create("creation");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, creation_by_sixteen_at_once_happens_exactly_once);
	tcase_add_test(tcase, creation_cut_off_at_any_moment_is_taken_over);
	tcase_add_test(
		tcase,
		creation_half_done_is_waited_for_and_told_as_enoent_once_its_creator_is_dead);
	tcase_add_test(tcase, creation_and_unlink_at_once_let_nobody_attach_to_what_is_gone);
	tcase_add_test(tcase, creation_and_unlink_by_six_at_once_make_one_segment_at_a_time);
	tcase_add_test(tcase,
	               creation_anew_and_unlink_go_on_while_somebody_is_stopped_in_attaching);
	tcase_add_test(tcase,
	               creation_by_one_stopped_anywhere_while_others_unlink_is_of_what_is_there);
	tcase_add_test(tcase, creation_gives_exactly_the_mode_and_the_group_asked_for);
	tcase_add_test(tcase, creation_in_a_file_of_another_user_is_refused_and_leaves_it_alone);
	tcase_add_test(tcase, creation_that_fails_says_why_and_leaves_nothing);
	tcase_add_test(tcase,
	               creation_by_another_layout_version_is_refused_in_words_and_not_touched);
	tcase_add_test(tcase, creation_does_not_touch_a_damaged_segment);
	tcase_add_test(tcase, creation_does_not_touch_what_is_truncated_or_no_segment);
	suite_add_tcase(suite, tcase);
	return suite;
}
