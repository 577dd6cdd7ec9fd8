/* SPDX-License-Identifier: BSD-2-Clause */
#include "canary.h"

#include "median.h"

#include "common/clock.h"

#define BLOCKS 33
#define BLOCKS_COLD 2
#define TRIPS 64 /* round trips a block */

/* Wait until it is our turn, and pass it on. */
static inline void pass(struct canary *canary, uint64_t turn)
{
	while (__atomic_load_n(&canary->turn, __ATOMIC_ACQUIRE) != turn)
		;
	__atomic_store_n(&canary->turn, turn + 1, __ATOMIC_RELEASE);
}

double canary_sing(struct canary *canary, unsigned side)
{
	double one_way_ns[BLOCKS];
	uint64_t turn = side;
	int block, trip;

	for (block = -BLOCKS_COLD; block < BLOCKS; block++) {
		int64_t start = now_ns();

		for (trip = 0; trip < TRIPS; trip++, turn += 2)
			pass(canary, turn);
		if (block >= 0)
			one_way_ns[block] = (double) (now_ns() - start) / (2 * TRIPS);
	}
	return median_of(one_way_ns, BLOCKS);
}

bool canary_differs(double a_ns, double b_ns)
{
	return a_ns > b_ns * CANARY_RATIO || b_ns > a_ns * CANARY_RATIO;
}
