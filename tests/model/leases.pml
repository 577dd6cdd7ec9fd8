/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * leases: messages that getters take out of a ring that was shut down, plainly or by a
 * lease that they commit or abort.  Anyone but the last getter may die before any access;
 * anyone resolves the dead while others go on.
 *
 * The ring is ring.pml's, taken as sound: claim and frame are one step, and so are
 * adoption and its frame; slots are not used again.  One group of blocks, so `leased` and
 * `returned` are a bit each.
 */
#ifndef FILLED
#define FILLED 2 /* messages, each in a slot of its own */
#endif
#ifndef LONG
#define LONG 0 /* bit p: message p was put by a block */
#endif
#ifndef BLOCKS
#define BLOCKS 2
#endif
#ifndef GETTERS
#define GETTERS 3 /* the immortal one included */
#endif
#ifndef TURNS
#define TURNS 1 /* a mortal's */
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#define IMMORTAL (GETTERS - 1)
#define PATIENCE 4
#define NOBODY 255
#define INLINE 255

/* Slot words; a position occurs once. */
#define READY 1
#define REDEL 2
#define TAKEN 3
#define DONE 4 /* released */

/* Block words. */
#define B_FREE 0
#define B_OWNED(x) (1 + (x))
#define B_IN(p) (16 + (p))
#define B_LEASED(x) (32 + (x))
#define B_BACK(p) (64 + (p))
#define IS_LEASED(w) ((w) >= 32 && (w) < 64)
#define IS_BACK(w) ((w) >= 64)
#define IS_IN(w) ((w) >= 16 && (w) < 32)

byte word[FILLED], named[FILLED];
byte head;
byte frame[GETTERS]; /* position + 1 */
byte block[BLOCKS], noted[BLOCKS], payload[BLOCKS];
bool free_bit[BLOCKS];
bool leased, returned;
bool alive[GETTERS], resolved[GETTERS];
byte resolver = NOBODY, deaths, running;
byte delivered[FILLED];

#define STEP(x) \
	atomic { \
		if \
		:: x \
		:: me != IMMORTAL && deaths < DEATHS -> deaths++; alive[me] = false; goto dead \
		fi \
	}
#define CAS(at, old, new, ok) \
	if :: (at) == (old) -> at = new; ok = 1 :: else -> ok = 0 fi
#define DELIVER(m) delivered[m]++; assert(delivered[m] == 1)

inline free(k, what)
{
	STEP(CAS(block[k], what, B_FREE, ok));
	if :: ok -> STEP(free_bit[k] = true) :: else fi;
	ok = 0
}

/* The pool's part of recovery; x NOBODY: only what is IN a slot that was released. */
inline pool_resolve(x)
{
	c = 0;
	do
	:: c == BLOCKS -> break
	:: c < BLOCKS ->
		STEP(w = block[c]);
		if
		:: w == B_FREE -> STEP(free_bit[c] = true)
		:: x != NOBODY && w == B_OWNED(x) -> free(c, w)
		:: IS_IN(w) ->
			STEP(ok = (word[w - B_IN(0)] == DONE));
			if :: ok -> free(c, w) :: else fi
		:: x != NOBODY && w == B_LEASED(x) ->
#ifdef SLOT_NOT_ASKED
			ok = false;
#else
			STEP(ok = (word[noted[c]] != DONE));
#endif
			if
			:: ok -> STEP(CAS(block[c], w, B_IN(noted[c]), ok))
			:: else ->
				STEP(CAS(block[c], w, B_BACK(noted[c]), ok));
				if :: ok -> STEP(returned = true) :: else fi
			fi
		:: IS_BACK(w) -> STEP(returned = true)
		:: else
		fi;
		c++; ok = 0
	od;
	c = 0; w = 0
}

/* Recovery of one dead, by whoever gets the lock; else it is left to others. */
inline resolve(x)
{
	STEP(if
		:: (resolver == NOBODY || !alive[resolver]) && !resolved[x] -> resolver = me; ok = 1
		:: else -> ok = 0
		fi);
	if
	:: ok ->
		if
		:: frame[x] != 0 ->
			STEP(if
				:: word[frame[x] - 1] == READY || word[frame[x] - 1] == TAKEN -> word[frame[x] - 1] = REDEL
				:: else
				fi);
			STEP(frame[x] = 0)
		:: else
		fi;
		ok = 0;
		pool_resolve(x);
		STEP(resolved[x] = true; resolver = NOBODY)
	:: else
	fi;
	ok = 0
}

/* The block that slot p names, made IN. */
inline undo(p, k)
{
	STEP(w = block[k]);
	if
	:: w == B_IN(p)
	:: else ->
#ifdef NO_UNDO
		assert(false); /* taken for corrupt: lost */
#endif
		assert(IS_LEASED(w) && noted[k] == p && !alive[w - B_LEASED(0)]);
		STEP(CAS(block[k], w, B_IN(p), ok));
		assert(ok || block[k] == B_IN(p));
		ok = 0
	fi;
	w = 0
}

/* Position p is claimed, and its frame is ours: take it out of its slot. */
inline take_plainly()
{
	STEP(b = named[p]);
	if :: b == INLINE -> m = p :: else -> undo(p, b); STEP(m = payload[b]) fi;
	STEP(assert(word[p] == READY || word[p] == TAKEN); DELIVER(m); word[p] = DONE);
#ifndef NO_SWEEP
	if :: b == INLINE && adopted -> pool_resolve(NOBODY) :: else fi;
#endif
	STEP(frame[me] = 0);
	if :: b != INLINE -> free(b, B_IN(p)) :: else fi;
	b = NOBODY
}

inline take_by_lease()
{
	STEP(b = named[p]);
	was_inline = (b == INLINE);
	if
	:: was_inline ->
		b = spare; spare = NOBODY;
		STEP(assert(block[b] == B_OWNED(me)); payload[b] = p);
#ifdef NAMED_FIRST
		STEP(named[p] = b);
		STEP(block[b] = B_IN(p))
#else
		STEP(block[b] = B_IN(p));
#ifndef UNNAMED
		STEP(named[p] = b)
#endif
#endif
	:: else -> undo(p, b)
	fi;
	STEP(noted[b] = p);
#ifndef LEASED_LATE
	STEP(leased = true);
#endif
#ifdef SLOT_FIRST
	STEP(word[p] = DONE);
#endif
	STEP(assert(block[b] == B_IN(p)); block[b] = B_LEASED(me));
#ifndef SLOT_FIRST
	STEP(assert(word[p] == READY || word[p] == TAKEN); word[p] = DONE);
#endif
#ifndef NO_SWEEP
	if :: was_inline && adopted -> pool_resolve(NOBODY) :: else fi;
#endif
	STEP(frame[me] = 0);
#ifdef LEASED_LATE
	STEP(leased = true);
#endif
	was_inline = false
}

/* What came back: b is LEASED(me), or NOBODY. */
inline take_returned()
{
	STEP(ok = returned);
	if
	:: ok ->
		c = 0; ok = 0;
		do
		:: c == BLOCKS && vacant -> break
		:: c == BLOCKS && !vacant ->
			/* None: unmark, and look once more. */
			STEP(returned = false);
			vacant = true;
#ifdef UNMARK_FOREVER
			break
#else
			c = 0
#endif
		:: c < BLOCKS ->
			STEP(w = block[c]);
			if
			:: IS_BACK(w) && vacant -> STEP(returned = true); break
			:: IS_BACK(w) && !vacant ->
#ifdef TAKE_BY_STORE
				STEP(block[c] = B_LEASED(me));
				ok = 1;
#else
				STEP(CAS(block[c], w, B_LEASED(me), ok));
#endif
				if :: ok -> b = c :: else fi;
				break
			:: else -> c++
			fi
		od;
		ok = 0; c = 0; w = 0; vacant = false
	:: else
	fi
}

/* With the lease b in hand. */
inline end_lease()
{
	STEP(m = payload[b]);
	if
	:: STEP(assert(block[b] == B_LEASED(me) && payload[b] == m); DELIVER(m); block[b] = B_FREE);
		STEP(free_bit[b] = true)
	:: me != IMMORTAL ->
		STEP(assert(block[b] == B_LEASED(me)); block[b] = B_BACK(noted[b]));
		STEP(returned = true)
	fi;
	b = NOBODY; m = 0
}

inline make_spare()
{
	c = 0;
	do
	:: c == BLOCKS -> break
	:: c < BLOCKS ->
		STEP(ok = free_bit[c]; free_bit[c] = false);
		if
		:: ok -> STEP(CAS(block[c], B_FREE, B_OWNED(me), ok));
			if :: ok -> spare = c; break :: else -> c++ fi
		:: else -> c++
		fi
	od;
	c = 0; ok = 0
}

/* Slices, stalls: mend the marks, and recover whom a lease or a frame betrays. */
inline look()
{
	x = NOBODY; c = 0;
	STEP(ok = leased);
	if
	:: ok ->
		do
		:: c == BLOCKS -> break
		:: c < BLOCKS ->
			STEP(w = block[c]; if :: IS_LEASED(w) && !alive[w - B_LEASED(0)] -> x = w - B_LEASED(0) :: else fi);
#ifndef MARKS_TRUSTED
			if :: IS_BACK(w) -> STEP(returned = true) :: else fi;
#endif
			c++
		od
	:: else
	fi;
	c = 0; w = 0; ok = 0;
	do
	:: c == GETTERS -> break
	:: c < GETTERS -> STEP(if :: frame[c] != 0 && !alive[c] -> x = c :: else fi); c++
	od;
	c = 0;
	if :: x != NOBODY -> resolve(x) :: else fi;
	x = NOBODY
}

/* Is nothing left, and will nothing come back?  ended, or not. */
inline look_for_the_end()
{
	ended = (head == FILLED);
#ifdef LEASES_FIRST
	c = 0;
	do
	:: c == BLOCKS -> break
	:: c < BLOCKS -> STEP(ended = ended && !IS_LEASED(block[c]) && !IS_BACK(block[c])); c++
	od;
#endif
	c = 0;
#ifdef INDEX_FIRST
	do
	:: !ended || c == FILLED -> break
	:: ended && c < FILLED -> STEP(ended = (word[c] != REDEL && word[c] != TAKEN)); c++
	od;
	c = 0;
#endif
#ifndef FRAMES_NOT_ASKED
	do
	:: !ended || c == GETTERS -> break
	:: ended && c < GETTERS -> STEP(ended = (frame[c] == 0)); c++
	od;
	c = 0;
#endif
#ifndef INDEX_FIRST
	do
	:: !ended || c == FILLED -> break
	:: ended && c < FILLED -> STEP(ended = (word[c] != REDEL && word[c] != TAKEN)); c++
	od;
	c = 0;
#endif
#if !defined LEASES_NOT_ASKED && !defined LEASES_FIRST
	do
	:: !ended || c == BLOCKS -> break
	:: ended && c < BLOCKS -> STEP(ended = (!IS_LEASED(block[c]) && !IS_BACK(block[c]))); c++
	od;
	c = 0
#endif
}

proctype getter(byte me; byte turns)
{
	byte p, b = NOBODY, c, w, m, x = NOBODY, spare = NOBODY, vain;
	bool ok, adopted, was_inline, vacant, claimed, by_lease, ended;
	do
	:: me == IMMORTAL && (vain == PATIENCE || ended) -> break
	:: me != IMMORTAL && (turns == 0 || ended) -> break
	:: else ->
		take_returned();
		if
		:: b != NOBODY -> end_lease(); claimed = true
		:: else ->
			if :: by_lease = true; make_spare() :: by_lease = false fi;
			/* A dead one's, else the front. */
			STEP(
				p = 0; claimed = false; adopted = false;
				do
				:: p == FILLED -> break
				:: p < FILLED && word[p] == REDEL -> word[p] = TAKEN; adopted = true; claimed = true; break
				:: p < FILLED && word[p] != REDEL -> p++
				od;
				if
				:: !claimed && head < FILLED -> p = head; head++; claimed = true
				:: else
				fi;
				if :: claimed -> frame[me] = p + 1 :: else fi);
			if
			:: claimed && by_lease && (spare != NOBODY || named[p] != INLINE) -> take_by_lease(); end_lease()
			:: claimed && !(by_lease && (spare != NOBODY || named[p] != INLINE)) -> take_plainly()
			:: else
			fi;
			if :: spare != NOBODY -> free(spare, B_OWNED(me)); spare = NOBODY :: else fi
		fi;
		p = 0; m = 0; adopted = false; by_lease = false;
		if
		:: claimed -> vain = 0; if :: me != IMMORTAL -> turns-- :: else fi
		:: else ->
			look();
			look_for_the_end();
			if
			:: ended ->
				/* What was said stands: nothing will come. */
				c = 0;
				do
				:: c == FILLED -> break
				:: c < FILLED -> assert(delivered[c] == 1); c++
				od;
				c = 0
			:: else
			fi;
			if
			:: me == IMMORTAL && running == 0 -> vain++
			:: me != IMMORTAL -> turns--
			:: me == IMMORTAL && running > 0
			fi
		fi;
		claimed = false
	od;

	if
	:: me == IMMORTAL ->
		(running == 0);
		x = 0;
		do
		:: x == GETTERS -> break
		:: x < GETTERS && (alive[x] || resolved[x]) -> x++
		:: x < GETTERS && !alive[x] && !resolved[x] -> resolve(x); x++
		od;
		do
		:: c == FILLED -> break
		:: else -> assert(delivered[c] == 1); c++
		od;
		do
		:: m == BLOCKS -> break
		:: else -> assert(block[m] == B_FREE && free_bit[m]); m++
		od
	:: else -> running--
	fi;
	goto end;
dead:
	atomic { running--; p = 0; b = 0; c = 0; w = 0; m = 0; x = 0; spare = 0; turns = 0;
		ok = 0; adopted = 0; was_inline = 0; vacant = 0; claimed = 0; by_lease = 0; ended = 0 };
end:
	skip
}

init {
	byte n = 0, k = 0;
	atomic {
		do
		:: n == BLOCKS -> break
		:: else -> free_bit[n] = true; n++
		od;
		n = 0;
		do
		:: n == FILLED -> break
		:: else ->
			word[n] = READY;
			if
			:: (LONG >> n) % 2 -> named[n] = k; block[k] = B_IN(n); payload[k] = n; free_bit[k] = false; k++
			:: else -> named[n] = INLINE
			fi;
			n++
		od;
		running = GETTERS - 1;
		n = 0;
		do
		:: n == GETTERS -> break
		:: else -> alive[n] = true; run getter(n, TURNS); n++
		od
	}
}
