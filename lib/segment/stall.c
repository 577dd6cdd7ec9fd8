/* SPDX-License-Identifier: BSD-2-Clause */
/* stall: has a loop been stuck at the same thing for too long? */
#include "segment/recovery.h"

#include "platform/clock.h"

#define STALL_NS 1000000
#define STALL_CALLS 8u

/*
 * All relaxed: the fields are one process's, and several threads that use them at
 * once only suspect somebody somewhat sooner or later.
 */
bool mpshm_i_stalled(struct stall *stall, uint64_t at)
{
	if (atomic64_load_relaxed(&stall->at) != at) {
		atomic64_store_relaxed(&stall->at, at);
		atomic64_store_relaxed(&stall->since_ns, 0);
		atomic32_store_relaxed(&stall->calls, 1);
		return false;
	}
	uint32_t calls = atomic32_load_relaxed(&stall->calls) + 1;
	atomic32_store_relaxed(&stall->calls, calls);
	if (calls % STALL_CALLS != 0)
		return false;

	uint64_t now = (uint64_t) mpshm_i_clock_now();
	uint64_t since = atomic64_load_relaxed(&stall->since_ns);
	if (since == 0) {
		atomic64_store_relaxed(&stall->since_ns, now);
		return false;
	}
	if ((int64_t) (now - since) < STALL_NS)
		return false;
	return atomic64_cas(&stall->since_ns, &since, now);
}
