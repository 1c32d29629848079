/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_PINNED_H
#define HPDMA_PINNED_H

#include <linux/types.h>

struct hpdma_memory;

void hpdma_pinned_release(struct hpdma_memory *memory, bool whole);

#endif
