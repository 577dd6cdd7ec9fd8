/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tso: frame, claim and publish on a machine with store buffers.
 *
 * Each claimer's stores go through a queue of its own to memory, in order, some time
 * later (x86-64); its compare-and-swaps wait until that queue is empty.  A
 * suspicious peer looks at tail, then at the frames, and tombs what nobody alive
 * announces; a reader checks that what is READY is whole.  A claimer may
 * die anywhere: its queue still drains before the kernel gives its lock back.
 */
#define CLAIMERS 2
#ifndef CLAIMS
#define CLAIMS 2 /* positions, in all; each has a slot */
#endif
#ifndef DEATHS
#define DEATHS 1
#endif

/* Memory. */
#define TAIL 0
#define FRAME(c) (1 + (c)) /* position + 1 */
#define WORD(p) (1 + CLAIMERS + 2 * (p))
#define PAYLOAD(p) (2 + CLAIMERS + 2 * (p))
#define BYTES (1 + CLAIMERS + 2 * CLAIMS)
#define FREE 0
#define READY 1
#define TOMB 2

byte memory[BYTES];
bool alive[CLAIMERS];
bool ended[CLAIMERS];
byte deaths;
chan stores[CLAIMERS] = [5] of { byte, byte };
#ifdef STORES_PASS
chan frames[CLAIMERS] = [2] of { byte, byte };
#define FRAMES(c) frames[c]
#else
#define FRAMES(c) stores[c]
#endif

#define DIE :: deaths < DEATHS -> deaths++; goto dead
#define STORE(at, what) atomic { if :: stores[me]!at,what DIE fi }
#define STORE_FRAME(what) atomic { if :: FRAMES(me)!FRAME(me),what DIE fi }
#ifdef CAS_DRAINS_NOT
#define DRAINED true
#else
#define DRAINED (empty(stores[me]) && empty(FRAMES(me)))
#endif

proctype claimer(byte me)
{
	byte t; bool got;
	do
	:: atomic {
		if
		:: t = memory[TAIL]
		DIE
		fi };
		if
		:: t >= CLAIMS -> break
		:: else
		fi;
#if !defined(FRAME_AFTER) && !defined(FETCH_ADD)
		STORE_FRAME(t + 1);
#endif
		atomic {
			if
			:: DRAINED ->
#ifdef FETCH_ADD
				t = memory[TAIL]; got = (t < CLAIMS);
				if :: got -> memory[TAIL] = t + 1 :: else fi
#else
				if
				:: memory[TAIL] == t -> memory[TAIL] = t + 1; got = true
				:: else -> got = false
				fi
#endif
			DIE
			fi
		};
		if
		:: got ->
#if defined(FRAME_AFTER) || defined(FETCH_ADD)
			STORE_FRAME(t + 1);
#endif
			STORE(PAYLOAD(t), 7);
#ifdef EMPTY_EARLY
			STORE_FRAME(0);
#endif
			assert(memory[WORD(t)] == FREE); /* nobody tombed a live one's */
			STORE(WORD(t), READY);
		:: else
		fi;
		STORE_FRAME(0);
		got = false; t = 0
	od;
	ended[me] = true;
	goto end;
dead:
#ifndef DEAD_BEFORE_DRAINED
	empty(stores[me]) && empty(FRAMES(me));
#endif
	alive[me] = false;
	ended[me] = true;
end:
	skip
}

/* The machine: the oldest store of either claimer reaches memory. */
proctype drain()
{
	byte at, what;
end:
	do
	:: atomic { stores[0]?at,what -> assert(at < 3 || !(at == WORD(0) || at == WORD(CLAIMS - 1)) || memory[at] == FREE); memory[at] = what; at = 0; what = 0 }
	:: atomic { stores[1]?at,what -> assert(at < 3 || !(at == WORD(0) || at == WORD(CLAIMS - 1)) || memory[at] == FREE); memory[at] = what; at = 0; what = 0 }
#ifdef STORES_PASS
	:: atomic { frames[0]?at,what -> memory[at] = what; at = 0; what = 0 }
	:: atomic { frames[1]?at,what -> memory[at] = what; at = 0; what = 0 }
#endif
	od
}

/* Its loads are in order, as x86-64's are. */
proctype suspicious()
{
	byte p, c; bool found;
	do
	:: p == CLAIMS -> break
	:: p < CLAIMS ->
		found = false;
		if
		:: memory[TAIL] > p ->
			c = 0;
			do
			:: c == CLAIMERS -> break
			:: c < CLAIMERS ->
				atomic { found = (memory[FRAME(c)] == p + 1) };
				if
				:: found -> found = alive[c]
				:: else
				fi;
				if :: found -> break :: else -> c++ fi
			od;
			if
			:: found -> skip
			:: else ->
				atomic { if :: memory[WORD(p)] == FREE -> memory[WORD(p)] = TOMB :: else fi };
				p++
			fi
		:: memory[TAIL] <= p -> /* nobody claims it any more? */
			if :: ended[0] && ended[1] && memory[TAIL] <= p -> break :: else fi
		fi;
		c = 0; found = false
	od;
	/* What is left stuck is stuck for ever. */
	ended[0] && ended[1] && empty(stores[0]) && empty(stores[1]);
	p = 0;
	do
	:: p == CLAIMS -> break
	:: else -> assert(memory[TAIL] <= p || memory[WORD(p)] != FREE); p++
	od
}

proctype reader()
{
	byte p;
end:
	do
	:: p < CLAIMS && memory[WORD(p)] == READY -> assert(memory[PAYLOAD(p)] == 7); p++
	:: p < CLAIMS && memory[WORD(p)] == TOMB -> p++
	od
}

init {
	atomic {
		alive[0] = true; alive[1] = true;
		run claimer(0); run claimer(1); run drain(); run suspicious(); run reader()
	}
}
