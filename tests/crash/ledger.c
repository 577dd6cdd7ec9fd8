/* SPDX-License-Identifier: BSD-2-Clause */
#include "ledger.h"

#include <assert.h>
#include <string.h>

struct ledger {
	struct ledger_log logs[LEDGER_ACTORS];
	uint32_t times[LEDGER_ACTORS][LEDGER_SEQUENCES + 1];
	uint32_t latest[LEDGER_ACTORS]; /* sequence, of what came for the first time */
	uint32_t late[LEDGER_ACTORS];   /* came behind a later one */
};

static_assert(sizeof(struct ledger) <= CRASH_SHARED_BYTES / 2 + 65536, "ledger is too large");

static struct ledger *ledger(void)
{
	return crash_shared();
}

struct ledger_log *ledger_log(int actor)
{
	return &ledger()->logs[actor];
}

uint64_t ledger_id(int actor, uint32_t sequence)
{
	return (uint64_t) actor << 32 | sequence;
}

static uint64_t pattern(uint64_t id, size_t i)
{
	uint64_t x = (id + 1) * UINT64_C(0x9e3779b97f4a7c15) + i * UINT64_C(0xff51afd7ed558ccd);
	return x ^ x >> 29;
}

void ledger_fill(void *message, size_t bytes, uint64_t id)
{
	char *at = message;
	for (size_t i = 0; i < bytes; i += 8) {
		uint64_t word = i == 0 ? id : pattern(id, i);
		memcpy(at + i, &word, bytes - i < 8 ? bytes - i : 8);
	}
}

bool ledger_whole(const void *message, size_t bytes, uint64_t *ret_id)
{
	const char *at = message;
	uint64_t id;
	memcpy(&id, at, sizeof id);
	for (size_t i = 8; i < bytes; i += 8) {
		uint64_t word = pattern(id, i);
		if (memcmp(at + i, &word, bytes - i < 8 ? bytes - i : 8) != 0)
			return false;
	}
	*ret_id = id;
	return true;
}

/* The log is read by others after our death: each store stands where it is written. */
static void set(uint32_t *field, uint32_t value)
{
	__atomic_store_n(field, value, __ATOMIC_SEQ_CST);
}

void ledger_put_begin(int actor, uint32_t count, void *ret_messages, size_t bytes)
{
	struct ledger_log *log = ledger_log(actor);
	for (uint32_t i = 0; i < count; i++)
		ledger_fill((char *) ret_messages + i * bytes, bytes,
		            ledger_id(actor, log->acknowledged + i + 1));
	set(&log->asked, log->acknowledged + count);
}

void ledger_put_end(int actor, int64_t result)
{
	struct ledger_log *log = ledger_log(actor);
	uint32_t count = result > 0 ? (uint32_t) result : 0;
	set(&log->acknowledged, log->acknowledged + count);
	set(&log->asked, log->acknowledged);
}

void ledger_get_begin(int actor, uint32_t count, size_t bytes)
{
	struct ledger_log *log = ledger_log(actor);
	log->message_bytes = (uint32_t) bytes;
	set(&log->wanted, count);
}

void ledger_get_end(int actor, int64_t result)
{
	struct ledger_log *log = ledger_log(actor);
	set(&log->got, result > 0 ? (uint32_t) result : 0);
	set(&log->wanted, 0);
}

static bool known(uint64_t id, uint32_t *ret_actor, uint32_t *ret_sequence)
{
	*ret_actor = (uint32_t) (id >> 32);
	*ret_sequence = (uint32_t) id;
	return *ret_actor<LEDGER_ACTORS && * ret_sequence> 0 && *ret_sequence <= LEDGER_SEQUENCES &&
	       *ret_sequence <= ledger_log((int) *ret_actor)->asked;
}

static void count_one(const void *message, size_t bytes, bool in_order)
{
	struct ledger *l = ledger();
	uint32_t actor, sequence;
	uint64_t id;

	if (!ledger_whole(message, bytes, &id)) {
		crash_fault(CRASH_TORN, "a message came torn");
		return;
	}
	if (!known(id, &actor, &sequence)) {
		crash_fault(CRASH_TORN, "a message that nobody sent: %llx",
		            (unsigned long long) id);
		return;
	}
	if (++l->times[actor][sequence] > 1)
		crash_fault(CRASH_DUPLICATE, "message %u of actor %u came %u times", sequence,
		            actor, l->times[actor][sequence]);
	if (!in_order)
		return;
	if (sequence < l->latest[actor])
		l->late[actor]++;
	else
		l->latest[actor] = sequence;
}

void ledger_deliver(const void *message, size_t bytes, bool redelivered)
{
	count_one(message, bytes, !redelivered);
}

void ledger_collect(void)
{
	for (int actor = LEDGER_VICTIM; actor < LEDGER_ACTORS; actor++) {
		const struct ledger_log *log = ledger_log(actor);
		for (uint32_t i = 0; i < log->got; i++)
			count_one(log->buffer + (size_t) i * log->message_bytes, log->message_bytes,
			          false);
	}
}

/* Taken by a get that was killed between its acknowledgement and its return? */
static bool in_limbo(uint64_t id)
{
	for (int actor = LEDGER_VICTIM; actor < LEDGER_ACTORS; actor++) {
		const struct ledger_log *log = ledger_log(actor);
		for (uint32_t i = 0; i < log->wanted; i++) {
			uint64_t found;
			const char *message = log->buffer + (size_t) i * log->message_bytes;
			if (ledger_whole(message, log->message_bytes, &found) && found == id)
				return true;
		}
	}
	return false;
}

static uint32_t walk_missing(bool tell)
{
	struct ledger *l = ledger();
	uint32_t missing = 0;

	for (int actor = 1; actor < LEDGER_ACTORS; actor++)
		for (uint32_t i = 1; i <= l->logs[actor].acknowledged; i++) {
			if (l->times[actor][i] > 0 || in_limbo(ledger_id(actor, i)))
				continue;
			missing++;
			if (tell)
				crash_fault(CRASH_LOSS, "message %u of actor %d never came", i,
				            actor);
		}
	return missing;
}

uint32_t ledger_missing(void)
{
	return walk_missing(false);
}

void ledger_judge(bool marked)
{
	struct ledger *l = ledger();
	uint32_t may_be_late = 0;

	(void) walk_missing(true);
	/* What killed gets had claimed may come late; marked, it does not count at all. */
	for (int actor = 0; actor < LEDGER_ACTORS && !marked; actor++)
		may_be_late += l->logs[actor].wanted;
	for (int actor = 1; actor < LEDGER_ACTORS; actor++)
		if (l->late[actor] > may_be_late)
			crash_fault(CRASH_TORN, "%u messages of actor %d came out of order",
			            l->late[actor], actor);
}
