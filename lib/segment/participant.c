/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A slot is taken lock first, state last; given back state first, lock last.  In
 * between it is FREE and locked, which only makes newcomers pass on to the next: a
 * death there frees the lock and leaves nothing.  ACTIVE without a lock is what
 * a death at any other moment leaves, and what recovery looks for.
 */
#include "segment/participant.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "platform/clock.h"
#include "platform/error.h"
#include "platform/membarrier.h"
#include "platform/no_cancel.h"
#include "platform/process.h"
#include "platform/shm.h"
#include "segment/object.h"
#include "segment/recovery.h"
#include "segment/thread.h"

/* For people; and whether wakers may go without a fence. */
static void describe_ourselves(struct mpshm_segment *segment, struct participant_shm *slot)
{
	char command[PARTICIPANT_COMMAND_BYTES] = "";
	uint64_t start_ticks = 0;
	uint64_t pid_namespace = 0;

	mpshm_i_process_describe(command, &start_ticks, &pid_namespace);
	memcpy(slot->command, command, sizeof slot->command);
	slot->pid = (uint32_t) getpid();
	slot->uid = (uint32_t) geteuid();
	slot->pid_namespace = pid_namespace;
	slot->start_ticks = start_ticks;
	slot->attached_ns = mpshm_i_clock_wall();

	segment->membarrier = mpshm_i_membarrier_register();
	atomic32_store_relaxed(&slot->membarrier, segment->membarrier); /* the CAS follows */
	/* An exchange: wakers see it before we can be asleep anywhere.  Sticky, so a death
	 * behind it costs them a fence each, and nothing else. */
	if (!segment->membarrier)
		(void) atomic32_exchange(&segment->shm->fence_required, 1);
}

/* 0: taken; -EAGAIN: somebody has it; another negative errno. */
static int take_slot(struct mpshm_segment *segment, int fd, const char *path, uint32_t i)
{
	struct participant_shm *slot = &segment->participants[i];

	/* Relaxed: only a hint, to save system calls. */
	if (participant_state_kind(atomic64_load_relaxed(&slot->state)) != PARTICIPANT_FREE)
		return -EAGAIN;
	int ret = mpshm_i_liveness_acquire(&segment->alive, fd, path, LIVENESS_BYTE_PARTICIPANT(i));
	if (ret < 0)
		return ret;

	/* Only who has the lock makes a slot ACTIVE, so it is FREE for as long as it is
	 * now; else its last holder died, and is still to be resolved. */
	uint64_t state = atomic64_load_acquire(&slot->state);
	uint32_t generation = participant_state_generation(state) + 1;
	if (participant_state_kind(state) == PARTICIPANT_FREE) {
		describe_ourselves(segment, slot);

		/* [PART-A1] pairs with [PART-R1] in segment/resolve.c, [PART-R2] below: nothing
		 * of the predecessor is left.  A death before it leaves words for people in
		 * a FREE slot; behind it, ACTIVE without a lock, for recovery. */
		if (atomic64_cas(&slot->state, &state,
		                 participant_state(PARTICIPANT_ACTIVE, generation))) {
			segment->participant = i;
			segment->self = owner_make(i, generation);
			return 0;
		}
	}
	mpshm_i_liveness_release(&segment->alive);
	return -EAGAIN;
}

static int take_any_slot(struct mpshm_segment *segment)
{
	char path[SHM_PATH_MAX];

	int fd = mpshm_i_segment_fd(segment);
	if (fd < 0)
		return mpshm_i_fail(-fd, "segment %s: its file can't be reached any more",
		                    segment->name);
	mpshm_i_shm_path(segment->name, path);
	for (uint32_t i = 0; i < segment->participants_max; i++) {
		int ret = take_slot(segment, fd, path, i);
		if (ret != -EAGAIN)
			return ret < 0 ? mpshm_i_fail(-ret,
			                              "segment %s: slot %u can't be locked: %s",
			                              segment->name, i, strerror(-ret))
			               : 0;
	}
	return -EUSERS;
}

/* Does every slot belong to a live process? */
static bool all_alive(struct mpshm_segment *segment)
{
	for (uint32_t i = 0; i < segment->participants_max; i++) {
		uint64_t state = atomic64_load_acquire(&segment->participants[i].state);
		uint32_t generation = participant_state_generation(state);
		if (participant_state_kind(state) != PARTICIPANT_ACTIVE ||
		    !mpshm_i_owner_alive(segment, owner_make(i, generation)))
			return false;
	}
	return true;
}

static void leave_slot(struct mpshm_segment *segment)
{
	uint32_t generation = owner_generation(segment->self);

	if (mpshm_i_thread_give_all_back(segment)) {
		uint64_t state = participant_state(PARTICIPANT_ACTIVE, generation);

		/* [PART-R2] pairs with [PART-A1]: we have left nothing.  A death before it is a
		 * death like any other; behind it, there is nothing left of us. */
		(void) atomic64_cas(&segment->participants[segment->participant].state, &state,
		                    participant_state(PARTICIPANT_FREE, generation));
	}
	/* Where something could not be given back we go as the dead do: ACTIVE without a
	 * lock, and whoever recovers next resolves it. */
	segment->self = OWNER_NONE;
	segment->participant = PARTICIPANT_NONE;
	mpshm_i_liveness_release(&segment->alive);
}

/* With segment->mutex held. */
static int register_once(struct mpshm_segment *segment, uint64_t process)
{
	if (segment->process == process)
		return 0;
	int ret = take_any_slot(segment);
	if (ret < 0)
		return ret;

	/* What was open before a fork is open now.  A death in it: marks of a dead one. */
	ret = segment->objects ? mpshm_i_objects_inherit(segment) : 0;
	if (ret < 0) {
		leave_slot(segment);
		return ret;
	}
	/* Release, for threads that look without the mutex: all of the above. */
	__atomic_store_n(&segment->process, process, __ATOMIC_RELEASE);
	return 0;
}

static int register_locking(struct mpshm_segment *segment, uint64_t process)
{
	NO_CANCEL;
	pthread_mutex_lock(&segment->mutex);
	int ret = register_once(segment, process);
	pthread_mutex_unlock(&segment->mutex);
	return ret;
}

int mpshm_i_participant_register(struct mpshm_segment *segment, uint64_t process)
{
	int ret = register_locking(segment, process);
	if (ret == -EUSERS && mpshm_i_recover(segment) > 0)
		ret = register_locking(segment, process);
	if (ret != -EUSERS)
		return ret;
	if (!all_alive(segment))
		return -EAGAIN;
	return mpshm_i_fail(EUSERS,
	                    "segment %s: as many processes are attached as it was made for, %u",
	                    segment->name, segment->participants_max);
}

int mpshm_i_segment_register(struct mpshm_segment *segment)
{
	uint64_t process = mpshm_i_registry_process();
	if (process == 0)
		return mpshm_i_fail(ENOMEM, "segment %s: no memory for this process's identity",
		                    segment->name);
	if (likely(__atomic_load_n(&segment->process, __ATOMIC_ACQUIRE) == process))
		return 0;

	int64_t deadline = mpshm_i_deadline(PARTICIPANT_PATIENCE_NS);
	for (;;) {
		int ret = mpshm_i_participant_register(segment, process);
		if (ret == 0)
			(void) mpshm_i_recover(segment); /* as every new participant does */
		if (ret != -EAGAIN)
			return ret;
		if (mpshm_i_clock_now() > deadline)
			return mpshm_i_fail(EUSERS,
			                    "segment %s: all of its %u slots are taken, and "
			                    "the dead ones can't be recovered now",
			                    segment->name, segment->participants_max);
		mpshm_i_clock_nap(PARTICIPANT_NAP_NS);
	}
}

void mpshm_i_participant_leave(struct mpshm_segment *segment)
{
	if (!mpshm_i_segment_registered(segment))
		return;
	leave_slot(segment);
	__atomic_store_n(&segment->process, 0, __ATOMIC_RELEASE);
}

bool mpshm_i_participant_others(struct mpshm_segment *segment, int fd)
{
	for (uint32_t i = 0; i < segment->participants_max; i++) {
		bool own = i == segment->participant && mpshm_i_segment_registered(segment);
		if (!own && mpshm_i_liveness_held(fd, LIVENESS_BYTE_PARTICIPANT(i)) != 0)
			return true;
	}
	return false;
}
