/* SPDX-License-Identifier: BSD-2-Clause */
/* json: one JSON object a line, on stdout. */
#ifndef MPSHM_STAT_JSON_H
#define MPSHM_STAT_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "view.h"

#define JSON_SCHEMA_VERSION 1

void json_segment(const struct view *view);
void json_object(const struct view *view, const struct object_view *object);
/* opener_of: only as an opener of that object; NULL: with all that it has open. */
void json_participant(const struct view *view, const struct mpshm_participant_info *participant,
                      const struct object_view *opener_of);

#endif
