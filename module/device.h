/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HPDMA_DEVICE_H
#define HPDMA_DEVICE_H

#include <linux/bits.h>
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/path.h>
#include <linux/rwsem.h>

#include "domain.h"
#include "event.h"

/* Numbers of BARs stand above this in the offset of an area. */
#define HPDMA_DEVICE_MAX_BAR BIT_ULL(40)

/**
 * struct hpdma_device - a PCI function bound to hpdma
 * @dev: Its device node in sysfs; owns the lifetime of this struct
 * @cdev: /dev/hpdmaN
 * @pdev: The function, referenced; not to be touched once @released
 * @translated: An IOMMU translates its addresses; constant
 * @irq_remapped: It cannot forge interrupts; constant
 * @alone: No other device shares its addresses, when it was last looked
 * @group: Number of its IOMMU group, or -1; constant
 * @before: What DMA limits it had before us; constant
 * @combining: BARs whose areas are write-combining, a bit each; constant
 * @lock: Protects everything below up to @event's own lock, and serialises
 *	DMA mapping, interrupt set-up, quiesce and removal
 * @gone: Removal has begun: calls are refused
 * @released: Removal has stopped the device and ended all mappings
 * @holders: Open files
 * @attached: Files that are attached
 * @started: One of them has turned bus mastering on since the device was stopped
 * @address_bits: Fixed by the first attached file until the last holder goes; 0
 *	before
 * @mode: enum hpdma_mode, fixed by the first attached file until the last holder
 *	goes; HPDMA_MODE_DEFAULT before
 * @domain: Its own translations in HPDMA_MODE_CALLER_IOVA, else NULL
 * @reset: enum hpdma_reset, the strictest asked for since it was last stopped
 * @suspended: Bus mastering is off since the machine was suspended
 * @resumes: How often the machine woke up with the device attached
 * @stuck: It could not be stopped
 * @quarantined: Bytes that are in quarantine because of it
 * @maps: Live mappings of all files
 * @mappings: How many there are, in @maps, @parked and on their way out
 * @parked: Mappings whose file has gone but which the device may still reach
 * @path: Of the first holder's file, while there are holders: keeps @mapping
 * @mapping: Address space that all areas of BARs are in
 * @event: The interrupt
 * @bars: Read-held while a page of a BAR is put into an area; write-held while
 *	nobody may touch any
 * @bars_gone: No more of that; protected by @bars
 */
struct hpdma_device {
	struct device dev;
	struct cdev cdev;
	struct pci_dev *pdev;
	bool translated;
	bool irq_remapped;
	bool alone;
	int group;
	struct {
		u64 mask;
		u64 coherent_mask;
		unsigned int seg_size;
		unsigned long seg_boundary;
	} before;
	unsigned long combining;

	struct mutex lock;
	bool gone;
	bool released;
	unsigned int holders;
	unsigned int attached;
	bool started;
	u32 address_bits;
	u32 mode;
	struct hpdma_domain *domain;
	u32 reset;
	bool suspended;
	u32 resumes;
	bool stuck;
	u64 quarantined;
	struct list_head maps;
	unsigned int mappings;
	struct list_head parked;
	struct path path;
	struct address_space *mapping;
	struct hpdma_event event;

	struct rw_semaphore bars;
	bool bars_gone;
};

int hpdma_device_init(const struct attribute_group **groups);
void hpdma_device_exit(void);

int hpdma_device_create(struct pci_dev *pdev,
			const struct file_operations *fops,
			struct hpdma_device **out);
int hpdma_device_publish(struct hpdma_device *device);
void hpdma_device_unpublish(struct hpdma_device *device);
void hpdma_device_put(struct hpdma_device *device);

void hpdma_device_look(struct hpdma_device *device);
bool hpdma_device_protected(const struct hpdma_device *device);
bool hpdma_device_lock(struct hpdma_device *device);
void hpdma_device_unlock(struct hpdma_device *device, bool ours);
int hpdma_device_hold(struct hpdma_device *device, struct file *file);
bool hpdma_device_unhold(struct hpdma_device *device);
u32 hpdma_device_mode(const struct hpdma_device *device, u32 mode);
int hpdma_device_attach(struct hpdma_device *device, u32 address_bits, u32 mode,
			u32 *reason);
void hpdma_device_detach(struct hpdma_device *device);
void hpdma_device_unfix(struct hpdma_device *device);
void hpdma_device_restore(struct hpdma_device *device);
bool hpdma_device_flush(struct hpdma_device *device);

u64 hpdma_device_bar_size(struct hpdma_device *device, unsigned int bar);

#endif
