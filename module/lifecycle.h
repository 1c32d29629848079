/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_LIFECYCLE_H
#define HPDMA_LIFECYCLE_H

#include "device.h"

int hpdma_lifecycle_begin(struct hpdma_device *device, u32 reset, u32 *reason);
void hpdma_lifecycle_end(struct hpdma_device *device);
int hpdma_lifecycle_reset(struct hpdma_device *device, u32 *reason);
void hpdma_lifecycle_suspend(struct hpdma_device *device);
void hpdma_lifecycle_resume(struct hpdma_device *device);
void hpdma_lifecycle_restart(struct hpdma_device *device);
void hpdma_lifecycle_remove(struct hpdma_device *device);

#endif
