/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_BAR_H
#define HPDMA_BAR_H

struct hpdma_device;
struct vm_area_struct;

int hpdma_bar_mmap(struct hpdma_device *device, struct vm_area_struct *vma);

#endif
