/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_STOP_H
#define HPDMA_STOP_H

#include "device.h"

void hpdma_stop_start(struct hpdma_device *device);
bool hpdma_stop_halt(struct hpdma_device *device);
bool hpdma_stop_quiesce(struct hpdma_device *device);
int hpdma_stop_wait(struct pci_dev *pdev);

#endif
