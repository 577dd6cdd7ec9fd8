/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the speed table is made of.
 *
 * A row is one piece of work; its contestants are peers that can do it; a sample is one
 * measurement of one of them, by one to four processes.  A peer does a shape of work
 * (run[shape]) on what it keeps in shared memory.
 */
#ifndef BENCH_SUITE_SUITE_H
#define BENCH_SUITE_SUITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LINE_BYTES 128 /* two cache lines: the second is prefetched with the first */
#define WORKERS_MAX 32
#define PEERS_MAX 10
#define BATCH 32
#define SHORT_BYTES 64
#define LONG_BYTES_MAX (1u << 20)

enum shape {
	SHAPE_WORD,         /* rings: 8-byte elements, one at a time */
	SHAPE_WORD_BATCH,   /* ... up to BATCH a call */
	SHAPE_LINE,         /* 64-byte elements, one at a time */
	SHAPE_LINE_BATCH,   /* ... up to BATCH a call */
	SHAPE_WORD_CROWD,   /* 8-byte elements by many producers and many consumers */
	SHAPE_WORD_TRIP,    /* there and back, both sides spinning */
	SHAPE_ELEMENTS,     /* elements of the row's element_bytes, its batch a call */
	SHAPE_ELEMENT_TRIP, /* one of them there and back */
	SHAPE_STREAM,       /* channels: SHORT_BYTES messages by blocking calls */
	SHAPE_STREAM_LONG,  /* messages of the row's long_bytes */
	SHAPE_STREAM_READ,  /* ... of which the consumer reads every line */
	SHAPE_STREAM_CROWD, /* SHORT_BYTES by many to many */
	SHAPE_PACED,       /* rings and channels: SHORT_BYTES at the row's rate; who waits blocks */
	SHAPE_PACED_SPIN,  /* ... or spins */
	SHAPE_TRIP,        /* 64 bytes there and back by blocking calls */
	SHAPE_IDLE,        /* blocked in a get that nobody answers */
	SHAPE_ADD,         /* counters: add 1, all workers at once */
	SHAPE_ALONE,       /* rings and channels: put and get in turn, by one process */
	SHAPE_ATTACH,      /* open what is there, and close it */
	SHAPE_FIRST_TOUCH, /* write to each page of what was just opened */
	SHAPE_MEMORY,      /* how many bytes the row's object takes */
	SHAPES,
};

/* What a row's figure says. */
enum measure {
	MEASURE_MILLIONS, /* million elements a second: more is better */
	MEASURE_GIB,      /* GiB a second: more is better */
	MEASURE_TRIP_NS,  /* round trip, or of a call, median: less is better */
	MEASURE_ADD_NS,   /* of one add, as its process sees it: less is better */
	MEASURE_CPU_US,   /* microseconds of CPU time a second: less is better */
	MEASURE_P50_NS,   /* half of the messages were there after that long: less is better */
	MEASURE_P99_NS,   /* 99 of 100: less is better */
	MEASURE_BYTES,    /* of shared memory, for an element: less is better */
	MEASURE_FAIR,     /* the slowest of a side has that many % of its mean: more is better */
};

/* What a worker tells: one writer each, read by the parent when all have ended. */
struct result {
	/* of the timed run */
	int64_t start_ns, end_ns;
	int64_t cpu_ns;  /* CPU time that it got */
	uint64_t moved;  /* elements it took out, or adds */
	uint64_t turns;  /* what it put or got, where many do */
	uint64_t unsent; /* at a fixed rate: those that were due and never went out */
	double trip_ns;  /* the median round trip */
	/* of the warm-up and the timed run */
	uint64_t put_count, put_sum;
	uint64_t got_count, got_sum;
	uint64_t disorder; /* elements that came out of order, twice, or torn */
	int error;         /* negative errno: what the peer refused */
} __attribute__((aligned(LINE_BYTES)));

struct board;     /* board.h */
struct stage;     /* stage.h */
struct histogram; /* common/histogram.h */
struct row;

/* A worker process, in its own memory. */
struct worker {
	unsigned index;
	const struct row *row;
	struct board *board;
	const struct stage *stage;
	char *arena;               /* the peers' shared memory, mapped by this process for itself */
	void *end[2];              /* what attach() opened: rings, channels, a counter */
	struct histogram *latency; /* at a fixed rate: the consumer's to write */
	uint32_t *done;            /* producers that ended a run, of all workers */
	uint32_t done_target;      /* that once those of this run have ended */
	struct result result;
};

struct peer {
	const char *name;
	bool ours;           /* part of mpshm, not somebody to compare it with */
	bool bar;            /* a limit, nobody to compare with */
	bool lossy;          /* known to lose: said, not a failure, and not raced against */
	bool reorders;       /* known to let elements overtake: said, not a failure */
	bool sleeps;         /* its calls may sleep, also where those of others spin */
	const char *missing; /* why it takes no part, or NULL */
	/* In the parent: why it takes no part in this row, or NULL.  No such call: it does. */
	const char *(*unable)(const struct row *row);
	/* In the parent: make, and take away, what the workers share.  0 or a negative errno. */
	int (*create)(struct stage *stage, const struct row *row);
	void (*remove)(struct stage *stage, const struct row *row);
	/* In a worker: open it.  0 or a negative errno. */
	int (*attach)(struct worker *worker);
	/* In a worker, twice: a warm-up and the timed run.  NULL: can't do this shape. */
	void (*run[SHAPES])(struct worker *worker, int64_t duration_ns);
	/* In the parent, counters only: what all adds have come to. */
	int64_t (*total)(struct stage *stage);
};

struct row {
	const char *name, *title;
	enum shape shape;
	enum measure measure;
	uint32_t capacity;
	uint32_t long_bytes;    /* SHAPE_STREAM_LONG, SHAPE_STREAM_READ: the length of a message */
	uint32_t element_bytes; /* SHAPE_ELEMENTS, SHAPE_ELEMENT_TRIP: of an element */
	uint32_t batch;         /* SHAPE_ELEMENTS: elements a call, 0 is 1 */
	uint32_t participants;  /* SHAPE_ALONE: registered in the segment */
	uint32_t rate;          /* SHAPE_PACED, SHAPE_PACED_SPIN: messages a second */
	int64_t least_ns;       /* a sample lasts that long, or longer */
	unsigned producers;     /* workers 0 ... producers - 1; the others consume */
	unsigned workers;
	unsigned char cpu[WORKERS_MAX];      /* 0 or 1: first or second of the pair of CPUs */
	bool spins;                          /* each CPU is busy all the time, or was taken away */
	const struct peer *peers[PEERS_MAX]; /* ours first; NULL ends */
	const struct peer *more[PEERS_MAX];  /* under --full as well; NULL ends */
};

/* rows.c: what every run measures.  scales.c: what --full measures, and who asks for it. */
extern const struct row rows[], scales[];
extern const unsigned rows_count, scales_count;

/* One file each, or a few that belong together. */
extern const struct peer peer_mpshm_spsc, peer_mpshm_mpmc; /* ring_mpshm.c */
extern const struct peer peer_ck_spsc, peer_ck_mpmc;       /* ring_ck.c */
extern const struct peer peer_rte_spsc, peer_rte_mpmc, peer_rte_hts, peer_rte_rts; /* ring_rte.c */
extern const struct peer peer_boost_spsc, peer_boost_mpmc;   /* ring_boost.cc */
extern const struct peer peer_atomic_spsc, peer_atomic_mpmc; /* ring_atomic_queue.cc */
extern const struct peer peer_readerwriterqueue;             /* ring_readerwriterqueue.cc */
extern const struct peer peer_concurrentqueue;               /* ring_concurrentqueue.cc */
extern const struct peer peer_textbook;                      /* ring_textbook.c */
extern const struct peer peer_mutex;                         /* ring_mutex.c */
extern const struct peer peer_mpshm_queue;                   /* channel_mpshm.c */
extern const struct peer peer_pipe;                          /* channel_pipe.c */
extern const struct peer peer_seqpacket;                     /* channel_seqpacket.c */
extern const struct peer peer_mq;                            /* channel_mq.c */
extern const struct peer peer_zmq;                           /* channel_zmq.c */
extern const struct peer peer_qb;                            /* channel_qb.c */
extern const struct peer peer_python_queue, peer_python_simple, peer_python_pipe;
extern const struct peer peer_semaphore;   /* channel_semaphore.c */
extern const struct peer peer_boost_queue; /* channel_boost.cc */
extern const struct peer peer_mpshm_zero_copy, peer_crossing_memcpy,
	peer_one_memcpy;                                     /* zero_copy.c */
extern const struct peer peer_bare_word;                     /* paced_word.c */
extern const struct peer peer_blocks;                        /* ring_blocks.c */
extern const struct peer peer_mpshm_among;                   /* participants.c */
extern const struct peer peer_mpshm_attach, peer_shm_attach; /* attach.c */
extern const struct peer peer_touch_plain, peer_touch_prefault, peer_touch_huge; /* first_touch.c */
extern const struct peer peer_mpshm_stripe, peer_mpshm_counter;                  /* counters.c */
extern const struct peer peer_mpshm_value, peer_locked_add, peer_racy_add;

/* Versions of what the peers were compiled from, "" where it tells none, or NULL; machine.cc lists them. */
const char *version_atomic_queue(void);
const char *version_boost(void);
const char *version_ck(void);
const char *version_concurrentqueue(void);
const char *version_python(void);
const char *version_qb(void);
const char *version_readerwriterqueue(void);
const char *version_rte(void);
const char *version_zmq(void);

static inline bool measure_more_is_better(enum measure measure)
{
	return measure == MEASURE_MILLIONS || measure == MEASURE_GIB || measure == MEASURE_FAIR;
}

const char *measure_unit(enum measure measure); /* rows.c */

/* Elements of the row's rings, in 64-bit words. */
static inline unsigned row_words(const struct row *row)
{
	if (row->element_bytes > 0)
		return row->element_bytes / 8;
	return row->shape == SHAPE_LINE || row->shape == SHAPE_LINE_BATCH ? 8 : 1;
}

/* Its work is done by blocking calls. */
static inline bool row_blocks(const struct row *row)
{
	return row->shape == SHAPE_STREAM || row->shape == SHAPE_STREAM_LONG ||
	       row->shape == SHAPE_STREAM_READ || row->shape == SHAPE_STREAM_CROWD ||
	       row->shape == SHAPE_PACED || row->shape == SHAPE_TRIP || row->shape == SHAPE_IDLE;
}

/* Length of the messages of the row's channels. */
static inline size_t row_message_bytes(const struct row *row)
{
	return row->long_bytes > 0 ? row->long_bytes : SHORT_BYTES;
}

/* Of an element or a message, whatever the row moves. */
static inline size_t row_bytes(const struct row *row)
{
	bool words = row->shape < SHAPE_STREAM || row->shape == SHAPE_MEMORY;

	return words ? (size_t) row_words(row) * 8 : row_message_bytes(row);
}

/* Elements a call. */
static inline unsigned row_batch(const struct row *row)
{
	if (row->batch > 0)
		return row->batch;
	return row->shape == SHAPE_WORD_BATCH || row->shape == SHAPE_LINE_BATCH ? BATCH : 1;
}

/* Its samples are distributions of times. */
static inline bool row_paced(const struct row *row)
{
	return row->shape == SHAPE_PACED || row->shape == SHAPE_PACED_SPIN;
}

/* Objects that the row's workers share: one each way for round trips. */
static inline unsigned row_ends(const struct row *row)
{
	return row->shape == SHAPE_WORD_TRIP || row->shape == SHAPE_ELEMENT_TRIP ||
	                       row->shape == SHAPE_TRIP
	               ? 2
	               : 1;
}

#ifdef __cplusplus
}
#endif
#endif
