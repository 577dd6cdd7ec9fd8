/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Signal handlers that call the try_ operations in the midst of others: a timer of 10 kHz
 * in each of several processes, which share a ring, a queue and a counter; at the end
 * each element that was sent has come out once.
 */
#include "objects.h"

#include <sys/time.h>

enum { PROCESSES = 2, OPERATIONS = 4000000, LONG_BYTES = 300, KINDS = 2 };

static struct mpshm_mpmc *ring;
static struct mpshm_queue *queue;
static struct mpshm_counter *counter;

/* What was sent and received: how many, and two sums over what they were. */
struct tally {
	uint64_t count, sum, mixed;
};

/* One for the main line and one for the handler of each process. */
static struct account {
	struct tally sent, received;
	uint64_t added, calls, corrupt;
	uint64_t next;
	uint64_t unused[8];
} * accounts;

static struct account *handlers_account;

static void note(struct tally *tally, uint64_t element)
{
	tally->count++;
	tally->sum += element;
	tally->mixed += (element ^ element >> 31) * UINT64_C(0x9e3779b97f4a7c15);
}

static void account_push(struct account *account)
{
	if (mpshm_mpmc_try_push(ring, &account->next) == 0)
		note(&account->sent, account->next++);
}

static void account_pop(struct account *account)
{
	uint64_t element;
	if (mpshm_mpmc_try_pop(ring, &element) == 0)
		note(&account->received, element);
}

static void account_put(struct account *account)
{
	char message[LONG_BYTES];
	size_t bytes = account->next % 2 ? LONG_BYTES : sizeof account->next;

	pattern_fill(message, bytes, account->next);
	memcpy(message, &account->next, sizeof account->next);
	if (mpshm_queue_try_put(queue, message, bytes) == 0)
		note(&account->sent, account->next++);
}

static void account_get(struct account *account)
{
	char message[LONG_BYTES], expected[LONG_BYTES];
	uint64_t element = 0;

	ssize_t bytes = mpshm_queue_try_get(queue, message, sizeof message);
	if (bytes < 0)
		return;
	memcpy(&element, message, sizeof element);
	pattern_fill(expected, sizeof expected, element);
	memcpy(expected, &element, sizeof element);
	account->corrupt += bytes != (element % 2 ? LONG_BYTES : (ssize_t) sizeof element) ||
	                    memcmp(message, expected, (size_t) bytes) != 0;
	note(&account->received, element);
}

/* Spans stay the main line's: handlers come while one is open. */
static void account_span(struct account *account)
{
	struct mpshm_span span;

	ssize_t count = mpshm_mpmc_try_reserve(ring, 2, &span);
	if (count > 0) {
		for (size_t i = 0; i < (size_t) count; i++) {
			*(uint64_t *) mpshm_span_element(&span, i) = account->next;
			note(&account->sent, account->next++);
		}
		need_eq(mpshm_mpmc_commit(ring, &span, (size_t) count), 0);
	}
	count = mpshm_mpmc_try_peek(ring, 2, &span);
	if (count > 0) {
		for (size_t i = 0; i < (size_t) count; i++)
			note(&account->received, *(uint64_t *) mpshm_span_element(&span, i));
		need_eq(mpshm_mpmc_release(ring, &span), 0);
	}
}

static void one_of_each(struct account *account)
{
	account_push(account);
	account_put(account);
	account_pop(account);
	account_get(account);
	account->added += mpshm_counter_add(counter, 1) == 0;
	account->calls += 5;
}

static void on_timer(int signal_number)
{
	(void) signal_number;
	int before = errno;
	one_of_each(handlers_account);
	errno = before;
}

static void set_timer(int period_us)
{
	const struct itimerval timer = {.it_interval = {0, period_us}, .it_value = {0, period_us}};
	need_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void operate(void *context)
{
	uint64_t process = *(uint64_t *) context;
	struct account *account = &accounts[process * KINDS];
	const struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};

	handlers_account = account + 1;
	account->next = process << 40;
	handlers_account->next = process << 40 | UINT64_C(1) << 39;
	need_eq(mpshm_thread_attach(seg), 0);
	need_eq(sigaction(SIGALRM, &action, NULL), 0);
	set_timer(100);
	while (account->calls < OPERATIONS) {
		one_of_each(account);
		account_span(account);
		account->calls += 2;
	}
	set_timer(0);
	need(signal(SIGALRM, SIG_IGN) != SIG_ERR); /* one may be on its way */
	need_eq(mpshm_counter_close(counter), 0);
	need_eq(mpshm_mpmc_close(ring), 0);
	need_eq(mpshm_queue_close(queue), 0);
	need_eq(mpshm_segment_close(seg), 0);
}

static void open_all(void)
{
	const struct mpshm_mpmc_options ring_options = {.capacity = 16, .element_bytes = 8};
	const struct mpshm_queue_options queue_options = {
		.capacity = 16, .max_message_bytes = LONG_BYTES, .slot_bytes = 64};
	need_eq(mpshm_mpmc_open(&ring, seg, "ring", MPSHM_CREATE, &ring_options), MPSHM_CREATED);
	need_eq(mpshm_queue_open(&queue, seg, "queue", MPSHM_CREATE, &queue_options),
	        MPSHM_CREATED);
	need_eq(mpshm_counter_open(&counter, seg, "counter", MPSHM_CREATE, NULL), MPSHM_CREATED);
	accounts = shared_memory((PROCESSES * KINDS + 1) * sizeof *accounts);
}

static void add_up(struct tally *total, const struct tally *part)
{
	total->count += part->count;
	total->sum += part->sum;
	total->mixed += part->mixed;
}

START_TEST(signal_handlers_at_10_khz_amid_millions_of_operations_lose_and_double_nothing)
{
	struct tally sent = {0}, received = {0};
	pid_t children[PROCESSES];
	uint64_t numbers[PROCESSES], added = 0;

	open_all();
	struct account *rest = &accounts[PROCESSES * KINDS];
	for (uint64_t i = 0; i < PROCESSES; i++) {
		numbers[i] = i;
		children[i] = child_start(operate, &numbers[i]);
	}
	for (uint64_t i = 0; i < PROCESSES; i++)
		child_ends_well(children[i]);
	while (mpshm_mpmc_size(ring) > 0)
		account_pop(rest);
	while (mpshm_queue_size(queue) > 0)
		account_get(rest);
	for (unsigned i = 0; i <= PROCESSES * KINDS; i++) {
		add_up(&sent, &accounts[i].sent);
		add_up(&received, &accounts[i].received);
		added += accounts[i].added;
		need_eq(accounts[i].corrupt, 0);
	}
	need_eq(received.count, sent.count);
	need_eq(received.sum, sent.sum);
	need_eq(received.mixed, sent.mixed);
	need_eq(mpshm_counter_sum(counter), added);
	for (unsigned i = 0; i < PROCESSES; i++) {
		need(accounts[i * KINDS].sent.count > OPERATIONS / 10);
		need(accounts[i * KINDS + 1].calls > 0);
		need(accounts[i * KINDS + 1].sent.count > 0);
	}
	need_eq(mpshm_segment_recover(seg), 0); /* all have left, and left nothing */
	need_eq(participants(), 1);
	need_eq(mpshm_counter_close(counter), 0);
	need_eq(mpshm_mpmc_close(ring), 0);
	need_eq(mpshm_queue_close(queue), 0);
}
END_TEST

Suite *suite_signals(void)
{
	Suite *suite = suite_create("signals");
	TCase *tcase = objects_tcase(suite, "signals");
	tcase_set_timeout(tcase, 300);
	tcase_add_test(
		tcase,
		signal_handlers_at_10_khz_amid_millions_of_operations_lose_and_double_nothing);
	return suite;
}
