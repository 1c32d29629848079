/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_EXPORT_H
#define HPDMA_EXPORT_H

#include <linux/dma-buf.h>

#include "backing.h"

struct dma_buf *hpdma_export_create(struct hpdma_memory *memory);
struct hpdma_memory *hpdma_export_memory(struct dma_buf *dmabuf);
void hpdma_export_let_go(struct hpdma_memory *memory);

#endif
