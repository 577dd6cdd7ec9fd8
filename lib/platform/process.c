/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The identity stands in a page with MADV_WIPEONFORK.  Its first word is
 *
 *     0                            no identity: the kernel wiped it, or nobody began
 *     thread << 1 | 1              this thread is at it: it runs reset()
 *     generation << 32 | pid << 1  the identity
 *
 * A fork may come at any instant, in another thread too: nothing outside that page
 * may say "somebody is at it", for in the child that somebody would not exist.
 */
#include "platform/process.h"

#include "platform/advice.h"
#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/keep_errno.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NAP_NS 20000

struct process_page {
	atomic64 word;
};

/* Never written: it reads as "no identity" before the first begin. */
static const struct process_page no_page;

const volatile uint64_t *mpshm_i_process = &no_page.word.raw;

/*
 * Ordinary private memory, which a child inherits: the last generation, so that each
 * step down the line of descent gets a higher one; and that the kernel can't wipe.
 */
static atomic32 last_generation;
static atomic32 kernel_wipes_not;

/*
 * The pointer goes through the compiler's builtins: the façade knows numbers only, and
 * its type is what hot paths read.
 */
static struct process_page *page_get(void)
{
	/* [PR-A1] pairs with [PR-R1]: the page is ready */
	const volatile uint64_t *word = __atomic_load_n(&mpshm_i_process, __ATOMIC_ACQUIRE);
	return word == &no_page.word.raw ? NULL : (struct process_page *) word;
}

static void wipe_in_child(void)
{
	/* NULL: forked between the handler's registration and the page's installation. */
	struct process_page *page = page_get();
	if (page)
		atomic64_store_relaxed(&page->word, 0); /* relaxed: the child has one thread */
}

/*
 * Kernels before 4.14, and emulators, can't wipe.  A fork handler does it there; a
 * bare clone runs none, and its child learns at its first begin that the identity
 * names another pid.  Until then hot paths take it for its parent.
 */
static int page_arm(struct process_page *page)
{
	if (madvise(page, sizeof *page, MADV_WIPEONFORK) == 0 && advice_is_meant())
		return 0;
	atomic32_store_relaxed(&kernel_wipes_not, 1); /* relaxed: [PR-R1] follows */
	return -pthread_atfork(NULL, NULL, wipe_in_child);
}

/* Two first callers make two pages, of which one stays.  NULL: no memory. */
static struct process_page *page_make(void)
{
	struct process_page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE,
	                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return NULL;

	const volatile uint64_t *expected = &no_page.word.raw;

	/* [PR-R1] pairs with [PR-A1] */
	if (page_arm(page) == 0 &&
	    __atomic_compare_exchange_n(&mpshm_i_process, &expected, &page->word.raw, false,
	                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		return page;
	(void) munmap(page, sizeof *page);
	return page_get();
}

static uint64_t identity_make(struct process_page *page, void (*reset)(void))
{
	uint64_t generation = atomic32_fetch_add(&last_generation, 1) + UINT64_C(1);
	uint64_t identity = generation << 32 | (uint64_t) getpid() << 1;

	if (reset)
		reset();
	/* [PR-R2] pairs with [PR-A2]: all that reset() did */
	atomic64_store_release(&page->word, identity);
	return identity;
}

static bool is_inherited(uint64_t identity)
{
	/* relaxed: written before the page was installed [PR-A1], never again. */
	return unlikely(atomic32_load_relaxed(&kernel_wipes_not) != 0) &&
	       (uint32_t) identity >> 1 != (uint32_t) getpid();
}

uint64_t mpshm_i_process_begin(void (*reset)(void))
{
	KEEP_ERRNO;
	struct process_page *page = page_get();
	if (!page && !(page = page_make()))
		return 0;

	for (;;) {
		/* [PR-A2] pairs with [PR-R2]: what was inherited is dropped */
		uint64_t word = atomic64_load_acquire(&page->word);
		if (word != 0 && (word & 1) == 0 && !is_inherited(word))
			return word;

		uint64_t mine = (uint64_t) syscall(SYS_gettid) << 1 | 1;
		if (word == mine)
			return 0;
		if ((word & 1) != 0)
			mpshm_i_clock_nap(NAP_NS);
		else if (atomic64_cas(&page->word, &word, mine))
			return identity_make(page, reset);
	}
}
