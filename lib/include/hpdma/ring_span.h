/* SPDX-License-Identifier: MIT */
/*
 * Rings: elements written and read where they lie, without a copy.
 *
 * For sides of one thread and sides whose threads take turns (HPDMA_RING_SP, _SC,
 * _MP_HTS, _MC_HTS, _ROBUST): only they can give back what they have claimed. Until
 * the end of a turn the other threads of its side wait.
 */
/* First, and not guarded: it includes this where it belongs. */
#include <hpdma/ring.h>

#ifndef HPDMA_RING_SPAN_H
#define HPDMA_RING_SPAN_H

#include <errno.h>

HPDMA_BEGIN

/**
 * struct hpdma_ring_spans - slots of a ring, in one or two pieces
 * @first: The first slots
 * @second: The slots after them, at the beginning of the ring's memory; NULL if
 *	there are none
 * @first_count: Slots at @first
 * @second_count: Slots at @second
 *
 * Never grows.
 *
 * Since: 0.1
 */
struct hpdma_ring_spans {
	void *first;
	void *second;
	uint32_t first_count;
	uint32_t second_count;
};

HPDMA_RING_PART void hpdma_ring_span(const struct hpdma_ring *ring,
				     uint64_t position, uint32_t n,
				     struct hpdma_ring_spans *spans)
{
	unsigned char *slots = (unsigned char *)hpdma_ring_slots(ring);
	const uint32_t first = (uint32_t)(position / HPDMA_RING_ONE) &
			       ring->mask;
	const uint32_t to_end = ring->mask + 1 - first;

	spans->first = slots + first * (size_t)ring->element_size;
	spans->first_count = n < to_end ? n : to_end;
	spans->second_count = n - spans->first_count;
	spans->second = spans->second_count ? slots : NULL;
}

/* Claim slots of a side. */
HPDMA_RING_PART int hpdma_ring_begin(const struct hpdma_ring *ring, uint32_t n,
				     struct hpdma_ring_spans *spans, int bulk,
				     int enqueue)
{
	struct hpdma_ring_mem *mem = ring->mem;
	struct hpdma_ring_side *mine = enqueue ? &mem->prod : &mem->cons;
	struct hpdma_ring_side *theirs = enqueue ? &mem->cons : &mem->prod;
	const uint32_t mode = HPDMA_RING_KIND_MODE(enqueue ? ring->prod_kind :
							     ring->cons_kind);
	const uint64_t extent = enqueue ? ring->extent : 0;
	uint64_t position;
	int ret;

	if (mode == HPDMA_RING_MULTI)
		return -EOPNOTSUPP;
	if (n > ring->capacity) {
		if (bulk)
			return 0;
		n = ring->capacity;
	}
	if (mode == HPDMA_RING_HTS) {
		ret = hpdma_ring_take_turn(ring, mine, theirs, extent,
					   &position, &n, bulk);
		if (ret <= 0)
			return ret;
	} else {
		if (mode != HPDMA_RING_SINGLE && hpdma_ring_is_broken(ring))
			return -EOWNERDEAD;
		position = __atomic_load_n(&mine->tail, __ATOMIC_RELAXED);
		n = hpdma_ring_room(mine, theirs, extent, position, n, bulk);
		if (!n)
			return 0;
	}
	hpdma_ring_span(ring, position, n, spans);
	return (int)n;
}

/* Publish the first @n of them, and give the others back. */
HPDMA_RING_PART int hpdma_ring_end(const struct hpdma_ring *ring,
				   const struct hpdma_ring_spans *spans,
				   uint32_t n, int enqueue)
{
	struct hpdma_ring_side *mine = enqueue ? &ring->mem->prod :
						 &ring->mem->cons;
	const uint32_t mode = HPDMA_RING_KIND_MODE(enqueue ? ring->prod_kind :
							     ring->cons_kind);
	/* Nobody else writes it, as this thread is the only one or has the turn. */
	const uint64_t tail = __atomic_load_n(&mine->tail, __ATOMIC_RELAXED);
	const uint64_t position = tail & ~(HPDMA_RING_ONE - 1);

	if (mode == HPDMA_RING_MULTI)
		return -EOPNOTSUPP;
	if (n > spans->first_count + spans->second_count ||
	    (mode == HPDMA_RING_HTS && tail != (position | ring->owner)))
		return -EINVAL;
	/* (1) of ring_ops.h; ends the turn, too */
	__atomic_store_n(&mine->tail, position + n * HPDMA_RING_ONE,
			 __ATOMIC_RELEASE);
	return 0;
}

/**
 * hpdma_ring_reserve_bulk() - get free slots to write elements into, all or none
 * @ring: The ring
 * @n: How many
 * @spans: Receives where they are; not written if the return is not positive
 *
 * Must be followed by hpdma_ring_commit() by the same thread, and no other operation
 * of a producer by it in between.
 *
 * Return: @n, or 0 if there is no room for all; -EOPNOTSUPP if several producers may
 * claim at the same time; -EOWNERDEAD.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_reserve_bulk(struct hpdma_ring *ring, uint32_t n,
					 struct hpdma_ring_spans *spans)
{
	return hpdma_ring_begin(ring, n, spans, 1, 1);
}

/**
 * hpdma_ring_reserve_burst() - get free slots to write elements into, as there are
 * @ring: The ring
 * @n: How many at most
 * @spans: As of hpdma_ring_reserve_bulk()
 *
 * Must be followed by hpdma_ring_commit() if it returned more than 0.
 *
 * Return: How many; what hpdma_ring_reserve_bulk() returns.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_reserve_burst(struct hpdma_ring *ring, uint32_t n,
					  struct hpdma_ring_spans *spans)
{
	return hpdma_ring_begin(ring, n, spans, 0, 1);
}

/**
 * hpdma_ring_commit() - put the elements into the ring that were written
 * @ring: The ring
 * @spans: Of hpdma_ring_reserve_bulk() or hpdma_ring_reserve_burst()
 * @n: How many of them, from the first on; 0 to give up
 *
 * Return: 0; -EINVAL if @n is more than was reserved, which then still is, or if
 * nothing is reserved; -EOPNOTSUPP.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_commit(struct hpdma_ring *ring,
				   const struct hpdma_ring_spans *spans,
				   uint32_t n)
{
	return hpdma_ring_end(ring, spans, n, 1);
}

/**
 * hpdma_ring_peek_bulk() - look at elements in a ring, all or none
 * @ring: The ring
 * @n: How many
 * @spans: Receives where they are; not written if the return is not positive
 *
 * Must be followed by hpdma_ring_consume() by the same thread, and no other operation
 * of a consumer by it in between.
 *
 * Return: @n, or 0 if there are not so many; -EOPNOTSUPP if several consumers may
 * claim at the same time; -EOWNERDEAD.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_peek_bulk(struct hpdma_ring *ring, uint32_t n,
				      struct hpdma_ring_spans *spans)
{
	return hpdma_ring_begin(ring, n, spans, 1, 0);
}

/**
 * hpdma_ring_peek_burst() - look at elements in a ring, as many as there are
 * @ring: The ring
 * @n: How many at most
 * @spans: As of hpdma_ring_peek_bulk()
 *
 * Must be followed by hpdma_ring_consume() if it returned more than 0.
 *
 * Return: How many; what hpdma_ring_peek_bulk() returns.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_peek_burst(struct hpdma_ring *ring, uint32_t n,
				       struct hpdma_ring_spans *spans)
{
	return hpdma_ring_begin(ring, n, spans, 0, 0);
}

/**
 * hpdma_ring_consume() - take the elements out of the ring that were looked at
 * @ring: The ring
 * @spans: Of hpdma_ring_peek_bulk() or hpdma_ring_peek_burst()
 * @n: How many of them, from the first on; 0 to leave all
 *
 * Return: 0; -EINVAL if @n is more than was looked at, which then still is, or if
 * nothing is; -EOPNOTSUPP.
 * Since: 0.1
 */
HPDMA_INLINE int hpdma_ring_consume(struct hpdma_ring *ring,
				    const struct hpdma_ring_spans *spans,
				    uint32_t n)
{
	return hpdma_ring_end(ring, spans, n, 0);
}

HPDMA_END

#endif /* HPDMA_RING_SPAN_H */
