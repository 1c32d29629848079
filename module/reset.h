/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_RESET_H
#define HPDMA_RESET_H

#include <linux/types.h>

struct pci_dev;

u32 hpdma_reset_ways(struct pci_dev *pdev);
int hpdma_reset_function(struct pci_dev *pdev);

#endif
