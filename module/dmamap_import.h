/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DMAMAP_IMPORT_H
#define HPDMA_DMAMAP_IMPORT_H

#include <linux/dma-direction.h>
#include <linux/types.h>

#include "backing.h"
#include "device.h"
#include "span.h"

struct dma_buf_attachment;
struct sg_table;

/**
 * struct hpdma_dmamap_import - imported memory, mapped for a device
 * @hold: The device's attachment to the other driver's dma-buf that is not
 *	mapped; or NULL
 * @attachment: The one that is mapped; or NULL
 * @table: What the other driver mapped; or NULL
 *
 * The device's lock protects it.
 */
struct hpdma_dmamap_import {
	struct dma_buf_attachment *hold;
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
};

int hpdma_dmamap_import_map(struct hpdma_dmamap_import *import,
			    struct hpdma_device *device,
			    const struct hpdma_memory *memory, u64 offset,
			    u64 length, enum dma_data_direction direction,
			    struct hpdma_spans *addrs, u32 *reason);
void hpdma_dmamap_import_unmap(struct hpdma_dmamap_import *import,
			       enum dma_data_direction direction);
void hpdma_dmamap_import_let_go(struct hpdma_dmamap_import *import);

#endif
