/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_PCI_H
#define HPDMA_PCI_H

int hpdma_pci_init(void);
void hpdma_pci_exit(void);

#endif
