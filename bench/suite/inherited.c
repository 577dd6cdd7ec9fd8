/* SPDX-License-Identifier: BSD-2-Clause */
#include "inherited.h"

#include <errno.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

int inherited_create(struct stage *stage, const struct row *row, size_t bytes)
{
	unsigned i;

	stage->object_bytes = bytes;
	for (i = 0; i < row_ends(row); i++) {
		stage->object[i] = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		                        MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (stage->object[i] == MAP_FAILED) {
			int error = -errno;

			while (i-- > 0)
				munmap(stage->object[i], bytes);
			return error;
		}
	}
	return 0;
}

void inherited_remove(struct stage *stage, const struct row *row)
{
	unsigned i;

	for (i = 0; i < row_ends(row); i++)
		munmap(stage->object[i], stage->object_bytes);
}

int inherited_attach(struct worker *worker)
{
	unsigned i;

	for (i = 0; i < row_ends(worker->row); i++) {
		worker->end[i] = worker->stage->object[i];
		/* A fork copies no page tables of shared memory.  Refused: the warm-up will do. */
		(void) madvise(worker->end[i], worker->stage->object_bytes, MADV_POPULATE_WRITE);
	}
	return 0;
}
