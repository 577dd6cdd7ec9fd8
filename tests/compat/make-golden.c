/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Writes a segment of this version, one object of each kind with known contents, as text
 * to standard output.  By hand, when the layout's version changes:
 *
 *     make tests/compat/make-golden
 *     tests/compat/make-golden >tests/compat/golden-1.0.x86_64
 *
 * Until the first release the layout is not frozen, and the file is simply made anew.
 * The process ends without leaving the segment: its participant looks dead to readers, with
 * claims in a ring and leases of a queue in its hand.
 */
#include "golden.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME "make-golden"

static int failed(const char *what)
{
	(void) fprintf(stderr, "make-golden: %s: %s\n", what, mpshm_error_detail());
	(void) mpshm_segment_unlink(NAME);
	return 1;
}

static int fill_rings(struct mpshm_segment *segment)
{
	struct mpshm_spsc *spsc;
	struct mpshm_mpmc *mpmc, *batch;
	const struct mpshm_spsc_options of_spsc = {.capacity = 8, .element_bytes = 8};
	const struct mpshm_mpmc_options of_mpmc = {.capacity = 4, .element_bytes = 8};
	const struct mpshm_mpmc_options of_batch = {
		.capacity = 8, .element_bytes = 3, .words = MPSHM_WORDS_APART};
	const unsigned both = MPSHM_PRODUCER | MPSHM_CONSUMER;
	uint64_t element = 0;
	int ret = 0;

	if (mpshm_spsc_open(&spsc, segment, "spsc", MPSHM_CREATE | both, &of_spsc) < 0 ||
	    mpshm_mpmc_open(&mpmc, segment, "mpmc", MPSHM_CREATE, &of_mpmc) < 0 ||
	    mpshm_mpmc_open(&batch, segment, "batch", MPSHM_CREATE, &of_batch) < 0)
		return -1;
	for (int i = 0; i < 6; i++)
		ret |= mpshm_spsc_try_push(spsc, &element) | mpshm_spsc_try_pop(spsc, &element);
	for (int i = 0; i < 3; i++)
		ret |= mpshm_mpmc_try_push(mpmc, &element) | mpshm_mpmc_try_pop(mpmc, &element);
	for (element = 1000; element < 1000 + GOLDEN_SPSC_ELEMENTS; element++)
		ret |= mpshm_spsc_try_push(spsc, &element);
	for (element = 2000; element < 2000 + GOLDEN_MPMC_ELEMENTS; element++)
		ret |= mpshm_mpmc_try_push(mpmc, &element);
	for (unsigned i = 0; i < GOLDEN_BATCH_ELEMENTS; i++) {
		const unsigned char three[3] = {golden_byte(i, 0), golden_byte(i, 1),
		                                golden_byte(i, 2)};
		ret |= mpshm_mpmc_try_push(batch, three);
	}
	return ret;
}

static int fill_queue(struct mpshm_segment *segment)
{
	const struct mpshm_queue_options options = {
		.capacity = 5, .max_message_bytes = 1024, .pool_bytes = 4096};
	unsigned char message[1024];
	struct mpshm_queue *queue;
	int ret = 0;

	if (mpshm_queue_open(&queue, segment, "queue", MPSHM_CREATE, &options) < 0)
		return -1;
	for (unsigned m = 0; m < GOLDEN_QUEUE_MESSAGES; m++) {
		for (size_t i = 0; i < golden_lengths[m]; i++)
			message[i] = golden_byte(m, i);
		ret |= mpshm_queue_put_tagged(queue, message, golden_lengths[m], 3000 + m, 0);
	}
	return ret;
}

/* Claims that are never finished. */
static int claim(struct mpshm_segment *segment)
{
	const struct mpshm_mpmc_options options = {.capacity = 8, .element_bytes = 8};
	struct mpshm_span taken, reserved;
	struct mpshm_mpmc *ring;
	int ret = 0;

	if (mpshm_mpmc_open(&ring, segment, "claimed", MPSHM_CREATE, &options) < 0)
		return -1;
	for (uint64_t i = 0; i < GOLDEN_CLAIMED_ELEMENTS; i++) {
		uint64_t element = 4000 + i;
		if (i == GOLDEN_RESERVED)
			ret |= mpshm_mpmc_try_reserve(ring, 1, &reserved) != 1;
		else
			ret |= mpshm_mpmc_try_push(ring, &element);
		if (i == GOLDEN_TAKEN)
			ret |= mpshm_mpmc_try_peek(ring, 1, &taken) != 1;
	}
	return ret;
}

/* Leases that are held, and that have ended either way, of a queue that was shut down. */
static int lease(struct mpshm_segment *segment)
{
	const struct mpshm_queue_options options = {
		.capacity = 6, .max_message_bytes = 1024, .pool_bytes = 8192};
	struct mpshm_lease leases[GOLDEN_LEASED_MESSAGES];
	unsigned char message[1024];
	struct mpshm_queue *queue;
	int ret = 0;

	if (mpshm_queue_open(&queue, segment, "leased", MPSHM_CREATE, &options) < 0)
		return -1;
	for (unsigned m = 0; m < GOLDEN_LEASED_MESSAGES; m++) {
		for (size_t i = 0; i < golden_leases[m].bytes; i++)
			message[i] = golden_byte(m, i);
		ret |= mpshm_queue_put_tagged(queue, message, golden_leases[m].bytes, 5000 + m, 0);
		if (golden_leases[m].lease != GOLDEN_WAITS)
			ret |= mpshm_queue_get_begin(queue, &leases[m], 0) < 0;
	}
	for (unsigned m = 0; m < GOLDEN_LEASED_MESSAGES; m++)
		if (golden_leases[m].lease == GOLDEN_COMMITTED)
			ret |= mpshm_queue_get_commit(queue, &leases[m]);
		else if (golden_leases[m].lease == GOLDEN_ABORTED)
			ret |= mpshm_queue_get_abort(queue, &leases[m]);
	return ret | mpshm_queue_shutdown(queue);
}

static int fill_values(struct mpshm_segment *segment)
{
	const struct mpshm_value_options options = {.initial = GOLDEN_VALUE};
	struct mpshm_counter *counter;
	struct mpshm_value *value;

	if (mpshm_value_open(&value, segment, "value", MPSHM_CREATE, &options) < 0 ||
	    mpshm_counter_open(&counter, segment, "counter", MPSHM_CREATE, NULL) < 0)
		return -1;
	return mpshm_counter_add(counter, GOLDEN_COUNTER);
}

/* The file as it lies in shared memory, while we are still attached. */
static int dump(void)
{
	static const unsigned char zeros[GOLDEN_LINE];
	unsigned char line[GOLDEN_LINE];
	FILE *file = fopen("/dev/shm/mpshm." NAME, "rb");
	if (!file || fseek(file, 0, SEEK_END) != 0)
		return -1;
	(void) printf("mpshm-golden %ld\n", ftell(file));
	(void) rewind(file);
	for (unsigned long at = 0; fread(line, 1, sizeof line, file) == sizeof line;
	     at += sizeof line) {
		if (memcmp(line, zeros, sizeof line) == 0)
			continue;
		(void) printf("%lx ", at);
		/* Zeros at the end of a line need not be written. */
		size_t length = sizeof line;
		while (length > 0 && line[length - 1] == 0)
			length--;
		for (size_t i = 0; i < length; i++)
			(void) printf("%02x", line[i]);
		(void) putchar('\n');
	}
	return fclose(file) == 0 && fflush(stdout) == 0 ? 0 : -1;
}

int main(void)
{
	const struct mpshm_segment_options options = {.size_bytes = 1u << 20,
	                                              .directory_capacity = 8,
	                                              .participants_max = 4,
	                                              .threads_max = 8};
	struct mpshm_segment *segment;
	if (mpshm_segment_open(&segment, NAME, MPSHM_CREATE | MPSHM_EXCLUSIVE, &options) < 0)
		return failed("segment");
	if (fill_rings(segment) != 0 || fill_queue(segment) != 0 || fill_values(segment) != 0 ||
	    claim(segment) != 0 || lease(segment) != 0)
		return failed("objects");
	if (dump() != 0)
		return failed("dump");
	(void) mpshm_segment_unlink(NAME);
	_exit(0);
}
