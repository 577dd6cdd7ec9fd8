/* SPDX-License-Identifier: BSD-2-Clause */
/* file: a segment's file, opened and locked for a moment by who attaches or unlinks. */
#ifndef MPSHM_SEGMENT_FILE_H
#define MPSHM_SEGMENT_FILE_H

#include "segment/segment.h"

/* A step that can't be done now, and may be later: let go of everything, nap, and
 * begin anew.  Waiting that way holds no lock, blocks no fork and no signal. */
#define FILE_AGAIN 2
#define FILE_NAP_NS 100000

/*
 * Open the file for reading and writing; create: an empty one where there is none.
 * A descriptor, or a negative errno with words.
 */
int mpshm_i_file_open(const char *name, bool create);

/*
 * Lock the ATTACH byte and make sure that the name stands for the file: 0,
 * FILE_AGAIN, or a negative errno with words.  type: F_RDLCK or F_WRLCK.
 */
int mpshm_i_file_hold(int fd, const char *name, short type);

/* The CREATE byte: 0, FILE_AGAIN: somebody has it, or the file was unlinked... */
int mpshm_i_file_hold_creation(int fd, const char *name);

/* Unlock all bytes; a child by a bare clone may share the open file. */
void mpshm_i_file_let_go(int fd);

/*
 * Unlink the name where it stands for the file.  Everybody who unlinks holds the UNLINK byte
 * between that look and the unlink, so that none hits a later file of the name.  0;
 * FILE_AGAIN: somebody else is at it, or it is another file's by now; a negative errno.
 */
int mpshm_i_file_unlink(int fd, const char *name);

#endif
