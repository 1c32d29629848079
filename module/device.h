/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DEVICE_H
#define HPDMA_DEVICE_H

#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>

#include "event.h"

/**
 * struct hpdma_device - a PCI function bound to hpdma
 * @dev: Its device node in sysfs; owns the lifetime of this struct
 * @cdev: /dev/hpdmaN
 * @pdev: The function; not to be touched once @gone
 * @translated: An IOMMU translates its addresses; constant
 * @irq_remapped: It cannot forge interrupts; constant
 * @lock: Protects everything below up to @event's own lock, and serialises
 *	DMA mapping, interrupt set-up, quiesce and removal
 * @gone: remove() has been called
 * @holders: Open files
 * @attached: Files that are attached
 * @address_bits: Fixed by the first attached file
 * @mode: enum hpdma_mode, fixed by the first attached file
 * @maps: Live mappings of all files
 * @parked: Mappings whose file has gone but which the device may still reach
 * @inode: Whose address space all areas of BARs are in, while there are holders
 * @event: The interrupt
 * @bars: Read-held while a page of a BAR is put into an area
 * @bars_gone: No more of that; protected by @bars
 */
struct hpdma_device {
	struct device dev;
	struct cdev cdev;
	struct pci_dev *pdev;
	bool translated;
	bool irq_remapped;

	struct mutex lock;
	bool gone;
	unsigned int holders;
	unsigned int attached;
	u32 address_bits;
	u32 mode;
	struct list_head maps;
	struct list_head parked;
	struct inode *inode;
	struct hpdma_event event;

	struct rw_semaphore bars;
	bool bars_gone;
};

int hpdma_device_init(void);
void hpdma_device_exit(void);

int hpdma_device_create(struct pci_dev *pdev,
			const struct file_operations *fops,
			struct hpdma_device **out);
void hpdma_device_destroy(struct hpdma_device *device);

bool hpdma_device_protected(const struct hpdma_device *device);
int hpdma_device_hold(struct hpdma_device *device, struct inode *inode);
bool hpdma_device_unhold(struct hpdma_device *device);
int hpdma_device_attach(struct hpdma_device *device, u32 address_bits,
			u32 mode);
void hpdma_device_detach(struct hpdma_device *device);
void hpdma_device_quiesce(struct hpdma_device *device);
bool hpdma_device_flush(struct hpdma_device *device);

u64 hpdma_device_bar_size(struct hpdma_device *device, unsigned int bar);

#endif
