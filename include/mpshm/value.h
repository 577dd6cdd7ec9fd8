/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * value: one 64-bit integer that processes share, raised and exchanged atomically.
 *
 * Wait-free on x86-64 and on ARMv8.1; any thread and any signal handler may
 * call anything.  Every operation is sequentially consistent with every other of
 * the same value, and releases what was written before it to whoever reads the
 * result.  Integers wrap.  A crash leaves the value as it was before or after.
 *
 * A forked child that uses an inherited handle calls mpshm_thread_attach() first,
 * which tells whether the value is still there.
 */
#ifndef MPSHM_VALUE_H
#define MPSHM_VALUE_H

#include <mpshm/base.h>

MPSHM_BEGIN_DECLS

struct mpshm_value;

struct mpshm_value_options {
	int64_t initial;      /* of a value that this call creates */
	uint32_t reserved[6]; /* zero */
};

/*
 * Open the value `name`.  flags: MPSHM_CREATE, MPSHM_EXCLUSIVE.  Returns
 * MPSHM_CREATED or MPSHM_ATTACHED, or -EINVAL, -ENOENT, -EEXIST, -ENOTTY, -ENOSPC,
 * -EBADMSG, -EPROTO as mpshm_spsc_open().
 */
int mpshm_value_open(struct mpshm_value **ret_value, struct mpshm_segment *segment,
                     const char *name, unsigned flags, const struct mpshm_value_options *options);
int mpshm_value_close(struct mpshm_value *value);

int64_t mpshm_value_load(const struct mpshm_value *value);
void mpshm_value_store(struct mpshm_value *value, int64_t desired);

/* Add, or put in its place; return what it was before. */
int64_t mpshm_value_add(struct mpshm_value *value, int64_t addend);
int64_t mpshm_value_exchange(struct mpshm_value *value, int64_t desired);

/*
 * Where the value is *expected, make it `desired` and return 1; else store what
 * it is in *expected and return 0.
 */
int mpshm_value_compare_exchange(struct mpshm_value *value, int64_t *expected, int64_t desired);

/*
 * The shared integer itself, for plain loads and stores or the caller's own
 * atomics, until the close.  `(*p)++` through it loses updates: that is what the
 * contrast benchmark shows.
 */
int64_t *mpshm_value_address(struct mpshm_value *value);

MPSHM_END_DECLS
#endif
