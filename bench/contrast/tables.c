/* SPDX-License-Identifier: BSD-2-Clause */
/* The experiments, with their defaults. */
#include "contrast.h"

/*
 * An interpreter has a gap of some hundred nanoseconds between the load and the
 * store of `+=`; compiled code has next to none.  five and ten are the classic
 * experiments and imitate that gap.  million does not: there nothing but plain
 * code runs, and enough of it that its processes overlap (see run.c).
 */
const struct experiment experiments[] = {
	{.name = "five",
         .text = "the classic racy run printed 2153",
         .runs = 5,
         .processes = 5,
         .increments = 1000,
         .gap_ns = 1000},
	{.name = "ten",
         .text = "the classic racy runs printed 188 180 168 186 183 179 186 181 166 186",
         .runs = 10,
         .processes = 10,
         .increments = 20,
         .gap_ns = 1000,
         .pause_ns = MPSHM_MILLISECOND},
	{.name = "million", .text = "plain code", .runs = 3, .processes = 5, .increments = 1000000},
	{.name = "ticket",
         .text = "the ticket office: one ticket; each buyer looks, waits, takes",
         .runs = 5,
         .processes = 5,
         .increments = 1,
         .gap_ns = MPSHM_MILLISECOND,
         .ticket = true},
};

const unsigned experiments_count = sizeof(experiments) / sizeof(experiments[0]);
