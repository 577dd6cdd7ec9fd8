/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check: what is this file, and where do its parts lie?
 *
 * The check works on private copies of the header and of the file's length, so that no peer
 * can change a field between check and use.
 */
#ifndef MPSHM_SEGMENT_CHECK_H
#define MPSHM_SEGMENT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "layout/segment.h"
#include <mpshm/inspect.h>

/* No file is longer: it must fit a process's address space beside others. */
#define SEGMENT_BYTES_LIMIT (UINT64_C(1) << 46)

#define SEGMENT_WHY_BYTES 160

struct segment_geometry {
	uint64_t bytes;
	uint64_t participants_at;
	uint64_t cells_at;
	uint64_t directory_at;
	uint64_t heap_at;
	uint32_t participants_max;
	uint32_t threads_max;
	uint32_t directory_capacity;
	uint32_t options;
	uint8_t uuid[16];
};

/* Lay the parts out one behind the other; the counts, `heap_bytes` and all checks of
 * them are the caller's. */
void mpshm_i_segment_lay_out(struct segment_geometry *geometry, uint64_t heap_bytes);

/*
 * Judge a header, with zeros where the file of `file_bytes` is shorter.  writing:
 * for a participant, whom an unknown ro_compat feature keeps out.  OK fills
 * ret_geometry; everything else says why in words.
 */
enum mpshm_segment_state mpshm_i_segment_check(const struct segment_shm *header,
                                               uint64_t file_bytes, bool writing,
                                               struct segment_geometry *ret_geometry,
                                               char why[SEGMENT_WHY_BYTES]);

/*
 * The file's header and length, by read calls: no mapping, so a truncated file can't
 * hurt.  0 or a negative errno.
 */
int mpshm_i_segment_read_header(int fd, struct segment_shm *ret_header, uint64_t *ret_bytes);

/* The errno, positive, that a state means to who wants to attach; OK: 0. */
int mpshm_i_segment_state_error(enum mpshm_segment_state state);

#endif
