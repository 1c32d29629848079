// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dma-buf that is a buffer's file, and what other drivers and processes may
 * do with it. Whoever has attached a device, mapped it or looks at it from the
 * kernel holds the dma-buf, so the memory goes with the last of them. Nothing
 * has to be revoked: the memory is no device's.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "export.h"
#include "table.h"
#include "trace.h"

/*
 * Several devices may map the same memory at once, so mapping and unmapping do
 * not touch the caches: that is done beside them.
 */
#define MAP_ATTRS (DMA_ATTR_SKIP_CPU_SYNC | DMA_ATTR_NO_WARN)

/**
 * struct mapping - memory mapped for a device of another driver
 * @table: What that driver gets
 * @synced: For whoever maintains caches
 */
struct mapping {
	struct sg_table table;
	struct hpdma_synced synced;
};

static bool is_translated(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->type & __IOMMU_DOMAIN_PAGING;
}

/* Asked before: where the kernel has no bounce buffers it warns of the attempt. */
static bool is_out_of_reach(struct device *dev, const struct hpdma_spans *spans)
{
	return hpdma_spans_last(spans) >
	       min_not_zero(dma_get_mask(dev), dev->bus_dma_limit);
}

/* Asked after: it may have been forced upon us. */
static bool is_bounced(struct sg_table *table)
{
	struct scatterlist *sg;
	unsigned int i;

	for_each_sgtable_dma_sg(table, sg, i)
		if (sg_dma_address(sg) != sg_phys(sg))
			return true;
	return false;
}

/*
 * Where nothing translates, a device's address is the memory's or a bounce
 * buffer's, and that would be another memory than everyone else's: refused.
 */
static struct sg_table *dmabuf_map(struct dma_buf_attachment *attachment,
				   enum dma_data_direction direction)
{
	struct hpdma_memory *memory = attachment->dmabuf->priv;
	struct device *dev = attachment->dev;
	bool translated = is_translated(dev);
	struct mapping *mapping;
	int ret;

	if (!translated && is_out_of_reach(dev, &memory->spans))
		return ERR_PTR(-EOPNOTSUPP);
	mapping = kzalloc(sizeof(*mapping), GFP_KERNEL);
	if (!mapping)
		return ERR_PTR(-ENOMEM);
	ret = hpdma_table_fill(&mapping->table, &memory->spans,
			       dma_get_max_seg_size(dev));
	if (ret)
		goto err_mapping;
	ret = dma_map_sgtable(dev, &mapping->table, direction, MAP_ATTRS);
	if (ret)
		goto err_table;
	if (!translated && is_bounced(&mapping->table)) {
		ret = -EOPNOTSUPP;
		goto err_map;
	}
	dma_sync_sgtable_for_device(dev, &mapping->table, direction);
	mapping->synced.dev = dev;
	mapping->synced.table = &mapping->table;
	mapping->synced.direction = direction;
	hpdma_sync_add(&memory->sync, &mapping->synced);
	return &mapping->table;

err_map:
	dma_unmap_sgtable(dev, &mapping->table, direction, MAP_ATTRS);
err_table:
	sg_free_table(&mapping->table);
err_mapping:
	kfree(mapping);
	return ERR_PTR(ret);
}

static void dmabuf_unmap(struct dma_buf_attachment *attachment,
			 struct sg_table *table,
			 enum dma_data_direction direction)
{
	struct hpdma_memory *memory = attachment->dmabuf->priv;
	struct mapping *mapping = container_of(table, struct mapping, table);

	hpdma_sync_remove(&memory->sync, &mapping->synced);
	dma_sync_sgtable_for_cpu(attachment->dev, table, direction);
	dma_unmap_sgtable(attachment->dev, table, direction, MAP_ATTRS);
	sg_free_table(table);
	kfree(mapping);
}

static int dmabuf_begin_cpu(struct dma_buf *dmabuf,
			    enum dma_data_direction direction)
{
	struct hpdma_memory *memory = dmabuf->priv;

	hpdma_sync_for_cpu(&memory->sync, 0, memory->length, direction);
	return 0;
}

static int dmabuf_end_cpu(struct dma_buf *dmabuf,
			  enum dma_data_direction direction)
{
	struct hpdma_memory *memory = dmabuf->priv;

	hpdma_sync_for_device(&memory->sync, 0, memory->length, direction);
	return 0;
}

/* The caller has checked that the area lies inside the dma-buf. */
static int dmabuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct hpdma_memory *memory = dmabuf->priv;

	if (!memory->backing->mmap)
		return -EOPNOTSUPP;
	if (!(vma->vm_flags & VM_SHARED) || vma->vm_flags & VM_EXEC)
		return -EINVAL;
	hpdma_vm_flags_mod(vma, 0, VM_MAYEXEC);
	trace_hpdma_mmap(memory, (u64)vma->vm_pgoff << PAGE_SHIFT,
			 vma->vm_end - vma->vm_start);
	return memory->backing->mmap(memory, vma);
}

/* With the caching of all other mappings. */
static void *map_runs(const struct hpdma_memory *memory)
{
	pgprot_t prot = memory->write_combine ?
				pgprot_writecombine(PAGE_KERNEL) :
				PAGE_KERNEL;
	const struct hpdma_spans *spans = &memory->spans;
	u64 count = memory->length >> PAGE_SHIFT;
	struct page **pages;
	unsigned int i;
	void *addr;

	/* The kernel warns of allocations above this. */
	if (count > INT_MAX / sizeof(*pages))
		return NULL;
	pages = kvmalloc_array(count, sizeof(*pages),
			       GFP_KERNEL | __GFP_NOWARN);
	if (!pages)
		return NULL;
	for (count = 0, i = 0; i < spans->count; i++) {
		const struct hpdma_span *span = &spans->array[i];
		u64 at;

		for (at = 0; at < span->length; at += PAGE_SIZE)
			pages[count++] = hpdma_page_at(span->addr + at);
	}
	addr = vmap(pages, count, VM_MAP, prot);
	kvfree(pages);
	return addr;
}

/**
 * hpdma_export_vmap - let the kernel see the memory
 * @dmabuf: The dma-buf
 * @addr: Set to the address. One run is mapped already
 *
 * Return: 0 or -ENOMEM.
 */
int hpdma_export_vmap(struct dma_buf *dmabuf, void **addr)
{
	struct hpdma_memory *memory = dmabuf->priv;

	if (memory->spans.count == 1)
		*addr = page_address(
			hpdma_page_at(memory->spans.array[0].addr));
	else
		*addr = map_runs(memory);
	return *addr ? 0 : -ENOMEM;
}

/**
 * hpdma_export_vunmap - end that
 * @dmabuf: The dma-buf
 * @addr: The address
 */
void hpdma_export_vunmap(struct dma_buf *dmabuf, void *addr)
{
	if (is_vmalloc_addr(addr))
		vunmap(addr);
}

static void dmabuf_release(struct dma_buf *dmabuf)
{
	hpdma_export_let_go(dmabuf->priv);
}

static const struct dma_buf_ops dmabuf_ops = {
	.map_dma_buf = dmabuf_map,
	.unmap_dma_buf = dmabuf_unmap,
	.begin_cpu_access = dmabuf_begin_cpu,
	.end_cpu_access = dmabuf_end_cpu,
	.mmap = dmabuf_mmap,
	.vmap = hpdma_dma_buf_vmap,
	.vunmap = hpdma_dma_buf_vunmap,
	.release = dmabuf_release,
};

/**
 * hpdma_export_create - make the file of a buffer
 * @memory: Its memory; hpdma_export_let_go() is called when the file goes
 *
 * Return: the dma-buf, which the caller holds, or an ERR_PTR().
 */
struct dma_buf *hpdma_export_create(struct hpdma_memory *memory)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);

	info.exp_name = "hpdma";
	info.ops = &dmabuf_ops;
	info.size = memory->length;
	info.flags = O_RDWR | O_CLOEXEC;
	info.priv = memory;
	return dma_buf_export(&info);
}

/* Return: the memory whose file this is, or NULL: another driver's. */
struct hpdma_memory *hpdma_export_memory(struct dma_buf *dmabuf)
{
	return dmabuf->ops == &dmabuf_ops ? dmabuf->priv : NULL;
}

/* The dma-buf is gone, or never was; areas may still hold the memory's file. */
void hpdma_export_let_go(struct hpdma_memory *memory)
{
	if (memory->file)
		fput(memory->file);
	else
		memory->last_put(memory);
}
