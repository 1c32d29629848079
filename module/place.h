/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_PLACE_H
#define HPDMA_PLACE_H

#include <linux/limits.h>
#include <linux/types.h>

#define HPDMA_NO_PLACE U64_MAX

u64 hpdma_place_below(u64 low, u64 end, u64 length, u64 alignment,
		      u64 boundary);

#endif
