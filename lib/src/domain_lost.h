/* SPDX-License-Identifier: MIT */
/*
 * Objects of pools on their way from process to process.
 */
#ifndef HPDMA_SRC_DOMAIN_LOST_H
#define HPDMA_SRC_DOMAIN_LOST_H

#include "domain_page.h"

/*
 * An object on its way is a ticket in a ring: the pool's entry + 1 in nine bits, the
 * object in 32, the journey in 23. An element that is no ticket of any pool's is
 * somebody's data.
 */
#define DOMAIN_JOURNEY_BITS 23
#define DOMAIN_INDEX_BITS 32
_Static_assert(HPDMA_JOURNEYS == 1u << DOMAIN_JOURNEY_BITS, "journeys");

static inline uint64_t domain_ticket(uint32_t entry, uint32_t index,
				     uint32_t journey)
{
	return (uint64_t)(entry + 1)
		       << (DOMAIN_INDEX_BITS + DOMAIN_JOURNEY_BITS) |
	       (uint64_t)index << DOMAIN_JOURNEY_BITS | journey;
}

/* The pool's entry; UINT32_MAX for none */
static inline uint32_t domain_ticket_entry(uint64_t ticket)
{
	return (uint32_t)(ticket >> (DOMAIN_INDEX_BITS + DOMAIN_JOURNEY_BITS)) -
	       1;
}

static inline uint32_t domain_ticket_index(uint64_t ticket)
{
	return (uint32_t)(ticket >> DOMAIN_JOURNEY_BITS);
}

static inline uint32_t domain_ticket_journey(uint64_t ticket)
{
	return (uint32_t)ticket & (HPDMA_JOURNEYS - 1);
}

/**
 * hpdma_domain_find_lost() - make free what is on its way but in no ring
 * @domain: The domain, locked; what is dead has no slot any more
 * @lost: Receives how many there were, added to what it is
 *
 * Return: 0; -EAGAIN if a process is moving objects now; -ENOMEM. Then nothing was
 * made free, or only some.
 */
int hpdma_domain_find_lost(struct hpdma_domain *domain, uint64_t *lost);

#endif /* HPDMA_SRC_DOMAIN_LOST_H */
