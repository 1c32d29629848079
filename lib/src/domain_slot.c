// SPDX-License-Identifier: MIT
/*
 * The lock of a domain, its process slots, and what is done when a process died.
 *
 * Everything here may be cut off by the death of the process that does it. Then its
 * slot is still taken, the lock says that its owner died, and the next process
 * does all of it again: each step has the same result when it is done twice.
 */
#include <errno.h>

#include <hpdma/process.h>
#include <hpdma/ring.h>

#include "domain_lost.h"
#include "domain_slot.h"
#include "domain_zone.h"
#include "mempool_shared.h"
#include "ring_view.h"

void hpdma_domain_entry_clear(struct hpdma_domain *domain,
			      struct domain_entry *entry)
{
	char zone[DOMAIN_ZONE_NAME_SIZE];

	/* From here on a death is repaired by coming here again. */
	domain_entry_set(entry, DOMAIN_CHANGING);
	hpdma_domain_zone_name(entry->type, entry->name, zone);
	/* There may be none: it had not come so far. */
	hpdma_domain_zone_free(domain, zone);
	domain_entry_set(entry, DOMAIN_FREE);
}

int hpdma_domain_lock(struct hpdma_domain *domain)
{
	int ret = hpdma_lock_take(&domain->page->lock);

	if (ret != -EOWNERDEAD)
		return ret;
	/*
	 * Nothing is half done that would have to be repaired at once. Perhaps
	 * the process is not seen to be dead yet: then it is next time.
	 */
	hpdma_lock_mended(&domain->page->lock);
	hpdma_domain_reap_locked(domain);
	return 0;
}

void hpdma_domain_unlock(struct hpdma_domain *domain)
{
	hpdma_lock_drop(&domain->page->lock);
}

/* A ring that the process left in the middle of a change is broken from now on. */
static void mark_ring(const struct hpdma_domain *domain,
		      const struct domain_entry *entry, uint32_t slot)
{
	struct hpdma_ring ring;

	/* Nobody looks again when the slot is free: this must not want for memory. */
	if (!hpdma_ring_view(domain_at(domain, entry->offset), entry->length,
			     domain->slot, &ring))
		hpdma_ring_mark_dead(&ring, slot);
}

uint64_t hpdma_domain_slot_free(struct hpdma_domain *domain, uint32_t slot)
{
	struct domain_slot *freed = domain_slot(domain, slot);
	struct hpdma_shared_pool *pool;
	struct domain_entry *entry;
	uint64_t returned = 0;
	uint32_t i;

	for (i = 0; i < domain->page->objects; i++) {
		entry = domain_entry(domain, i);
		if (domain_entry_state(entry) == DOMAIN_CHANGING &&
		    entry->builder == slot)
			hpdma_domain_entry_clear(domain, entry);
		if (domain_entry_state(entry) != DOMAIN_READY)
			continue;
		entry->users[slot / 64] &= ~(1ull << (slot % 64));
		if (entry->type == HPDMA_DOMAIN_RING) {
			mark_ring(domain, entry, slot);
		} else if (entry->type == HPDMA_DOMAIN_MEMPOOL) {
			pool = domain_at(domain, entry->offset);
			returned +=
				hpdma_holders_take_from(&pool->holders, slot);
			hpdma_holders_hint_all(&pool->holders);
		}
	}
	domain->page->returned += returned;
	__atomic_store_n(&freed->moving, 0, __ATOMIC_RELAXED);
	/* Release: whoever takes the slot comes after all of this. */
	__atomic_store_n(&freed->owner, 0, __ATOMIC_RELEASE);
	return returned;
}

/* Of the process that asks a slot may be left from before an execve(). */
static bool is_dead(struct hpdma_domain *domain, const struct domain_slot *slot,
		    uint64_t owner)
{
	if (owner == domain->self)
		return slot->program != hpdma_process_program();
	return !hpdma_process_alive(domain->ctx, owner);
}

int hpdma_domain_reap_locked(struct hpdma_domain *domain)
{
	struct domain_page *page = domain->page;
	uint64_t owner, lost = 0;
	uint32_t slot;
	int found = 0, ret;

	for (slot = 0; slot < page->processes; slot++) {
		owner = domain_slot_owner(domain, slot);
		if (!owner ||
		    !is_dead(domain, domain_slot(domain, slot), owner))
			continue;
		/* Before the slot is free: who dies in between leaves it set. */
		page->lost = 1;
		hpdma_domain_slot_free(domain, slot);
		page->reaped++;
		found++;
	}
	if (!page->lost)
		return found;

	ret = hpdma_domain_find_lost(domain, &lost);
	page->returned += lost;
	if (!ret)
		page->lost = 0;
	return ret == -ENOMEM ? ret : found;
}

int hpdma_domain_slot_take(struct hpdma_domain *domain)
{
	struct domain_slot *slot;
	uint32_t i;

	for (i = 0; i < domain->page->processes; i++) {
		if (domain_slot_owner(domain, i))
			continue;
		slot = domain_slot(domain, i);
		/* In this order: a slot with an owner has its program. */
		slot->program = hpdma_process_program();
		__atomic_store_n(&slot->owner, domain->self, __ATOMIC_RELEASE);
		domain->slot = i;
		return 0;
	}
	return -EUSERS;
}
