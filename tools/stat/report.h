/* SPDX-License-Identifier: BSD-2-Clause */
/* report: the commands. */
#ifndef MPSHM_STAT_REPORT_H
#define MPSHM_STAT_REPORT_H

#include "args.h"
#include "status.h"
#include "view.h"

enum status report_list(const struct arguments *arguments);
enum status report_show(const struct arguments *arguments);

/* The objects of a readable view as a table. */
void print_objects(const struct view *view, const char *indent);

/* The participants: all with what they have open, or an object's openers. */
void print_participants(const struct view *view, const struct object_view *opener_of,
                        const char *indent);

/* One object, or one segment, in full. */
void print_object(const struct view *view, const struct object_view *object);
void print_segment(const struct view *view);

#endif
