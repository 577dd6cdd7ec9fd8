/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>

#include "layout/object.h"
#include "platform/error.h"
#include "segment/object.h"
#include <mpshm/value.h>

struct mpshm_value {
	struct object object;
	atomic64 *word;
};

const struct object_class mpshm_i_value_class = {
	.type = OBJECT_VALUE,
	.name = "value",
};

static void lay_out(void *memory, const void *context)
{
	const struct mpshm_value_options *options = context;
	struct value_shm *shm = memory;
	/* Relaxed: the directory entry becomes READY by a release store after it. */
	atomic64_store_relaxed(&shm->value, options ? (uint64_t) options->initial : 0);
}

int mpshm_value_open(struct mpshm_value **ret_value, struct mpshm_segment *segment,
                     const char *name, unsigned flags, const struct mpshm_value_options *options)
{
	int error = mpshm_i_object_arguments(ret_value, segment, name);
	if (error)
		return error;
	if (flags & ~(MPSHM_CREATE | MPSHM_EXCLUSIVE))
		return mpshm_i_fail(EINVAL, "value %s: unknown flag in 0x%x", name, flags);
	if (options)
		for (size_t i = 0; i < sizeof options->reserved / sizeof *options->reserved; i++)
			if (options->reserved[i])
				return mpshm_i_fail(EINVAL, "value %s: a reserved option is set",
				                    name);

	struct mpshm_value *value = malloc(sizeof *value);
	if (!value)
		return mpshm_i_fail(ENOMEM, "value %s: no memory for a handle", name);
	const struct object_plan plan = {
		.bytes = sizeof(struct value_shm),
		.lay_out = lay_out,
		.context = options,
	};
	int created =
		mpshm_i_object_open(&value->object, segment, name, flags, &mpshm_i_value_class,
	                            flags & MPSHM_CREATE ? &plan : NULL);
	if (created >= 0 && value->object.bytes < sizeof(struct value_shm)) {
		(void) mpshm_i_object_close(&value->object);
		created = mpshm_i_fail(EBADMSG, "value %s: its extent is too small", name);
	}
	if (created < 0) {
		free(value);
		return created;
	}
	value->word = &((struct value_shm *) value->object.shm)->value;
	*ret_value = value;
	return created;
}

int mpshm_value_close(struct mpshm_value *value)
{
	if (!value)
		return mpshm_i_fail(EINVAL, "value: no handle");
	int error = mpshm_i_object_close(&value->object);
	if (error)
		return error;
	free(value);
	return 0;
}

int64_t mpshm_value_load(const struct mpshm_value *value)
{
	/* Every store is a locked instruction, so a plain load is sequentially
	 * consistent with them on x86-64; elsewhere the fence makes it so. */
#if !MPSHM_ATOMIC_CK
	fence_full();
#endif
	return (int64_t) atomic64_load_acquire(value->word);
}

void mpshm_value_store(struct mpshm_value *value, int64_t desired)
{
	(void) atomic64_exchange(value->word, (uint64_t) desired);
}

int64_t mpshm_value_add(struct mpshm_value *value, int64_t addend)
{
	return (int64_t) atomic64_fetch_add(value->word, (uint64_t) addend);
}

int64_t mpshm_value_exchange(struct mpshm_value *value, int64_t desired)
{
	return (int64_t) atomic64_exchange(value->word, (uint64_t) desired);
}

int mpshm_value_compare_exchange(struct mpshm_value *value, int64_t *expected, int64_t desired)
{
	uint64_t before = (uint64_t) *expected;
	if (atomic64_cas(value->word, &before, (uint64_t) desired))
		return 1;
	*expected = (int64_t) before;
	return 0;
}

int64_t *mpshm_value_address(struct mpshm_value *value)
{
	return (int64_t *) &value->word->raw;
}
