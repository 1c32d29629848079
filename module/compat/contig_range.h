/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_COMPAT_CONTIG_RANGE_H
#define HPDMA_COMPAT_CONTIG_RANGE_H

#include <linux/bits.h>
#include <linux/types.h>

/* A chunk: a compound page that the kernel maps with one huge entry. */
#define HPDMA_CHUNK_ORDER (PMD_SHIFT - PAGE_SHIFT)
#define HPDMA_CHUNK_PAGES BIT(HPDMA_CHUNK_ORDER)

unsigned long hpdma_compat_contig_unit(void);
unsigned long hpdma_compat_contig_batch(void);
bool hpdma_compat_contig_zeroes(void);
int hpdma_compat_contig_chunks(unsigned long pfn, unsigned long count);
int hpdma_compat_contig_pages(unsigned long pfn, unsigned long count);

#endif
