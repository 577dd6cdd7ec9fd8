/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rows beside the table's: points on scales of size, batch, capacity, rate and processes.
 * --full measures them, and whoever asks for them by --row.
 */
#include "suite.h"

#define SPSC \
	.spins = true, \
	.peers = {&peer_mpshm_spsc, &peer_textbook, &peer_ck_spsc, &peer_rte_spsc, \
	          &peer_boost_spsc}, \
	.more = {&peer_atomic_spsc, &peer_blocks}
#define MPMC \
	.spins = true, .peers = {&peer_mpshm_mpmc, &peer_ck_mpmc, &peer_rte_mpmc, &peer_rte_hts}, \
	.more = {&peer_rte_rts, &peer_atomic_mpmc, &peer_boost_mpmc}
#define SPSC_MEMORY \
	.peers = {&peer_mpshm_spsc, &peer_textbook,   &peer_ck_spsc, \
	          &peer_rte_spsc,   &peer_boost_spsc, &peer_atomic_spsc}
#define MPMC_MEMORY \
	.peers = {&peer_mpshm_mpmc, &peer_ck_mpmc, &peer_rte_mpmc, &peer_atomic_mpmc, \
	          &peer_boost_mpmc}
#define CROWDED \
	.spins = true, .peers = {&peer_mpshm_mpmc, &peer_ck_mpmc, &peer_rte_mpmc, &peer_rte_hts}, \
	.more = {&peer_rte_rts, &peer_atomic_mpmc, &peer_concurrentqueue, &peer_boost_mpmc, \
	         &peer_mutex}
#define CHANNELS \
	.peers = {&peer_mpshm_queue, &peer_semaphore, &peer_boost_queue, &peer_pipe}, \
	.more = {&peer_mutex, &peer_qb, &peer_seqpacket, &peer_mq, &peer_zmq}
#define CROWDED_CHANNELS \
	.peers = {&peer_mpshm_queue, &peer_boost_queue, &peer_pipe}, .more = {&peer_mutex}

#define ACROSS .producers = 1, .workers = 2, .cpu = {0, 1}
#define ON_ONE .producers = 1, .workers = 2, .cpu = {0, 0}

/* More processes than CPUs: on each one half of the producers, and of the consumers. */
#define FOUR_CPUS 0, 1, 0, 1
#define SIXTEEN_CPUS FOUR_CPUS, FOUR_CPUS, FOUR_CPUS, FOUR_CPUS
#define TWO_TO_TWO .producers = 2, .workers = 4, .cpu = {FOUR_CPUS}
#define FOUR_TO_FOUR .producers = 4, .workers = 8, .cpu = {FOUR_CPUS, FOUR_CPUS}
#define SIXTEEN_TO_SIXTEEN .producers = 16, .workers = 32, .cpu = {SIXTEEN_CPUS, SIXTEEN_CPUS}

/* Of long elements a ring holds what 1 MiB holds. */
#define ELEMENTS(kind, size, slots, measure, PEERS) \
	{ \
		kind "-" #size, kind " " #size " B", SHAPE_ELEMENTS, measure, slots, ACROSS, \
			.element_bytes = size, PEERS \
	}
#define BATCHED(kind, title, count, PEERS) \
	{ \
		kind "-8-batch-" #count, title ", batch " #count, SHAPE_ELEMENTS, \
			MEASURE_MILLIONS, 1024, ACROSS, .element_bytes = 8, .batch = count, PEERS \
	}
#define CAPACITY(kind, title, slots, PEERS) \
	{ \
		kind "-8-capacity-" #slots, title ", capacity " #slots, SHAPE_ELEMENTS, \
			MEASURE_MILLIONS, slots, ACROSS, .element_bytes = 8, PEERS \
	}
#define TRIP(kind, size, PEERS) \
	{ \
		kind "-trip-" #size, kind " " #size " B round trip, spinning", SHAPE_ELEMENT_TRIP, \
			MEASURE_TRIP_NS, 1024, ACROSS, .element_bytes = size, PEERS \
	}
#define CROWD(name, title, shape, measure, long_enough, PROCESSES, PEERS) \
	{ \
		name, title, shape, measure, 1024, PROCESSES, .least_ns = long_enough, PEERS \
	}

#define SECOND 1000000000

/* How long a message takes at a rate, as its schedule has it. */
#define LATENCY(suffix, title, per_second) \
	{ \
		"latency-" suffix, "64 B at " title " a second, blocking: p99", SHAPE_PACED, \
			MEASURE_P99_NS, 1024, ACROSS, .rate = per_second, .least_ns = SECOND, \
						      CHANNELS \
	}
#define LATENCY_SPIN(suffix, title, per_second) \
	{ \
		"latency-spin-" suffix, "64 B at " title " a second, spinning: p99", \
			SHAPE_PACED_SPIN, MEASURE_P99_NS, 1024, ACROSS, \
			.rate = per_second, .element_bytes = 64, .least_ns = SECOND, \
			.spins = true, .peers = { \
				&peer_mpshm_spsc, \
				&peer_mpshm_queue, \
				&peer_rte_spsc, \
				&peer_boost_spsc, \
				&peer_boost_queue, \
				&peer_pipe, \
				&peer_bare_word \
			} \
	}

/* Beside put and get: what it takes to come, to be many, and to have room. */
#define READ(suffix, title, size) \
	{ \
		"zero-copy-" suffix, "blocking " title ", every line read", SHAPE_STREAM_READ, \
			MEASURE_GIB, 1024, ACROSS, .long_bytes = size, .peers = { \
				&peer_mpshm_zero_copy, \
				&peer_mpshm_queue, \
				&peer_boost_queue, \
				&peer_pipe, \
				&peer_crossing_memcpy, \
				&peer_one_memcpy \
			} \
	}
#define AMONG(count) \
	{ \
		"queue-among-" #count, "put and get of 64 B, participants: " #count, SHAPE_ALONE, \
			MEASURE_TRIP_NS, 1024, .producers = 1, .workers = 1, \
					       .participants = count, .peers = { \
						       &peer_mpshm_among \
					       } \
	}
#define MEMORY(kind, size, PEERS) \
	{ \
		kind "-memory-" #size, kind ": memory for an element of " #size " B", \
			SHAPE_MEMORY, MEASURE_BYTES, 1024, .workers = 1, .element_bytes = size, \
							   .least_ns = 1, PEERS \
	}

const struct row scales[] = {
	ELEMENTS("spsc", 16, 1024, MEASURE_MILLIONS, SPSC),
	ELEMENTS("spsc", 256, 1024, MEASURE_MILLIONS, SPSC),
	ELEMENTS("spsc", 1024, 1024, MEASURE_GIB, SPSC),
	ELEMENTS("spsc", 4096, 256, MEASURE_GIB, SPSC),
	ELEMENTS("spsc", 65536, 16, MEASURE_GIB, SPSC),
	BATCHED("spsc", "spsc 8 B", 4, SPSC),
	BATCHED("spsc", "spsc 8 B", 8, SPSC),
	BATCHED("spsc", "spsc 8 B", 128, SPSC),
	CAPACITY("spsc", "spsc 8 B", 64, SPSC),
	CAPACITY("spsc", "spsc 8 B", 256, SPSC),
	TRIP("spsc", 24, SPSC),
	TRIP("spsc", 64, SPSC),

	ELEMENTS("mpmc", 16, 1024, MEASURE_MILLIONS, MPMC),
	ELEMENTS("mpmc", 256, 1024, MEASURE_MILLIONS, MPMC),
	ELEMENTS("mpmc", 1024, 1024, MEASURE_GIB, MPMC),
	ELEMENTS("mpmc", 4096, 256, MEASURE_GIB, MPMC),
	ELEMENTS("mpmc", 65536, 16, MEASURE_GIB, MPMC),
	{"mpmc-64-batch", "mpmc 64 B, 1 to 1, batch 32", SHAPE_LINE_BATCH, MEASURE_MILLIONS, 1024,
         ACROSS, .spins = true, .peers = {&peer_mpshm_mpmc, &peer_rte_mpmc, &peer_rte_hts},
         .more = {&peer_rte_rts, &peer_concurrentqueue}},
	BATCHED("mpmc", "mpmc 8 B, 1 to 1", 4, MPMC),
	BATCHED("mpmc", "mpmc 8 B, 1 to 1", 8, MPMC),
	BATCHED("mpmc", "mpmc 8 B, 1 to 1", 128, MPMC),
	CAPACITY("mpmc", "mpmc 8 B, 1 to 1", 64, MPMC),
	CAPACITY("mpmc", "mpmc 8 B, 1 to 1", 256, MPMC),
	CAPACITY("mpmc", "mpmc 8 B, 1 to 1", 65536, MPMC),
	TRIP("mpmc", 24, MPMC),
	TRIP("mpmc", 64, MPMC),

	CROWD("mpmc-8-4to4", "mpmc 8 B, 4 to 4 on two CPUs", SHAPE_WORD_CROWD, MEASURE_MILLIONS, 0,
              FOUR_TO_FOUR, CROWDED),
	CROWD("mpmc-8-16to16", "mpmc 8 B, 16 to 16 on two CPUs", SHAPE_WORD_CROWD, MEASURE_MILLIONS,
              0, SIXTEEN_TO_SIXTEEN, CROWDED),
	CROWD("mpmc-fair-2to2", "mpmc 8 B, 2 to 2: the slowest, of the mean", SHAPE_WORD_CROWD,
              MEASURE_FAIR, SECOND, TWO_TO_TWO, CROWDED),
	CROWD("mpmc-fair-4to4", "mpmc 8 B, 4 to 4: the slowest, of the mean", SHAPE_WORD_CROWD,
              MEASURE_FAIR, SECOND, FOUR_TO_FOUR, CROWDED),
	CROWD("mpmc-fair-16to16", "mpmc 8 B, 16 to 16: the slowest, of the mean", SHAPE_WORD_CROWD,
              MEASURE_FAIR, SECOND, SIXTEEN_TO_SIXTEEN, CROWDED),

	{"queue-64-same", "blocking 64 B, one CPU", SHAPE_STREAM, MEASURE_MILLIONS, 1024, ON_ONE,
         CHANNELS},
	CROWD("queue-2to2", "blocking 64 B, 2 to 2 on two CPUs", SHAPE_STREAM_CROWD,
              MEASURE_MILLIONS, 0, TWO_TO_TWO, CROWDED_CHANNELS),
	CROWD("queue-4to4", "blocking 64 B, 4 to 4 on two CPUs", SHAPE_STREAM_CROWD,
              MEASURE_MILLIONS, 0, FOUR_TO_FOUR, CROWDED_CHANNELS),
	CROWD("queue-16to16", "blocking 64 B, 16 to 16 on two CPUs", SHAPE_STREAM_CROWD,
              MEASURE_MILLIONS, 0, SIXTEEN_TO_SIXTEEN, CROWDED_CHANNELS),
	CROWD("queue-fair-4to4", "blocking 64 B, 4 to 4: the slowest, of the mean",
              SHAPE_STREAM_CROWD, MEASURE_FAIR, SECOND, FOUR_TO_FOUR, CROWDED_CHANNELS),
	CROWD("queue-fair-16to16", "blocking 64 B, 16 to 16: the slowest, of the mean",
              SHAPE_STREAM_CROWD, MEASURE_FAIR, SECOND, SIXTEEN_TO_SIXTEEN, CROWDED_CHANNELS),

	/* Seldom enough for the getter to be asleep each time. */
	{"queue-wake", "blocking 64 B, from the put to a sleeping getter", SHAPE_PACED,
         MEASURE_P50_NS, 1024, ACROSS, .rate = 200, .least_ns = SECOND, CHANNELS},

	READ("64k", "64 KiB", 64 << 10),
	READ("1m", "1 MiB", 1 << 20),

	AMONG(2),
	AMONG(8),
	AMONG(64),
	AMONG(512),
	{"attach", "open segment and queue, and close them", SHAPE_ATTACH, MEASURE_TRIP_NS, 1024,
         .workers = 1, .peers = {&peer_mpshm_attach, &peer_boost_queue, &peer_shm_attach}},
	{"first-touch", "first write to a page of a ring of 8 MiB", SHAPE_FIRST_TOUCH,
         MEASURE_TRIP_NS, 8192, .producers = 1, .workers = 1, .element_bytes = 1024,
         .peers = {&peer_touch_plain, &peer_touch_prefault, &peer_touch_huge}},
	MEMORY("spsc", 8, SPSC_MEMORY),
	MEMORY("spsc", 64, SPSC_MEMORY),
	MEMORY("spsc", 1024, SPSC_MEMORY),
	MEMORY("mpmc", 8, MPMC_MEMORY),
	MEMORY("mpmc", 64, MPMC_MEMORY),
	MEMORY("mpmc", 1024, MPMC_MEMORY),

	LATENCY("10k", "10 000", 10000),
	LATENCY("100k", "100 000", 100000),
	LATENCY("1m", "1 million", 1000000),
	LATENCY_SPIN("10k", "10 000", 10000),
	LATENCY_SPIN("100k", "100 000", 100000),
	LATENCY_SPIN("1m", "1 million", 1000000),
};

const unsigned scales_count = sizeof(scales) / sizeof(*scales);
