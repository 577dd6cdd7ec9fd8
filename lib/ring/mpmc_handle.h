/* SPDX-License-Identifier: BSD-2-Clause */
/* The public mpmc handle, and how each call on it begins. */
#ifndef MPSHM_RING_MPMC_HANDLE_H
#define MPSHM_RING_MPMC_HANDLE_H

#include "ring/mpmc.h"
#include <mpshm/mpmc.h>

struct mpshm_mpmc {
	struct object object;
	struct mpmc ring;
};

/* The calling thread's next empty frame.  0, -EUSERS, -ENOBUFS (all frames busy)... */
static inline int mpmc_begin(struct mpshm_mpmc *handle, struct frame_shm **ret_frame)
{
	struct cell_shm *cell;
	int error = thread_cell(handle->object.segment, &cell);
	if (unlikely(error))
		return error;
	*ret_frame = frame_find(cell);
	return likely(*ret_frame != NULL) ? 0 : mpmc_no_frame();
}

#endif
