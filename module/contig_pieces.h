/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CONTIG_PIECES_H
#define HPDMA_CONTIG_PIECES_H

#include "backing.h"

/**
 * struct hpdma_hunt - memory that is being got
 * @memory: What was got so far
 * @wish: What is wanted; its @reason is kept up to date
 * @got: How many bytes that is
 */
struct hpdma_hunt {
	struct hpdma_memory *memory;
	struct hpdma_wish *wish;
	u64 got;
};

/* How much is still to be got. */
static inline u64 hpdma_hunt_left(const struct hpdma_hunt *hunt)
{
	return hunt->wish->length - hunt->got;
}

int hpdma_contig_pieces_add(struct hpdma_hunt *hunt, u64 addr, u64 length);
int hpdma_contig_pieces_clear(struct hpdma_hunt *hunt, u64 addr, u64 length);
void hpdma_contig_pieces_drop(u64 addr, u64 length);
bool hpdma_contig_pieces_are_held(const struct hpdma_memory *memory);
void hpdma_contig_pieces_put(struct hpdma_memory *memory);

#endif
