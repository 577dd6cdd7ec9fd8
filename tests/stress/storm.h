/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm: producers and consumers that are SIGKILLed at random moments and reborn, or
 * stopped and continued, and the whole history of what they did, checked.
 *
 * Every message has an id of its own.  A log in memory that all share says of each id:
 *
 *   INTENT   a producer was about to send it
 *   ACKED    its put returned
 *   got      how many gets that returned delivered it
 *   MAYBE    it stood in the buffer of a consumer that was killed, and in no slot any
 *            more: its get had acknowledged it and died before it could say so
 *   KEPT     its put returned, and had not sent it
 *
 * Held means: nobody got what nobody sent, or was KEPT, nor anything twice, torn, or out of
 * its producer's order; what was ACKED was got, or is MAYBE; and in the end the object takes
 * its whole capacity again.
 *
 * The log has room for so many ids, so a storm comes in rounds.  At the end of each all
 * workers end, the object is drained, every id of the round is judged, and the log begins
 * anew behind it; the object stays, and ids only grow: who gets one of an earlier round
 * gets what was settled, and that is a phantom.
 *
 * An spsc ring has one producer and one consumer at a time, so all its lives are one order,
 * and what is MAYBE was acknowledged for certain: it must not come again.  Every other
 * successor is born while the predecessor still has the side, and asks for it until it can
 * be had.
 */
#ifndef MPSHM_TESTS_STRESS_STORM_H
#define MPSHM_TESTS_STRESS_STORM_H

#include <mpshm.h>

#include <stdbool.h>
#include <stdint.h>

#define STORM_WORKERS_MAX 16u
#define STORM_BATCH 8u
#define STORM_MESSAGE_BYTES 4096u
#define STORM_ELEMENT_BYTES 120u          /* of an spsc ring */
#define STORM_IDS_MAX (UINT32_C(1) << 25) /* of a round */

enum storm_kind { STORM_MPMC, STORM_SPSC, STORM_QUEUE };

enum { STORM_INTENT = 1, STORM_ACKED = 2, STORM_MAYBE = 4, STORM_IN_HAND = 8, STORM_KEPT = 16 };

struct storm_plan {
	enum storm_kind kind;
	unsigned producers, consumers; /* spsc: one, one */
	int64_t span_ns;
	unsigned kill_every_us; /* on average */
	uint64_t seed;
	uint32_t ids;  /* of a round; 0: STORM_IDS_MAX */
	bool progress; /* a line a second */
};

struct storm_result {
	uint64_t rounds, kills, stops, busy, sent, acked, got, maybe,
		in_hand; /* in_hand: to be delivered again */
	uint64_t lost, doubled, phantom, torn, disordered, leaked, stalled;
	uint64_t late; /* came only after all was drained */
	char why[200]; /* where something could not even be opened or checked; the first loss */
};

/* What all processes of a storm share. */
struct storm_log {
	int stop;
	uint64_t first_id, ids; /* of this round: which, and how many at most */
	uint64_t next_id, last_element, busy, torn, disordered, phantom, failed, got_total;
	int failed_with;
	union { /* where gets go */
		uint64_t ids[STORM_BATCH];
		char message[STORM_MESSAGE_BYTES]; /* or elements of an spsc ring */
	} buffers[STORM_WORKERS_MAX];
	unsigned settled[STORM_WORKERS_MAX]; /* lives whose end was looked into */
	uint8_t state[STORM_IDS_MAX];        /* of id first_id + i */
	uint8_t got[STORM_IDS_MAX];
};

/* Is it an id of this round? */
static inline bool storm_knows(const struct storm_log *log, uint64_t id)
{
	return id - log->first_id < log->ids;
}

/*
 * Flags are added, never stored over: a producer may log that its put returned only after
 * the message's consumer has died, and MAYBE was noted.
 */
static inline void storm_note(struct storm_log *log, uint64_t id, uint8_t flag)
{
	(void) __atomic_fetch_or(&log->state[id - log->first_id], flag, __ATOMIC_SEQ_CST);
}

/* A round begins: none of its ids was sent yet. */
void storm_log_begin(struct storm_log *log);
/*
 * A round is over: what its log says goes into the result.  drained: else what never came may
 * still lie there, and nothing is said of losses.  0: held, so far.
 */
int storm_judge(struct storm_log *log, enum storm_kind kind, bool drained,
                struct storm_result *result);

/* 0: held.  Else what was violated stands in the result. */
int storm_run(const struct storm_plan *plan, struct storm_result *ret_result);

/* A worker's life: until the log says stop; never returns. */
struct storm_worker {
	const char *segment;
	struct storm_log *log;
	unsigned number, life;
	uint64_t seed;
	enum storm_kind kind;
	bool producer;
};
_Noreturn void storm_worker(const struct storm_worker *worker);

/* Check a message; log it as got. */
#define STORM_HEADER_BYTES 24u
void storm_got(struct storm_log *log, uint64_t id);
/* Of an spsc ring: checked for its order, too. */
void storm_got_element(struct storm_log *log, const char *element);
bool storm_message_whole(const char *message, uint64_t bytes);

struct storm_look {
	const char *base, *object;
	uint64_t bytes;
	enum storm_kind kind;
};
int storm_look_begin(const char *segment, enum storm_kind kind, struct storm_look *ret_look);
bool storm_look_holds(const struct storm_look *look, uint64_t id);
void storm_look_end(struct storm_look *look);

static inline uint64_t storm_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

#define STORM_RING_CAPACITY 64u
#define STORM_QUEUE_CAPACITY 50u

#endif
