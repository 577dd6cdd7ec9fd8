/* SPDX-License-Identifier: BSD-2-Clause */
/* What the processes at the ends of an exchange do. */
#include "exchange.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BATCH_MAX 256u
#define TELL_EVERY 65536u

const char *const exchange_value_names[EXCHANGE_VALUES] = {"received", "sum", "bytes", "faults"};

struct end {
	const struct exchange *exchange;
	struct mpshm_segment *segment;
	void *object;
	struct mpshm_value *values[EXCHANGE_VALUES];
	unsigned number;
	uint64_t last[EXCHANGE_ENDS_MAX]; /* sequence of each producer */
	uint64_t received, sum, bytes;    /* not yet told */
};

int exchange_open(const struct exchange *exchange, struct mpshm_segment *segment, unsigned flags,
                  void **ret_object)
{
	unsigned create = flags & MPSHM_CREATE;
	if (exchange->kind == EXCHANGE_SPSC) {
		const struct mpshm_spsc_options options = {.capacity = 4096, .element_bytes = 8};
		return mpshm_spsc_open((struct mpshm_spsc **) ret_object, segment, "exchange",
		                       flags, &options);
	}
	if (exchange->kind == EXCHANGE_MPMC) {
		const struct mpshm_mpmc_options options = {
			.capacity = 4096,
			.element_bytes = 8,
			.words = exchange->batch > 1 ? MPSHM_WORDS_APART : MPSHM_WORDS_BESIDE};
		return mpshm_mpmc_open((struct mpshm_mpmc **) ret_object, segment, "exchange",
		                       create, &options);
	}
	const struct mpshm_queue_options options = {.capacity = 1000,
	                                            .max_message_bytes = EXCHANGE_MESSAGE_BYTES};
	return mpshm_queue_open((struct mpshm_queue **) ret_object, segment, "exchange", create,
	                        &options);
}

int exchange_close(const struct exchange *exchange, void *object)
{
	return exchange->kind == EXCHANGE_SPSC   ? mpshm_spsc_close(object)
	       : exchange->kind == EXCHANGE_MPMC ? mpshm_mpmc_close(object)
	                                         : mpshm_queue_close(object);
}

static void fault(struct end *end, const char *what, uint64_t element, int64_t error)
{
	(void) fprintf(stderr, "exchange: end %u: %s: producer %llu, sequence %llu (%lld %s)\n",
	               end->number, what, (unsigned long long) (element >> 48),
	               (unsigned long long) (element & 0xffffffffffff), (long long) error,
	               mpshm_error_detail());
	(void) mpshm_value_add(end->values[EXCHANGE_FAULTS], 1);
	exit(1);
}

static void tell(struct end *end)
{
	(void) mpshm_value_add(end->values[EXCHANGE_SUM], (int64_t) end->sum);
	(void) mpshm_value_add(end->values[EXCHANGE_BYTES], (int64_t) end->bytes);
	(void) mpshm_value_add(end->values[EXCHANGE_RECEIVED], (int64_t) end->received);
	end->received = end->sum = end->bytes = 0;
}

/* In order per producer; so no consumer sees any twice. */
static void received(struct end *end, uint64_t element)
{
	uint64_t producer = element >> 48, sequence = element & 0xffffffffffff;
	if (producer >= end->exchange->producers || sequence == 0 ||
	    sequence > exchange_share(end->exchange, (unsigned) producer))
		fault(end, "never sent", element, 0);
	if (sequence <= end->last[producer])
		fault(end, "out of order, or twice", element, (int64_t) end->last[producer]);
	end->last[producer] = sequence;
	end->sum += exchange_mix(element);
	if (++end->received >= TELL_EVERY)
		tell(end);
}

static ssize_t push(const struct end *end, const uint64_t *elements, size_t count)
{
	bool spsc = end->exchange->kind == EXCHANGE_SPSC;
	if (end->exchange->batch > 1)
		return spsc ? mpshm_spsc_try_push_burst(end->object, elements, count)
		            : mpshm_mpmc_try_push_burst(end->object, elements, count);
	int error = spsc ? mpshm_spsc_try_push(end->object, elements)
	                 : mpshm_mpmc_try_push(end->object, elements);
	return error ? error : 1;
}

static ssize_t pop(const struct end *end, uint64_t *elements)
{
	bool spsc = end->exchange->kind == EXCHANGE_SPSC;
	size_t most = end->exchange->batch;
	if (most > 1)
		return spsc ? mpshm_spsc_try_pop_burst(end->object, elements, most)
		            : mpshm_mpmc_try_pop_burst(end->object, elements, most);
	int error = spsc ? mpshm_spsc_try_pop(end->object, elements)
	                 : mpshm_mpmc_try_pop(end->object, elements);
	return error ? error : 1;
}

static void send_elements(struct end *end, uint64_t share)
{
	uint64_t elements[BATCH_MAX];
	for (uint64_t next = 1; next <= share;) {
		uint64_t left = share - next + 1;
		size_t count = left < end->exchange->batch ? (size_t) left : end->exchange->batch;
		for (uint64_t i = 0; i < count; i++)
			elements[i] = (uint64_t) end->number << 48 | (next + i);
		ssize_t sent = push(end, elements, count);
		if (sent < 0 && sent != -EAGAIN)
			fault(end, "push", elements[0], sent);
		if (sent < 0)
			(void) sched_yield();
		else
			next += (uint64_t) sent;
	}
}

static void receive_elements(struct end *end)
{
	uint64_t elements[BATCH_MAX];
	for (unsigned idle = 0;;) {
		ssize_t got = pop(end, elements);
		if (got < 0 && got != -EAGAIN)
			fault(end, "pop", 0, got);
		for (ssize_t i = 0; i < got; i++)
			received(end, elements[i]);
		if (got > 0) {
			idle = 0;
			continue;
		}
		(void) sched_yield();
		if (++idle % 64 != 0)
			continue;
		if (end->received)
			tell(end);
		if ((uint64_t) mpshm_value_load(end->values[EXCHANGE_RECEIVED]) >=
		    end->exchange->count)
			return;
	}
}

/* Log-uniform: as many of each power of two. */
static size_t length_of(const struct exchange *exchange, uint64_t element)
{
	uint64_t mixed = exchange_mix(element ^ 0x5555);
	uint64_t power = mixed % 18; /* 0: empty; else up to 2^(power - 1) */
	uint64_t bytes = power == 0 ? 0 : (mixed >> 8) % (UINT64_C(1) << (power - 1)) + 1;
	return bytes < exchange->max_bytes ? (size_t) bytes : exchange->max_bytes;
}

/* Content by 8-byte words, which differ in every place of every message. */
static void compose(uint64_t *message, uint64_t element, size_t bytes)
{
	for (size_t i = 0; i * 8 < bytes; i++)
		message[i] = (element + i) * UINT64_C(0x9e3779b97f4a7c15);
}

static bool is_whole(const uint64_t *message, uint64_t element, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++)
		if (message[i] != (element + i) * UINT64_C(0x9e3779b97f4a7c15))
			return false;
	uint64_t last = (element + bytes / 8) * UINT64_C(0x9e3779b97f4a7c15);
	return memcmp(&message[bytes / 8], &last, bytes % 8) == 0;
}

static void send_messages(struct end *end, uint64_t share, uint64_t *message)
{
	for (uint64_t next = 1; next <= share; next++) {
		uint64_t element = (uint64_t) end->number << 48 | next;
		size_t bytes = length_of(end->exchange, element);
		compose(message, element, bytes);
		int error =
			mpshm_queue_put_tagged(end->object, message, bytes, element, MPSHM_FOREVER);
		if (error)
			fault(end, "put", element, error);
	}
}

static void receive_messages(struct end *end, uint64_t *message)
{
	struct mpshm_message told;
	for (;;) {
		ssize_t bytes = mpshm_queue_receive(end->object, message, EXCHANGE_MESSAGE_BYTES,
		                                    &told, 20 * MPSHM_MILLISECOND);
		if (bytes >= 0) {
			if ((size_t) bytes != length_of(end->exchange, told.tag) ||
			    !is_whole(message, told.tag, (size_t) bytes))
				fault(end, "torn", told.tag, bytes);
			end->bytes += (uint64_t) bytes;
			received(end, told.tag);
			continue;
		}
		if (bytes != -ETIMEDOUT)
			fault(end, "get", 0, bytes);
		tell(end);
		if ((uint64_t) mpshm_value_load(end->values[EXCHANGE_RECEIVED]) >=
		    end->exchange->count)
			return;
	}
}

int exchange_end(const struct exchange *exchange, bool producer, unsigned number)
{
	static uint64_t message[EXCHANGE_MESSAGE_BYTES / 8 + 1];
	struct end end = {.exchange = exchange, .number = number};
	unsigned side = exchange->kind != EXCHANGE_SPSC ? 0
	                : producer                      ? MPSHM_PRODUCER
	                                                : MPSHM_CONSUMER;
	struct mpshm_value *where;
	char name[32];

	/* Out of the way, so that no two ends have the segment at one address. */
	size_t gap = (size_t) (number + 1 + (producer ? 0 : exchange->producers)) << 24;
	(void) mmap(NULL, gap, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int error = mpshm_segment_open(&end.segment, exchange->segment, 0, NULL);
	for (int i = 0; error >= 0 && i < EXCHANGE_VALUES; i++)
		error = mpshm_value_open(&end.values[i], end.segment, exchange_value_names[i], 0,
		                         NULL);
	(void) snprintf(name, sizeof name, "%c%u", producer ? 'p' : 'c', number);
	if (error >= 0)
		error = mpshm_value_open(&where, end.segment, name, MPSHM_CREATE, NULL);
	if (error >= 0)
		error = exchange_open(exchange, end.segment, side, &end.object);
	if (error < 0) {
		(void) fprintf(stderr, "exchange: end %u: %d %s\n", number, error,
		               mpshm_error_detail());
		return 1;
	}
	/* Where the faults' value lies here. */
	mpshm_value_store(where,
	                  (int64_t) (uintptr_t) mpshm_value_address(end.values[EXCHANGE_FAULTS]));
	uint64_t share = producer ? exchange_share(exchange, number) : 0;
	if (exchange->kind == EXCHANGE_QUEUE)
		producer ? send_messages(&end, share, message) : receive_messages(&end, message);
	else
		producer ? send_elements(&end, share) : receive_elements(&end);
	return 0;
}
