/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CONTIG_BUDDY_H
#define HPDMA_CONTIG_BUDDY_H

#include <linux/types.h>

struct hpdma_wish;
struct page;

struct page *hpdma_contig_buddy_get(struct hpdma_wish *wish, unsigned int order,
				    u64 used);

#endif
