/* SPDX-License-Identifier: BSD-2-Clause */
/* What a round's log says of each of its ids, and the verdict on it. */
#include "storm.h"

#include <stdio.h>
#include <string.h>

/* Producers that found none left have taken numbers beyond the last. */
static uint64_t ids_sent(const struct storm_log *log)
{
	uint64_t ids = log->next_id - log->first_id;
	return ids < log->ids ? ids : log->ids;
}

void storm_log_begin(struct storm_log *log)
{
	uint64_t ids = ids_sent(log);
	memset(log->state, 0, ids);
	memset(log->got, 0, ids);
	log->first_id = log->next_id;
	log->stop = 0;
}

static void judge_loss(uint64_t id, uint8_t state, struct storm_result *result)
{
	if (state & STORM_MAYBE) {
		result->maybe++;
		return;
	}
	if (result->lost++ == 0 && !result->why[0])
		(void) snprintf(result->why, sizeof result->why, "lost %llu, %s",
		                (unsigned long long) id,
		                state & STORM_IN_HAND ? "was in a dead hand" : "never seen again");
}

static uint64_t taken(uint64_t *count)
{
	uint64_t value = *count;
	*count = 0;
	return value;
}

int storm_judge(struct storm_log *log, enum storm_kind kind, bool drained,
                struct storm_result *result)
{
	for (uint64_t i = 0; i < ids_sent(log); i++) {
		uint8_t state = log->state[i], got = log->got[i];
		result->sent += state != 0;
		result->acked += (state & STORM_ACKED) != 0;
		result->got += got;
		result->doubled += got + (kind == STORM_SPSC && state & STORM_MAYBE) > 1;
		result->phantom += got > 0 && state & STORM_KEPT;
		if (drained && state & STORM_ACKED && got == 0)
			judge_loss(log->first_id + i, state, result);
	}
	result->rounds++;
	result->torn += taken(&log->torn);
	result->disordered += taken(&log->disordered);
	result->phantom += taken(&log->phantom);
	result->busy += taken(&log->busy);
	return result->lost || result->doubled || result->torn || result->disordered ||
	                       result->phantom || result->leaked || result->stalled || result->late
	               ? -1
	               : 0;
}
