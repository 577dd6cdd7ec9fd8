/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * usage: exchange [spsc|mpmc|queue] [--count N] [--producers P] [--consumers C]
 *                 [--batch B] [--bytes MAX]
 *
 * Starts P + C processes that know of each other only by the segment's name, and checks
 * that everything arrived: none lost, doubled, torn, or out of its producer's order.
 * Without a kind, each kind a moderate number.
 */
#include "exchange.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const kinds[] = {"spsc", "mpmc", "queue"};

static double seconds(void)
{
	struct timespec now;
	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* The same program again: nothing but its arguments is inherited. */
static pid_t start(const struct exchange *exchange, bool producer, unsigned number)
{
	char count[24], producers[12], consumers[12], batch[12], bytes[12], end[12];
	(void) snprintf(count, sizeof count, "%llu", (unsigned long long) exchange->count);
	(void) snprintf(producers, sizeof producers, "%u", exchange->producers);
	(void) snprintf(consumers, sizeof consumers, "%u", exchange->consumers);
	(void) snprintf(batch, sizeof batch, "%u", exchange->batch);
	(void) snprintf(bytes, sizeof bytes, "%u", exchange->max_bytes);
	(void) snprintf(end, sizeof end, "%c%u", producer ? 'p' : 'c', number);
	pid_t pid = fork();
	if (pid == 0) {
		(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void) execl("/proc/self/exe", "exchange", kinds[exchange->kind], "--count", count,
		             "--producers", producers, "--consumers", consumers, "--batch", batch,
		             "--bytes", bytes, "--segment", exchange->segment, "--end", end,
		             (char *) NULL);
		_exit(127);
	}
	return pid;
}

struct stage {
	struct mpshm_segment *segment;
	struct mpshm_value *values[EXCHANGE_VALUES];
	void *object;
	pid_t pids[EXCHANGE_ENDS_MAX];
	unsigned running;
};

static int set_stage(const struct exchange *exchange, struct stage *stage)
{
	const struct mpshm_segment_options options = {.size_bytes = UINT64_C(64) << 20};
	int error = mpshm_segment_open(&stage->segment, exchange->segment,
	                               MPSHM_CREATE | MPSHM_EXCLUSIVE, &options);
	for (int i = 0; error >= 0 && i < EXCHANGE_VALUES; i++)
		error = mpshm_value_open(&stage->values[i], stage->segment, exchange_value_names[i],
		                         MPSHM_CREATE, NULL);
	if (error >= 0)
		error = exchange_open(exchange, stage->segment, MPSHM_CREATE, &stage->object);
	if (error < 0)
		(void) fprintf(stderr, "exchange: %d %s\n", error, mpshm_error_detail());
	return error < 0 ? -1 : 0;
}

/* Wait for all ends, telling how far they are.  0: all ended well. */
static int attend(const struct exchange *exchange, struct stage *stage)
{
	unsigned ends = exchange->producers + exchange->consumers, running = ends;
	double begin = seconds(), told = begin;
	int ret = 0;
	while (running > 0) {
		int status;
		pid_t gone = waitpid(-1, &status, WNOHANG);
		if (gone <= 0) {
			(void) usleep(5000);
			if (seconds() - told > 5) {
				told = seconds();
				(void) printf("  %3.0f s  %llu of %llu\n", told - begin,
				              (unsigned long long) mpshm_value_load(
						      stage->values[EXCHANGE_RECEIVED]),
				              (unsigned long long) exchange->count);
			}
			continue;
		}
		running--;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			continue;
		/* One failed: the others would wait for it. */
		for (unsigned i = 0; ret == 0 && i < ends; i++)
			if (stage->pids[i] != gone)
				(void) kill(stage->pids[i], SIGTERM);
		ret = -1;
	}
	return ret;
}

/* All ends had the segment elsewhere? */
static bool addresses_differ(const struct exchange *exchange, struct stage *stage)
{
	int64_t at[EXCHANGE_ENDS_MAX + 1];
	unsigned count = 0;
	at[count++] = (int64_t) (uintptr_t) mpshm_value_address(stage->values[EXCHANGE_FAULTS]);
	for (unsigned i = 0; i < exchange->producers + exchange->consumers; i++) {
		struct mpshm_value *where;
		bool producer = i < exchange->producers;
		char name[12];
		(void) snprintf(name, sizeof name, "%c%u", producer ? 'p' : 'c',
		                producer ? i : i - exchange->producers);
		if (mpshm_value_open(&where, stage->segment, name, 0, NULL) < 0)
			return false;
		at[count++] = mpshm_value_load(where);
		(void) mpshm_value_close(where);
	}
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = 0; k < i; k++)
			if (at[i] == at[k])
				return false;
	return true;
}

static uint64_t expected_sum(const struct exchange *exchange)
{
	uint64_t sum = 0;
	for (uint64_t p = 0; p < exchange->producers; p++)
		for (uint64_t s = 1; s <= exchange_share(exchange, (unsigned) p); s++)
			sum += exchange_mix(p << 48 | s);
	return sum;
}

static bool held(const struct exchange *exchange, struct stage *stage)
{
	bool good = attend(exchange, stage) == 0;
	int64_t values[EXCHANGE_VALUES];
	for (int i = 0; i < EXCHANGE_VALUES; i++)
		values[i] = mpshm_value_load(stage->values[i]);
	if ((uint64_t) values[EXCHANGE_RECEIVED] != exchange->count)
		good = false;
	if (good && (uint64_t) values[EXCHANGE_SUM] != expected_sum(exchange)) {
		(void) printf("  what was received is not what was sent\n");
		good = false;
	}
	if (good && !addresses_differ(exchange, stage)) {
		(void) printf("  two processes had the segment at one address\n");
		good = false;
	}
	return good && values[EXCHANGE_FAULTS] == 0;
}

static int run(struct exchange *exchange)
{
	struct stage stage = {0};
	char segment[48];
	(void) snprintf(segment, sizeof segment, "exchange-%d", (int) getpid());
	exchange->segment = segment;
	(void) printf("exchange: %s, %llu, %u producers, %u consumers, batches of %u\n",
	              kinds[exchange->kind], (unsigned long long) exchange->count,
	              exchange->producers, exchange->consumers, exchange->batch);
	if (set_stage(exchange, &stage) < 0)
		return 1;
	double begin = seconds();
	for (unsigned i = 0; i < exchange->producers + exchange->consumers; i++)
		stage.pids[i] = i < exchange->producers
		                        ? start(exchange, true, i)
		                        : start(exchange, false, i - exchange->producers);
	bool good = held(exchange, &stage);
	double took = seconds() - begin;
	(void) printf(
		"exchange: %s: %llu received in %.1f s, %.2f million a second, %lld bytes: %s\n",
		kinds[exchange->kind],
		(unsigned long long) mpshm_value_load(stage.values[EXCHANGE_RECEIVED]), took,
		(double) exchange->count / took / 1e6,
		(long long) mpshm_value_load(stage.values[EXCHANGE_BYTES]),
		good ? "held" : "FAILED");
	for (int i = 0; i < EXCHANGE_VALUES; i++)
		(void) mpshm_value_close(stage.values[i]);
	(void) exchange_close(exchange, stage.object);
	(void) mpshm_segment_close(stage.segment);
	(void) mpshm_segment_unlink(segment);
	return good ? 0 : 1;
}

/* Of each a moderate number: what `make check-stress` runs. */
static int run_all(void)
{
	static const struct exchange all[] = {
		{EXCHANGE_SPSC, NULL, 100000000, 1, 1, 64, 0},
		{EXCHANGE_SPSC, NULL, 20000000, 1, 1, 1, 0},
		{EXCHANGE_MPMC, NULL, 50000000, 1, 1, 64, 0},
		{EXCHANGE_MPMC, NULL, 10000000, 1, 1, 1, 0},
		{EXCHANGE_MPMC, NULL, 5000000, 4, 4, 1, 0},
		{EXCHANGE_MPMC, NULL, 20000000, 4, 4, 64, 0},
		{EXCHANGE_QUEUE, NULL, 500000, 1, 1, 1, EXCHANGE_MESSAGE_BYTES},
		{EXCHANGE_QUEUE, NULL, 500000, 4, 4, 1, EXCHANGE_MESSAGE_BYTES},
	};
	int failed = 0;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct exchange one = all[i];
		failed |= run(&one);
	}
	(void) printf("exchange: %s\n", failed ? "FAILED" : "held");
	return failed;
}

static int usage(void)
{
	(void) fprintf(stderr, "usage: exchange [spsc|mpmc|queue] [--count N] [--producers P] "
	                       "[--consumers C] [--batch B] [--bytes MAX]\n");
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"count", required_argument, NULL, 'n'},
	                                        {"producers", required_argument, NULL, 'p'},
	                                        {"consumers", required_argument, NULL, 'c'},
	                                        {"batch", required_argument, NULL, 'b'},
	                                        {"bytes", required_argument, NULL, 'm'},
	                                        {"segment", required_argument, NULL, 's'},
	                                        {"end", required_argument, NULL, 'e'},
	                                        {NULL, 0, NULL, 0}};
	struct exchange exchange = {
		.producers = 1, .consumers = 1, .max_bytes = EXCHANGE_MESSAGE_BYTES};
	const char *end = NULL;
	int option;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0)
		switch (option) {
		case 'n':
			exchange.count = strtoull(optarg, NULL, 0);
			break;
		case 'p':
			exchange.producers = (unsigned) atoi(optarg);
			break;
		case 'c':
			exchange.consumers = (unsigned) atoi(optarg);
			break;
		case 'b':
			exchange.batch = (unsigned) atoi(optarg);
			break;
		case 'm':
			exchange.max_bytes = (unsigned) atoi(optarg);
			break;
		case 's':
			exchange.segment = optarg;
			break;
		case 'e':
			end = optarg;
			break;
		default:
			return usage();
		}
	if (optind == argc)
		return run_all();
	for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
		if (strcmp(argv[optind], kinds[k]) == 0) {
			exchange.kind = (enum exchange_kind) k;
			if (exchange.count == 0)
				exchange.count =
					exchange.kind == EXCHANGE_QUEUE ? 10000000 : 100000000;
			if (exchange.batch == 0)
				exchange.batch = exchange.kind == EXCHANGE_QUEUE ? 1 : 64;
			unsigned ends = exchange.producers + exchange.consumers;
			if (exchange.producers == 0 || exchange.consumers == 0 ||
			    ends > EXCHANGE_ENDS_MAX || exchange.batch > 256 ||
			    exchange.max_bytes > EXCHANGE_MESSAGE_BYTES ||
			    (exchange.kind == EXCHANGE_SPSC && ends != 2))
				return usage();
			return end ? exchange_end(&exchange, end[0] == 'p',
			                          (unsigned) atoi(end + 1))
			           : run(&exchange);
		}
	return usage();
}
