// SPDX-License-Identifier: GPL-2.0-only
/* The exporter half of the peer: single pages, and faults where asked for. */
#include <linux/atomic.h>
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "exporter.h"
#include "../selftests/peer.h"

#define MOST_PAGES 1024

static atomic_t buffers, attached, mapped, begun, ended;

/**
 * struct memory - what one dma-buf is about
 * @flags: PEER_*
 * @error: -errno of what refuses
 * @count: How many pages there are
 * @pages: They
 */
struct memory {
	u32 flags;
	int error;
	unsigned int count;
	struct page *pages[];
};

/**
 * struct mapping - for an attached device
 * @table: What is mapped
 * @first: The first address, before it was lied about
 */
struct mapping {
	struct sg_table table;
	dma_addr_t first;
};

static void free_memory(struct memory *memory)
{
	unsigned int i;

	for (i = 0; i < memory->count; i++)
		__free_page(memory->pages[i]);
	kfree(memory);
}

static int attach(struct dma_buf *dmabuf, struct dma_buf_attachment *attachment)
{
	struct memory *memory = dmabuf->priv;

	if (memory->flags & PEER_NO_ATTACH)
		return memory->error;
	atomic_inc(&attached);
	return 0;
}

static void detach(struct dma_buf *dmabuf,
		   struct dma_buf_attachment *attachment)
{
	atomic_dec(&attached);
}

static struct sg_table *map(struct dma_buf_attachment *attachment,
			    enum dma_data_direction direction)
{
	struct memory *memory = attachment->dmabuf->priv;
	unsigned int count = memory->count;
	struct mapping *mapping;
	struct scatterlist *sg;
	unsigned int i;
	int ret;

	if (memory->flags & PEER_NO_MAP)
		return ERR_PTR(memory->error);
	if (memory->flags & PEER_HALF)
		count /= 2;
	mapping = kzalloc(sizeof(*mapping), GFP_KERNEL);
	if (!mapping)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table(&mapping->table, count, GFP_KERNEL);
	if (ret)
		goto err_mapping;
	for_each_sgtable_sg(&mapping->table, sg, i)
		sg_set_page(sg, memory->pages[i], PAGE_SIZE, 0);
	ret = dma_map_sgtable(attachment->dev, &mapping->table, direction, 0);
	if (ret)
		goto err_table;
	sg = mapping->table.sgl;
	mapping->first = sg_dma_address(sg);
	if (memory->flags & PEER_STRAY)
		sg_dma_address(sg) = 0x5000;
	if (memory->flags & PEER_HIGH)
		sg_dma_address(sg) = 1ULL << 44;
	atomic_inc(&mapped);
	return &mapping->table;

err_table:
	sg_free_table(&mapping->table);
err_mapping:
	kfree(mapping);
	return ERR_PTR(ret);
}

static void unmap(struct dma_buf_attachment *attachment, struct sg_table *table,
		  enum dma_data_direction direction)
{
	struct mapping *mapping = container_of(table, struct mapping, table);

	sg_dma_address(table->sgl) = mapping->first;
	dma_unmap_sgtable(attachment->dev, table, direction, 0);
	sg_free_table(table);
	kfree(mapping);
	atomic_dec(&mapped);
}

static int begin_cpu(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	struct memory *memory = dmabuf->priv;

	if (memory->flags & PEER_NO_CPU)
		return memory->error;
	atomic_inc(&begun);
	return 0;
}

static int end_cpu(struct dma_buf *dmabuf, enum dma_data_direction direction)
{
	atomic_inc(&ended);
	return 0;
}

static int mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct memory *memory = dmabuf->priv;
	unsigned long addr = vma->vm_start, i = vma->vm_pgoff;
	int ret;

	for (; addr < vma->vm_end; addr += PAGE_SIZE, i++) {
		ret = vm_insert_page(vma, addr, memory->pages[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static void release(struct dma_buf *dmabuf)
{
	free_memory(dmabuf->priv);
	atomic_dec(&buffers);
}

static const struct dma_buf_ops ops = {
	.attach = attach,
	.detach = detach,
	.map_dma_buf = map,
	.unmap_dma_buf = unmap,
	.begin_cpu_access = begin_cpu,
	.end_cpu_access = end_cpu,
	.mmap = mmap,
	.release = release,
};

static const struct dma_buf_ops ops_without_mmap = {
	.attach = attach,
	.detach = detach,
	.map_dma_buf = map,
	.unmap_dma_buf = unmap,
	.release = release,
};

static struct memory *alloc_memory(const struct peer_call *call)
{
	u64 count = call->length >> PAGE_SHIFT;
	gfp_t gfp = GFP_KERNEL | __GFP_ZERO;
	struct memory *memory;
	struct page *page;

	if (call->flags & PEER_LOW)
		gfp |= __GFP_DMA;
	if (!count || count > MOST_PAGES || call->error > MAX_ERRNO)
		return ERR_PTR(-EINVAL);
	memory = kzalloc(struct_size(memory, pages, count), GFP_KERNEL);
	if (!memory)
		return ERR_PTR(-ENOMEM);
	memory->flags = call->flags;
	memory->error = -(int)call->error;
	while (memory->count < count) {
		page = alloc_page(gfp);
		if (!page) {
			free_memory(memory);
			return ERR_PTR(-ENOMEM);
		}
		memory->pages[memory->count++] = page;
	}
	return memory;
}

int peer_export(struct peer_call *call)
{
	struct memory *memory = alloc_memory(call);
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;
	int fd;

	if (IS_ERR(memory))
		return PTR_ERR(memory);
	info.ops = call->flags & PEER_NO_MMAP ? &ops_without_mmap : &ops;
	info.size = (u64)memory->count << PAGE_SHIFT;
	if (call->flags & PEER_ODD)
		info.size -= 100;
	info.flags = call->flags & PEER_READ_ONLY ? O_RDONLY : O_RDWR;
	info.priv = memory;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		free_memory(memory);
		return PTR_ERR(dmabuf);
	}
	atomic_inc(&buffers);
	fd = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (fd < 0) {
		dma_buf_put(dmabuf);
		return fd;
	}
	call->fd = fd;
	return 0;
}

void peer_stats(struct peer_stats *stats)
{
	stats->buffers = atomic_read(&buffers);
	stats->attached = atomic_read(&attached);
	stats->mapped = atomic_read(&mapped);
	stats->begun = atomic_read(&begun);
	stats->ended = atomic_read(&ended);
}
