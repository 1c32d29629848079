/* SPDX-License-Identifier: MIT */
/*
 * Rings: enqueue and dequeue.
 *
 * A position counts elements and is never reduced: the slot is the position modulo the
 * number of slots. Only its low HPDMA_RING_BITS bits count; distances are taken modulo
 * that, so nothing happens when they wrap. In the tail of a side whose threads take turns
 * the bits above say whose turn it is. Thus one compare-and-swap takes the turn and
 * names the owner, and one store ends it and publishes: at no instant is a turn
 * without an owner, or half published.
 *
 * Both sides do the same: consumers may go as far as the producers' tail, producers
 * as far as the consumers' tail plus the capacity. A side keeps the last such limit it
 * saw in a line of its own, and looks at the other side's line only when that does not
 * suffice. A limit is never above the truth, as tails only grow; so an old one
 * is safe.
 *
 * Memory order, the whole of it:
 * (1) tail is stored with release after the slots were written (read), and loaded
 *     with acquire by the other side before it reads (writes) them.
 * (2) limit is stored with release by who did that load, and loaded with acquire, so
 *     that the threads of a side may use what one of them saw: (1) is passed on.
 * (3) In HPDMA_RING_MULTI a thread publishes behind others: it loads their tail with
 *     acquire before it stores its own with release, which passes on (1) for theirs.
 * (4) In HPDMA_RING_MULTI head is exchanged with release and loaded with acquire: who
 *     sees a head sees a tail of the other side that is not older than the one
 *     that allowed it. Without this a limit could be behind a head, which
 *     would be safe, too (the distance is negative), but say full or empty
 *     when it is not.
 * (5) In HPDMA_RING_HTS the exchange that takes the turn has acquire, and pairs with
 *     the release of (1) of the turn before.
 * tests/model/ring.pml has the protocol for spin.
 */
/* First, and not guarded: it includes this where it belongs. */
#include <hpdma/ring.h>

#ifndef HPDMA_RING_OPS_H
#define HPDMA_RING_OPS_H

#include <errno.h>

HPDMA_BEGIN

#define HPDMA_RING_BITS 48
#define HPDMA_RING_BUSY ((uint64_t)1 << HPDMA_RING_BITS)
#define HPDMA_RING_POSITION (HPDMA_RING_BUSY - 1)

/* A distance, scaled so that the bits that do not count fall off, and signed */
#define HPDMA_RING_DISTANCE(from, to) \
	((int64_t)(((uint64_t)(to) - (from)) << (64 - HPDMA_RING_BITS)))

/* What an operation must know of a side, so that it can be compared at once */
#define HPDMA_RING_KIND(mode, element_size) \
	((uint32_t)(mode) | (uint32_t)(element_size) << 8)
#define HPDMA_RING_LOOKED 2
#define HPDMA_RING_KIND_MODE(kind) ((kind)&0xff)

HPDMA_RING_PART void *hpdma_ring_slots(const struct hpdma_ring *ring)
{
	return ring->mem + 1;
}

/*
 * Moves of fixed sizes, which the compiler makes of the widest registers there
 * are. @bytes is a multiple of 4. Nothing is written twice: the other side may read soon
 * and wide, and CPUs forward from one store, not from two.
 */
HPDMA_RING_PART void hpdma_ring_copy(void *to, const void *from, size_t bytes)
{
	unsigned char *t = (unsigned char *)to;
	const unsigned char *f = (const unsigned char *)from;

	/*
	 * A compiler that sees a variable of the caller's warns of moves that are
	 * longer than it, which are never reached. No instruction.
	 */
	if (!__builtin_constant_p(bytes))
		__asm__("" : "+r"(t), "+r"(f));
	for (; bytes >= 64; bytes -= 64, t += 64, f += 64) {
		__builtin_memcpy(t, f, 32);
		__builtin_memcpy(t + 32, f + 32, 32);
	}
	if (!bytes)
		return;
	if (bytes & 32) {
		__builtin_memcpy(t, f, 32);
		t += 32;
		f += 32;
	}
	if (bytes & 16) {
		__builtin_memcpy(t, f, 16);
		t += 16;
		f += 16;
	}
	if (bytes & 8) {
		__builtin_memcpy(t, f, 8);
		t += 8;
		f += 8;
	}
	if (bytes & 4)
		__builtin_memcpy(t, f, 4);
}

/* The slot at a position */
HPDMA_RING_PART uint32_t hpdma_ring_slot(const struct hpdma_ring *ring,
					 uint64_t position)
{
	return (uint32_t)position & ring->mask;
}

/*
 * Whether @n elements lie at the end and at the beginning of the memory; also if they are
 * more than there are slots, whatever others write to the memory.
 */
HPDMA_RING_PART int hpdma_ring_wraps(const struct hpdma_ring *ring,
				     uint64_t position, uint32_t n)
{
	return (uint64_t)hpdma_ring_slot(ring, position) + n - 1 > ring->mask;
}

/*
 * One element. Two words are not left to the compiler, which would make a vector of them:
 * a thread gets what it has just stored in half the time if it is a word.
 */
HPDMA_RING_PART void hpdma_ring_copy_one(void *to, const void *from,
					 size_t size)
{
	uint64_t words[2];

	if (size != sizeof(words)) {
		__builtin_memcpy(to, from, size);
		return;
	}
	__builtin_memcpy(words, from, sizeof(words));
	__asm__("" : "+r"(words[0]), "+r"(words[1]));
	__builtin_memcpy(to, words, sizeof(words));
}

/* Copy @n elements between an array and the slots at @position, which do not wrap. */
HPDMA_RING_PART void hpdma_ring_move(const struct hpdma_ring *ring,
				     uint64_t position, void *array, uint32_t n,
				     uint32_t element_size, int enqueue)
{
	const size_t size = element_size;
	unsigned char *slot = (unsigned char *)hpdma_ring_slots(ring) +
			      hpdma_ring_slot(ring, position) * size;

	if (__builtin_constant_p(element_size) && __builtin_expect(n == 1, 1)) {
		if (enqueue)
			hpdma_ring_copy_one(slot, array, size);
		else
			hpdma_ring_copy_one(array, slot, size);
	} else if (enqueue) {
		hpdma_ring_copy(slot, array, n * size);
	} else {
		hpdma_ring_copy(array, slot, n * size);
	}
}

/*
 * Whether a side at @position may claim *@n elements, at most the capacity; without
 * @bulk it may claim fewer, and *@n becomes how many. *@extent is the capacity for
 * producers; consumers have none. HPDMA_RING_LOOKED if it had to look at the other
 * side: *@limit is then to be kept, after the claim, for a store in front of the exchange
 * would be waited for.
 */
HPDMA_RING_PART int hpdma_ring_has_room(const struct hpdma_ring_side *mine,
					const struct hpdma_ring_side *theirs,
					const uint32_t *extent,
					uint64_t position, uint32_t *n,
					int bulk, uint64_t *limit)
{
	int64_t room;

	/* (2) */
	*limit = __atomic_load_n(&mine->limit, __ATOMIC_ACQUIRE);
	room = HPDMA_RING_DISTANCE(position, *limit);
	if (__builtin_expect(room >= HPDMA_RING_DISTANCE(0, *n), 1))
		return 1;
	/* (1) */
	*limit = __atomic_load_n(&theirs->tail, __ATOMIC_ACQUIRE) +
		 (extent ? *extent : 0);
	room = HPDMA_RING_DISTANCE(position, *limit);
	if (room < HPDMA_RING_DISTANCE(0, *n)) {
		if (bulk || room <= 0)
			return 0;
		*n = (uint32_t)(room >> (64 - HPDMA_RING_BITS));
	}
	return HPDMA_RING_LOOKED;
}

HPDMA_RING_PART void hpdma_ring_keep(struct hpdma_ring_side *mine, int room,
				     uint64_t limit)
{
	/* (2) */
	if (room == HPDMA_RING_LOOKED)
		__atomic_store_n(&mine->limit, limit, __ATOMIC_RELEASE);
}

/* What hpdma_ring_slow() is to do */
#define HPDMA_RING_BULK 1
#define HPDMA_RING_ENQUEUE 2

/*
 * One side's operation; @what is a constant, @mode and @element_size may be. In
 * HPDMA_RING_SINGLE the thread is alone on its side, and nothing but the tail says where
 * it is. In HPDMA_RING_MULTI it claims by moving the head, and publishes when all that
 * claimed before have published; who loses the claim to another has time for a call.
 */
HPDMA_RING_PART int hpdma_ring_do(const struct hpdma_ring *ring, void *array,
				  uint32_t n, int what, uint32_t mode,
				  uint32_t element_size)
{
	/* Read once: for all that the compiler knows, it changes with an acquire. */
	const struct hpdma_ring view = *ring;
	const int enqueue = what & HPDMA_RING_ENQUEUE;
	const int multi = mode == HPDMA_RING_MULTI;
	struct hpdma_ring_side *mine = enqueue ? &view.mem->prod :
						 &view.mem->cons;
	struct hpdma_ring_side *theirs = enqueue ? &view.mem->cons :
						   &view.mem->prod;
	const uint32_t wanted = n;
	uint64_t position, limit;
	int room;

	if (mode != HPDMA_RING_SINGLE && mode != HPDMA_RING_MULTI)
		return hpdma_ring_slow(ring, array, n, what);
	position = multi ? __atomic_load_n(&mine->head, __ATOMIC_ACQUIRE) :
			   __atomic_load_n(&mine->tail, __ATOMIC_RELAXED);
	room = hpdma_ring_has_room(mine, theirs,
				   enqueue ? &ring->capacity : NULL, position,
				   &n, what & HPDMA_RING_BULK, &limit);
	if (!room)
		return 0;
	if (__builtin_expect(hpdma_ring_wraps(&view, position, n), 0))
		return hpdma_ring_slow(ring, array, wanted, what);
	/* (4) */
	if (multi &&
	    __builtin_expect(!__atomic_compare_exchange_n(
				     &mine->head, &position, position + n, 0,
				     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED),
			     0))
		return hpdma_ring_slow(ring, array, wanted, what);
	hpdma_ring_keep(mine, room, limit);
	hpdma_ring_move(&view, position, array, n, element_size, enqueue);
	/* (3) */
	if (multi &&
	    __builtin_expect(__atomic_load_n(&mine->tail, __ATOMIC_ACQUIRE) !=
				     position,
			     0))
		return hpdma_ring_publish(mine, position, n);
	/* (1) */
	__atomic_store_n(&mine->tail, position + n, __ATOMIC_RELEASE);
	return (int)n;
}

/**
 * hpdma_ring_enqueue_bulk() - put elements into a ring, all or none
 * @ring: The ring
 * @elements: Array of the elements
 * @n: How many
 *
 * Return: @n, or 0 if there is no room for all; -EOWNERDEAD.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_enqueue_bulk(struct hpdma_ring *ring,
					 const void *elements, uint32_t n)
{
	return hpdma_ring_do(ring, (void *)elements, n,
			     HPDMA_RING_ENQUEUE | HPDMA_RING_BULK,
			     HPDMA_RING_KIND_MODE(ring->prod_kind),
			     ring->element_size);
}

/**
 * hpdma_ring_enqueue_burst() - put elements into a ring, as many as have room
 * @ring: The ring
 * @elements: Array of the elements
 * @n: How many
 *
 * Return: How many were put in, the first of @elements; -EOWNERDEAD.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_enqueue_burst(struct hpdma_ring *ring,
					  const void *elements, uint32_t n)
{
	return hpdma_ring_do(ring, (void *)elements, n, HPDMA_RING_ENQUEUE,
			     HPDMA_RING_KIND_MODE(ring->prod_kind),
			     ring->element_size);
}

/**
 * hpdma_ring_dequeue_bulk() - take elements out of a ring, all or none
 * @ring: The ring
 * @elements: Array to fill
 * @n: How many
 *
 * Return: @n, or 0 if there are not so many; -EOWNERDEAD.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_dequeue_bulk(struct hpdma_ring *ring,
					 void *elements, uint32_t n)
{
	return hpdma_ring_do(ring, elements, n, HPDMA_RING_BULK,
			     HPDMA_RING_KIND_MODE(ring->cons_kind),
			     ring->element_size);
}

/**
 * hpdma_ring_dequeue_burst() - take elements out of a ring, as many as there are
 * @ring: The ring
 * @elements: Array to fill
 * @n: How many at most
 *
 * Return: How many were taken out; -EOWNERDEAD.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_dequeue_burst(struct hpdma_ring *ring,
					  void *elements, uint32_t n)
{
	return hpdma_ring_do(ring, elements, n, 0,
			     HPDMA_RING_KIND_MODE(ring->cons_kind),
			     ring->element_size);
}

/**
 * hpdma_ring_enqueue_bulk_as() - hpdma_ring_enqueue_bulk(), made to measure
 * @ring: The ring
 * @elements: Array of the elements
 * @n: How many
 * @mode: The mode of the ring's producers, a constant: HPDMA_RING_SINGLE, _MULTI or
 *	_HTS
 * @element_size: Size of the ring's elements, a constant
 *
 * Return: What hpdma_ring_enqueue_bulk() returns; -EINVAL if the ring is of another
 * mode or size, or robust with one producer.
 * Since: 0.1
 */
HPDMA_RING_PART int hpdma_ring_enqueue_bulk_as(struct hpdma_ring *ring,
					       const void *elements, uint32_t n,
					       enum hpdma_ring_mode mode,
					       uint32_t element_size)
{
	if (__builtin_expect(ring->prod_kind !=
				     HPDMA_RING_KIND(mode, element_size),
			     0))
		return -EINVAL;
	return hpdma_ring_do(ring, (void *)elements, n,
			     HPDMA_RING_ENQUEUE | HPDMA_RING_BULK, mode,
			     element_size);
}

/**
 * hpdma_ring_enqueue_burst_as() - hpdma_ring_enqueue_burst(), made to measure
 * @ring: The ring
 * @elements: Array of the elements
 * @n: How many
 * @mode: As of hpdma_ring_enqueue_bulk_as()
 * @element_size: As of hpdma_ring_enqueue_bulk_as()
 *
 * Return: What hpdma_ring_enqueue_burst() returns; -EINVAL as of
 * hpdma_ring_enqueue_bulk_as().
 * Since: 0.1
 */
HPDMA_RING_PART int hpdma_ring_enqueue_burst_as(struct hpdma_ring *ring,
						const void *elements,
						uint32_t n,
						enum hpdma_ring_mode mode,
						uint32_t element_size)
{
	if (__builtin_expect(ring->prod_kind !=
				     HPDMA_RING_KIND(mode, element_size),
			     0))
		return -EINVAL;
	return hpdma_ring_do(ring, (void *)elements, n, HPDMA_RING_ENQUEUE,
			     mode, element_size);
}

/**
 * hpdma_ring_dequeue_bulk_as() - hpdma_ring_dequeue_bulk(), made to measure
 * @ring: The ring
 * @elements: Array to fill
 * @n: How many
 * @mode: The mode of the ring's consumers, a constant: HPDMA_RING_SINGLE, _MULTI or
 *	_HTS
 * @element_size: Size of the ring's elements, a constant
 *
 * Return: What hpdma_ring_dequeue_bulk() returns; -EINVAL if the ring is of another
 * mode or size, or robust with one consumer.
 * Since: 0.1
 */
HPDMA_RING_PART int hpdma_ring_dequeue_bulk_as(struct hpdma_ring *ring,
					       void *elements, uint32_t n,
					       enum hpdma_ring_mode mode,
					       uint32_t element_size)
{
	if (__builtin_expect(ring->cons_kind !=
				     HPDMA_RING_KIND(mode, element_size),
			     0))
		return -EINVAL;
	return hpdma_ring_do(ring, elements, n, HPDMA_RING_BULK, mode,
			     element_size);
}

/**
 * hpdma_ring_dequeue_burst_as() - hpdma_ring_dequeue_burst(), made to measure
 * @ring: The ring
 * @elements: Array to fill
 * @n: How many at most
 * @mode: As of hpdma_ring_dequeue_bulk_as()
 * @element_size: As of hpdma_ring_dequeue_bulk_as()
 *
 * Return: What hpdma_ring_dequeue_burst() returns; -EINVAL as of
 * hpdma_ring_dequeue_bulk_as().
 * Since: 0.1
 */
HPDMA_RING_PART int hpdma_ring_dequeue_burst_as(struct hpdma_ring *ring,
						void *elements, uint32_t n,
						enum hpdma_ring_mode mode,
						uint32_t element_size)
{
	if (__builtin_expect(ring->cons_kind !=
				     HPDMA_RING_KIND(mode, element_size),
			     0))
		return -EINVAL;
	return hpdma_ring_do(ring, elements, n, 0, mode, element_size);
}

/**
 * hpdma_ring_capacity() - how many elements a ring holds
 * @ring: The ring
 *
 * Return: Elements.
 * Since: 0.1
 */
HPDMA_INLINE uint32_t hpdma_ring_capacity(const struct hpdma_ring *ring)
{
	return ring->capacity;
}

/**
 * hpdma_ring_count() - how many elements are in a ring
 * @ring: The ring
 *
 * Exact if nobody uses it meanwhile, otherwise as of some moment of late.
 *
 * Return: Elements, at most the capacity.
 * Since: 0.1
 */
HPDMA_INLINE uint32_t hpdma_ring_count(const struct hpdma_ring *ring)
{
	/* The consumers' first: the producers' is never behind it then. */
	const uint64_t out =
		__atomic_load_n(&ring->mem->cons.tail, __ATOMIC_ACQUIRE);
	const uint64_t in =
		__atomic_load_n(&ring->mem->prod.tail, __ATOMIC_ACQUIRE);
	const uint64_t count = (in - out) & HPDMA_RING_POSITION;

	return count < ring->capacity ? (uint32_t)count : ring->capacity;
}

/**
 * hpdma_ring_free_count() - how many elements have room in a ring
 * @ring: The ring
 *
 * As exact as hpdma_ring_count().
 *
 * Return: Elements.
 * Since: 0.1
 */
HPDMA_INLINE uint32_t hpdma_ring_free_count(const struct hpdma_ring *ring)
{
	return ring->capacity - hpdma_ring_count(ring);
}

/**
 * hpdma_ring_empty() - whether nothing is in a ring
 * @ring: The ring
 *
 * As exact as hpdma_ring_count().
 *
 * Return: 1 or 0.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_empty(const struct hpdma_ring *ring)
{
	return hpdma_ring_count(ring) == 0;
}

/**
 * hpdma_ring_full() - whether a ring has no room
 * @ring: The ring
 *
 * As exact as hpdma_ring_count().
 *
 * Return: 1 or 0.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_full(const struct hpdma_ring *ring)
{
	return hpdma_ring_count(ring) == ring->capacity;
}

/**
 * hpdma_ring_above_watermark() - whether a ring is fuller than it should be
 * @ring: The ring
 *
 * As exact as hpdma_ring_count(). For producers, to ask when they like, and to slow
 * down; an operation never asks.
 *
 * Return: 1 if it holds its watermark or more, 0 if not or if it has none.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_above_watermark(const struct hpdma_ring *ring)
{
	return ring->watermark && hpdma_ring_count(ring) >= ring->watermark;
}

HPDMA_END

#endif /* HPDMA_RING_OPS_H */
