/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DMAMAP_H
#define HPDMA_DMAMAP_H

#include <linux/dma-direction.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/scatterlist.h>

#include "buffer.h"
#include "device.h"
#include "dmamap_caller.h"
#include "dmamap_import.h"
#include "span.h"
#include "sync.h"

/*
 * Each mapping costs memory of the kernel that nobody counts: page tables of the
 * IOMMU. So many may a device have, whoever made them, with those that are parked.
 */
#define HPDMA_DMAMAP_MAX U16_MAX

/**
 * struct hpdma_dmamap - (part of) a buffer, mapped for a device
 * @refs: Of this struct: its id, who looks at it, the list it is on
 * @device: The device
 * @kind: enum hpdma_addr_kind of the addresses; constant
 * @length: Bytes of the buffer that are mapped; constant
 * @direction: What the device does with it; constant
 * @spans: The addresses, in the order of the memory, as it was mapped; constant
 * @node: In the device's @maps or @parked, its lock; or in quarantine
 * @buffer: Held until the device cannot reach it; NULL from then on; device's
 *	lock
 * @kept: What @buffer was, in quarantine for ever; or NULL
 * @table: What the DMA API was given, unless it is one of the next two; device's
 *	lock
 * @synced: @table, for whoever maintains caches
 * @import: What the buffer's exporter mapped, if it is an import; device's lock
 * @caller: What is mapped where the caller has chosen; device's lock
 * @mapped: @table, @import or @caller is mapped; device's lock
 * @parked: It is in the device's @parked; device's lock
 */
struct hpdma_dmamap {
	struct kref refs;
	struct hpdma_device *device;
	u32 kind;
	u64 length;
	enum dma_data_direction direction;
	struct hpdma_spans spans;
	struct list_head node;
	struct hpdma_buffer *buffer;
	struct hpdma_buffer *kept;
	struct sg_table table;
	struct hpdma_synced synced;
	struct hpdma_dmamap_import import;
	struct hpdma_dmamap_caller caller;
	bool mapped;
	bool parked;
};

/**
 * struct hpdma_dmamap_wish - a mapping that somebody wants
 * @offset: First byte of the buffer, checked
 * @length: Bytes, checked
 * @iova: Where the caller wants it, not checked; 0 where he cannot choose
 * @read_only: The device is not to write
 * @reason: Set to an enum hpdma_reason where errno does not say enough
 */
struct hpdma_dmamap_wish {
	u64 offset;
	u64 length;
	u64 iova;
	bool read_only;
	u32 reason;
};

u32 hpdma_dmamap_kind(const struct hpdma_device *device);
int hpdma_dmamap_create(struct hpdma_device *device,
			struct hpdma_buffer *buffer,
			struct hpdma_dmamap_wish *wish,
			struct hpdma_dmamap **out);
int hpdma_dmamap_addresses(const struct hpdma_dmamap *map,
			   struct hpdma_spans *addrs);
int hpdma_dmamap_end_part(struct hpdma_dmamap *map, u64 offset, u64 length,
			  u32 *reason);
void hpdma_dmamap_get(struct hpdma_dmamap *map);
void hpdma_dmamap_put(struct hpdma_dmamap *map);

void hpdma_dmamap_end(struct hpdma_device *device, struct list_head *maps);
void hpdma_dmamap_orphan(struct hpdma_device *device, struct list_head *maps);
void hpdma_dmamap_unmap_all(struct hpdma_device *device,
			    struct list_head *maps);
struct hpdma_buffer *hpdma_dmamap_retire(struct hpdma_dmamap *map);
void hpdma_dmamap_end_all(struct hpdma_device *device);

#endif
