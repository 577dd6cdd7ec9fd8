/* SPDX-License-Identifier: BSD-2-Clause */
/* The rows. */
#include "trials.h"

#include "peers.h"

#define MPMC .peers = {&peer_mpmc_with, &peer_mpmc_without}
#define QUEUE .peers = {&peer_queue_with, &peer_queue_without}
#define ACROSS .producers = 1, .workers = 2, .cpu = {0, 1}
#define ON_ONE .producers = 1, .workers = 2, .cpu = {0, 0}
#define ALONE .producers = 1, .workers = 1

/* Elements stream through both sides at once: their time is one operation's.  A round trip
 * is put, get, put, get, one after the other. */
const struct trial trials[] = {
	{{"mpmc-8-alone", "mpmc 8 B, push and pop by one process", SHAPE_ALONE, MEASURE_TRIP_NS,
          1024, ALONE, MPMC},
         2,
         "ns a pair"},
	{{"mpmc-8", "mpmc 8 B, two CPUs", SHAPE_WORD, MEASURE_MILLIONS, 1024, ACROSS, MPMC,
          .spins = true},
         1,
         "ns an element"},
	{{"mpmc-8-same", "mpmc 8 B, one CPU", SHAPE_WORD_CROWD, MEASURE_MILLIONS, 1024, ON_ONE,
          MPMC},
         2,
         "ns an element"},
	{{"mpmc-8-trip", "mpmc 8 B, round trip", SHAPE_WORD_TRIP, MEASURE_TRIP_NS, 1024, ACROSS,
          MPMC, .spins = true},
         4,
         "ns a trip"},
	{{"mpmc-8-batch", "mpmc 8 B, 32 a call", SHAPE_WORD_BATCH, MEASURE_MILLIONS, 1024, ACROSS,
          MPMC, .spins = true},
         1.0 / BATCH,
         "ns an element"},
	{{"mpmc-64", "mpmc 64 B, two CPUs", SHAPE_LINE, MEASURE_MILLIONS, 1024, ACROSS, MPMC,
          .spins = true},
         1,
         "ns an element"},
	{{"queue-64-alone", "queue 64 B, put and get by one process", SHAPE_ALONE, MEASURE_TRIP_NS,
          1024, ALONE, QUEUE},
         2,
         "ns a pair"},
	{{"queue-64", "queue 64 B, two CPUs", SHAPE_STREAM, MEASURE_MILLIONS, 1024, ACROSS, QUEUE},
         1,
         "ns a message"},
	{{"queue-64-trip", "queue 64 B, round trip, two CPUs", SHAPE_TRIP, MEASURE_TRIP_NS, 1024,
          ACROSS, QUEUE},
         4,
         "ns a trip"},
	{{"queue-64-trip-same", "queue 64 B, round trip, one CPU", SHAPE_TRIP, MEASURE_TRIP_NS,
          1024, ON_ONE, QUEUE},
         4,
         "ns a trip"},
};

const unsigned trials_count = sizeof(trials) / sizeof(*trials);
