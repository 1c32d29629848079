/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The protocol of rings, as in lib/include/hpdma/ring_ops.h and lib/src/ring_turn.c, for
 * spin: PRODUCERS and CONSUMERS, one element an operation, a ring of CAPACITY. Each
 * producer puts EACH numbers into it; nothing may be lost, doubled or out of order.
 *
 * MULTI	both sides as HPDMA_RING_MULTI
 * HTS		both sides as HPDMA_RING_HTS; with DEATH a producer may die anywhere,
 *		and then is said to be dead
 * neither	both sides as HPDMA_RING_SINGLE
 *
 * spin knows no weak memory order. What release and acquire are for is shown by what
 * happens without: BREAK_PUBLISH_EARLY publishes before the slot is written, as a CPU
 * might see it without (1), and BREAK_READ_LATE before it is read; BREAK_NO_TURN
 * publishes without waiting for those before (3); BREAK_LIMIT takes a limit from the
 * other side's head (what is claimed, not what is done); BREAK_CLAIM_TWO_STEPS claims and
 * BREAK_TAKE_TWO_STEPS takes a turn without an exchange; BREAK_OWNER_LATE takes it and
 * writes the owner afterwards; BREAK_UNSIGNED has a limit that is behind count as room.
 */
#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#ifndef EACH
#define EACH 2
#endif
#define CAPACITY 2
#define ALL (PRODUCERS * EACH)
#define NOBODY 255

byte slots[CAPACITY];
/* tail, head, limit of ring_side; owner is the part of tail that says whose turn it is */
byte p_tail, p_head, p_limit = CAPACITY, p_owner = NOBODY;
byte c_tail, c_head, c_limit, c_owner = NOBODY;
byte seen[ALL];	/* how often each number came out */
byte taken;
byte producers_done;
bool broken, died, died_in_turn, told;

#ifdef BREAK_UNSIGNED
#define ROOM(limit, position) ((limit) != (position))
#else
#define ROOM(limit, position) ((limit) > (position))
#endif

/* As has_room() and keep(): out is true if there is room */
inline look(limit, tail, extent, position, out)
{
	seen_limit = limit;
	if
	:: ROOM(seen_limit, position) -> out = true
	:: else ->
		seen_limit = tail + extent;
		if
		:: ROOM(seen_limit, position) -> out = true
		:: else -> out = false
		fi
	fi
}

#ifdef BREAK_LIMIT
#define THEIR_TAIL(side) side##_head
#else
#define THEIR_TAIL(side) side##_tail
#endif

/* Claims for one element; got is false if there is no room (or the ring is broken) */
#if defined(MULTI)
#ifdef BREAK_CLAIM_TWO_STEPS
#define EXCHANGE(mine) mine##_head = position + 1
#else
#define EXCHANGE(mine)                                                    \
	atomic {                                                          \
		if                                                        \
		:: mine##_head == position -> mine##_head = position + 1  \
		:: else -> got = false                                    \
		fi                                                        \
	}
#endif
#define CLAIM(mine, limit, their_tail, extent)                            \
	position = mine##_head;                                           \
	look(limit, their_tail, extent, position, got);                   \
	if                                                                \
	:: got -> EXCHANGE(mine)                                          \
	:: else                                                           \
	fi;                                                               \
	if                                                                \
	:: got -> limit = seen_limit                                      \
	:: else                                                           \
	fi
#ifdef BREAK_NO_TURN
#define END(mine) mine##_tail = position + 1
#else
#define END(mine) mine##_tail == position; mine##_tail = position + 1
#endif
#elif defined(HTS)
#if defined(BREAK_TAKE_TWO_STEPS)
#define TAKE(mine)                                                        \
	(mine##_owner == NOBODY && mine##_tail == position);              \
	mine##_owner = me
#elif defined(BREAK_OWNER_LATE)
#define TAKE(mine)                                                        \
	atomic {                                                          \
		if                                                        \
		:: mine##_owner == NOBODY && mine##_tail == position ->   \
			mine##_owner = NOBODY - 1                         \
		:: else -> got = false                                    \
		fi                                                        \
	}                                                                 \
	if                                                                \
	:: got -> in_turn = true; MAY_DIE; mine##_owner = me              \
	:: else                                                           \
	fi
#else
#define TAKE(mine)                                                        \
	atomic {                                                          \
		if                                                        \
		:: mine##_owner == NOBODY && mine##_tail == position ->   \
			mine##_owner = me                                 \
		:: else -> got = false                                    \
		fi                                                        \
	}
#endif
#define CLAIM(mine, limit, their_tail, extent)                            \
	d_step { busy = (mine##_owner != NOBODY); position = mine##_tail };\
	if                                                                \
	:: broken || busy -> got = false                                  \
	:: else ->                                                        \
		look(limit, their_tail, extent, position, got);           \
		if                                                        \
		:: got -> TAKE(mine)                                      \
		:: else                                                   \
		fi                                                        \
	fi;                                                               \
	if                                                                \
	:: got -> limit = seen_limit                                      \
	:: else                                                           \
	fi
/* Position and turn are one word: one store */
#define END(mine)                                                         \
	d_step { mine##_tail = position + 1; mine##_owner = NOBODY }
#else
#define CLAIM(mine, limit, their_tail, extent)                            \
	position = mine##_tail;                                           \
	look(limit, their_tail, extent, position, got);                   \
	if                                                                \
	:: got -> limit = seen_limit                                      \
	:: else                                                           \
	fi
#define END(mine) mine##_tail = position + 1
#endif

#ifdef DEATH
#define MAY_DIE                                                           \
	if                                                                \
	:: me == 0 && !died ->                                            \
		atomic {                                                  \
			died = true;                                      \
			died_in_turn = in_turn;                           \
			goto dead                                         \
		}                                                         \
	:: true                                                           \
	fi
#else
#define MAY_DIE skip
#endif

proctype producer(byte me)
{
	byte number = 0, position, seen_limit;
	bool got, busy, in_turn = false;

	do
	:: number < EACH && !broken ->
		MAY_DIE;
		CLAIM(p, p_limit, THEIR_TAIL(c), CAPACITY);
		if
		:: got ->
			in_turn = true;
			MAY_DIE;
#ifdef BREAK_PUBLISH_EARLY
			END(p);
			slots[position % CAPACITY] = me * EACH + number;
#else
			slots[position % CAPACITY] = me * EACH + number;
			MAY_DIE;
			END(p);
#endif
			in_turn = false;
			number++
		:: else
		fi
	:: else -> break
	od;
	producers_done++;
#ifdef DEATH
dead:
#endif
	skip
}

proctype consumer(byte me)
{
	byte value, position, seen_limit, i;
	byte next[PRODUCERS];
	bool got, busy, in_turn;

	do
	:: !broken && !(producers_done == PRODUCERS - died && c_tail == p_tail) ->
		CLAIM(c, c_limit, THEIR_TAIL(p), 0);
		if
		:: got ->
#ifdef BREAK_READ_LATE
			END(c);
#endif
			value = slots[position % CAPACITY];
			/* Once, and what a producer put in first comes first */
			d_step {
				assert(value < ALL);
				assert(seen[value] == 0);
				assert(value % EACH >= next[value / EACH]);
				next[value / EACH] = value % EACH + 1;
				seen[value]++;
				taken++
			};
#ifndef BREAK_READ_LATE
			END(c)
#endif
		:: else
		fi
	:: else -> break
	od;
#ifdef DEATH
dead:
#endif
	assert(taken == ALL || broken || died)
}

#ifdef DEATH
/* hpdma_ring_mark_dead(), by who has found out */
proctype reaper()
{
end:	died; /* or never */
	if
	:: p_owner == 0 -> broken = true
	:: else
	fi;
	told = true;
	/* A claim without an owner would have all others wait for ever. */
	assert(p_owner != NOBODY - 1 || !died_in_turn);
	assert(broken || p_owner != 0)
}
#endif

init {
	byte i;

	atomic {
		for (i : 0 .. PRODUCERS - 1) {
			run producer(i)
		}
		for (i : 0 .. CONSUMERS - 1) {
			run consumer(i + PRODUCERS)
		}
#ifdef DEATH
		run reaper()
#endif
	}
}
