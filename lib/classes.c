/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * classes: all types of objects.  The segment layer recovers what the dead left in
 * objects of any type, opened by this process or not; this table is how it
 * reaches them without knowing them.
 */
#include "segment/object.h"

extern const struct object_class mpshm_i_spsc_class;
extern const struct object_class mpshm_i_mpmc_class;
extern const struct object_class mpshm_i_queue_class;
extern const struct object_class mpshm_i_value_class;
extern const struct object_class mpshm_i_counter_class;

const struct object_class *const mpshm_i_object_classes[] = {
	&mpshm_i_spsc_class,  &mpshm_i_mpmc_class,    &mpshm_i_queue_class,
	&mpshm_i_value_class, &mpshm_i_counter_class, NULL,
};
