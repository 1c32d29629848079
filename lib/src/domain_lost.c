// SPDX-License-Identifier: MIT
/*
 * Objects that were on their way when a process died, and are in no ring.
 *
 * A sender marks an object as being on its way, then puts its ticket into a ring; a
 * receiver takes the ticket out, then the object. Dying in between leaves an
 * object that nobody holds and no ring has. To tell it from one whose sender or
 * receiver just has not come to the second step yet:
 *
 * 1. Note which objects are on their way, and on which journey.
 * 2. Note how far each ring has been read.
 * 3. See each living process outside of both steps once. Whatever was between
 *    them at 1 is not any more: it is in a ring, or has arrived.
 * 4. Note off what each ring has or, since 2, had. Whatever was read before 2 has
 *    arrived by 3; what was read since is still in its slot, unless the ring has
 *    gone round meanwhile: then nothing can be told, and the next time must do.
 * 5. What is left is lost, if it still is on that journey.
 *
 * Memory order: @moving of a slot goes up (sequentially consistent) before the object's
 * word says that it is on its way (release), which 1 reads with acquire: so 3
 * does not see an older @moving. It goes down with release after the second step,
 * and 3 reads it with acquire: so 4 sees the ring with the ticket. What a receiver
 * took before 2 is taken with its @moving up, and 2 reads the tail with acquire.
 *
 * A broken ring is not looked at: nobody gets anything out of it any more.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include "domain_lost.h"
#include "mempool_shared.h"
#include "ring_view.h"

/* How often a process is looked at before it is taken for busy. */
#define LOOKS 1000

/* Whether all processes were seen outside of a move. */
static bool all_seen_resting(const struct hpdma_domain *domain)
{
	uint32_t slot, looks;

	for (slot = 0; slot < domain->page->processes; slot++) {
		if (!domain_slot_owner(domain, slot))
			continue;
		for (looks = 0;
		     __atomic_load_n(&domain_slot(domain, slot)->moving,
				     __ATOMIC_ACQUIRE);
		     looks++) {
			if (looks == LOOKS)
				return false;
			sched_yield();
		}
	}
	return true;
}

/**
 * struct journeys - what of a pool is on its way
 * @entry: The pool's
 * @words: For each object its word, or 0 if it is not on its way
 * @count: Objects
 */
struct journeys {
	uint32_t entry;
	uint32_t count;
	uint32_t *words;
};

static bool note(const struct hpdma_holders *holders, struct journeys *noted)
{
	bool any = false;
	uint32_t i, word;

	for (i = 0; i < noted->count; i++) {
		word = hpdma_holders_word(holders, i);
		if (word & HPDMA_HOLDER_MOVING) {
			noted->words[i] = word;
			any = true;
		}
	}
	return any;
}

static void note_off(struct journeys *noted, uint64_t ticket)
{
	uint32_t index = domain_ticket_index(ticket);

	if (domain_ticket_entry(ticket) == noted->entry &&
	    index < noted->count &&
	    noted->words[index] / HPDMA_HOLDER_JOURNEY ==
		    domain_ticket_journey(ticket))
		noted->words[index] = 0;
}

/* How far a side has come, in elements */
static uint64_t position(const struct hpdma_ring_side *side)
{
	return __atomic_load_n(&side->tail, __ATOMIC_ACQUIRE) &
	       HPDMA_RING_POSITION;
}

/* False if the ring has gone round since it had been read up to @from. */
static bool look_through(const struct hpdma_ring *ring, uint64_t from,
			 struct journeys *noted)
{
	const uint64_t *slots = hpdma_ring_slots(ring);
	uint64_t to = position(&ring->mem->prod), at;

	for (at = from; at != to; at = (at + 1) & HPDMA_RING_POSITION) {
		if (((to - at) & HPDMA_RING_POSITION) > ring->mask + 1ull)
			return false;
		note_off(noted, __atomic_load_n(&slots[at & ring->mask],
						__ATOMIC_RELAXED));
	}
	/* What was read may have been written over while it was. */
	return ((position(&ring->mem->prod) - from) & HPDMA_RING_POSITION) <=
	       ring->mask + 1ull;
}

/*
 * With @noted, looks through all rings, which had been read up to @read; without,
 * notes how far they have been.
 */
static int go_through(const struct hpdma_domain *domain, uint64_t *read,
		      struct journeys *noted)
{
	const struct domain_entry *entry;
	struct hpdma_ring ring;
	bool certain = true;
	uint32_t i;

	for (i = 0; i < domain->page->objects; i++) {
		entry = domain_entry(domain, i);
		if (domain_entry_state(entry) != DOMAIN_READY ||
		    entry->type != HPDMA_DOMAIN_RING)
			continue;
		/* Or somebody wrote over it: it gives nothing back either. */
		if (hpdma_ring_view(domain_at(domain, entry->offset),
				    entry->length, domain->slot, &ring))
			continue;
		if (!noted)
			read[i] = position(&ring.mem->cons);
		else if (ring.element_size == sizeof(uint64_t) &&
			 !__atomic_load_n(&ring.mem->broken, __ATOMIC_ACQUIRE))
			certain &= look_through(&ring, read[i], noted);
	}
	return certain ? 0 : -EAGAIN;
}

static int drop_lost(struct hpdma_domain *domain, struct hpdma_holders *holders,
		     uint64_t *read, struct journeys *noted, uint64_t *lost)
{
	uint32_t i;
	int ret;

	ret = go_through(domain, read, NULL);
	if (!ret && !all_seen_resting(domain))
		ret = -EAGAIN;
	if (!ret)
		ret = go_through(domain, read, noted);
	for (i = 0; !ret && i < noted->count; i++) {
		if (noted->words[i])
			*lost +=
				hpdma_holders_drop(holders, i, noted->words[i]);
	}
	return ret;
}

static int find_in(struct hpdma_domain *domain, uint32_t number, uint64_t *lost)
{
	const struct domain_entry *entry = domain_entry(domain, number);
	struct hpdma_shared_pool *pool = domain_at(domain, entry->offset);
	struct hpdma_holders *holders = &pool->holders;
	struct journeys noted = { .entry = number, .count = holders->count };
	uint64_t *read;
	int ret = 0;

	noted.words = calloc(noted.count, sizeof(*noted.words));
	read = calloc(domain->page->objects, sizeof(*read));
	if (!noted.words || !read)
		ret = -ENOMEM;
	else if (note(holders, &noted))
		ret = drop_lost(domain, holders, read, &noted, lost);
	free(noted.words);
	free(read);
	return ret;
}

int hpdma_domain_find_lost(struct hpdma_domain *domain, uint64_t *lost)
{
	const struct domain_entry *entry;
	int ret = 0, one;
	uint32_t i;

	for (i = 0; i < domain->page->objects; i++) {
		entry = domain_entry(domain, i);
		if (domain_entry_state(entry) != DOMAIN_READY ||
		    entry->type != HPDMA_DOMAIN_MEMPOOL)
			continue;
		one = find_in(domain, i, lost);
		if (one)
			ret = one;
	}
	return ret;
}
