/* SPDX-License-Identifier: MIT */
/*
 * The lock of a domain, its process slots, and what is done when a process died.
 */
#ifndef HPDMA_SRC_DOMAIN_SLOT_H
#define HPDMA_SRC_DOMAIN_SLOT_H

#include "domain_page.h"

/**
 * hpdma_domain_lock() - get the lock that guards slots and entries
 * @domain: The domain
 *
 * If its last holder died, dead processes are looked for first.
 *
 * Return: 0; -ENOTRECOVERABLE.
 */
int hpdma_domain_lock(struct hpdma_domain *domain);

/**
 * hpdma_domain_unlock() - let go of it
 * @domain: The domain
 */
void hpdma_domain_unlock(struct hpdma_domain *domain);

/**
 * hpdma_domain_slot_take() - attach this process
 * @domain: The domain, locked; gets its @slot
 *
 * Return: 0; -EUSERS if all slots are taken.
 */
int hpdma_domain_slot_take(struct hpdma_domain *domain);

/**
 * hpdma_domain_slot_free() - detach a process
 * @domain: The domain, locked
 * @slot: A slot whose process died, or detaches
 *
 * What it held is given back first, so that one who dies in here leaves a slot
 * that is found again.
 *
 * Return: How many objects of pools it held.
 */
uint64_t hpdma_domain_slot_free(struct hpdma_domain *domain, uint32_t slot);

/**
 * hpdma_domain_reap_locked() - look for dead processes
 * @domain: The domain, locked
 *
 * Return: How many were found; -ENOMEM if not all they had could be looked for.
 */
int hpdma_domain_reap_locked(struct hpdma_domain *domain);

/**
 * hpdma_domain_entry_clear() - make an entry free, and the memory of what it had
 * @domain: The domain, locked
 * @entry: The entry; of any state
 *
 * May be done again by the next one, if this process dies in here.
 */
void hpdma_domain_entry_clear(struct hpdma_domain *domain,
			      struct domain_entry *entry);

#endif /* HPDMA_SRC_DOMAIN_SLOT_H */
