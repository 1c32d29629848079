/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_BAR_H
#define HPDMA_BAR_H

struct hpdma_device;
struct vm_area_struct;

void hpdma_bar_claim(struct hpdma_device *device);
void hpdma_bar_unclaim(struct hpdma_device *device);
int hpdma_bar_mmap(struct hpdma_device *device, struct vm_area_struct *vma);

#endif
