/* SPDX-License-Identifier: BSD-2-Clause */
/* The table's rows. */
#include "suite.h"

/* Who takes part: in every run, and under --full.  doc/BENCHMARKS.md has the rule. */
#define SPSC_PEERS \
	.peers = {&peer_mpshm_spsc, &peer_textbook, &peer_ck_spsc, &peer_rte_spsc, \
	          &peer_boost_spsc}, \
	.more = {&peer_atomic_spsc, &peer_readerwriterqueue, &peer_concurrentqueue}
#define MPMC_PEERS \
	.peers = {&peer_mpshm_mpmc, &peer_ck_mpmc, &peer_rte_mpmc, &peer_rte_hts}, \
	.more = {&peer_atomic_mpmc, &peer_concurrentqueue, &peer_boost_mpmc, &peer_mutex}
#define QUEUE_PEERS \
	.peers = {&peer_mpshm_queue, &peer_semaphore, &peer_boost_queue, &peer_pipe}, \
	.more = {&peer_mutex, &peer_qb,           &peer_seqpacket,     &peer_mq, \
	         &peer_zmq,   &peer_python_queue, &peer_python_simple, &peer_python_pipe}

/* One producer and one consumer, each on a CPU of its own. */
#define ACROSS .producers = 1, .workers = 2, .cpu = {0, 1}
#define ON_ONE .producers = 1, .workers = 2, .cpu = {0, 0}

const struct row rows[] = {
	{"spsc-8-1024", "spsc 8 B, capacity 1024", SHAPE_WORD, MEASURE_MILLIONS, 1024, ACROSS,
         .spins = true, SPSC_PEERS},
	{"spsc-8-1024-batch", "spsc 8 B, capacity 1024, batch 32", SHAPE_WORD_BATCH,
         MEASURE_MILLIONS, 1024, ACROSS, .spins = true, SPSC_PEERS},
	{"spsc-8-65536", "spsc 8 B, capacity 65536", SHAPE_WORD, MEASURE_MILLIONS, 65536, ACROSS,
         .spins = true, SPSC_PEERS},
	{"spsc-8-65536-batch", "spsc 8 B, capacity 65536, batch 32", SHAPE_WORD_BATCH,
         MEASURE_MILLIONS, 65536, ACROSS, .spins = true, SPSC_PEERS},
	{"spsc-64-1024", "spsc 64 B, capacity 1024", SHAPE_LINE, MEASURE_MILLIONS, 1024, ACROSS,
         .spins = true, SPSC_PEERS},
	{"spsc-64-1024-batch", "spsc 64 B, capacity 1024, batch 32", SHAPE_LINE_BATCH,
         MEASURE_MILLIONS, 1024, ACROSS, .spins = true, SPSC_PEERS},
	{"spsc-trip", "spsc 8 B round trip, spinning", SHAPE_WORD_TRIP, MEASURE_TRIP_NS, 1024,
         ACROSS, .spins = true, SPSC_PEERS},

	{"mpmc-8", "mpmc 8 B, 1 to 1", SHAPE_WORD, MEASURE_MILLIONS, 1024, ACROSS, .spins = true,
         MPMC_PEERS},
	{"mpmc-8-batch", "mpmc 8 B, 1 to 1, batch 32", SHAPE_WORD_BATCH, MEASURE_MILLIONS, 1024,
         ACROSS, .spins = true, MPMC_PEERS},
	{"mpmc-64", "mpmc 64 B, 1 to 1", SHAPE_LINE, MEASURE_MILLIONS, 1024, ACROSS, .spins = true,
         MPMC_PEERS},
	{"mpmc-8-2to2-mixed", "mpmc 8 B, 2 to 2, one of each a CPU", SHAPE_WORD_CROWD,
         MEASURE_MILLIONS, 1024, .producers = 2, .workers = 4, .cpu = {0, 1, 0, 1}, .spins = true,
         MPMC_PEERS},
	{"mpmc-8-2to2-apart", "mpmc 8 B, 2 to 2, producers | consumers", SHAPE_WORD_CROWD,
         MEASURE_MILLIONS, 1024, .producers = 2, .workers = 4, .cpu = {0, 0, 1, 1}, .spins = true,
         MPMC_PEERS},
	{"mpmc-trip", "mpmc 8 B round trip, spinning", SHAPE_WORD_TRIP, MEASURE_TRIP_NS, 1024,
         ACROSS, .spins = true, MPMC_PEERS},

	{"queue-64", "blocking 64 B", SHAPE_STREAM, MEASURE_MILLIONS, 1024, ACROSS, QUEUE_PEERS},
	{"queue-1k", "blocking 1 KiB", SHAPE_STREAM_LONG, MEASURE_GIB, 1024, ACROSS,
         .long_bytes = 1 << 10, QUEUE_PEERS},
	{"queue-4k", "blocking 4 KiB", SHAPE_STREAM_LONG, MEASURE_GIB, 1024, ACROSS,
         .long_bytes = 4 << 10, QUEUE_PEERS},
	{"queue-64k", "blocking 64 KiB", SHAPE_STREAM_LONG, MEASURE_GIB, 1024, ACROSS,
         .long_bytes = 64 << 10, QUEUE_PEERS},
	{"queue-1m", "blocking 1 MiB", SHAPE_STREAM_LONG, MEASURE_GIB, 1024, ACROSS,
         .long_bytes = 1 << 20, QUEUE_PEERS},
	{"queue-trip-across", "blocking 64 B round trip, two CPUs", SHAPE_TRIP, MEASURE_TRIP_NS,
         1024, ACROSS, QUEUE_PEERS},
	{"queue-trip-same", "blocking 64 B round trip, one CPU", SHAPE_TRIP, MEASURE_TRIP_NS, 1024,
         ON_ONE, QUEUE_PEERS},
	{"queue-idle", "blocked in a get: CPU used", SHAPE_IDLE, MEASURE_CPU_US, 1024, .workers = 1,
         QUEUE_PEERS},

	{"counter-add", "add 1, two processes at once", SHAPE_ADD, MEASURE_ADD_NS, 0,
         .producers = 2, .workers = 2, .cpu = {0, 1}, .spins = true,
         .peers = {&peer_mpshm_stripe, &peer_locked_add, &peer_mpshm_counter, &peer_mpshm_value,
                   &peer_racy_add}},
};

const unsigned rows_count = sizeof(rows) / sizeof(*rows);

const char *measure_unit(enum measure measure)
{
	static const char *const units[] = {"M/s", "GiB/s", "ns", "ns", "us/s"};

	return units[measure];
}
