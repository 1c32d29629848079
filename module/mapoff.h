/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_MAPOFF_H
#define HPDMA_MAPOFF_H

#include <linux/types.h>

/* Ids fit what is left of a positive 64-bit file offset above the cookie. */
#define HPDMA_MAPOFF_SHIFT 40
#define HPDMA_MAPOFF_MAX_ID ((1U << 22) - 1)

u64 hpdma_mapoff_encode(u32 id);
int hpdma_mapoff_decode(unsigned long pgoff, u32 *id, unsigned long *page);

#endif
