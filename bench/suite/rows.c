/* SPDX-License-Identifier: BSD-2-Clause */
/* The table's rows. */
#include "suite.h"

/*
 * Who takes part: `peers` in every run, mpshm and those who came out best in a row of that
 * kind or near it; `more` under --full.
 */
#define SPSC_SINGLE \
	.peers = {&peer_mpshm_spsc, &peer_textbook, &peer_ck_spsc, &peer_boost_spsc, \
	          &peer_readerwriterqueue}, \
	.more = {&peer_rte_spsc, &peer_atomic_spsc, &peer_concurrentqueue}
#define SPSC_BATCH \
	.peers = {&peer_mpshm_spsc, &peer_textbook, &peer_rte_spsc, &peer_boost_spsc}, \
	.more = {&peer_concurrentqueue}
#define SPSC_TRIP \
	.peers = {&peer_mpshm_spsc, &peer_textbook, &peer_ck_spsc, &peer_atomic_spsc}, \
	.more = {&peer_rte_spsc, &peer_boost_spsc, &peer_readerwriterqueue, &peer_concurrentqueue}
#define MPMC_SINGLE \
	.peers = {&peer_mpshm_mpmc, &peer_ck_mpmc, &peer_rte_mpmc, &peer_concurrentqueue}, \
	.more = {&peer_rte_hts, &peer_rte_rts, &peer_atomic_mpmc, &peer_boost_mpmc, &peer_mutex}
#define MPMC_BATCH \
	.peers = {&peer_mpshm_mpmc, &peer_rte_mpmc, &peer_rte_hts}, \
	.more = {&peer_rte_rts, &peer_concurrentqueue}
#define MPMC_CROWD \
	.peers = {&peer_mpshm_mpmc, &peer_ck_mpmc, &peer_rte_hts, &peer_concurrentqueue}, \
	.more = {&peer_rte_mpmc, &peer_rte_rts, &peer_atomic_mpmc, &peer_boost_mpmc, &peer_mutex}
#define MPMC_TRIP \
	.peers = {&peer_mpshm_mpmc, &peer_rte_mpmc, &peer_atomic_mpmc}, \
	.more = {&peer_ck_mpmc,         &peer_rte_hts,    &peer_rte_rts, \
	         &peer_concurrentqueue, &peer_boost_mpmc, &peer_mutex}
#define OTHER_QUEUES &peer_mutex, &peer_qb, &peer_mq
#define PYTHON_QUEUES &peer_python_queue, &peer_python_simple, &peer_python_pipe
#define QUEUE_SHORT \
	.peers = {&peer_mpshm_queue, &peer_boost_queue, &peer_zmq, &peer_pipe}, \
	.more = {&peer_semaphore, &peer_seqpacket, OTHER_QUEUES, PYTHON_QUEUES}
#define QUEUE_LONG \
	.peers = {&peer_mpshm_queue, &peer_semaphore, &peer_seqpacket, &peer_pipe}, \
	.more = {&peer_boost_queue, &peer_zmq, OTHER_QUEUES, PYTHON_QUEUES}
#define QUEUE_TRIP \
	.peers = {&peer_mpshm_queue, &peer_semaphore, &peer_pipe}, \
	.more = {&peer_boost_queue, &peer_seqpacket, &peer_zmq, OTHER_QUEUES, PYTHON_QUEUES}
#define QUEUE_IDLE \
	.peers = {&peer_mpshm_queue, &peer_semaphore, &peer_pipe}, \
	.more = {&peer_boost_queue, &peer_seqpacket, &peer_zmq, OTHER_QUEUES}

/* One producer and one consumer, each on a CPU of its own. */
#define ACROSS .producers = 1, .workers = 2, .cpu = {0, 1}
#define ON_ONE .producers = 1, .workers = 2, .cpu = {0, 0}

const struct row rows[] = {
	{"spsc-8-1024", "spsc 8 B, capacity 1024", SHAPE_WORD, MEASURE_MILLIONS, 1024, ACROSS,
         .spins = true, SPSC_SINGLE},
	{"spsc-8-1024-batch", "spsc 8 B, capacity 1024, batch 32", SHAPE_WORD_BATCH,
         MEASURE_MILLIONS, 1024, ACROSS, .spins = true, SPSC_BATCH},
	{"spsc-8-65536", "spsc 8 B, capacity 65536", SHAPE_WORD, MEASURE_MILLIONS, 65536, ACROSS,
         .spins = true, SPSC_SINGLE},
	{"spsc-8-65536-batch", "spsc 8 B, capacity 65536, batch 32", SHAPE_WORD_BATCH,
         MEASURE_MILLIONS, 65536, ACROSS, .spins = true, SPSC_BATCH},
	{"spsc-64-1024", "spsc 64 B, capacity 1024", SHAPE_LINE, MEASURE_MILLIONS, 1024, ACROSS,
         .spins = true, SPSC_SINGLE},
	{"spsc-64-1024-batch", "spsc 64 B, capacity 1024, batch 32", SHAPE_LINE_BATCH,
         MEASURE_MILLIONS, 1024, ACROSS, .spins = true, SPSC_BATCH},
	{"spsc-trip", "spsc 8 B round trip, spinning", SHAPE_WORD_TRIP, MEASURE_TRIP_NS, 1024,
         ACROSS, .spins = true, SPSC_TRIP},

	{"mpmc-8", "mpmc 8 B, 1 to 1", SHAPE_WORD, MEASURE_MILLIONS, 1024, ACROSS, .spins = true,
         MPMC_SINGLE},
	{"mpmc-8-batch", "mpmc 8 B, 1 to 1, batch 32", SHAPE_WORD_BATCH, MEASURE_MILLIONS, 1024,
         ACROSS, .spins = true, MPMC_BATCH},
	{"mpmc-64", "mpmc 64 B, 1 to 1", SHAPE_LINE, MEASURE_MILLIONS, 1024, ACROSS, .spins = true,
         MPMC_SINGLE},
	{"mpmc-8-2to2-mixed", "mpmc 8 B, 2 to 2, one of each a CPU", SHAPE_WORD_CROWD,
         MEASURE_MILLIONS, 1024, .producers = 2, .workers = 4, .cpu = {0, 1, 0, 1}, .spins = true,
         MPMC_CROWD},
	{"mpmc-8-2to2-apart", "mpmc 8 B, 2 to 2, producers | consumers", SHAPE_WORD_CROWD,
         MEASURE_MILLIONS, 1024, .producers = 2, .workers = 4, .cpu = {0, 0, 1, 1}, .spins = true,
         MPMC_CROWD},
	{"mpmc-trip", "mpmc 8 B round trip, spinning", SHAPE_WORD_TRIP, MEASURE_TRIP_NS, 1024,
         ACROSS, .spins = true, MPMC_TRIP},

	{"queue-64", "blocking 64 B", SHAPE_STREAM, MEASURE_MILLIONS, 1024, ACROSS, QUEUE_SHORT},
	{"queue-1k", "blocking 1 KiB", SHAPE_STREAM_LONG, MEASURE_GIB, 1024, ACROSS,
         .long_bytes = 1 << 10, QUEUE_LONG},
	{"queue-4k", "blocking 4 KiB", SHAPE_STREAM_LONG, MEASURE_GIB, 1024, ACROSS,
         .long_bytes = 4 << 10, QUEUE_LONG},
	{"queue-64k", "blocking 64 KiB", SHAPE_STREAM_LONG, MEASURE_GIB, 1024, ACROSS,
         .long_bytes = 64 << 10, QUEUE_LONG},
	{"queue-1m", "blocking 1 MiB", SHAPE_STREAM_LONG, MEASURE_GIB, 1024, ACROSS,
         .long_bytes = 1 << 20, QUEUE_LONG},
	{"queue-trip-across", "blocking 64 B round trip, two CPUs", SHAPE_TRIP, MEASURE_TRIP_NS,
         1024, ACROSS, QUEUE_TRIP},
	{"queue-trip-same", "blocking 64 B round trip, one CPU", SHAPE_TRIP, MEASURE_TRIP_NS, 1024,
         ON_ONE, QUEUE_TRIP},
	{"queue-idle", "blocked in a get: CPU used", SHAPE_IDLE, MEASURE_CPU_US, 1024, .workers = 1,
         .least_ns = 2000000000, QUEUE_IDLE},

	{"counter-add", "add 1, two processes at once", SHAPE_ADD, MEASURE_ADD_NS, 0,
         .producers = 2, .workers = 2, .cpu = {0, 1}, .spins = true,
         .peers = {&peer_mpshm_stripe, &peer_locked_add, &peer_mpshm_counter, &peer_mpshm_value,
                   &peer_racy_add}},
};

const unsigned rows_count = sizeof(rows) / sizeof(*rows);

const char *measure_unit(enum measure measure)
{
	static const char *const units[] = {"M/s", "GiB/s", "ns", "ns", "us/s",
	                                    "ns",  "ns",    "B",  "%"};

	return units[measure];
}
