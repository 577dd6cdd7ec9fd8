/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counter: four processes count, none of them waits, and nothing is lost.
 *
 * The children use the handle that their parent opened: a forked child registers
 * by itself.  Each adds through a stripe of its own, a plain add.
 */
#include <err.h>
#include <mpshm.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 4
#define ADDS 1000000

static void must(int result)
{
	if (result < 0)
		errx(1, "%s", mpshm_error_detail());
}

static int child(struct mpshm_counter *requests)
{
	struct mpshm_counter_stripe stripe;

	must(mpshm_counter_bind(requests, &stripe));
	for (int i = 0; i < ADDS; i++)
		mpshm_counter_stripe_add(&stripe, 1);
	return 0;
}

int main(void)
{
	struct mpshm_segment *segment;
	struct mpshm_counter *requests;
	int64_t sum;
	char name[64];
	int status;

	snprintf(name, sizeof(name), "example-counter-%ld", (long) getpid());
	must(mpshm_segment_open(&segment, name, MPSHM_CREATE, NULL));
	must(mpshm_counter_open(&requests, segment, "requests", MPSHM_CREATE, NULL));
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();
		if (pid < 0)
			err(1, "fork");
		if (pid == 0)
			_exit(child(requests));
	}
	for (int i = 0; i < CHILDREN; i++)
		if (wait(&status) < 0 || status != 0)
			errx(1, "a child failed");
	sum = mpshm_counter_sum(requests);
	printf("%d processes, %d adds each: %lld\n", CHILDREN, ADDS, (long long) sum);
	must(mpshm_counter_close(requests));
	must(mpshm_segment_close(segment));
	must(mpshm_segment_unlink(name));
	return sum == (int64_t) CHILDREN * ADDS ? 0 : 1;
}
