/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exchange: unrelated processes, each with the segment at another address, pass elements
 * or messages from P producers to C consumers.
 */
#ifndef MPSHM_TESTS_STRESS_EXCHANGE_H
#define MPSHM_TESTS_STRESS_EXCHANGE_H

#include <mpshm.h>

#include <stdbool.h>
#include <stdint.h>

#define EXCHANGE_ENDS_MAX 32u
#define EXCHANGE_MESSAGE_BYTES 65536u

enum exchange_kind { EXCHANGE_SPSC, EXCHANGE_MPMC, EXCHANGE_QUEUE };

struct exchange {
	enum exchange_kind kind;
	const char *segment;
	uint64_t count; /* of all producers together */
	unsigned producers, consumers;
	unsigned batch; /* elements at once; 1: single calls */
	unsigned max_bytes;
};

/* Values of the segment, by which ends tell what they did. */
enum exchange_value {
	EXCHANGE_RECEIVED, /* elements, by all consumers */
	EXCHANGE_SUM,      /* of mixed (producer, sequence): what was sent, if nothing is amiss */
	EXCHANGE_BYTES,
	EXCHANGE_FAULTS, /* torn, disordered, doubled, or an error of a call */
	EXCHANGE_VALUES,
};
extern const char *const exchange_value_names[EXCHANGE_VALUES];

/* Element: producer:16 | sequence:48, from 1.  What it adds to EXCHANGE_SUM. */
static inline uint64_t exchange_mix(uint64_t element)
{
	element ^= element >> 31;
	element *= UINT64_C(0x9e3779b97f4a7c15);
	element ^= element >> 29;
	element *= UINT64_C(0xbf58476d1ce4e5b9);
	return element ^ element >> 32;
}

/* How many of all the producer sends. */
static inline uint64_t exchange_share(const struct exchange *exchange, unsigned producer)
{
	return exchange->count / exchange->producers +
	       (producer < exchange->count % exchange->producers);
}

/* Create, or open, the object that all ends use. */
int exchange_open(const struct exchange *exchange, struct mpshm_segment *segment, unsigned flags,
                  void **ret_object);
int exchange_close(const struct exchange *exchange, void *object);

/* Be one end, until all is sent, or all received.  0, or the exit status of a failure. */
int exchange_end(const struct exchange *exchange, bool producer, unsigned number);

#endif
