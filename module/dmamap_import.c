// SPDX-License-Identifier: GPL-2.0-only
/*
 * Imported memory, mapped for a device by the driver that exported it. We see
 * nothing but addresses: pages there may be none, and CONFIG_DMABUF_DEBUG hides
 * what there is.
 *
 * That driver unmaps, at the latest when the attachment goes, and may let its
 * pages go in the same step, before the IOMMU is told to forget. So the device is
 * attached twice: one attachment is mapped, and ends before the IOMMU forgets; the
 * other one holds what the driver keeps for its dma-buf and for attachments, and
 * ends after that.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/hpdma.h>

#include "check.h"
#include "dmamap_import.h"
#include "table.h"

/* Does every page lead somewhere? Where to, only the other driver knows. */
static bool is_translated(struct hpdma_device *device,
			  const struct hpdma_spans *addrs)
{
	struct iommu_domain *domain =
		iommu_get_domain_for_dev(&device->pdev->dev);
	unsigned int i;

	for (i = 0; i < addrs->count; i++) {
		const struct hpdma_span *span = &addrs->array[i];
		u64 at;

		for (at = 0; at < span->length; at += PAGE_SIZE) {
			if (!iommu_iova_to_phys(domain, span->addr + at))
				return false;
			cond_resched();
		}
	}
	return true;
}

/*
 * An address that wants the CPU's help is a bounce buffer's. It may also be that
 * the device does not see the CPU's caches: then it cannot be told.
 */
static bool is_bounced(struct hpdma_device *device, struct sg_table *table)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(table, sg, i)
		if (dma_need_sync(&device->pdev->dev, sg_dma_address(sg)))
			return true;
	return false;
}

/*
 * Found out before anything is mapped: a bounce buffer that is given up again
 * writes its old content back over the memory, and an address beyond the mask
 * without one makes the kernel warn. And memory that is pinned by the mapping
 * alone could not be held until the IOMMU forgets it.
 */
static bool is_possible(struct hpdma_device *device, struct dma_buf *dmabuf,
			u32 *reason)
{
	struct device *dev = &device->pdev->dev;
	u64 mask = min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);

	if (device->translated && hpdma_dma_buf_pinned_by_map(dmabuf))
		*reason = HPDMA_REASON_EXPORTER;
	else if (!device->translated && dma_get_required_mask(dev) > mask)
		*reason = HPDMA_REASON_BOUNCE;
	else
		return true;
	return false;
}

/* What the other driver gave, as far as it was asked for. */
static int slice(struct sg_table *table, u64 offset, u64 length,
		 struct hpdma_spans *addrs, u32 *reason)
{
	struct hpdma_spans all = {};
	u64 total = 0;
	unsigned int i;
	int ret;

	ret = hpdma_table_addresses(table, &all);
	if (ret)
		goto out;
	for (i = 0; i < all.count; i++)
		total += all.array[i].length;
	ret = total < offset + length ?
		      -ERANGE :
		      hpdma_spans_slice(&all, offset, length, addrs);
out:
	hpdma_spans_free(&all);
	return hpdma_backing_import_explain(ret, reason);
}

static int check(struct hpdma_device *device, struct sg_table *table,
		 const struct hpdma_spans *addrs, u32 *reason)
{
	bool good;

	if (hpdma_spans_last(addrs) >
	    hpdma_check_last_address(device->address_bits)) {
		*reason = HPDMA_REASON_ADDRESS;
		return -ERANGE;
	}
	good = device->translated ? is_translated(device, addrs) :
				    !is_bounced(device, table);
	if (good)
		return 0;
	*reason = HPDMA_REASON_BOUNCE;
	return -EOPNOTSUPP;
}

/**
 * hpdma_dmamap_import_map - have imported memory mapped for a device
 * @import: Zeroed memory; stays so if this fails
 * @device: The device; its lock is held, and the other driver's are taken under
 *	it
 * @memory: Imported memory, which the caller holds
 * @offset: First byte that the device needs, checked
 * @length: Bytes, checked
 * @direction: What the device does with it
 * @addrs: An empty list, to which their addresses are added; the caller frees it
 * @reason: Set where errno does not say enough
 *
 * The other driver is asked for the whole: there is no asking for less.
 *
 * Return: 0 or -errno of the contract.
 */
int hpdma_dmamap_import_map(struct hpdma_dmamap_import *import,
			    struct hpdma_device *device,
			    const struct hpdma_memory *memory, u64 offset,
			    u64 length, enum dma_data_direction direction,
			    struct hpdma_spans *addrs, u32 *reason)
{
	struct dma_buf_attachment *hold, *attachment;
	struct sg_table *table;
	int ret;

	if (!is_possible(device, memory->foreign, reason))
		return -EOPNOTSUPP;
	hold = dma_buf_attach(memory->foreign, &device->pdev->dev);
	if (IS_ERR(hold))
		return hpdma_backing_import_explain(PTR_ERR(hold), reason);
	attachment = dma_buf_attach(memory->foreign, &device->pdev->dev);
	if (IS_ERR(attachment)) {
		ret = hpdma_backing_import_explain(PTR_ERR(attachment), reason);
		goto err_hold;
	}
	table = hpdma_dma_buf_map(attachment, direction);
	if (IS_ERR(table)) {
		ret = hpdma_backing_import_explain(PTR_ERR(table), reason);
		goto err_attachment;
	}
	ret = slice(table, offset, length, addrs, reason);
	if (!ret)
		ret = check(device, table, addrs, reason);
	if (ret)
		goto err_map;
	import->hold = hold;
	import->attachment = attachment;
	import->table = table;
	return 0;

err_map:
	hpdma_dma_buf_unmap(attachment, table, direction);
err_attachment:
	dma_buf_detach(memory->foreign, attachment);
err_hold:
	dma_buf_detach(memory->foreign, hold);
	return ret;
}

/**
 * hpdma_dmamap_import_unmap - end the addresses
 * @import: Mapped
 * @direction: As it was mapped
 */
void hpdma_dmamap_import_unmap(struct hpdma_dmamap_import *import,
			       enum dma_data_direction direction)
{
	hpdma_dma_buf_unmap(import->attachment, import->table, direction);
	import->table = NULL;
	/* Drivers that keep mappings for the next time unmap only now. */
	dma_buf_detach(import->attachment->dmabuf, import->attachment);
	import->attachment = NULL;
}

/**
 * hpdma_dmamap_import_let_go - hold the memory no longer
 * @import: Unmapped, or never mapped; the IOMMU has forgotten its addresses
 */
void hpdma_dmamap_import_let_go(struct hpdma_dmamap_import *import)
{
	if (!import->hold)
		return;
	dma_buf_detach(import->hold->dmabuf, import->hold);
	import->hold = NULL;
}
