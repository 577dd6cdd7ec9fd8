/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring: the many-to-many ring, one position a claim, with every way to die.
 *
 * Peers 0 to PRODUCERS - 1 push, the rest pop; the last one is immortal, and at the
 * end, alone, has to find everything that was acknowledged.  One STEP is one
 * access to shared memory; a mortal peer may die before each.  A peer has one cell
 * with one frame, which is one word here.  What can't be resolved yet stays in its
 * cell as an orphan, while the peer's number goes to the next.
 *
 * Deviations from the code, each one a superset of its behaviour or argued for in
 * doc/MODEL.md: "stalled" is any moment (for the immortal one: always), the index has
 * ENTRIES entries, a load of a word and the following look at its lap are one.
 */
#ifndef N
#define N 2 /* slots */
#endif
#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#ifndef CONSUMERS
#define CONSUMERS 2 /* the immortal one included */
#endif
#ifndef PUTS
#define PUTS 2 /* a producer's */
#endif
#ifndef FILLED
#define FILLED 0 /* elements that are in the ring when it begins */
#endif
#ifndef DEATHS
#define DEATHS 2
#endif
#ifndef BIRTHS
#define BIRTHS 0 /* of the dead, how many come again under the same number */
#endif
#ifndef ENTRIES
#define ENTRIES 1 /* of the redelivery index */
#endif
#ifndef GHOSTS
#define GHOSTS 0 /* consumers that died with a claim before it begins; up to FILLED */
#endif
#define PEERS (PRODUCERS + CONSUMERS + GHOSTS)
#define IMMORTAL (PRODUCERS + CONSUMERS - 1)
#define MESSAGES (FILLED + PRODUCERS * PUTS + 1)
#define PATIENCE 10 /* looks in vain before the immortal one calls the ring empty */

/* Slot words: position, then kind and attempt. */
#define FREE 0
#define READY 1
#define TOMB 2
#define REDEL(a) (4 + (a))
#define TAKEN(a) (8 + (a))
#define WORD(p, k) ((p) * 16 + (k))
#define POSITION(w) ((w) / 16)
#define KIND(w) ((w) % 16)
#define IS_REDEL(w) (KIND(w) >= 4 && KIND(w) < 8)
#define IS_TAKEN(w) (KIND(w) >= 8)
#ifdef NO_ATTEMPT
#define NEXT(w) TAKEN(0)
#else
#define NEXT(w) TAKEN(KIND(w) - 4 + 1)
#endif

/* Frames: operation and position; 0: empty. */
#define PUT(p) (32 + (p))
#define GET(p) (64 + (p))
#define ADOPT(p) (96 + (p))
#define FRAME_POSITION(f) ((f) % 32)
#define IS_PUT(f) ((f) / 32 == 1)

/* Participants' states. */
#define GONE 0 /* FREE in the code */
#define ACTIVE 1
#define DEAD 2

short word[N];
byte value[N]; /* the element; 0: not written */
byte head, tail;
#define CELLS (PEERS + BIRTHS)
byte frame[CELLS];  /* a cell: one frame */
byte owner[CELLS];  /* who has the cell + 1; 0: nobody */
bool orphan[CELLS]; /* its owner is gone, what it says is still to be resolved */
byte state[PEERS];
bool alive[PEERS];
byte generation[PEERS];
byte map, entry[ENTRIES]; /* entry: position + 1 */
byte lock;                /* holder + 1 + PEERS * its generation */
byte deaths, births;
byte running; /* mortal peers that are neither dead nor done */
bool over;    /* the immortal one counts up */

bool acknowledged[MESSAGES];
byte delivered[MESSAGES];

#define LIVE(k) (state[k] == ACTIVE && alive[k])
#define SELF (me + 1 + PEERS * generation[me])
#define HOLDER_LIVE \
	(LIVE((lock - 1) % PEERS) && generation[(lock - 1) % PEERS] == (lock - 1) / PEERS)

/* One access to shared memory, or death in place of it. */
#define STEP(x) \
	atomic { \
		if \
		:: x \
		:: me != IMMORTAL && deaths < DEATHS -> deaths++; alive[me] = false; goto dead \
		fi \
	}
#define CAS(at, old, new, ok) \
	if :: (at) == (old) -> at = new; ok = 1 :: else -> ok = 0 fi

/* found = does a live peer announce `what`? */
inline announced(what)
{
	found = 0; k = 0;
	do
	:: k == CELLS || found == 1 -> break
	:: k < CELLS && found == 0 ->
		STEP(if :: k != mine && frame[k] == (what) -> found = 2 :: else -> k++ fi)
	:: found == 2 ->
#ifdef LIVENESS_CACHED
		STEP(if :: owner[k] != 0 && ((known >> (owner[k] - 1)) & 1) -> found = 1 :: else -> found = 0; k++ fi)
#else
		STEP(if :: owner[k] != 0 && !orphan[k] && LIVE(owner[k] - 1) -> found = 1 :: else -> found = 0; k++ fi)
#endif
	od;
	k = 0
}

/* done = is position p in the index? */
inline index_add(p)
{
	done = 0; i = 0;
	do
	:: i == ENTRIES -> break
	:: i < ENTRIES && !done ->
		STEP(if :: entry[i] == (p) + 1 -> done = 1 :: else -> i++ fi)
	:: i < ENTRIES && done -> STEP(map = map | (1 << i)); break
	od;
	if
	:: !done ->
		i = 0;
		do
		:: i == ENTRIES || done -> break
		:: i < ENTRIES && !done ->
			STEP(held = entry[i]);
			if
			:: held != 0 -> STEP(found = (POSITION(word[(held - 1) % N]) == held - 1))
			:: else -> found = 0
			fi;
			if
			:: found -> i++; found = 0
			:: else ->
				STEP(CAS(entry[i], held, (p) + 1, done));
				if
				:: done -> STEP(map = map | (1 << i))
				:: else -> i++
				fi
			fi
		od
	:: else
	fi;
	held = 0; i = 0
}

inline index_remove(p)
{
#ifdef REMOVE_ENTRY_FIRST
	STEP(CAS(entry[i], (p) + 1, 0, found));
	if :: found -> STEP(map = map & ~(1 << i)) :: else fi;
#else
	STEP(map = map & ~(1 << i));
	STEP(if :: entry[i] == (p) + 1 -> entry[i] = 0; held = 0 :: else -> held = entry[i] fi);
#ifndef REMOVE_FOREVER
	if :: held != 0 -> STEP(map = map | (1 << i)) :: else fi;
#endif
#endif
	found = 0; held = 0
}

/* Position p was claimed by a push: tomb it where nobody alive announces it. */
inline help_put(p)
{
	STEP(found = !(tail > (p)));
	if :: !found -> announced(PUT(p)) :: else fi;
	if
	:: !found ->
#ifdef TOMB_BY_STORE
		STEP(found = (word[(p) % N] == WORD(p, FREE)));
		if :: found -> STEP(word[(p) % N] = WORD(p, TOMB)) :: else fi
#else
		STEP(CAS(word[(p) % N], WORD(p, FREE), WORD(p, TOMB), found))
#endif
	:: else
	fi;
	found = 0
}

/* Position p was claimed by a pop.  done: look again. */
inline help_get(p)
{
	STEP(claimed = head > (p));
	STEP(w = word[(p) % N]);
	done = 0;
	if
	:: POSITION(w) != (p) -> done = 1; found = 1
	:: POSITION(w) == (p) && IS_REDEL(w) -> index_add(p); done = 0; found = 1
	:: POSITION(w) == (p) && IS_TAKEN(w) -> announced(ADOPT(p))
	:: POSITION(w) == (p) && KIND(w) == FREE -> found = 1
	:: else -> if :: claimed -> announced(GET(p)) :: else -> found = 1 fi
	fi;
	if
	:: !found && KIND(w) == TOMB ->
		STEP(CAS(word[(p) % N], w, WORD((p) + N, FREE), found)); done = 1
	:: !found && KIND(w) != TOMB ->
		index_add(p);
		if
		:: done && KIND(w) == READY -> STEP(CAS(word[(p) % N], w, WORD(p, REDEL(0)), found))
		:: done && KIND(w) != READY -> STEP(CAS(word[(p) % N], w, w - 4, found))
		:: else
		fi
	:: else
	fi;
	found = 0; claimed = 0; w = 0
}

/* One frame of a dead peer.  done: nothing of it is left to do. */
inline resolve(f)
{
	if
	:: IS_PUT(f) ->
		STEP(found = (tail > FRAME_POSITION(f)));
		if :: found -> STEP(found = (word[FRAME_POSITION(f) % N] == WORD(FRAME_POSITION(f), FREE))) :: else fi;
		if
		:: !found -> done = 1
		:: else ->
			announced(PUT(FRAME_POSITION(f)));
#ifdef VETO_CLEARS
			done = 1;
#else
			done = !found; /* who announces it may be about to fail */
#endif
			if
			:: !found -> STEP(CAS(word[FRAME_POSITION(f) % N], WORD(FRAME_POSITION(f), FREE), WORD(FRAME_POSITION(f), TOMB), found))
			:: else
			fi
		fi
	:: else ->
		STEP(found = (head > FRAME_POSITION(f) && POSITION(word[FRAME_POSITION(f) % N]) == FRAME_POSITION(f)));
		if
		:: !found -> done = 1
		:: else ->
			STEP(w = word[FRAME_POSITION(f) % N]);
			if
			:: IS_REDEL(w) -> index_add(FRAME_POSITION(f))
			:: else ->
				if
				:: IS_TAKEN(w) -> announced(ADOPT(FRAME_POSITION(f)))
				:: else -> announced(GET(FRAME_POSITION(f)))
				fi;
				if
				:: found ->
#ifdef VETO_CLEARS
					done = 1
#else
					done = 0
#endif
				:: else ->
					help_get(FRAME_POSITION(f));
#ifdef FULL_INDEX_CLEARS
					done = 1
#endif
				fi
			fi
		fi
	fi;
	found = 0; w = 0
}

inline rebuild_index()
{
	do
	:: i == ENTRIES -> break
	:: else -> STEP(if :: entry[i] != 0 -> map = map | (1 << i) :: else fi; i++)
	od;
	i = 0
}

/* Declare the dead, and resolve what they left, under the lock. */
inline recover()
{
	STEP(
		do
		:: d == PEERS -> break
		:: else ->
			if
			:: state[d] == ACTIVE && !alive[d] -> state[d] = DEAD; found = 1
			:: state[d] == DEAD -> found = 1
			:: else
			fi;
			d++
		od;
		d = 0;
		do
		:: d == CELLS -> break
		:: else -> if :: orphan[d] -> found = 1 :: else fi; d++
		od);
	d = 0;
	if
	:: found ->
		STEP(if :: lock == 0 || !HOLDER_LIVE -> lock = SELF :: else -> found = 0 fi)
	:: else
	fi;
	if
	:: found ->
		found = 0;
		/* First the orphaned cells, then those of each dead peer, and its number. */
		x = 0;
		do
		:: x > PEERS -> break
		:: x > 0 && x <= PEERS && state[x - 1] != DEAD -> x++
		:: x == 0 || (x <= PEERS && state[x - 1] == DEAD) ->
#ifdef FREE_FIRST
			if :: x > 0 -> STEP(state[x - 1] = GONE) :: else fi;
#endif
			d = 0;
			do
			:: d == CELLS -> break
			:: d < CELLS && ((x == 0 && !orphan[d]) || (x > 0 && owner[d] != x)) -> d++
			:: d < CELLS && ((x == 0 && orphan[d]) || (x > 0 && owner[d] == x)) ->
				STEP(f = frame[d]);
				if :: f != 0 -> resolve(f) :: else -> done = 1 fi;
				if
				:: done ->
					if :: f != 0 -> STEP(CAS(frame[d], f, 0, found)) :: else fi;
					found = 0;
					STEP(owner[d] = 0; orphan[d] = false)
				:: else -> STEP(orphan[d] = true)
				fi;
				done = 0; f = 0; d++
			od;
			if
			:: x > 0 ->
				rebuild_index();
				STEP(if :: state[x - 1] == DEAD -> state[x - 1] = GONE :: else fi)
			:: else
			fi;
			x++
		od;
		x = 0;
		STEP(lock = 0)
	:: else
	fi;
	d = 0; found = 0
}

/* Does a dead peer's frame say anything?  A hint of when to recover. */
#define ABANDONED(k) (frame[k] != 0 && owner[k] != 0 && (orphan[k] || !LIVE(owner[k] - 1)))

inline deliver(p)
{
	STEP(m = value[(p) % N]);
#ifdef EMPTY_EARLY
	STEP(frame[mine] = 0);
#endif
	/* The release store: from here on the element counts as delivered. */
	STEP(assert(word[(p) % N] == w);
		assert(m != 0); delivered[m]++; assert(delivered[m] == 1);
		word[(p) % N] = WORD((p) + N, FREE); value[(p) % N] = 0);
	STEP(frame[mine] = 0);
	m = 0
}

inline adopt()
{
	i = 0;
	do
	:: i == ENTRIES -> break
	:: i < ENTRIES ->
		STEP(if :: (map >> i) & 1 -> p = entry[i] :: else -> p = 0 fi);
		if
		:: p == 0 -> i++
		:: else ->
			p--;
			STEP(w = word[p % N]);
			if
			:: POSITION(w) != p -> index_remove(p); i++
			:: POSITION(w) == p && IS_REDEL(w) ->
#ifndef NO_ADOPT
				STEP(frame[mine] = ADOPT(p));
#endif
				STEP(CAS(word[p % N], w, WORD(p, NEXT(w)), got));
				if
				:: got ->
					w = WORD(p, NEXT(w));
					deliver(p);
					i = 0;
					do
					:: i == ENTRIES -> break
					:: else ->
						STEP(found = (entry[i] == p + 1));
						if :: found -> index_remove(p) :: else fi;
						i++
					od;
					break
				:: else -> STEP(frame[mine] = 0); i++
				fi
			:: else -> i++
			fi
		fi
	od;
	i = 0; p = 0; w = 0
}

inline pop()
{
	got = 0;
	STEP(found = (map != 0));
	if :: found -> found = 0; adopt() :: else fi;
	if
	:: !got ->
		STEP(p = head);
		STEP(w = word[p % N]);
		if
		:: w == WORD(p, READY) || w == WORD(p, TOMB) ->
#ifndef ANNOUNCE_LATE
			STEP(frame[mine] = GET(p));
#endif
			STEP(CAS(head, p, p + 1, got));
#ifdef ANNOUNCE_LATE
			if :: got -> STEP(frame[mine] = GET(p)) :: else fi;
#endif
			if
			:: got && KIND(w) == READY -> deliver(p)
			:: got && KIND(w) == TOMB ->
				STEP(assert(word[p % N] == w); word[p % N] = WORD(p + N, FREE));
				STEP(frame[mine] = 0)
			:: else ->
#ifdef KEEP_FAILED
				skip
#else
				STEP(frame[mine] = 0)
#endif
			fi
		:: w == WORD(p, FREE) || POSITION(w) < p ->
			STEP(claimed = (w == WORD(p, FREE) && tail > p));
			w = 0;
			if
			:: claimed ->
				claimed = 0;
				if :: help_put(p) :: me != IMMORTAL -> skip fi
			:: else ->
				p = 0;
				if
				:: me == IMMORTAL ->
#ifndef BITS_TRUSTED
					rebuild_index();
#endif
					atomic {
						do
						:: k == CELLS -> found = 0; break
						:: k < CELLS && ABANDONED(k) -> found = 1; break
						:: k < CELLS && !ABANDONED(k) -> k++
						od;
						k = 0
					};
					if :: found -> found = 0; recover() :: else fi
				:: me != IMMORTAL -> recover()
				:: me != IMMORTAL -> skip
				fi
			fi
		:: else /* claimed by another since head was read */
		fi
	:: else
	fi;
	p = 0; w = 0; found = 0; claimed = 0
}

#define LOCALS \
	short w; byte p, k, i, d, x, f, m, held, found, mine; bool got, done, claimed;
#define FORGET \
	w = 0; p = 0; k = 0; i = 0; d = 0; x = 0; f = 0; m = 0; held = 0; found = 0; got = 0; done = 0; \
	claimed = 0
#ifdef LIVENESS_CACHED
#define LOCALS_MORE byte known;
#define LOOK_WHO_LIVES \
	d_step { known = 0; \
		do :: k == PEERS -> break :: else -> known = known | (LIVE(k) << k); k++ od; k = 0 }
#else
#define LOCALS_MORE
#define LOOK_WHO_LIVES skip
#endif

/* A dead peer's number goes to the next when its cells are resolved, or orphaned. */
#define MAY_BE_BORN (state[me] == GONE && !alive[me])
#ifdef FREE_FIRST
#ifdef BORN_CLEAN
#define BEGIN_LIFE frame[mine] = 0
#else
#define BEGIN_LIFE skip
#endif
#else
#define BEGIN_LIFE \
	mine = 0; \
	do :: mine == CELLS || owner[mine] == 0 -> break :: else -> mine++ od; \
	assert(mine < CELLS && frame[mine] == 0); owner[mine] = me + 1
#endif

proctype producer(byte me; byte number; byte left)
{
	LOCALS LOCALS_MORE
	mine = me;
again:
	do
	:: left == 0 -> break
	:: else ->
		LOOK_WHO_LIVES;
		STEP(p = tail);
		STEP(w = word[p % N]);
		if
		:: w == WORD(p, FREE) ->
#ifndef ANNOUNCE_LATE
			STEP(frame[mine] = PUT(p));
#endif
			STEP(CAS(tail, p, p + 1, got));
#ifdef ANNOUNCE_LATE
			if :: got -> STEP(frame[mine] = PUT(p)) :: else fi;
#endif
			if
			:: got ->
				STEP(value[p % N] = number);
#ifdef EMPTY_EARLY
				STEP(frame[mine] = 0);
#endif
				/* Nobody may have taken it from us. */
				STEP(assert(word[p % N] == WORD(p, FREE));
					word[p % N] = WORD(p, READY); acknowledged[number] = true);
				number++; left--;
				STEP(frame[mine] = 0)
			:: else ->
#ifdef KEEP_FAILED
				skip
#else
				STEP(frame[mine] = 0)
#endif
			fi
		:: w != WORD(p, FREE) && POSITION(w) >= p -> skip /* tail was moved */
		:: POSITION(w) < p ->
			/* Full.  Give up for good, or try again, or suspect somebody. */
			p = p - N;
			if
			:: left = 0
			:: skip
			:: KIND(w) == FREE -> w = 0; help_put(p)
			:: KIND(w) != FREE -> w = 0; help_get(p)
			fi
		fi;
		FORGET
	od;
	running--;
	goto end;
dead:
	/* The message that was being put may have come in, or not: the next one. */
	atomic {
		FORGET; running--;
		if :: left > 0 && acknowledged[number] == 0 -> number++; left-- :: else fi
	};
end:
	if
	:: atomic { MAY_BE_BORN && births < BIRTHS && !over && left > 0 ->
		births++; generation[me]++; running++; state[me] = ACTIVE; alive[me] = true; BEGIN_LIFE };
		goto again
	fi
}

proctype consumer(byte me)
{
	byte vain;
	LOCALS LOCALS_MORE
	mine = me;
again:
	do
	:: me == IMMORTAL && vain >= PATIENCE -> break
	:: me != IMMORTAL || vain < PATIENCE ->
		LOOK_WHO_LIVES;
		claimed = (me == IMMORTAL && running == 0 && (births == BIRTHS || over));
		if :: claimed -> vain++; claimed = 0
		:: !claimed && me == IMMORTAL && running == 0 -> over = true
		:: else fi;
		pop();
		if :: got -> vain = 0 :: else fi;
		FORGET
	:: me != IMMORTAL -> running--; goto end
	od;

	/* Alone.  All that was acknowledged has come, and come once. */
	if
	:: me == IMMORTAL ->
		over = true;
		d_step {
			k = 1;
			do
			:: k == MESSAGES -> break
			:: else -> assert(!acknowledged[k] || delivered[k] == 1); k++
			od;
			k = 0
		};
		assert(head == tail);
		/* The whole capacity can be had again, by what a push would do to get it. */
		do
		:: vain == PATIENCE + N -> break
		:: else ->
			f = head + vain - PATIENCE;
			if
			:: POSITION(word[f % N]) < f && KIND(word[f % N]) == FREE ->
				help_put(f - N)
			:: POSITION(word[f % N]) < f && KIND(word[f % N]) != FREE ->
				help_get(f - N)
			:: else
			fi;
			assert(word[f % N] == WORD(f, FREE)); done = 0;
			vain++
		od;
		/* And no frame of the living holds back recovery. */
		recover();
		do
		:: k == PEERS -> break
		:: else -> assert(state[k] == GONE || LIVE(k)); k++
		od;
		k = 0;
		do
		:: k == CELLS -> break
		:: else -> assert(!orphan[k]); k++
		od
	:: else
	fi;
	goto end;
dead:
	atomic { FORGET; running-- };
end:
	if
	:: atomic { me != IMMORTAL && MAY_BE_BORN && births < BIRTHS && !over ->
		births++; generation[me]++; running++; state[me] = ACTIVE; alive[me] = true; BEGIN_LIFE };
		goto again
	fi
}

init {
	atomic {
		byte n = 0;
		do
		:: n == N -> break
		:: else ->
			if
			:: n < FILLED -> word[n] = WORD(n, READY); value[n] = n + 1; acknowledged[n + 1] = true
			:: else -> word[n] = WORD(n, FREE)
			fi;
			n++
		od;
		tail = FILLED;
		head = GHOSTS;
		running = PRODUCERS + CONSUMERS - 1;
		n = 0;
		do
		:: n == PEERS -> break
		:: else ->
			state[n] = ACTIVE; alive[n] = (n <= IMMORTAL); owner[n] = n + 1;
			if
			:: n > IMMORTAL -> frame[n] = GET(n - IMMORTAL - 1)
			:: n < PRODUCERS -> run producer(n, FILLED + 1 + n * PUTS, PUTS)
			:: n >= PRODUCERS && n <= IMMORTAL -> run consumer(n)
			fi;
			n++
		od;
		n = 0
	}
}
