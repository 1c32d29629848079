/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_TABLE_H
#define HPDMA_TABLE_H

#include <linux/scatterlist.h>
#include <linux/types.h>

#include "span.h"

int hpdma_table_fill(struct sg_table *table, const struct hpdma_spans *phys,
		     u64 longest);
int hpdma_table_addresses(struct sg_table *table, struct hpdma_spans *addrs);

#endif
