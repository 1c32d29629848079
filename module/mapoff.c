// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mmap cookie of a buffer: its id, shifted above every possible offset into
 * a buffer. It says nothing about where the memory is, and means nothing in
 * another open file. Pure: KUnit tests it directly.
 */
#include <linux/errno.h>
#include <linux/mm.h>

#include "check.h"
#include "mapoff.h"

/**
 * hpdma_mapoff_encode - the cookie of an id
 * @id: 1 to HPDMA_MAPOFF_MAX_ID
 *
 * Return: a byte offset for mmap(); never 0.
 */
u64 hpdma_mapoff_encode(u32 id)
{
	BUILD_BUG_ON(HPDMA_MAX_LENGTH > 1ULL << HPDMA_MAPOFF_SHIFT);

	return (u64)id << HPDMA_MAPOFF_SHIFT;
}

/**
 * hpdma_mapoff_decode - which buffer, and where in it
 * @pgoff: The offset given to mmap(), in pages
 * @id: Set to the id
 * @page: Set to the page inside the buffer; not checked against its length
 *
 * Return: 0, or -EINVAL if no cookie looks like this.
 */
int hpdma_mapoff_decode(unsigned long pgoff, u32 *id, unsigned long *page)
{
	const unsigned int shift = HPDMA_MAPOFF_SHIFT - PAGE_SHIFT;
	u64 high = (u64)pgoff >> shift;

	if (!high || high > HPDMA_MAPOFF_MAX_ID)
		return -EINVAL;
	*id = high;
	*page = (u64)pgoff & ((1ULL << shift) - 1);
	return 0;
}
