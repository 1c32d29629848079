// SPDX-License-Identifier: GPL-2.0-only
/*
 * A PCI function bound to hpdma: its node, who holds it, and how it addresses
 * memory. Knows nothing of the memory mapped for it (dmamap.c), nor how it is
 * stopped (stop.c).
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/iommu.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/hpdma.h>

#include "check.h"
#include "device.h"

#define MAX_DEVICES 256

static struct class *device_class;
static dev_t first_number;
static DEFINE_IDA(minors);

static void device_release(struct device *dev)
{
	struct hpdma_device *device =
		container_of(dev, struct hpdma_device, dev);

	ida_free(&minors, MINOR(dev->devt));
	pci_dev_put(device->pdev);
	mutex_destroy(&device->lock);
	kfree(device);
}

static bool is_translated(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->type & __IOMMU_DOMAIN_PAGING;
}

static int count_device(struct device *dev, void *count)
{
	++*(unsigned int *)count;
	return 0;
}

/* Devices of one group share one set of translations. Others come and go. */
static void look_at_group(struct hpdma_device *device)
{
	struct iommu_group *group = iommu_group_get(&device->pdev->dev);
	unsigned int count = 0;
	int id = -1;

	if (group) {
		id = iommu_group_id(group);
		iommu_group_for_each_dev(group, &count, count_device);
		iommu_group_put(group);
	}
	/* Once each: others read them meanwhile. */
	WRITE_ONCE(device->group, id);
	WRITE_ONCE(device->alone, count == 1);
}

/**
 * hpdma_device_init - before any device
 * @groups: What sysfs shows of each
 *
 * Return: 0 or -errno.
 */
int hpdma_device_init(const struct attribute_group **groups)
{
	int ret;

	ret = alloc_chrdev_region(&first_number, 0, MAX_DEVICES, "hpdma");
	if (ret)
		return ret;
	device_class = hpdma_class_create("hpdma");
	if (IS_ERR(device_class)) {
		unregister_chrdev_region(first_number, MAX_DEVICES);
		return PTR_ERR(device_class);
	}
	device_class->dev_groups = groups;
	return 0;
}

void hpdma_device_exit(void)
{
	class_destroy(device_class);
	unregister_chrdev_region(first_number, MAX_DEVICES);
	ida_destroy(&minors);
}

/**
 * hpdma_device_create - prepare the node of a function
 * @pdev: The function, enabled, with its regions requested
 * @fops: Of the node
 * @out: Set to the device, which the caller holds
 *
 * Return: 0 or -errno.
 */
int hpdma_device_create(struct pci_dev *pdev,
			const struct file_operations *fops,
			struct hpdma_device **out)
{
	struct device *dev = &pdev->dev;
	struct hpdma_device *device;
	int minor, ret;

	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return -ENOMEM;
	minor = ida_alloc_max(&minors, MAX_DEVICES - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(device);
		return minor;
	}
	device->pdev = pci_dev_get(pdev);
	device->translated = is_translated(dev);
	device->irq_remapped = hpdma_irq_remapped(dev);
	look_at_group(device);
	device->before.mask = dma_get_mask(dev);
	device->before.coherent_mask = dev->coherent_dma_mask;
	device->before.seg_size = dma_get_max_seg_size(dev);
	device->before.seg_boundary = dma_get_seg_boundary(dev);
	mutex_init(&device->lock);
	INIT_LIST_HEAD(&device->maps);
	INIT_LIST_HEAD(&device->parked);
	hpdma_event_init(&device->event, pdev);
	init_rwsem(&device->bars);

	device_initialize(&device->dev);
	device->dev.class = device_class;
	device->dev.parent = dev;
	device->dev.release = device_release;
	device->dev.devt =
		MKDEV(MAJOR(first_number), MINOR(first_number) + minor);
	cdev_init(&device->cdev, fops);
	device->cdev.owner = THIS_MODULE;
	ret = dev_set_name(&device->dev, "hpdma%d", minor);
	if (ret) {
		put_device(&device->dev);
		return ret;
	}
	*out = device;
	return 0;
}

/**
 * hpdma_device_publish - make the node appear
 * @device: The device
 *
 * Return: 0, or -errno; then too somebody may have opened it for a moment.
 */
int hpdma_device_publish(struct hpdma_device *device)
{
	return cdev_device_add(&device->cdev, &device->dev);
}

void hpdma_device_unpublish(struct hpdma_device *device)
{
	cdev_device_del(&device->cdev, &device->dev);
}

/* Open files keep the struct. */
void hpdma_device_put(struct hpdma_device *device)
{
	put_device(&device->dev);
}

/**
 * hpdma_device_look - see who is in the device's group now
 * @device: The device
 */
void hpdma_device_look(struct hpdma_device *device)
{
	mutex_lock(&device->lock);
	if (!device->gone)
		look_at_group(device);
	mutex_unlock(&device->lock);
}

/**
 * hpdma_device_protected - is the rest of the machine safe from this device?
 * @device: The device
 *
 * It is if an IOMMU translates, for this device alone, and interrupts are
 * remapped.
 */
bool hpdma_device_protected(const struct hpdma_device *device)
{
	return device->translated && device->irq_remapped &&
	       READ_ONCE(device->alone);
}

/**
 * hpdma_device_lock - keep the function, and what is done with it, for oneself
 * @device: The device
 *
 * The function's own lock comes first. It keeps away removal, suspend and those
 * who reset the function through sysfs. Once the function has been released the
 * lock is another driver's, who may hold it until its users have gone, among them
 * perhaps the caller: then @device->lock alone is taken.
 *
 * Return: whether the function is ours; to be given to hpdma_device_unlock().
 */
bool hpdma_device_lock(struct hpdma_device *device)
{
	struct device *function = &device->pdev->dev;
	bool ours = !READ_ONCE(device->released);

	if (ours) {
		device_lock(function);
		/* Removal needs the lock: from now on it does not change. */
		ours = !READ_ONCE(device->released);
		if (!ours)
			device_unlock(function);
	}
	mutex_lock(&device->lock);
	return ours;
}

/**
 * hpdma_device_unlock - the contrary
 * @device: The device
 * @ours: What hpdma_device_lock() returned
 */
void hpdma_device_unlock(struct hpdma_device *device, bool ours)
{
	mutex_unlock(&device->lock);
	if (ours)
		device_unlock(&device->pdev->dev);
}

/**
 * hpdma_device_hold - one more open file
 * @device: The device
 * @file: The file
 *
 * All areas of BARs go into one address space, so that removal finds them, also
 * those made through another node of the same number. The first file's path
 * keeps that address space, and the file system it belongs to.
 *
 * Return: 0 or -ENODEV.
 */
int hpdma_device_hold(struct hpdma_device *device, struct file *file)
{
	int ret = -ENODEV;

	mutex_lock(&device->lock);
	if (!device->gone) {
		if (!device->holders++) {
			device->path = file->f_path;
			path_get(&device->path);
			device->mapping = file_inode(file)->i_mapping;
		}
		file->f_mapping = device->mapping;
		ret = 0;
	}
	mutex_unlock(&device->lock);
	return ret;
}

/**
 * hpdma_device_unhold - one open file less
 * @device: The device; @lock is held
 *
 * Return: true if it was the last, and the device is to be stopped and its mappings
 * ended.
 */
bool hpdma_device_unhold(struct hpdma_device *device)
{
	lockdep_assert_held(&device->lock);
	if (--device->holders)
		return false;
	path_put(&device->path);
	device->mapping = NULL;
	return !device->released;
}

/**
 * hpdma_device_mode - what a mode means for a device
 * @device: The device
 * @mode: enum hpdma_mode
 *
 * Return: the same, or what HPDMA_MODE_DEFAULT stands for.
 */
u32 hpdma_device_mode(const struct hpdma_device *device, u32 mode)
{
	if (mode != HPDMA_MODE_DEFAULT)
		return mode;
	return device->translated ? HPDMA_MODE_KERNEL_IOVA : HPDMA_MODE_PHYS;
}

/* Can this device be used in this mode? Return: why not. */
static u32 why_not(const struct hpdma_device *device, u32 mode)
{
	switch (mode) {
	case HPDMA_MODE_KERNEL_IOVA:
		return device->translated ? HPDMA_REASON_NONE :
					    HPDMA_REASON_NO_IOMMU;
	case HPDMA_MODE_CALLER_IOVA:
		/* There may be an IOMMU that was told not to translate. */
		if (!device_iommu_mapped(&device->pdev->dev))
			return HPDMA_REASON_NO_IOMMU;
		return device->alone ? HPDMA_REASON_NONE : HPDMA_REASON_GROUP;
	default:
		return device->translated ? HPDMA_REASON_MODE :
					    HPDMA_REASON_NONE;
	}
}

static int fix_kernel(struct hpdma_device *device, u32 address_bits,
		      u32 *reason)
{
	struct device *dev = &device->pdev->dev;

	if (dma_set_mask_and_coherent(dev, DMA_BIT_MASK(address_bits))) {
		*reason = HPDMA_REASON_ADDRESS;
		return -ERANGE;
	}
	/* A mapping is one range however long: no limits on its pieces. */
	dma_set_max_seg_size(dev, UINT_MAX);
	dma_set_seg_boundary(dev, ULONG_MAX);
	return 0;
}

/* How the device addresses memory until hpdma_device_unfix(). */
static int fix(struct hpdma_device *device, u32 address_bits, u32 mode,
	       u32 *reason)
{
	int ret;

	if (mode == HPDMA_MODE_CALLER_IOVA)
		ret = hpdma_domain_create(&device->pdev->dev,
					  hpdma_check_last_address(
						  address_bits),
					  reason, &device->domain);
	else
		ret = fix_kernel(device, address_bits, reason);
	if (ret)
		return ret;
	device->address_bits = address_bits;
	device->mode = mode;
	return 0;
}

/**
 * hpdma_device_attach - let a file use the device for DMA
 * @device: The device; @lock is held
 * @address_bits: How many it drives
 * @mode: enum hpdma_mode, of hpdma_device_mode()
 * @reason: Set where errno does not say enough
 *
 * hpdma_device_detach() undoes it.
 *
 * Return: 0; -EBUSY if the device's holders want something else; -EOPNOTSUPP if it
 * has no such mode; -ERANGE if the platform cannot serve so few bits; -ENOMEM.
 */
int hpdma_device_attach(struct hpdma_device *device, u32 address_bits, u32 mode,
			u32 *reason)
{
	int ret = 0;

	lockdep_assert_held(&device->lock);
	look_at_group(device);
	*reason = why_not(device, mode);
	if (*reason)
		return -EOPNOTSUPP;
	if (!device->mode) {
		ret = fix(device, address_bits, mode, reason);
	} else if (device->address_bits != address_bits ||
		   device->mode != mode) {
		*reason = HPDMA_REASON_OTHER_HOLDER;
		ret = -EBUSY;
	}
	if (!ret)
		device->attached++;
	return ret;
}

/* Bus mastering goes off with the last holder, not with the last attached. */
void hpdma_device_detach(struct hpdma_device *device)
{
	lockdep_assert_held(&device->lock);
	if (--device->attached)
		return;
	/* Nobody is left who would be told that it does not run. */
	WRITE_ONCE(device->suspended, false);
	if (!device->started)
		hpdma_device_unfix(device);
}

/**
 * hpdma_device_unfix - let the next who attaches choose the address bits and mode
 * @device: The device, stopped; nothing is mapped for it; @lock is held
 */
void hpdma_device_unfix(struct hpdma_device *device)
{
	lockdep_assert_held(&device->lock);
	if (device->domain)
		hpdma_domain_destroy(device->domain);
	device->domain = NULL;
	WRITE_ONCE(device->mode, HPDMA_MODE_DEFAULT);
	device->address_bits = 0;
	device->started = false;
}

/**
 * hpdma_device_restore - give the function back as we got it
 * @device: The device, released
 */
void hpdma_device_restore(struct hpdma_device *device)
{
	struct device *dev = &device->pdev->dev;

	if (dev->dma_mask)
		*dev->dma_mask = device->before.mask;
	dev->coherent_dma_mask = device->before.coherent_mask;
	dma_set_max_seg_size(dev, device->before.seg_size);
	dma_set_seg_boundary(dev, device->before.seg_boundary);
}

/**
 * hpdma_device_flush - forget translations that have been unmapped
 * @device: The device
 *
 * Debian's kernels flush lazily: without this the device could reach unmapped
 * memory for some more milliseconds.
 *
 * Return: false if this IOMMU driver cannot do it (VT-d on 5.10).
 */
bool hpdma_device_flush(struct hpdma_device *device)
{
	struct iommu_domain *domain =
		iommu_get_domain_for_dev(&device->pdev->dev);

	if (!domain || !hpdma_iommu_can_flush(domain))
		return false;
	iommu_flush_iotlb_all(domain);
	return true;
}

/**
 * hpdma_device_bar_size - how much of a BAR can be mapped
 * @device: The device, not gone
 * @bar: 0 to 5
 *
 * A BAR that shares a page with something else cannot, nor one that is longer
 * than an offset can tell.
 *
 * Return: bytes, 0 for none.
 */
u64 hpdma_device_bar_size(struct hpdma_device *device, unsigned int bar)
{
	struct pci_dev *pdev = device->pdev;

	if (!(pci_resource_flags(pdev, bar) & IORESOURCE_MEM) ||
	    !PAGE_ALIGNED(pci_resource_start(pdev, bar)) ||
	    !PAGE_ALIGNED(pci_resource_len(pdev, bar)) ||
	    pci_resource_len(pdev, bar) > HPDMA_DEVICE_MAX_BAR)
		return 0;
	return pci_resource_len(pdev, bar);
}
