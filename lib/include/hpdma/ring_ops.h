/* SPDX-License-Identifier: MIT */
/*
 * Rings: enqueue and dequeue.
 *
 * A position counts elements, in units of HPDMA_RING_ONE, and is never reduced: the
 * slot is position / HPDMA_RING_ONE modulo the number of slots, a distance is a
 * difference. Positions wrap at 2^48 elements, and differences do not notice.
 * What is below HPDMA_RING_ONE is 0 but in the tail of a side whose threads take
 * turns: there it says whose turn it is. Thus one compare-and-swap takes the turn and
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

#define HPDMA_RING_ONE ((uint64_t)1 << 16)
#define HPDMA_RING_BUSY ((uint64_t)1)

/* What an operation must know of a side, so that it can be compared at once */
#define HPDMA_RING_KIND(mode, element_size) \
	((uint32_t)(mode) | (uint32_t)(element_size) << 8)
#define HPDMA_RING_KIND_MODE(kind) ((kind)&0xff)

HPDMA_RING_PART void *hpdma_ring_slots(const struct hpdma_ring *ring)
{
	return ring->mem + 1;
}

/*
 * Moves of fixed sizes, which the compiler makes of the widest registers there
 * are. @bytes is a multiple of 4.
 */
HPDMA_RING_PART void hpdma_ring_copy(void *to, const void *from, size_t bytes)
{
	unsigned char *t = (unsigned char *)to;
	const unsigned char *f = (const unsigned char *)from;

	for (; bytes >= 64; bytes -= 64, t += 64, f += 64)
		__builtin_memcpy(t, f, 64);
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

/* Copy between the slots from @position on and an array; @n is at most the capacity. */
HPDMA_RING_PART void hpdma_ring_move(const struct hpdma_ring *ring,
				     uint64_t position, void *array, uint32_t n,
				     uint32_t element_size, int enqueue)
{
	unsigned char *slots = (unsigned char *)hpdma_ring_slots(ring);
	unsigned char *objects = (unsigned char *)array;
	const uint32_t first = (uint32_t)(position / HPDMA_RING_ONE) &
			       ring->mask;
	const uint32_t to_end = ring->mask + 1 - first;
	const size_t size = element_size;
	unsigned char *slot = slots + first * size;

	if (__builtin_expect(n > to_end, 0)) {
		const size_t bytes = to_end * size;

		if (enqueue)
			hpdma_ring_copy(slot, objects, bytes);
		else
			hpdma_ring_copy(objects, slot, bytes);
		objects += bytes;
		slot = slots;
		n -= to_end;
	}
	if (enqueue)
		hpdma_ring_copy(slot, objects, n * size);
	else
		hpdma_ring_copy(objects, slot, n * size);
}

/*
 * How many of @n elements, at most the capacity, a side at @position may claim:
 * all or none for @bulk. @extent is the capacity for producers and 0 for consumers.
 */
HPDMA_RING_PART uint32_t hpdma_ring_room(struct hpdma_ring_side *mine,
					 const struct hpdma_ring_side *theirs,
					 uint64_t extent, uint64_t position,
					 uint32_t n, int bulk)
{
	/* (2) */
	uint64_t limit = __atomic_load_n(&mine->limit, __ATOMIC_ACQUIRE);
	int64_t room = (int64_t)(limit - position);

	if (__builtin_expect(room < (int64_t)(n * HPDMA_RING_ONE), 0)) {
		/* (1) */
		limit = __atomic_load_n(&theirs->tail, __ATOMIC_ACQUIRE);
		limit = (limit & ~(HPDMA_RING_ONE - 1)) + extent;
		__atomic_store_n(&mine->limit, limit, __ATOMIC_RELEASE);
		room = (int64_t)(limit - position);
		if (room < (int64_t)(n * HPDMA_RING_ONE)) {
			if (bulk || room < 0)
				return 0;
			n = (uint32_t)((uint64_t)room / HPDMA_RING_ONE);
		}
	}
	return n;
}

/* The thread is alone on its side: nothing but the tail says where it is. */
HPDMA_RING_PART int hpdma_ring_do_single(const struct hpdma_ring *ring,
					 struct hpdma_ring_side *mine,
					 const struct hpdma_ring_side *theirs,
					 void *array, uint32_t n, int bulk,
					 uint32_t element_size, int enqueue)
{
	const uint64_t position =
		__atomic_load_n(&mine->tail, __ATOMIC_RELAXED);

	n = hpdma_ring_room(mine, theirs, enqueue ? ring->extent : 0, position,
			    n, bulk);
	if (!n)
		return 0;
	hpdma_ring_move(ring, position, array, n, element_size, enqueue);
	/* (1) */
	__atomic_store_n(&mine->tail, position + n * HPDMA_RING_ONE,
			 __ATOMIC_RELEASE);
	return (int)n;
}

/* Claim by moving the head, copy, and publish when all before have. */
HPDMA_RING_PART int hpdma_ring_do_multi(const struct hpdma_ring *ring,
					struct hpdma_ring_side *mine,
					const struct hpdma_ring_side *theirs,
					void *array, uint32_t n, int bulk,
					uint32_t element_size, int enqueue)
{
	uint64_t position = __atomic_load_n(&mine->head, __ATOMIC_ACQUIRE);
	const uint32_t wanted = n;
	unsigned int spins = 0;

	do {
		n = hpdma_ring_room(mine, theirs, enqueue ? ring->extent : 0,
				    position, wanted, bulk);
		if (!n)
			return 0;
		/* (4); if it fails position is the new head */
	} while (!__atomic_compare_exchange_n(&mine->head, &position,
					      position + n * HPDMA_RING_ONE, 1,
					      __ATOMIC_ACQ_REL,
					      __ATOMIC_ACQUIRE));
	hpdma_ring_move(ring, position, array, n, element_size, enqueue);
	/* (3) */
	while (__builtin_expect(__atomic_load_n(&mine->tail,
						__ATOMIC_ACQUIRE) != position,
				0))
		hpdma_ring_wait(&spins);
	/* (1) */
	__atomic_store_n(&mine->tail, position + n * HPDMA_RING_ONE,
			 __ATOMIC_RELEASE);
	return (int)n;
}

HPDMA_RING_PART int hpdma_ring_is_broken(const struct hpdma_ring *ring)
{
	/* Who sees it goes away, and reads nothing that this would have to order. */
	return __builtin_expect(__atomic_load_n(&ring->mem->broken,
						__ATOMIC_RELAXED) != 0,
				0);
}

/*
 * Take the turn of a side, for up to *@n elements. 1 if it was taken; 0 if there is
 * no room, or -EOWNERDEAD.
 */
HPDMA_RING_PART int hpdma_ring_take_turn(const struct hpdma_ring *ring,
					 struct hpdma_ring_side *mine,
					 const struct hpdma_ring_side *theirs,
					 uint64_t extent, uint64_t *position,
					 uint32_t *n, int bulk)
{
	const uint32_t wanted = *n;
	unsigned int spins = 0;
	uint64_t tail;

	for (;;) {
		if (hpdma_ring_is_broken(ring))
			return -EOWNERDEAD;
		tail = __atomic_load_n(&mine->tail, __ATOMIC_ACQUIRE);
		if (tail & HPDMA_RING_BUSY) {
			hpdma_ring_wait(&spins);
			continue;
		}
		*n = hpdma_ring_room(mine, theirs, extent, tail, wanted, bulk);
		if (!*n)
			return 0;
		/* (5); that the tail is still the same says that the room is, too */
		if (__atomic_compare_exchange_n(&mine->tail, &tail,
						tail | ring->owner, 0,
						__ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED)) {
			*position = tail;
			return 1;
		}
	}
}

HPDMA_RING_PART int hpdma_ring_do_hts(const struct hpdma_ring *ring,
				      struct hpdma_ring_side *mine,
				      const struct hpdma_ring_side *theirs,
				      void *array, uint32_t n, int bulk,
				      uint32_t element_size, int enqueue)
{
	uint64_t position;
	int ret;

	ret = hpdma_ring_take_turn(ring, mine, theirs,
				   enqueue ? ring->extent : 0, &position, &n,
				   bulk);
	if (ret <= 0)
		return ret;
	hpdma_ring_move(ring, position, array, n, element_size, enqueue);
	/* (1); ends the turn, too: what is below HPDMA_RING_ONE becomes 0 */
	__atomic_store_n(&mine->tail, position + n * HPDMA_RING_ONE,
			 __ATOMIC_RELEASE);
	return (int)n;
}

/* One side's operation; @mode, @bulk and @enqueue are constants, @element_size may be. */
HPDMA_RING_PART int hpdma_ring_do(const struct hpdma_ring *ring, void *array,
				  uint32_t n, int bulk, uint32_t mode,
				  uint32_t element_size, int enqueue)
{
	struct hpdma_ring_mem *mem = ring->mem;
	struct hpdma_ring_side *mine = enqueue ? &mem->prod : &mem->cons;
	struct hpdma_ring_side *theirs = enqueue ? &mem->cons : &mem->prod;

	/* Never more than there are slots, whatever others write to the memory. */
	if (__builtin_expect(n > ring->capacity, 0)) {
		if (bulk)
			return 0;
		n = ring->capacity;
	}
	switch (mode) {
	case HPDMA_RING_SINGLE:
		return hpdma_ring_do_single(ring, mine, theirs, array, n, bulk,
					    element_size, enqueue);
	case HPDMA_RING_MULTI:
		return hpdma_ring_do_multi(ring, mine, theirs, array, n, bulk,
					   element_size, enqueue);
	case HPDMA_RING_HTS:
		return hpdma_ring_do_hts(ring, mine, theirs, array, n, bulk,
					 element_size, enqueue);
	default:
		if (hpdma_ring_is_broken(ring))
			return -EOWNERDEAD;
		return hpdma_ring_do_single(ring, mine, theirs, array, n, bulk,
					    element_size, enqueue);
	}
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
	return hpdma_ring_do(ring, (void *)elements, n, 1,
			     HPDMA_RING_KIND_MODE(ring->prod_kind),
			     ring->element_size, 1);
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
	return hpdma_ring_do(ring, (void *)elements, n, 0,
			     HPDMA_RING_KIND_MODE(ring->prod_kind),
			     ring->element_size, 1);
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
	return hpdma_ring_do(ring, elements, n, 1,
			     HPDMA_RING_KIND_MODE(ring->cons_kind),
			     ring->element_size, 0);
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
			     ring->element_size, 0);
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
	return hpdma_ring_do(ring, (void *)elements, n, 1, mode, element_size,
			     1);
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
	return hpdma_ring_do(ring, (void *)elements, n, 0, mode, element_size,
			     1);
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
	return hpdma_ring_do(ring, elements, n, 1, mode, element_size, 0);
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
	return hpdma_ring_do(ring, elements, n, 0, mode, element_size, 0);
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
		__atomic_load_n(&ring->mem->cons.tail, __ATOMIC_ACQUIRE) /
		HPDMA_RING_ONE;
	const uint64_t in =
		__atomic_load_n(&ring->mem->prod.tail, __ATOMIC_ACQUIRE) /
		HPDMA_RING_ONE;
	const uint64_t count = (in - out) * HPDMA_RING_ONE / HPDMA_RING_ONE;

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
