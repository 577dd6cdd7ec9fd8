/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SWAPPED_BYTE_ORDER UINT32_C(0x04030201)

static_assert(sizeof SEGMENT_MAGIC == 9, "eight bytes and the NUL");

static uint64_t round_up_to_page(uint64_t bytes)
{
	return (bytes + LAYOUT_PAGE - 1) & ~(uint64_t) (LAYOUT_PAGE - 1);
}

static uint64_t participants_bytes(uint32_t count)
{
	return (uint64_t) count * sizeof(struct participant_shm);
}

static uint64_t cells_bytes(uint32_t count)
{
	return (uint64_t) count * sizeof(struct cell_shm);
}

static uint64_t directory_bytes(uint32_t count)
{
	return (uint64_t) count * sizeof(struct entry_shm);
}

void mpshm_i_segment_lay_out(struct segment_geometry *geometry, uint64_t heap_bytes)
{
	struct segment_geometry *g = geometry;

	g->participants_at = sizeof(struct segment_shm);
	g->cells_at =
		round_up_to_page(g->participants_at + participants_bytes(g->participants_max));
	g->directory_at = round_up_to_page(g->cells_at + cells_bytes(g->threads_max));
	g->heap_at = round_up_to_page(g->directory_at + directory_bytes(g->directory_capacity));
	g->bytes = g->heap_at + round_up_to_page(heap_bytes);
}

static enum mpshm_segment_state say(enum mpshm_segment_state state, char *why, const char *text)
{
	(void) snprintf(why, SEGMENT_WHY_BYTES, "%s", text);
	return state;
}

/*
 * Where nothing is said of the layout yet: a creator is at work, or died at it.  What a
 * creator writes first is the length of the whole file, then the magic: a short file,
 * or one that starts with anything else, was not begun by us.
 */
static bool is_being_created(const struct segment_shm *h, uint64_t file_bytes)
{
	static const char no_magic[sizeof h->magic];

	if (file_bytes == 0)
		return true;
	if (file_bytes < sizeof *h || atomic32_load_relaxed(&h->ready) != 0)
		return false; /* relaxed: a private copy */
	if (memcmp(h->magic, no_magic, sizeof no_magic) == 0)
		return true;
	return memcmp(h->magic, SEGMENT_MAGIC, sizeof h->magic) == 0 &&
	       (h->layout_major == 0 || h->layout_major == SEGMENT_LAYOUT_MAJOR);
}

/* May this library, on this machine, read the layout at all? */
static enum mpshm_segment_state check_layout(const struct segment_shm *h, bool writing, char *why)
{
	if (h->byte_order == SWAPPED_BYTE_ORDER)
		return say(MPSHM_SEGMENT_FOREIGN, why, "made on a machine of the other byte order");
	if (h->layout_major != SEGMENT_LAYOUT_MAJOR) {
		(void) snprintf(why, SEGMENT_WHY_BYTES,
		                "its layout is version %" PRIu32 ".%" PRIu32
		                ", this library reads version %u (%u.%u)",
		                h->layout_major, h->layout_minor, SEGMENT_LAYOUT_MAJOR,
		                SEGMENT_LAYOUT_MAJOR, SEGMENT_LAYOUT_MINOR);
		return MPSHM_SEGMENT_FOREIGN;
	}
	if (h->byte_order != SEGMENT_BYTE_ORDER)
		return say(MPSHM_SEGMENT_CORRUPT, why, "its byte-order mark is damaged");
	if (h->word_bytes != sizeof(void *) || h->line_bytes != LAYOUT_LINE) {
		(void) snprintf(
			why, SEGMENT_WHY_BYTES,
			"made for words of %u and lines of %u bytes, here they are %zu and %u",
			h->word_bytes, h->line_bytes, sizeof(void *), LAYOUT_LINE);
		return MPSHM_SEGMENT_FOREIGN;
	}
	uint64_t unknown = h->features_incompat & ~SEGMENT_FEATURES_INCOMPAT;
	if (writing)
		unknown |= h->features_ro_compat & ~SEGMENT_FEATURES_RO_COMPAT;
	if (unknown != 0) {
		(void) snprintf(why, SEGMENT_WHY_BYTES,
		                "its layout %" PRIu32 ".%" PRIu32 " needs features 0x%" PRIx64
		                " that this library (layout %u.%u) lacks",
		                h->layout_major, h->layout_minor, unknown, SEGMENT_LAYOUT_MAJOR,
		                SEGMENT_LAYOUT_MINOR);
		return MPSHM_SEGMENT_FOREIGN;
	}
	return MPSHM_SEGMENT_OK;
}

/* A part on a page of its own, at or behind *from and before `end`; moves *from. */
static bool part_fits(uint64_t at, uint64_t bytes, uint64_t *from, uint64_t end)
{
	if (at % LAYOUT_PAGE != 0 || at < *from)
		return false;
	if (bytes > end || at > end - bytes)
		return false;
	*from = at + bytes;
	return true;
}

static const char *check_parts(const struct segment_geometry *g)
{
	uint64_t from = sizeof(struct segment_shm);

	if (g->bytes > SEGMENT_BYTES_LIMIT || g->bytes % LAYOUT_PAGE != 0)
		return "its size is out of range";
	if (g->participants_max < 1 || g->participants_max > PARTICIPANTS_LIMIT)
		return "its number of participants is out of range";
	if (g->threads_max < 1 || g->threads_max > THREADS_LIMIT)
		return "its number of threads is out of range";
	if (g->directory_capacity < 1 || g->directory_capacity > DIRECTORY_LIMIT)
		return "its number of objects is out of range";
	if (!part_fits(g->participants_at, participants_bytes(g->participants_max), &from,
	               g->bytes))
		return "its participants lie out of place";
	if (!part_fits(g->cells_at, cells_bytes(g->threads_max), &from, g->bytes))
		return "its cells lie out of place";
	if (!part_fits(g->directory_at, directory_bytes(g->directory_capacity), &from, g->bytes))
		return "its directory lies out of place";
	if (!part_fits(g->heap_at, 0, &from, g->bytes))
		return "its heap lies out of place";
	return NULL;
}

static void take_geometry(const struct segment_shm *h, struct segment_geometry *g)
{
	g->bytes = h->segment_bytes;
	g->participants_at = h->participants_at;
	g->cells_at = h->cells_at;
	g->directory_at = h->directory_at;
	g->heap_at = h->heap_at;
	g->participants_max = h->participants_max;
	g->threads_max = h->threads_max;
	g->directory_capacity = h->directory_capacity;
	g->options = h->options;
	memcpy(g->uuid, h->uuid, sizeof g->uuid);
}

enum mpshm_segment_state mpshm_i_segment_check(const struct segment_shm *header,
                                               uint64_t file_bytes, bool writing,
                                               struct segment_geometry *ret_geometry,
                                               char why[SEGMENT_WHY_BYTES])
{
	static const char no_magic[sizeof header->magic];
	struct segment_geometry g;

	if (is_being_created(header, file_bytes))
		return say(MPSHM_SEGMENT_CREATING, why, "it is being created");
	if (memcmp(header->magic, SEGMENT_MAGIC, sizeof header->magic) != 0) {
		bool was_ours = file_bytes >= sizeof *header &&
		                memcmp(header->magic, no_magic, sizeof no_magic) == 0;
		return was_ours ? say(MPSHM_SEGMENT_CORRUPT, why, "its magic number is wiped out")
		                : say(MPSHM_SEGMENT_OTHER, why, "not a segment");
	}
	if (file_bytes < sizeof *header)
		return say(MPSHM_SEGMENT_TRUNCATED, why, "truncated within its header");

	enum mpshm_segment_state state = check_layout(header, writing, why);
	if (state != MPSHM_SEGMENT_OK)
		return state;
	if (atomic32_load_relaxed(&header->ready) != SEGMENT_READY) /* relaxed: a private copy */
		return say(MPSHM_SEGMENT_CORRUPT, why, "its ready mark is damaged");
	if (header->header_bytes != sizeof *header || header->page_bytes != LAYOUT_PAGE)
		return say(MPSHM_SEGMENT_CORRUPT, why, "its header or page size is damaged");

	take_geometry(header, &g);
	const char *fault = check_parts(&g);
	if (fault)
		return say(MPSHM_SEGMENT_CORRUPT, why, fault);
	if (file_bytes < g.bytes) {
		(void) snprintf(why, SEGMENT_WHY_BYTES,
		                "truncated: %" PRIu64 " of its %" PRIu64 " bytes are there",
		                file_bytes, g.bytes);
		return MPSHM_SEGMENT_TRUNCATED;
	}
	*ret_geometry = g;
	return MPSHM_SEGMENT_OK;
}

/* Read until `bytes` are there or the file ends. */
static int read_at(int fd, void *to, size_t bytes, off_t at)
{
	char *next = to;

	while (bytes > 0) {
		ssize_t got = pread(fd, next, bytes, at);
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got == 0)
			break;
		if (got > 0) {
			next += got;
			at += got;
			bytes -= (size_t) got;
		}
	}
	return 0;
}

int mpshm_i_segment_read_header(int fd, struct segment_shm *ret_header, uint64_t *ret_bytes)
{
	struct stat file;
	atomic32 ready = {0};

	memset(ret_header, 0, sizeof *ret_header);
	if (fstat(fd, &file) < 0)
		return -errno;
	*ret_bytes = (uint64_t) file.st_size;

	/* `ready` first, and by itself: a copy of the whole page may take it from after
	 * the creator's last store and another field from before its first. */
	int ret = read_at(fd, &ready, sizeof ready, offsetof(struct segment_shm, ready));
	if (ret < 0)
		return ret;
	/* [SEG-A1] pairs with [SEG-R1] in segment/create.c: the whole header is visible. */
	fence_acquire();
	ret = read_at(fd, ret_header, sizeof *ret_header, 0);
	ret_header->ready = ready;
	return ret;
}

int mpshm_i_segment_state_error(enum mpshm_segment_state state)
{
	switch (state) {
	case MPSHM_SEGMENT_OK:
		return 0;
	case MPSHM_SEGMENT_CREATING:
		return EAGAIN;
	case MPSHM_SEGMENT_FOREIGN:
		return EPROTO;
	case MPSHM_SEGMENT_TRUNCATED:
	case MPSHM_SEGMENT_CORRUPT:
	case MPSHM_SEGMENT_OTHER:
		break;
	}
	return EBADMSG;
}
