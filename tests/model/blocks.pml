/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocks: a queue's pool of blocks.  Producers put each message by a block;
 * consumers copy it out, let the slot go, free the block.  Anyone but the last
 * consumer may die before any access; the last one resolves the dead while others go on.
 *
 * The ring is ring.pml's, taken as sound: claims are one step, and help asks a ghost
 * who claimed.  Resolving is one peer's at a time here.
 */
#ifndef N
#define N 1 /* slots */
#endif
#ifndef BLOCKS
#define BLOCKS 1
#endif
#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 2 /* the immortal one included */
#endif
#ifndef PUTS
#define PUTS 1
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#define PEERS (PRODUCERS + CONSUMERS)
#define IMMORTAL (PEERS - 1)
#define MESSAGES (PRODUCERS * PUTS + 1)
#define POSITIONS (MESSAGES + 1)
#define NOBODY 255

/* Slot words. */
#define FREE 0
#define READY 1
#define TOMB 2
#define REDEL 3
#define WORD(p, k) ((p) * 4 + (k))
#define POSITION(w) ((w) / 4)
#define KIND(w) ((w) % 4)

/* Block words. */
#define B_FREE 0
#define B_OWNED(x) (1 + (x))
#define B_IN(p) (16 + (p))

byte word[N];
byte named[N]; /* by the slot's header: a block */
byte head, tail;
byte pusher[POSITIONS], popper[POSITIONS]; /* who claimed a position, last */
byte block[BLOCKS];
bool free_bit[BLOCKS];
byte payload[BLOCKS];
byte user[BLOCKS]; /* ghost: in whose hands it is, NOBODY, or (in a slot) PEERS */
bool alive[PEERS], resolved[PEERS];
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

/* Free block b, if it has this word. */
inline free(b, what)
{
#ifdef FREE_BY_STORE
	STEP(block[b] = B_FREE; user[b] = NOBODY; ok = 1);
#else
	STEP(if :: block[b] == (what) -> block[b] = B_FREE; user[b] = NOBODY; ok = 1 :: else -> ok = 0 fi);
#endif
	if :: ok -> STEP(free_bit[b] = true) :: else fi;
	ok = 0
}

proctype producer(byte me; byte number; byte left)
{
	byte b, t; bool ok;
	do
	:: left == 0 -> break
	:: left > 0 ->
		/* A block: bit first, then word. */
		b = 0;
		do
		:: b == BLOCKS -> break
		:: b < BLOCKS ->
			STEP(ok = free_bit[b]; free_bit[b] = false);
			if
			:: ok ->
				STEP(if :: block[b] == B_FREE ->
						assert(user[b] == NOBODY); user[b] = me;
						block[b] = B_OWNED(me); ok = 1
					:: else -> ok = 0 fi);
				if :: ok -> break :: else -> b++ fi
			:: else -> b++
			fi
		od;
		if
		:: b == BLOCKS -> skip /* none: again */
		:: b < BLOCKS ->
			ok = 0;
			STEP(assert(user[b] == me); payload[b] = number);
			/* Claim, or give up and free it. */
			if
			:: STEP(word[tail % N] == WORD(tail, FREE) -> t = tail; pusher[t] = me; tail++);
#ifdef IN_LATE
				STEP(named[t % N] = b);
				STEP(assert(word[t % N] == WORD(t, FREE)); word[t % N] = WORD(t, READY);
					acknowledged[number] = true);
				STEP(block[b] = B_IN(t); user[b] = PEERS);
#else
				/* Plain stores: nobody takes a block from the living. */
				STEP(assert(block[b] == B_OWNED(me)); block[b] = B_IN(t); user[b] = PEERS);
				STEP(named[t % N] = b);
				STEP(assert(word[t % N] == WORD(t, FREE)); word[t % N] = WORD(t, READY);
					acknowledged[number] = true);
#endif
				number++; left--
			:: word[tail % N] != WORD(tail, FREE) ->
				STEP(assert(block[b] == B_OWNED(me)));
				free(b, B_OWNED(me));
				if :: left = 0 :: skip fi
			fi
		fi;
		b = 0; t = 0; ok = 0
	od;
	running--;
	goto end;
dead:
	atomic { running--; b = 0; t = 0; ok = 0 };
end:
	skip
}

/* What the ring's recovery does to one position, by one step each. */
inline help_put(p)
{
	STEP(if :: tail > (p) && word[(p) % N] == WORD(p, FREE) && !alive[pusher[p]] -> word[(p) % N] = WORD(p, TOMB) :: else fi)
}

inline help_get(p)
{
	STEP(if
		:: head > (p) && word[(p) % N] == WORD(p, READY) && !alive[popper[p]] -> word[(p) % N] = WORD(p, REDEL)
		:: head > (p) && word[(p) % N] == WORD(p, TOMB) && !alive[popper[p]] -> word[(p) % N] = WORD((p) + N, FREE)
		:: else fi)
}

/* The pool's part for a dead owner. */
inline pool_resolve(x)
{
	b = 0;
	do
	:: b == BLOCKS -> break
	:: b < BLOCKS ->
		STEP(w = block[b]);
		if
		:: w == B_FREE -> STEP(free_bit[b] = true)
		:: w == B_OWNED(x) -> free(b, w)
		:: w >= B_IN(0) ->
			STEP(ok = (POSITION(word[(w - B_IN(0)) % N]) != w - B_IN(0) || KIND(word[(w - B_IN(0)) % N]) == TOMB));
#ifdef IN_OF_DEAD
			ok = ok || popper[w - B_IN(0)] == x;
#endif
			if :: ok -> free(b, w) :: else fi
		:: else
		fi;
		b++
	od;
	b = 0; w = 0
}

inline resolve(x)
{
#ifdef POOL_FIRST
	pool_resolve(x);
#endif
	p = 0;
	do
	:: p == POSITIONS -> break
	:: p < POSITIONS && pusher[p] == x -> help_put(p); if :: popper[p] == x -> help_get(p) :: else fi; p++
	:: p < POSITIONS && pusher[p] != x && popper[p] == x -> help_get(p); p++
	:: p < POSITIONS && pusher[p] != x && popper[p] != x -> p++
	od;
	p = 0;
#ifndef POOL_FIRST
	pool_resolve(x);
#endif
	resolved[x] = true
}

proctype consumer(byte me)
{
	byte p, b, w, m, vain, x; bool ok;
	do
	:: me == IMMORTAL && vain == 4 * PEERS -> break
	:: me != IMMORTAL || vain < 4 * PEERS ->
		if :: me == IMMORTAL && running == 0 -> vain++ :: else fi;
		w = 0;
		/* Claim: what was left behind, else the front. */
		STEP(
			do
			:: p == N -> break
			:: p < N && KIND(word[p]) == REDEL && !alive[popper[POSITION(word[p])]] ->
				w = word[p]; popper[POSITION(w)] = me; break
			:: else -> p++
			od;
			if
			:: w == 0 && KIND(word[head % N]) != FREE && POSITION(word[head % N]) == head ->
				w = word[head % N]; popper[head] = me; head++
			:: else
			fi;
			p = POSITION(w));
		if
		:: w != 0 && KIND(w) == TOMB -> STEP(word[p % N] = WORD(p + N, FREE))
		:: w != 0 && KIND(w) != TOMB ->
			vain = 0;
			STEP(b = named[p % N]);
#ifndef IN_LATE
			assert(block[b] == B_IN(p));
#endif
			STEP(m = payload[b]);
#ifdef FREE_BEFORE_RELEASE
			free(b, B_IN(p));
#endif
			/* Still the same, to the last byte. */
			STEP(assert(payload[b] == m && word[p % N] == w);
				delivered[m]++; assert(delivered[m] == 1);
				word[p % N] = WORD(p + N, FREE));
#ifndef FREE_BEFORE_RELEASE
			free(b, B_IN(p))
#endif
		:: w == 0 ->
			p = 0;
			if
			:: me == IMMORTAL ->
				x = 0;
				do
				:: x == PEERS -> break
				:: x < PEERS && (alive[x] || resolved[x]) -> x++
				:: x < PEERS && !alive[x] && !resolved[x] -> resolve(x); x++
				od;
				x = 0;
				if :: head < tail -> help_put(head) :: else fi
			:: me != IMMORTAL -> running--; goto end
			:: me != IMMORTAL -> skip
			fi
		fi;
		p = 0; b = 0; w = 0; m = 0
	od;

	if
	:: me == IMMORTAL ->
		do
		:: m == MESSAGES -> break
		:: else -> assert(!acknowledged[m] || delivered[m] == 1); m++
		od;
		do
		:: b == BLOCKS -> break
		:: else -> assert(block[b] == B_FREE && free_bit[b] && user[b] == NOBODY); b++
		od
	:: else
	fi;
	goto end;
dead:
	atomic { running--; p = 0; b = 0; w = 0; m = 0 };
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
		n = 0;
		do
		:: n == POSITIONS -> break
		:: else -> pusher[n] = NOBODY; popper[n] = NOBODY; n++
		od;
		n = 0;
		do
		:: n == BLOCKS -> break
		:: else -> free_bit[n] = true; user[n] = NOBODY; n++
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
