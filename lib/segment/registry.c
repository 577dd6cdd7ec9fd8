/* SPDX-License-Identifier: BSD-2-Clause */
#include "segment/registry.h"

#include <errno.h>
#include <string.h>
#include <urcu-bp.h>

#include "platform/clock.h"
#include "platform/forkgate.h"
#include "platform/process.h"
#include "segment/thread.h"

#define BUCKETS 64u
#define NAP_NS 50000
#define PATIENCE_NAPS 20000 /* about a second */

static pthread_mutex_t registry_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct forkgate_pass registry_pass; /* of who holds the mutex */
static struct cds_lfht *registry;          /* once there, it stays */
static uint32_t last_serial;               /* under the mutex */

/* Changed by reset() alone, before this process has any other thread in here. */
static bool begun;
static bool forked;
static atomic32 readers; /* in a forked child */

/* What liburcu orders by itself, told once more to tools that can't see into it. */
static atomic32 additions;
#ifdef MPSHM_TSAN
#define ALWAYS_COUNT true
#else
#define ALWAYS_COUNT false
#endif

static struct cds_lfht *table(void)
{
	return rcu_dereference(registry);
}

static struct mpshm_segment *segment_of(struct cds_lfht_node *node)
{
	if (!node)
		return NULL;
	/* [REG-A3] pairs with [REG-R3]: what was written before it was added */
	(void) atomic32_load_acquire(&additions);
	void *segment = (char *) node - offsetof(struct mpshm_segment, node);
	return segment;
}

static struct mpshm_segment *segment_at(struct cds_lfht_iter *iter)
{
	return segment_of(cds_lfht_iter_get_node(iter));
}

/* Nothing that a thread of the parent held, or was, is to be waited for. */
static void reset(void)
{
	struct cds_lfht_iter iter;

	forked = begun;
	begun = true;
	if (!forked)
		return;
	pthread_mutex_init(&registry_mutex, NULL);
	atomic32_store_relaxed(&readers, 0); /* relaxed: the identity's store follows */
	if (!table())
		return;
	cds_lfht_first(table(), &iter);
	for (struct mpshm_segment *segment; (segment = segment_at(&iter));
	     cds_lfht_next(table(), &iter)) {
		pthread_mutex_init(&segment->mutex, NULL);
		mpshm_i_liveness_forget(&segment->alive);
		mpshm_i_liveness_forget(&segment->newcomer);
		segment->self = OWNER_NONE;
		segment->participant = PARTICIPANT_NONE;
	}
}

uint64_t mpshm_i_registry_process(void)
{
	return mpshm_i_process_begin(reset);
}

static int make_ready(void)
{
	int ret = mpshm_i_thread_prepare();
	if (ret < 0 || registry)
		return ret;

	/* Of fixed size and without call_rcu: no thread is ever started. */
	struct cds_lfht *made =
		cds_lfht_new_flavor(BUCKETS, BUCKETS, BUCKETS, 0, &urcu_bp_flavor, NULL);
	if (!made)
		return -ENOMEM;
	rcu_set_pointer(&registry, made);
	return 0;
}

int mpshm_i_registry_lock(void)
{
	struct forkgate_pass pass;

	if (mpshm_i_registry_process() == 0)
		return -ENOMEM;
	int ret = mpshm_i_forkgate_enter(&pass);
	if (ret < 0)
		return ret;
	pthread_mutex_lock(&registry_mutex);
	ret = make_ready();
	registry_pass = pass;
	if (ret < 0)
		mpshm_i_registry_unlock();
	return ret;
}

void mpshm_i_registry_unlock(void)
{
	struct forkgate_pass pass = registry_pass;

	pthread_mutex_unlock(&registry_mutex);
	mpshm_i_forkgate_leave(&pass);
}

static void read_begin(struct registry_pin *pin)
{
	pin->counted = forked || ALWAYS_COUNT;
	if (pin->counted)
		/* [REG-A1] pairs with [REG-R1]: a full fence, so either the remover sees us,
		 * or we see the table without what it removed */
		(void) atomic32_fetch_add(&readers, 1);
	else
		urcu_bp_read_lock();
}

static void read_end(const struct registry_pin *pin)
{
	if (pin->counted)
		/* [REG-R2] pairs with [REG-A2]: we are done with what we found */
		(void) atomic32_fetch_add(&readers, UINT32_MAX);
	else
		urcu_bp_read_unlock();
}

static unsigned long hash_of(const char *name)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char) *name) * UINT64_C(1099511628211);
	return (unsigned long) (hash ^ hash >> 32);
}

static int name_matches(struct cds_lfht_node *node, const void *name)
{
	return strcmp(segment_of(node)->name, name) == 0;
}

void mpshm_i_registry_add(struct mpshm_segment *segment)
{
	struct registry_pin pin;

	segment->serial = ++last_serial;
	cds_lfht_node_init(&segment->node);
	/* [REG-R3] pairs with [REG-A3]: the attachment is whole */
	(void) atomic32_fetch_add(&additions, 1);
	read_begin(&pin);
	cds_lfht_add(table(), hash_of(segment->name), &segment->node);
	read_end(&pin);
}

/* One more reference, unless the last is gone. */
static bool reference(struct mpshm_segment *segment)
{
	uint32_t count = atomic32_load_relaxed(&segment->references); /* the CAS judges */

	while (count > 0)
		if (atomic32_cas(&segment->references, &count, count + 1))
			return true;
	return false;
}

/* First attachments before additional ones, newer ones before older ones. */
static bool is_better(const struct mpshm_segment *a, const struct mpshm_segment *b)
{
	if (!b || a->additional != b->additional)
		return !b || b->additional;
	return (int32_t) (a->serial - b->serial) > 0;
}

static struct mpshm_segment *best_of(const char *name, const struct registry_file *file)
{
	struct mpshm_segment *best = NULL;
	struct cds_lfht_iter iter;

	cds_lfht_lookup(table(), hash_of(name), name_matches, name, &iter);
	for (struct mpshm_segment *s; (s = segment_at(&iter));
	     cds_lfht_next_duplicate(table(), name_matches, name, &iter)) {
		if (file && (s->device != file->device || s->inode != file->inode))
			continue;
		if (atomic32_load_relaxed(&s->references) > 0 && is_better(s, best))
			best = s; /* relaxed: reference() judges */
	}
	return best;
}

struct mpshm_segment *mpshm_i_registry_take(const char *name, const struct registry_file *file)
{
	struct mpshm_segment *best;
	struct registry_pin pin;

	if (mpshm_i_registry_process() == 0 || !table())
		return NULL;
	read_begin(&pin);
	do {
		best = best_of(name, file);
	} while (best && !reference(best)); /* it was closed between: look again */
	read_end(&pin);
	return best;
}

bool mpshm_i_registry_drop(struct mpshm_segment *segment)
{
	uint32_t count = atomic32_load_relaxed(&segment->references); /* the CAS judges */

	while (count > 1)
		if (atomic32_cas(&segment->references, &count, count - 1))
			return true;
	return false;
}

bool mpshm_i_registry_drop_last(struct mpshm_segment *segment)
{
	uint32_t one = 1;
	return atomic32_cas(&segment->references, &one, 0);
}

bool mpshm_i_registry_remove(struct mpshm_segment *segment)
{
	struct registry_pin pin;

	read_begin(&pin);
	(void) cds_lfht_del(table(), &segment->node);
	read_end(&pin);
	if (!pin.counted) {
		urcu_bp_synchronize_rcu();
		return true;
	}

	/* [REG-R1] pairs with [REG-A1]; [REG-A2] pairs with [REG-R2] */
	fence_full();
	for (int i = 0; atomic32_load_acquire(&readers) != 0; i++) {
		/* A crowd of readers that never ends: the memory is lost, and nothing else. */
		if (i == PATIENCE_NAPS)
			return false;
		mpshm_i_clock_nap(NAP_NS);
	}
	return true;
}

bool mpshm_i_registry_pin(struct registry_pin *pin, const struct mpshm_segment *segment,
                          uint32_t serial)
{
	struct cds_lfht_iter iter;

	if (mpshm_i_registry_process() == 0 || !table())
		return false;
	read_begin(pin);
	cds_lfht_first(table(), &iter);
	for (struct mpshm_segment *s; (s = segment_at(&iter)); cds_lfht_next(table(), &iter)) {
		if (s == segment && s->serial == serial &&
		    atomic32_load_relaxed(&s->references) > 0) /* relaxed: remove() waits */
			return true;
	}
	read_end(pin);
	return false;
}

void mpshm_i_registry_unpin(const struct registry_pin *pin)
{
	read_end(pin);
}
