/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A thread remembers its cells in a list of its own; the slots in thread-local storage
 * are a cache of that.  Both may be read by a signal handler that interrupts this very
 * thread at any point while it writes them:
 *   - an entry of the list is written with `segment` NULL first and set last;
 *   - a slot that is good for a live attachment is never given to another one, so that
 *     a handler takes away nothing that the interrupted code is about to use.
 */
#include "segment/thread.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/error.h"
#include "platform/keep_errno.h"
#include "segment/recovery.h"
#include "segment/registry.h"

struct held_cell {
	struct thread_slot slot; /* slot.segment NULL: to be used again */
	struct held_cell *next;
};

_Thread_local struct thread_slot mpshm_i_thread_slots[1 + THREAD_SLOTS]
	__attribute__((tls_model("initial-exec")));

static _Thread_local struct held_cell *held_cells; /* grows only */
static pthread_key_t exit_key;
static bool exit_key_made; /* under the registry's lock; inherited by children */

static bool is_same(const struct thread_slot *a, const struct thread_slot *b)
{
	return a->segment == b->segment && a->serial == b->serial && a->process == b->process &&
	       a->cell == b->cell;
}

/* A handler may come between any two stores, and store a whole slot: then once more. */
static void slot_store(struct thread_slot *slot, const struct thread_slot *wanted)
{
	do {
		slot->segment = NULL;
		compiler_barrier();
		slot->cell = wanted->cell;
		slot->process = wanted->process;
		slot->serial = wanted->serial;
		compiler_barrier();
		slot->segment = wanted->segment;
		compiler_barrier();
	} while (!is_same(slot, wanted));
}

/* Is it an attachment of this process that is there to stay while we look? */
static bool is_good(const struct thread_slot *slot)
{
	struct registry_pin pin;

	if (!slot->segment || slot->process != *mpshm_i_process)
		return false;
	if (!mpshm_i_registry_pin(&pin, slot->segment, slot->serial))
		return false;
	mpshm_i_registry_unpin(&pin);
	return true;
}

static struct thread_slot *further_slot(uint32_t serial)
{
	return &mpshm_i_thread_slots[1 + serial % THREAD_SLOTS];
}

static void cache(const struct thread_slot *wanted)
{
	struct thread_slot *slot = &mpshm_i_thread_slots[0];

	if (is_good(slot))
		slot = further_slot(wanted->serial);
	if (!is_good(slot))
		slot_store(slot, wanted);
}

static struct held_cell *held_find(const struct mpshm_segment *segment)
{
	uint64_t process = *mpshm_i_process;

	for (struct held_cell *held = held_cells; held; held = held->next)
		if (held->slot.segment == segment && held->slot.serial == segment->serial &&
		    held->slot.process == process)
			return held;
	return NULL;
}

/* An entry to write into: one of a closed attachment or of the parent, or a new one. */
static struct held_cell *held_make(void)
{
	for (struct held_cell *held = held_cells; held; held = held->next)
		if (!is_good(&held->slot))
			return held;
	struct held_cell *held = calloc(1, sizeof *held);
	if (!held)
		return NULL;
	held->next = held_cells;
	compiler_barrier();
	held_cells = held;
	return held;
}

/*
 * The first free cell from the start on: dense, since every scan for announcements
 * reads all cells up to the highest that was ever used.
 */
static struct cell_shm *claim_cell(struct mpshm_segment *segment)
{
	for (uint32_t i = 0; i < segment->threads_max; i++) {
		struct cell_shm *cell = &segment->cells[i];
		atomic32 *high = &segment->shm->cells_high;
		uint64_t owner = atomic64_load_relaxed(&cell->owner); /* the CAS judges */
		if (owner != OWNER_NONE)
			continue;

		/* [CELL-R2] pairs with [CELL-A1] in segment/resolve.c: raised before the cell is
		 * ours, so that every cell in use is scanned, and recovered.  A death
		 * between leaves a free cell below the mark. */
		uint32_t old = atomic32_load_relaxed(high);
		while (old < i + 1 && !atomic32_cas(high, &old, i + 1))
			;

		/* [CELL-A2] pairs with [CELL-R1] in segment/resolve.c, [CELL-R3] below: the last
		 * owner's frames are empty.  A death behind it: recovery frees the cell. */
		if (atomic64_cas(&cell->owner, &owner, segment->self)) {
			atomic32_store_relaxed(&cell->tid, (uint32_t) syscall(SYS_gettid));
			return cell;
		}
	}
	return NULL;
}

static bool has_busy_frame(const struct cell_shm *cell)
{
	for (uint32_t i = 0; i < CELL_FRAMES; i++)
		if (atomic64_load_relaxed(&cell->frames[i].where) != 0) /* our own stores */
			return true;
	return false;
}

/* false: it keeps frames that can't be resolved now; recovery goes on with them. */
static bool give_back(struct mpshm_segment *segment, struct cell_shm *cell)
{
	uint64_t owner = segment->self;

	if (has_busy_frame(cell))
		return mpshm_i_resolve_cell(segment, cell);
	atomic32_store_relaxed(&cell->tid, 0); /* for people */
	/* [CELL-R3] pairs with [CELL-A2]: our frames are empty.  A death before it: recovery
	 * frees the cell.  It fails where somebody wrote over our cell; so be it. */
	(void) atomic64_cas(&cell->owner, &owner, OWNER_NONE);
	return true;
}

bool mpshm_i_thread_give_all_back(struct mpshm_segment *segment)
{
	uint32_t cells = mpshm_i_cells_used(segment);
	bool all = true;

	for (uint32_t i = 0; i < cells; i++) {
		uint64_t owner = atomic64_load_acquire(&segment->cells[i].owner);
		if (owner == segment->self)
			all = give_back(segment, &segment->cells[i]) && all;
		else if ((owner & OWNER_BITS) == segment->self)
			all = false; /* an orphan */
	}
	return all;
}

/* At thread exit.  What happens in later destructors comes back here once more. */
static void give_back_at_exit(void *unused)
{
	(void) unused;
	struct registry_pin pin;

	for (uint32_t i = 0; i <= THREAD_SLOTS; i++)
		mpshm_i_thread_slots[i].segment = NULL;
	while (held_cells) {
		struct held_cell *held = held_cells;
		struct mpshm_segment *segment = (struct mpshm_segment *) held->slot.segment;
		if (segment && held->slot.process == *mpshm_i_process &&
		    mpshm_i_registry_pin(&pin, segment, held->slot.serial)) {
			(void) give_back(segment, held->slot.cell);
			mpshm_i_registry_unpin(&pin);
		}
		held_cells = held->next;
		free(held);
	}
}

struct frame_shm *mpshm_i_frame_find_further(struct cell_shm *cell)
{
	for (uint32_t i = 1; i < CELL_FRAMES; i++)
		if (atomic64_load_relaxed(&cell->frames[i].where) == 0) /* our own stores */
			return &cell->frames[i];
	return NULL;
}

int mpshm_i_thread_prepare(void)
{
	if (exit_key_made)
		return 0;
	int error = pthread_key_create(&exit_key, give_back_at_exit);
	exit_key_made = error == 0;
	return error == EAGAIN ? -ENOMEM : -error;
}

static int take_cell(struct mpshm_segment *segment, struct thread_slot *ret_slot)
{
	struct held_cell *held = held_make();
	/* The value is not used; it only must not be NULL. */
	if (!held || pthread_setspecific(exit_key, &exit_key) != 0)
		return mpshm_i_fail(ENOMEM, "segment %s: no memory for a thread", segment->name);

	struct cell_shm *cell = claim_cell(segment);
	if (!cell && mpshm_i_recover(segment) > 0)
		cell = claim_cell(segment);
	if (!cell)
		return mpshm_i_fail(EUSERS,
		                    "segment %s: as many threads use it as it was made for, %u",
		                    segment->name, segment->threads_max);

	const struct thread_slot taken = {
		.segment = segment,
		.process = *mpshm_i_process,
		.cell = cell,
		.serial = segment->serial,
	};
	slot_store(&held->slot, &taken);
	*ret_slot = taken;
	return 0;
}

int mpshm_i_thread_cell_slow(struct mpshm_segment *segment, struct cell_shm **ret_cell)
{
	const struct thread_slot *further = further_slot(segment->serial);
	if (thread_slot_fits(further, segment)) {
		compiler_barrier(); /* as in thread_cell() */
		*ret_cell = further->cell;
		return 0;
	}

	KEEP_ERRNO;
	struct thread_slot slot;

	int ret = mpshm_i_segment_register(segment);
	if (ret < 0)
		return ret;
	const struct held_cell *held = held_find(segment);
	if (held)
		slot = held->slot;
	else if ((ret = take_cell(segment, &slot)) < 0)
		return ret;
	cache(&slot);
	*ret_cell = slot.cell;
	return 0;
}

int mpshm_thread_attach(struct mpshm_segment *segment)
{
	struct cell_shm *cell;

	if (!segment)
		return mpshm_i_fail(EINVAL, "thread: no segment");
	return mpshm_i_thread_cell_slow(segment, &cell);
}

int mpshm_thread_detach(struct mpshm_segment *segment)
{
	if (!segment)
		return mpshm_i_fail(EINVAL, "thread: no segment");
	struct held_cell *held = held_find(segment);
	if (!held)
		return 0;
	if (has_busy_frame(held->slot.cell))
		return mpshm_i_fail(EBUSY, "segment %s: this thread holds a reservation",
		                    segment->name);
	struct cell_shm *cell = held->slot.cell;
	for (uint32_t i = 0; i <= THREAD_SLOTS; i++)
		if (mpshm_i_thread_slots[i].cell == cell)
			mpshm_i_thread_slots[i].segment = NULL;
	held->slot.segment = NULL;
	(void) give_back(segment, cell);
	return 0;
}
