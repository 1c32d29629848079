/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_MMAP_H
#define HPDMA_MMAP_H

#include <linux/types.h>

struct hpdma_buffer;
struct hpdma_context;
struct vm_area_struct;

u64 hpdma_mmap_cookie(const struct hpdma_buffer *buffer, u32 id);
int hpdma_mmap_buffer(struct hpdma_context *context,
		      struct vm_area_struct *vma);
unsigned long hpdma_mmap_get_area(struct hpdma_context *context,
				  unsigned long addr, unsigned long len,
				  unsigned long pgoff, unsigned long flags);

#endif
