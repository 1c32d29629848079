// SPDX-License-Identifier: MIT
/*
 * Objects of pools on their way from process to process: see domain_lost.c for what
 * becomes of them when a process dies.
 */
#include <errno.h>

#include <hpdma/domain_objects.h>

#include "domain_lost.h"
#include "mempool_shared.h"

/* So many tickets fit on any stack, and keep nobody busy for long. */
#define BATCH 32u

/* From here to move_end() domain_lost.c waits. */
static void move_begin(struct hpdma_domain *domain)
{
	__atomic_fetch_add(&domain_slot(domain, domain->slot)->moving, 1,
			   __ATOMIC_SEQ_CST);
}

static void move_end(struct hpdma_domain *domain)
{
	__atomic_fetch_sub(&domain_slot(domain, domain->slot)->moving, 1,
			   __ATOMIC_RELEASE);
}

/* The entry of a pool; UINT32_MAX if it is not one of the domain. */
static uint32_t entry_of(const struct hpdma_domain *domain,
			 const struct hpdma_shared_pool *shared)
{
	uint64_t offset = hpdma_domain_offset(domain, shared);
	const struct domain_entry *entry;
	uint32_t i;

	for (i = 0; shared && i < domain->page->objects; i++) {
		entry = domain_entry(domain, i);
		if (entry->offset == offset &&
		    domain_entry_state(entry) == DOMAIN_READY &&
		    entry->type == HPDMA_DOMAIN_MEMPOOL)
			return i;
	}
	return UINT32_MAX;
}

static bool fits(const struct hpdma_domain *domain,
		 const struct hpdma_ring *ring)
{
	return ring->element_size == sizeof(uint64_t) &&
	       ring->flags & HPDMA_RING_ROBUST &&
	       hpdma_domain_offset(domain, ring->mem) != UINT64_MAX;
}

/* Returns how many of @n departed; @ret says why there are not more. */
static uint32_t depart(struct hpdma_domain *domain,
		       struct hpdma_shared_pool *shared, uint32_t entry,
		       void *const *objects, uint64_t *tickets, uint32_t n,
		       int *ret)
{
	uint32_t i, index, journey;

	*ret = 0;
	for (i = 0; i < n; i++) {
		*ret = -EPERM;
		if (hpdma_shared_pool_index(shared, objects[i], &index))
			*ret = hpdma_holders_depart(&shared->holders,
						    domain->slot, index,
						    &journey);
		if (*ret)
			break;
		tickets[i] = domain_ticket(entry, index, journey);
	}
	if (*ret)
		*ret = -EPERM;
	return i;
}

/* Take back what did not depart after all: nobody else knows the journey. */
static void stay(struct hpdma_domain *domain, struct hpdma_shared_pool *shared,
		 const uint64_t *tickets, uint32_t from, uint32_t to)
{
	uint32_t i;

	for (i = from; i < to; i++)
		hpdma_holders_arrive(&shared->holders, domain->slot,
				     domain_ticket_index(tickets[i]),
				     domain_ticket_journey(tickets[i]));
}

int hpdma_domain_send(struct hpdma_domain *domain, struct hpdma_mempool *pool,
		      struct hpdma_ring *ring, void *const *objects, uint32_t n)
{
	struct hpdma_shared_pool *shared = hpdma_shared_pool_of(pool);
	uint32_t entry = entry_of(domain, shared), done = 0, count, want;
	uint64_t tickets[BATCH];
	int ret = 0, sent;

	if (entry == UINT32_MAX || !fits(domain, ring))
		return -EINVAL;
	while (!ret && done < n) {
		want = n - done < BATCH ? n - done : BATCH;
		move_begin(domain);
		count = depart(domain, shared, entry, objects + done, tickets,
			       want, &ret);
		sent = hpdma_ring_enqueue_burst(ring, tickets, count);
		stay(domain, shared, tickets, sent > 0 ? (uint32_t)sent : 0,
		     count);
		move_end(domain);
		if (sent < 0)
			ret = sent;
		done += sent > 0 ? (uint32_t)sent : 0;
		if (sent >= 0 && (uint32_t)sent < count)
			break;
	}
	return done ? (int)done : ret;
}

static uint32_t arrive(struct hpdma_domain *domain,
		       struct hpdma_shared_pool *shared, uint32_t entry,
		       const uint64_t *tickets, uint32_t n, void **objects)
{
	uint32_t i, index, count = 0;

	for (i = 0; i < n; i++) {
		index = domain_ticket_index(tickets[i]);
		if (domain_ticket_entry(tickets[i]) == entry &&
		    index < shared->holders.count &&
		    hpdma_holders_arrive(&shared->holders, domain->slot, index,
					 domain_ticket_journey(tickets[i])))
			objects[count++] =
				hpdma_shared_pool_object(shared, index);
	}
	return count;
}

int hpdma_domain_receive(struct hpdma_domain *domain,
			 struct hpdma_mempool *pool, struct hpdma_ring *ring,
			 void **objects, uint32_t n)
{
	struct hpdma_shared_pool *shared = hpdma_shared_pool_of(pool);
	uint32_t entry = entry_of(domain, shared), done = 0, came, want;
	uint64_t tickets[BATCH];
	int got = 1;

	if (entry == UINT32_MAX || !fits(domain, ring))
		return -EINVAL;
	while (got > 0 && done < n) {
		want = n - done < BATCH ? n - done : BATCH;
		move_begin(domain);
		got = hpdma_ring_dequeue_burst(ring, tickets, want);
		came = got > 0 ? arrive(domain, shared, entry, tickets,
					(uint32_t)got, objects + done) :
				 0;
		move_end(domain);
		hpdma_shared_pool_came(pool, objects + done, came);
		done += came;
	}
	return done || got >= 0 ? (int)done : got;
}
