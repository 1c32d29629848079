/* SPDX-License-Identifier: MIT */
/* The index of a set: made anew of what is true, by who finds a dead owner. */
#ifndef HPDMA_SRC_MEMZONE_INDEX_H
#define HPDMA_SRC_MEMZONE_INDEX_H

#include "memzone_table.h"

/* With the lock held. 0, or -EBADMSG if what should be true cannot be. */
int hpdma_memzone_index_build(struct memzone_table *table);

/* Takes the lock, and puts right what a dead owner left. 0 or -ENOTRECOVERABLE. */
int hpdma_memzone_index_lock(struct memzone_table *table);

static inline void memzone_index_unlock(struct memzone_table *table)
{
	hpdma_lock_drop(&table->head->lock);
}

/* A zone whose entry is filled comes into being in a free block. */
void hpdma_memzone_index_add(struct memzone_table *table, uint32_t zone,
			     uint32_t block);

/* A zone ends. */
void hpdma_memzone_index_remove(struct memzone_table *table, uint32_t zone);

/* An entry for a new zone, still free, or 0. */
uint32_t hpdma_memzone_index_entry(const struct memzone_table *table);

#endif /* HPDMA_SRC_MEMZONE_INDEX_H */
