/* SPDX-License-Identifier: MIT */
/*
 * Rings: elements written and read where they lie, without a copy.
 *
 * For sides of one thread and sides whose threads take turns (HPDMA_RING_SP, _SC,
 * _MP_HTS, _MC_HTS, _ROBUST): only they can give back what they have claimed. Until
 * the end of a turn the other threads of its side wait.
 */
#ifndef HPDMA_RING_SPAN_H
#define HPDMA_RING_SPAN_H

#include <hpdma/ring.h>

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
HPDMA_API int hpdma_ring_reserve_bulk(struct hpdma_ring *ring, uint32_t n,
				      struct hpdma_ring_spans *spans);

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
HPDMA_API int hpdma_ring_reserve_burst(struct hpdma_ring *ring, uint32_t n,
				       struct hpdma_ring_spans *spans);

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
HPDMA_API int hpdma_ring_commit(struct hpdma_ring *ring,
				const struct hpdma_ring_spans *spans,
				uint32_t n);

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
HPDMA_API int hpdma_ring_peek_bulk(struct hpdma_ring *ring, uint32_t n,
				   struct hpdma_ring_spans *spans);

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
HPDMA_API int hpdma_ring_peek_burst(struct hpdma_ring *ring, uint32_t n,
				    struct hpdma_ring_spans *spans);

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
HPDMA_API int hpdma_ring_consume(struct hpdma_ring *ring,
				 const struct hpdma_ring_spans *spans,
				 uint32_t n);

HPDMA_END

#endif /* HPDMA_RING_SPAN_H */
