/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_CACHING_H
#define HPDMA_CACHING_H

#include <linux/types.h>

struct hpdma_memory;

bool hpdma_caching_can_combine(void);
int hpdma_caching_combine(const struct hpdma_memory *memory);
void hpdma_caching_restore(const struct hpdma_memory *memory);

#endif
