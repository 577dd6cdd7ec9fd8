/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * newest: the copy of an spsc ring's newest element, beside its tail.
 *
 * A producer leaves a copy of two words with each element that it pushes by itself, none
 * with those of a run, and may die at any store; a successor forgets whose the copy was, for
 * it may be half of an element that it pushes in a run, and goes on at tail.  A consumer that
 * finds one element reads the copy, and asks afterwards whose it is: what it takes must be
 * its element's.  What it does not take it reads from the slot, which is not modelled.
 *
 * Stores arrive in order, and loads are made in order: x86-64 does that, elsewhere release
 * and acquire do, but for newest_of, which may arrive early: then the copy is not taken.
 */
#ifndef PUSHES
#define PUSHES 3
#endif
#ifndef DEATHS
#define DEATHS 2
#endif

#define NOBODY 255

byte tail;      /* elements pushed; element p is number p + 1 in both words */
byte newest_of;
byte newest[2];
byte deaths;
byte copies; /* taken */

#define DIE :: deaths < DEATHS -> deaths++; goto successor
#define STORE(where, what) atomic { if :: where = what DIE fi }

proctype producer()
{
	byte p;
successor:
#ifdef FORGOTTEN_BACK
	STORE(newest_of, (tail > 0 -> tail - 1 : 0));
#elif !defined(NOT_FORGOTTEN)
	STORE(newest_of, NOBODY);
#endif
	p = tail;
	do
	:: p == PUSHES -> break
	:: p < PUSHES -> /* by itself */
#ifndef NAMED_LATE
		STORE(newest_of, p + 1);
#endif
		STORE(newest[0], p + 1);
		STORE(newest[1], p + 1);
#ifdef NAMED_LATE
		STORE(newest_of, p + 1);
#endif
		STORE(tail, p + 1);
		p++
	:: p < PUSHES -> /* in a run of one */
		STORE(tail, p + 1);
		p++
	od
}

proctype consumer()
{
	byte position, seen, first, second;
	bool good;
	do
	:: position == PUSHES -> break
	:: else ->
		atomic { tail > position; seen = tail };
		if
		:: seen == position + 1 ->
#ifdef ASKED_FIRST
			good = (newest_of == seen);
#endif
			first = newest[0];
			second = newest[1];
#ifdef NOT_ASKED
			good = true;
#endif
#if !defined(ASKED_FIRST) && !defined(NOT_ASKED)
			good = (newest_of == seen);
#endif
			if
			:: good -> assert(first == seen && second == seen); copies++
			:: else
			fi
		:: else
		fi;
		position++;
		seen = 0; first = 0; second = 0; good = false
	od
#ifdef NEVER_TAKEN
	assert(copies == 0)
#endif
}

init {
	atomic { run producer(); run consumer() }
}
