// SPDX-License-Identifier: GPL-2.0-only
/*
 * mmap of a buffer by its cookie: ends in the same mapping as mmap of the
 * exported descriptor, with the address chosen so that huge entries fit.
 */
#include <linux/dma-buf.h>
#include <linux/mm.h>

#include "buffer.h"
#include "context.h"
#include "mapoff.h"
#include "mmap.h"

static struct hpdma_buffer *find(struct hpdma_context *context,
				 unsigned long pgoff, unsigned long *page)
{
	u32 id;

	if (hpdma_mapoff_decode(pgoff, &id, page))
		return NULL;
	return hpdma_context_find(context, id);
}

/**
 * hpdma_mmap_cookie - what to give to mmap() for a buffer
 * @buffer: The buffer
 * @id: Its id in the file
 *
 * Return: an offset, or 0 if the buffer cannot be mapped.
 */
u64 hpdma_mmap_cookie(const struct hpdma_buffer *buffer, u32 id)
{
	return buffer->memory.backing->mmap ? hpdma_mapoff_encode(id) : 0;
}

/**
 * hpdma_mmap_buffer - mmap on /dev/hpdma
 * @context: Of the file
 * @vma: The area; it holds the buffer's file afterwards
 *
 * Return: 0; -EINVAL if the offset is no cookie of this file, or the area does
 * not lie inside the buffer, or is private or executable; another -errno.
 */
int hpdma_mmap_buffer(struct hpdma_context *context, struct vm_area_struct *vma)
{
	struct hpdma_buffer *buffer;
	unsigned long page;
	int ret;

	buffer = find(context, vma->vm_pgoff, &page);
	if (!buffer)
		return -EINVAL;
	ret = dma_buf_mmap(buffer->dmabuf, vma, page);
	hpdma_buffer_put(buffer);
	return ret;
}

/**
 * hpdma_mmap_get_area - choose the address for an mmap on /dev/hpdma
 * @context: Of the file
 * @addr: What the caller suggests, or 0
 * @len: Bytes
 * @pgoff: The cookie
 * @flags: MAP_*
 *
 * Return: an address or -errno.
 */
unsigned long hpdma_mmap_get_area(struct hpdma_context *context,
				  unsigned long addr, unsigned long len,
				  unsigned long pgoff, unsigned long flags)
{
	struct hpdma_buffer *buffer;
	unsigned long page, area;

	buffer = find(context, pgoff, &page);
	if (!buffer)
		return -EINVAL;
	if (buffer->memory.backing->get_area)
		area = buffer->memory.backing->get_area(&buffer->memory, addr,
							len, page, flags);
	else
		area = -EOPNOTSUPP;
	hpdma_buffer_put(buffer);
	return area;
}
