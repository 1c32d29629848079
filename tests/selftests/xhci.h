/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of a USB host controller as raises each of several MSI vectors: QEMU's
 * nec-usb-xhci with msix=off and a device at its first port. Numbers in brackets are
 * sections of the xHCI specification, revision 1.2.
 */
#ifndef HPDMA_SELFTESTS_XHCI_H
#define HPDMA_SELFTESTS_XHCI_H

#include "dev_common.h"

/* QEMU has so many interrupters; the tests use the first of them. */
#define XHCI_VECTORS 16
#define XHCI_USED 8

/**
 * struct xhci - the controller and its memory
 * @rig: The device
 * @block: Rings and contexts
 * @at: Where the device sees them
 * @op: Registers that operate it
 * @run: Those of interrupters
 * @bells: Doorbells
 * @commands: TRBs that the command ring has had
 * @transfers: TRBs that the ring of the default pipe has had
 * @events: Events that were taken of each interrupter
 * @slot: Number of the USB device
 */
struct xhci {
	struct rig rig;
	struct block block;
	uint64_t at;
	edu_regs op, run, bells;
	unsigned int commands, transfers;
	unsigned int events[XHCI_USED];
	unsigned int slot;
};

/* Return: 0 or -errno; interrupters are on, and nothing has been asked yet. */
int xhci_open(struct xhci *xhci);
void xhci_close(struct xhci *xhci);
/*
 * Address the USB device; two interrupts of interrupter 0 come of it, one after the
 * other. Return: 0 or -EIO.
 */
int xhci_address(struct xhci *xhci);
/*
 * Read a descriptor of the USB device and have interrupter @vector told. Fewer than
 * 80 times. Return: 0 or -EIO.
 */
int xhci_raise(struct xhci *xhci, unsigned int vector);

#endif
