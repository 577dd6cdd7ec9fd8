/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait: the eventcount.  Each waker brings an item and wakes one; each waiter
 * wants one item.  A waker's item lies in its store buffer until it is drained: by
 * itself, some time; by the waker's own locked instructions and fences; by a
 * waiter's membarrier.  With DEATHS 0 a sleep has no end but a wake; else it may end
 * by its slice once somebody has died.
 *
 * When nothing can move any more: nobody sleeps while there is an item.
 */
#ifndef WAITERS
#define WAITERS 2
#endif
#ifndef WAKERS
#define WAKERS 2
#endif
#ifndef DEATHS
#define DEATHS 0
#endif
#ifndef PICKY
#define PICKY 0 /* so many waiters return an error where they find an item */
#endif

byte items;
bool buffered[WAKERS + 1]; /* published, not yet in memory; the last: a waiter, which publishes nothing */
byte epoch; bool flag; /* the word, always read and written as one */
bool asleep[WAITERS];
byte deaths;

#define MORTAL(x) \
	atomic { if :: x :: deaths < DEATHS -> deaths++; goto dead fi }
#define DRAIN(k) if :: buffered[k] -> buffered[k] = false; items++ :: else fi

/* FUTEX_WAKE: up to `count` sleepers, any of them; woken = how many. */
inline futex_wake(count)
{
	atomic {
		woken = 0;
		do
		:: woken == (count) -> break
		:: woken < (count) ->
			if
			:: asleep[0] -> asleep[0] = false; woken++
#if WAITERS > 1
			:: asleep[1] -> asleep[1] = false; woken++
#endif
#if WAITERS > 2
			:: asleep[2] -> asleep[2] = false; woken++
#endif
			:: else -> break
			fi
		od
	}
}

/* wait_wake(1) by waker k: its locked instructions drain its own stores. */
inline wake(k)
{
#ifdef FENCE
	MORTAL(DRAIN(k));
#endif
	MORTAL(seen = flag);
	if
	:: seen ->
#ifdef NO_EPOCH
		skip;
#else
		MORTAL(DRAIN(k); epoch++);
#endif
		MORTAL(skip);
		futex_wake(1);
#ifdef CLEAR_BY_WOKEN
		MORTAL(flag = false; epoch++)
#else
		if
		:: woken == 0 ->
			MORTAL(if :: flag -> flag = false; epoch++ :: else fi);
#ifndef NO_SECOND_WAKE
			MORTAL(skip);
			futex_wake(WAITERS)
#endif
		:: else
		fi
#endif
	:: else
	fi;
	seen = false; woken = 0
}

proctype waker(byte me)
{
	byte woken; bool seen;
	MORTAL(buffered[me] = true);
	wake(me);
dead:
	skip
}

/* The machine. */
proctype drain()
{
end:
	do
	:: atomic { buffered[0] -> DRAIN(0) }
#if WAKERS > 1
	:: atomic { buffered[1] -> DRAIN(1) }
#endif
#if WAKERS > 2
	:: atomic { buffered[2] -> DRAIN(2) }
#endif
	od
}

proctype waiter(byte me)
{
	byte key, woken; bool seen, got, slept;
	do
	:: got -> break
	:: !got ->
		/* prepare */
		MORTAL(flag = true; key = epoch);
#ifndef NO_MEMBARRIER
		atomic { DRAIN(0);
#if WAKERS > 1
			DRAIN(1);
#endif
#if WAKERS > 2
			DRAIN(2);
#endif
		};
#endif
		/* look */
		MORTAL(if :: items > 0 -> got = true; items = items - (me >= PICKY) :: else fi);
		if
		:: got -> break
		:: else
		fi;
		/* sleep */
		MORTAL(if :: flag && epoch == key -> asleep[me] = true; slept = true :: else fi);
end:
		atomic {
			if
			:: !asleep[me]
#ifndef NO_SLICE
			:: asleep[me] && deaths > 0 -> asleep[me] = false /* the slice */
#endif
			:: asleep[me] && deaths < DEATHS -> asleep[me] = false; deaths++; goto dead
			fi
		};
		MORTAL(if :: items > 0 -> got = true; items = items - (me >= PICKY) :: else fi)
	od;
	/* pass on */
#ifdef PICKY_SILENT
	if
	:: me < PICKY -> goto dead
	:: else
	fi;
#endif
#ifndef NO_PASS_ON
	MORTAL(seen = (items > 0));
	if
	:: seen -> wake(WAKERS)
	:: else
	fi;
#endif
dead:
	asleep[me] = false
}

init {
	byte n = 0;
	atomic {
		do
		:: n == WAITERS -> break
		:: else -> run waiter(n); n++
		od;
		n = 0;
		do
		:: n == WAKERS -> break
		:: else -> run waker(n); n++
		od;
		n = 0;
		run drain()
	};
	/* Nothing else can move. */
	timeout;
	do
	:: n == WAITERS -> break
	:: else -> assert(!(asleep[n] && items > 0)); n++
	od
}
