/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CONTIG_HUNT_H
#define HPDMA_CONTIG_HUNT_H

#include <linux/types.h>

struct hpdma_memory;
struct hpdma_wish;

u64 hpdma_contig_hunt_longest(void);
u64 hpdma_contig_hunt_cost(const struct hpdma_wish *wish);
int hpdma_contig_hunt_get(struct hpdma_memory *memory, struct hpdma_wish *wish);

#endif
