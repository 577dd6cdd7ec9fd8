/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spsc_ring: samples from one process to another without a copy.
 *
 * The parent writes them where they will be read, eight at a time; the child
 * reads them where they were written.
 */
#include <err.h>
#include <errno.h>
#include <mpshm.h>
#include <sched.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLES 100000
#define BATCH 8

struct sample {
	uint64_t number;
	double reading;
};

static void must(ssize_t result)
{
	if (result < 0)
		errx(1, "%s", mpshm_error_detail());
}

static void produce(struct mpshm_spsc *ring)
{
	for (uint64_t sent = 0; sent < SAMPLES;) {
		size_t want = SAMPLES - sent < BATCH ? SAMPLES - sent : BATCH;
		struct mpshm_span span;
		ssize_t count = mpshm_spsc_try_reserve(ring, want, &span);
		if (count == -EAGAIN) { /* full */
			sched_yield();
			continue;
		}
		must(count);
		for (size_t i = 0; i < span.count; i++, sent++) {
			struct sample *sample = mpshm_span_element(&span, i);
			sample->number = sent;
			sample->reading = (double) sent / 2;
		}
		must(mpshm_spsc_commit(ring, &span, span.count));
	}
}

static double consume(struct mpshm_spsc *ring)
{
	double sum = 0;

	for (uint64_t got = 0; got < SAMPLES;) {
		struct mpshm_span span;
		ssize_t count = mpshm_spsc_try_peek(ring, BATCH, &span);
		if (count == -EAGAIN) { /* empty */
			sched_yield();
			continue;
		}
		must(count);
		for (size_t i = 0; i < span.count; i++, got++) {
			const struct sample *sample = mpshm_span_element(&span, i);
			if (sample->number != got)
				errx(1, "sample %llu came as %llu", (unsigned long long) got,
				     (unsigned long long) sample->number);
			sum += sample->reading;
		}
		must(mpshm_spsc_release(ring, &span, span.count));
	}
	return sum;
}

static struct mpshm_spsc *open_ring(const char *name, unsigned side,
                                    struct mpshm_segment **ret_segment)
{
	struct mpshm_spsc_options options = {.capacity = 1024,
	                                     .element_bytes = sizeof(struct sample)};
	struct mpshm_spsc *ring;

	must(mpshm_segment_open(ret_segment, name, MPSHM_CREATE, NULL));
	must(mpshm_spsc_open(&ring, *ret_segment, "samples", MPSHM_CREATE | side, &options));
	return ring;
}

static int child(const char *name)
{
	struct mpshm_segment *segment;
	struct mpshm_spsc *ring = open_ring(name, MPSHM_CONSUMER, &segment);
	double sum = consume(ring);

	printf("%d samples, sum of readings %.1f\n", SAMPLES, sum);
	must(mpshm_spsc_close(ring));
	must(mpshm_segment_close(segment));
	return sum == (double) SAMPLES * (SAMPLES - 1) / 4 ? 0 : 1;
}

int main(void)
{
	struct mpshm_segment *segment;
	struct mpshm_spsc *ring;
	char name[64];
	int status;
	pid_t pid;

	snprintf(name, sizeof(name), "example-spsc-%ld", (long) getpid());
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0)
		return child(name);
	ring = open_ring(name, MPSHM_PRODUCER, &segment);
	produce(ring);
	if (waitpid(pid, &status, 0) < 0)
		err(1, "waitpid");
	must(mpshm_spsc_close(ring));
	must(mpshm_segment_close(segment));
	must(mpshm_segment_unlink(name));
	return status == 0 ? 0 : 1;
}
