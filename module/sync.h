/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_SYNC_H
#define HPDMA_SYNC_H

#include <linux/dma-direction.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct device;
struct sg_table;

/**
 * struct hpdma_sync_list - for which devices memory is mapped now
 * @lock: Held while @mapped changes, and while caches are maintained; nothing is
 *	locked under it
 * @mapped: List of &struct hpdma_synced
 */
struct hpdma_sync_list {
	struct mutex lock;
	struct list_head mapped;
};

/**
 * struct hpdma_synced - memory, mapped for a device
 * @node: In the @mapped of the memory
 * @dev: The device
 * @table: What is mapped
 * @direction: As mapped
 * @offset: Which byte of the memory @table begins with
 *
 * It is on the list while, and only while, it is mapped.
 */
struct hpdma_synced {
	struct list_head node;
	struct device *dev;
	struct sg_table *table;
	enum dma_data_direction direction;
	u64 offset;
};

void hpdma_sync_init(struct hpdma_sync_list *sync);
void hpdma_sync_add(struct hpdma_sync_list *sync, struct hpdma_synced *synced);
void hpdma_sync_remove(struct hpdma_sync_list *sync,
		       struct hpdma_synced *synced);
void hpdma_sync_for_cpu(struct hpdma_sync_list *sync, u64 offset, u64 length,
			enum dma_data_direction direction);
void hpdma_sync_for_device(struct hpdma_sync_list *sync, u64 offset, u64 length,
			   enum dma_data_direction direction);

#endif
