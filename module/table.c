// SPDX-License-Identifier: GPL-2.0-only
/* Runs of memory as the kernel's scatterlists, and back. */
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "table.h"

/* The length of a scatterlist entry is an unsigned int. */
#define PIECE SZ_1G

/* Devices say any length; entries are made of pages. */
static u64 piece_of(u64 longest)
{
	return clamp_t(u64, longest & PAGE_MASK, PAGE_SIZE, PIECE);
}

/**
 * hpdma_table_fill - describe memory for the DMA API
 * @table: To be freed with sg_free_table()
 * @phys: Physical runs, of whole pages
 * @longest: No entry is longer, if that is a page at least
 *
 * Return: 0 or -ENOMEM.
 */
int hpdma_table_fill(struct sg_table *table, const struct hpdma_spans *phys,
		     u64 longest)
{
	u64 piece = piece_of(longest), pieces = 0;
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	for (i = 0; i < phys->count; i++)
		pieces += DIV64_U64_ROUND_UP(phys->array[i].length, piece);
	if (pieces > UINT_MAX)
		return -ENOMEM;
	ret = sg_alloc_table(table, pieces, GFP_KERNEL_ACCOUNT);
	if (ret)
		return ret;
	sg = table->sgl;
	for (i = 0; i < phys->count; i++) {
		u64 addr = phys->array[i].addr;
		u64 left = phys->array[i].length;

		while (left) {
			u64 part = min(left, piece);

			sg_set_page(sg, pfn_to_page(PHYS_PFN(addr)), part, 0);
			sg = sg_next(sg);
			addr += part;
			left -= part;
		}
	}
	return 0;
}

/**
 * hpdma_table_addresses - list the addresses a table is mapped at
 * @table: Mapped
 * @addrs: A list, to which they are added
 *
 * Return: 0; -ENOMEM; -ERANGE if they are no addresses.
 */
int hpdma_table_addresses(struct sg_table *table, struct hpdma_spans *addrs)
{
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	for_each_sgtable_dma_sg(table, sg, i) {
		u64 addr = sg_dma_address(sg);
		u64 length = sg_dma_len(sg);

		if (!length || addr + length < addr)
			return -ERANGE;
		ret = hpdma_spans_add(addrs, addr, length);
		if (ret)
			return ret;
	}
	return 0;
}
