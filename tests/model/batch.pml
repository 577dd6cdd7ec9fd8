/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * batch: claims of up to MOST positions at once, cut off by a death anywhere.
 *
 * Frames are (position, count).  Who pops in batches takes READY elements and skips
 * TOMBs in one claim; what a dead one left READY behind head is made REDEL and
 * adopted, through an index without bounds (ring.pml has the real one).
 */
#ifndef N
#define N 2
#endif
#define MOST 2
#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 2 /* the immortal one included */
#endif
#ifndef PUTS
#define PUTS 2 /* a producer's */
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#define PEERS (PRODUCERS + CONSUMERS)
#define IMMORTAL (PEERS - 1)
#define MESSAGES (PRODUCERS * PUTS + 1)
#define PATIENCE 8

#define FREE 0
#define READY 1
#define TOMB 2
#define REDEL 3
#define TAKEN 4 /* the attempt is ring.pml's */
#define WORD(p, k) ((p) * 8 + (k))
#define POSITION(w) ((w) / 8)
#define KIND(w) ((w) % 8)

#define NONE 0
#define PUT 1
#define GET 2
#define ADOPT 3

byte word[N], value[N];
byte head, tail;
byte operation[PEERS], from[PEERS], count[PEERS]; /* frames, written as one */
bool alive[PEERS];
byte deaths, running;
bool acknowledged[MESSAGES];
byte delivered[MESSAGES];

#define STEP(x) \
	atomic { \
		if \
		:: x \
		:: me != IMMORTAL && deaths < DEATHS -> deaths++; alive[me] = false; goto dead \
		fi \
	}
#define CAS(at, old, new, ok) \
	if :: (at) == (old) -> at = new; ok = 1 :: else -> ok = 0 fi
#ifdef FIRST_ONLY
#define ANNOUNCE(o, p, n) operation[me] = o; from[me] = p; count[me] = 1
#else
#define ANNOUNCE(o, p, n) operation[me] = o; from[me] = p; count[me] = n
#endif
#define EMPTY operation[me] = NONE; from[me] = 0; count[me] = 0
#define COVERS(k, o, p) (operation[k] == o && from[k] <= (p) && (p) < from[k] + count[k])

inline announced(o, p)
{
	found = false; k = 0;
	do
	:: k == PEERS -> break
	:: k < PEERS -> STEP(found = (COVERS(k, o, p) && alive[k]); k++); if :: found -> break :: else fi
	od;
	k = 0
}

inline help_put(p)
{
	STEP(found = !(tail > (p) && word[(p) % N] == WORD(p, FREE)));
	if :: !found -> announced(PUT, p) :: else fi;
	if :: !found -> STEP(CAS(word[(p) % N], WORD(p, FREE), WORD(p, TOMB), found)) :: else fi;
	found = false
}

inline help_get(p)
{
	STEP(w = word[(p) % N]; found = !(head > (p) && POSITION(w) == (p)));
	if
	:: !found && (KIND(w) == READY || KIND(w) == TOMB) -> announced(GET, p)
	:: !found && KIND(w) == TAKEN -> announced(ADOPT, p)
	:: else -> found = true
	fi;
	if
	:: !found && KIND(w) == TOMB -> STEP(CAS(word[(p) % N], w, WORD((p) + N, FREE), found))
	:: !found && KIND(w) != TOMB -> STEP(CAS(word[(p) % N], w, WORD(p, REDEL), found))
	:: else
	fi;
	found = false; w = 0
}

proctype producer(byte me; byte number; byte left)
{
	byte p, n, i, w, k; bool ok, found;
	do
	:: left == 0 -> break
	:: left > 0 ->
		STEP(p = tail);
		n = 0;
		do
		:: n == MOST || n == left -> break
		:: n < MOST && n < left ->
			STEP(ok = (word[(p + n) % N] == WORD(p + n, FREE)); if :: !ok -> w = word[(p + n) % N] :: else fi);
			if :: ok -> n++ :: else -> break fi
		od;
		ok = false;
		if
		:: n == 0 ->
			/* Full. */
			if
			:: POSITION(w) >= p -> skip
			:: POSITION(w) < p && KIND(w) == FREE -> help_put(p - N)
			:: POSITION(w) < p && KIND(w) != FREE -> help_get(p - N)
			:: left = 0
			fi
		:: n > 0 ->
			STEP(ANNOUNCE(PUT, p, n));
			STEP(CAS(tail, p, p + n, ok));
			if
			:: ok ->
				STEP(value[p % N] = number; if :: n == 2 -> value[(p + 1) % N] = number + 1 :: else fi);
				i = 0;
				do
				:: i == n -> break
				:: i < n ->
					STEP(assert(word[(p + i) % N] == WORD(p + i, FREE));
						word[(p + i) % N] = WORD(p + i, READY); acknowledged[number] = true);
#ifdef EMPTY_EARLY
					STEP(EMPTY);
#endif
					number++; left--; i++
				od
			:: else
			fi;
			STEP(EMPTY)
		fi;
		p = 0; n = 0; i = 0; w = 0; ok = false
	od;
	running--;
	goto end;
dead:
	atomic { running--; p = 0; n = 0; i = 0; w = 0; k = 0; ok = false; found = false; left = 0 };
end:
	skip
}

proctype consumer(byte me)
{
	byte p, n, i, w, k, m, vain, ready; bool ok, found;
	do
	:: me == IMMORTAL && vain == PATIENCE -> break
	:: me != IMMORTAL || vain < PATIENCE ->
		if :: me == IMMORTAL && running == 0 -> vain++ :: else fi;
		/* Redelivered ones first. */
		p = 0;
		do
		:: p == N -> break
		:: p < N -> STEP(w = word[p]); if :: KIND(w) == REDEL -> break :: else -> p++ fi
		od;
		if
		:: p < N ->
			p = POSITION(w);
			STEP(ANNOUNCE(ADOPT, p, 1));
			STEP(CAS(word[p % N], w, WORD(p, TAKEN), ok));
			if
			:: ok ->
				STEP(m = value[p % N]);
				STEP(assert(word[p % N] == WORD(p, TAKEN) && m != 0); delivered[m]++; assert(delivered[m] == 1);
					word[p % N] = WORD(p + N, FREE); value[p % N] = 0);
				vain = 0
			:: else
			fi;
			STEP(EMPTY)
		:: else ->
			STEP(p = head);
			n = 0; ready = 0;
			do
			:: n == N || ready == MOST -> break
			:: n < N && ready < MOST ->
				STEP(w = word[(p + n) % N]);
				if
				:: w == WORD(p + n, READY) -> ready++; n++
				:: w == WORD(p + n, TOMB) -> n++
				:: else -> break
				fi
			od;
			if
			:: n == 0 ->
				/* Empty, or somebody is dead. */
				if
				:: w == WORD(p, FREE) -> help_put(p)
				:: w == WORD(p, FREE) && me != IMMORTAL
				:: w != WORD(p, FREE)
				:: me != IMMORTAL -> break
				fi;
				n = 0;
				do
				:: n == N -> break
				:: n < N -> STEP(w = word[n]);
					if
					:: KIND(w) != FREE -> p = POSITION(w); help_get(p)
					:: else
					fi;
					n++
				od;
				n = 0
			:: n > 0 ->
				STEP(ANNOUNCE(GET, p, n));
				STEP(CAS(head, p, p + n, ok));
				if
				:: ok ->
					vain = 0;
					i = 0;
					do
					:: i == n -> break
					:: i < n ->
						STEP(w = word[(p + i) % N]; m = value[(p + i) % N]);
						/* A live claimer's words stay as the claim saw them. */
						STEP(assert(word[(p + i) % N] == w && POSITION(w) == p + i && (KIND(w) == READY || KIND(w) == TOMB));
							if
							:: KIND(w) == READY -> assert(m != 0); delivered[m]++; assert(delivered[m] == 1)
							:: else
							fi;
							word[(p + i) % N] = WORD(p + i + N, FREE); value[(p + i) % N] = 0);
#ifdef EMPTY_EARLY
						STEP(EMPTY);
#endif
						i++
					od
				:: else
				fi;
				STEP(EMPTY)
			fi
		fi;
		p = 0; n = 0; i = 0; w = 0; m = 0; ready = 0; ok = false; found = false
	od;
	if
	:: me == IMMORTAL ->
		m = 0;
		do
		:: m == MESSAGES -> break
		:: else -> assert(!acknowledged[m] || delivered[m] == 1); m++
		od;
		assert(head == tail);
		do
		:: n == N -> break
		:: else -> assert(word[(head + n) % N] == WORD(head + n, FREE)); n++
		od
	:: else -> running--
	fi;
	goto end;
dead:
	atomic { running--; p = 0; n = 0; i = 0; w = 0; k = 0; m = 0; ready = 0; ok = false; found = false };
end:
	skip
}

init {
	byte n = 0;
	atomic {
		do
		:: n == N -> break
		:: else -> word[n] = WORD(n, FREE); n++
		od;
		running = PEERS - 1;
		n = 0;
		do
		:: n == PEERS -> break
		:: else ->
			alive[n] = true;
			if
			:: n < PRODUCERS -> run producer(n, 1 + n * PUTS, PUTS)
			:: else -> run consumer(n)
			fi;
			n++
		od
	}
}
