// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maintenance of the CPU's caches for every device that memory is mapped for,
 * whether by us or by a driver that imported it. Byte by byte: what lies beside
 * the range may be dirty, and invalidating it would lose it.
 */
#include <linux/dma-mapping.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>

#include "sync.h"

/**
 * struct work - what is to be done to a range of memory
 * @offset: First byte
 * @end: The byte after the last
 * @direction: Who writes
 * @sync: Does it
 */
struct work {
	u64 offset;
	u64 end;
	enum dma_data_direction direction;
	void (*sync)(struct device *dev, dma_addr_t addr, size_t size,
		     enum dma_data_direction direction);
};

static void for_cpu(struct device *dev, dma_addr_t addr, size_t size,
		    enum dma_data_direction direction)
{
	dma_sync_single_for_cpu(dev, addr, size, direction);
}

static void for_device(struct device *dev, dma_addr_t addr, size_t size,
		       enum dma_data_direction direction)
{
	dma_sync_single_for_device(dev, addr, size, direction);
}

/* The part of a run that the work is about; it begins with byte @at. */
static void sync_run(const struct hpdma_synced *synced, const struct work *work,
		     u64 at, u64 addr, u64 length)
{
	enum dma_data_direction direction = synced->direction;
	u64 first = max(at, work->offset);
	u64 end = min(at + length, work->end);

	if (first >= end)
		return;
	/* Less than was mapped may be asked for, but nothing else. */
	if (direction == DMA_BIDIRECTIONAL)
		direction = work->direction;
	work->sync(synced->dev, addr + (first - at), end - first, direction);
}

/*
 * What is synced in one go is consecutive both for the CPU and for the device.
 * The two lists of a table have the same bytes in the same order, but where an
 * IOMMU translates, the device's has fewer entries. The pages are not looked at:
 * CONFIG_DMABUF_DEBUG hides them.
 */
static void sync_table(const struct hpdma_synced *synced,
		       const struct work *work)
{
	struct scatterlist *dma = synced->table->sgl, *sg;
	u64 at = synced->offset, done = 0;
	unsigned int i;

	for_each_sgtable_sg(synced->table, sg, i) {
		u64 left = sg->length;

		while (left) {
			u64 part = min_t(u64, left, sg_dma_len(dma) - done);

			if (at >= work->end)
				return;
			sync_run(synced, work, at, sg_dma_address(dma) + done,
				 part);
			at += part;
			left -= part;
			done += part;
			if (done < sg_dma_len(dma))
				continue;
			cond_resched();
			dma = sg_next(dma);
			done = 0;
			if (!dma)
				return;
		}
	}
}

static void sync_all(struct hpdma_sync_list *sync, const struct work *work)
{
	const struct hpdma_synced *synced;

	mutex_lock(&sync->lock);
	list_for_each_entry(synced, &sync->mapped, node) {
		/* Nobody is left who would look at the memory. */
		if (fatal_signal_pending(current))
			break;
		sync_table(synced, work);
	}
	mutex_unlock(&sync->lock);
}

void hpdma_sync_init(struct hpdma_sync_list *sync)
{
	mutex_init(&sync->lock);
	INIT_LIST_HEAD(&sync->mapped);
}

/* After the mapping. */
void hpdma_sync_add(struct hpdma_sync_list *sync, struct hpdma_synced *synced)
{
	mutex_lock(&sync->lock);
	list_add_tail(&synced->node, &sync->mapped);
	mutex_unlock(&sync->lock);
}

/* Before the unmapping. */
void hpdma_sync_remove(struct hpdma_sync_list *sync,
		       struct hpdma_synced *synced)
{
	mutex_lock(&sync->lock);
	list_del(&synced->node);
	mutex_unlock(&sync->lock);
}

/**
 * hpdma_sync_for_cpu - let the CPU see what devices wrote
 * @sync: Of the memory
 * @offset: First byte
 * @length: Bytes, in the memory
 * @direction: Not DMA_TO_DEVICE, which does nothing
 */
void hpdma_sync_for_cpu(struct hpdma_sync_list *sync, u64 offset, u64 length,
			enum dma_data_direction direction)
{
	const struct work work = {
		.offset = offset,
		.end = offset + length,
		.direction = direction,
		.sync = for_cpu,
	};

	sync_all(sync, &work);
}

/**
 * hpdma_sync_for_device - let devices see what the CPU wrote
 * @sync: Of the memory
 * @offset: First byte
 * @length: Bytes, in the memory
 * @direction: What devices will do
 */
void hpdma_sync_for_device(struct hpdma_sync_list *sync, u64 offset, u64 length,
			   enum dma_data_direction direction)
{
	const struct work work = {
		.offset = offset,
		.end = offset + length,
		.direction = direction,
		.sync = for_device,
	};

	sync_all(sync, &work);
}
