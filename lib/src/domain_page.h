/* SPDX-License-Identifier: MIT */
/*
 * What a domain has in its memory: a page about itself, a slot for each process,
 * an entry for each ring, heap and pool, and its memory zones. Offsets only, from
 * the start of the page.
 *
 * All changes are made with the lock held, but for what an entry is while it is
 * being made. What a dead process left is repaired with its slot (domain_slot.c).
 */
#ifndef HPDMA_SRC_DOMAIN_PAGE_H
#define HPDMA_SRC_DOMAIN_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <hpdma/domain.h>

#include "lock.h"
#include "mempool_holder.h"
#include "util.h"

#define HPDMA_DOMAIN_MAGIC 0x6e69616d6f646468ull /* "hddomain" */

/* Goes up with every change of what is shared: of a ring, a heap... too. */
#define HPDMA_DOMAIN_FORMAT 1u

/* A ticket has nine bits for the number of a pool, one value means none. */
#define HPDMA_DOMAIN_OBJECTS_MAX 511u
#define HPDMA_DOMAIN_USER_WORDS 4

/**
 * struct domain_slot - a process, in shared memory
 * @owner: hpdma_process_self() of it; 0: nobody's. One word, so that a slot is
 *	taken and free by one store each
 * @program: hpdma_process_program() of it
 * @moving: How many of its threads are in hpdma_domain_send() or _receive()
 * @reserved: Rounds up to a cache line, for @moving is written often
 */
struct domain_slot {
	uint64_t owner;
	uint32_t program;
	uint32_t moving;
	uint64_t reserved[6];
};

/**
 * enum domain_state - what an entry is
 * @DOMAIN_FREE: None
 * @DOMAIN_CHANGING: It is being made or taken away. If who does so dies, it is
 *	taken away with his slot
 * @DOMAIN_READY: Complete
 */
enum domain_state {
	DOMAIN_FREE = 0,
	DOMAIN_CHANGING = 1,
	DOMAIN_READY = 2,
};

/**
 * struct domain_entry - a ring, heap or pool, in shared memory
 * @state: &enum domain_state; the last that is written
 * @type: &enum hpdma_domain_type
 * @builder: Slot of who makes it or takes it away
 * @reserved: 0
 * @offset: Where it is
 * @length: Bytes
 * @users: One bit for each process slot that has asked for it
 * @name: Its name
 */
struct domain_entry {
	uint32_t state;
	uint32_t type;
	uint32_t builder;
	uint32_t reserved;
	uint64_t offset;
	uint64_t length;
	uint64_t users[HPDMA_DOMAIN_USER_WORDS];
	char name[HPDMA_DOMAIN_NAME_SIZE];
};

/**
 * struct domain_page - the start of a domain's memory
 * @magic: HPDMA_DOMAIN_MAGIC
 * @format: HPDMA_DOMAIN_FORMAT
 * @layout: hpdma_domain_layout() of who made it
 * @abi: The user's number
 * @length: Bytes
 * @address: Where its maker has it, or 0
 * @pid_ns: Namespaces of its processes
 * @time_ns: Likewise
 * @processes: Slots
 * @objects: Entries
 * @slots_at: Offset of the first slot
 * @objects_at: Offset of the first entry
 * @zones_at: Offset of the memory zones
 * @reaped: Dead processes found
 * @returned: Objects of pools that they held
 * @lost: Objects may be on their way that nobody has (domain_lost.c)
 * @lock: Guards slots and entries
 *
 * @magic, @format and @layout stay where they are in all versions.
 */
struct domain_page {
	uint64_t magic;
	uint32_t format;
	uint32_t layout;
	uint64_t abi;
	uint64_t length;
	uint64_t address;
	uint64_t pid_ns;
	uint64_t time_ns;
	uint32_t processes;
	uint32_t objects;
	uint64_t slots_at;
	uint64_t objects_at;
	uint64_t zones_at;
	uint64_t reaped;
	uint64_t returned;
	uint64_t lost;
	struct hpdma_lock lock;
};

/**
 * struct hpdma_domain - a domain, in one process
 * @refs: References
 * @ctx: Held
 * @buf: Its memory, held
 * @page: Where that is
 * @zones: Its memory zones
 * @self: This process
 * @slot: Its slot
 */
struct hpdma_domain {
	atomic_uint refs;
	struct hpdma *ctx;
	struct hpdma_buf *buf;
	struct domain_page *page;
	struct hpdma_memzones *zones;
	uint64_t self;
	uint32_t slot;
};

static inline void *domain_at(const struct hpdma_domain *domain,
			      uint64_t offset)
{
	return (char *)domain->page + offset;
}

static inline struct domain_slot *domain_slot(const struct hpdma_domain *domain,
					      uint32_t slot)
{
	return (struct domain_slot *)domain_at(domain, domain->page->slots_at) +
	       slot;
}

static inline struct domain_entry *domain_entry(
	const struct hpdma_domain *domain, uint32_t number)
{
	return (struct domain_entry *)domain_at(domain,
						domain->page->objects_at) +
	       number;
}

/* Acquire: what its last holder did comes before what the next one does. */
static inline uint64_t domain_slot_owner(const struct hpdma_domain *domain,
					 uint32_t slot)
{
	return __atomic_load_n(&domain_slot(domain, slot)->owner,
			       __ATOMIC_ACQUIRE);
}

/* Acquire: who sees an entry complete sees all of it. */
static inline uint32_t domain_entry_state(const struct domain_entry *entry)
{
	return __atomic_load_n(&entry->state, __ATOMIC_ACQUIRE);
}

/* Release: likewise. */
static inline void domain_entry_set(struct domain_entry *entry,
				    enum domain_state state)
{
	__atomic_store_n(&entry->state, (uint32_t)state, __ATOMIC_RELEASE);
}

#endif /* HPDMA_SRC_DOMAIN_PAGE_H */
