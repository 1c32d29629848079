// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an open file of /dev/hpdmaN may do with its device, and what ends with the
 * file.
 */
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/sched.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/hpdma.h>

#include "check.h"
#include "devfile.h"
#include "lifecycle.h"
#include "stop.h"

static bool allow_unsafe;
module_param(allow_unsafe, bool, 0444);
MODULE_PARM_DESC(
	allow_unsafe,
	"Let CAP_SYS_RAWIO open devices that no IOMMU confines; they can overwrite any memory (default 0)");

/*
 * A device that can reach all memory, or forge interrupts, is as powerful as
 * the kernel.
 */
static int may_open(struct hpdma_device *device)
{
	int ret;

	hpdma_device_look(device);
	if (hpdma_device_protected(device))
		return 0;
	if (!allow_unsafe)
		return -EACCES;
	if (!capable(CAP_SYS_RAWIO))
		return -EPERM;
	ret = security_locked_down(LOCKDOWN_PCI_ACCESS);
	if (ret)
		return ret;
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
	return 0;
}

static void get_map(void *object)
{
	hpdma_dmamap_get(object);
}

int hpdma_devfile_open(struct hpdma_device *device, struct file *file,
		       struct hpdma_devfile **out)
{
	struct hpdma_devfile *devfile;
	int ret;

	ret = may_open(device);
	if (ret)
		return ret;
	devfile = kzalloc(sizeof(*devfile), GFP_KERNEL_ACCOUNT);
	if (!devfile)
		return -ENOMEM;
	ret = hpdma_device_hold(device, file);
	if (ret) {
		kfree(devfile);
		return ret;
	}
	get_device(&device->dev);
	devfile->device = device;
	devfile->writable = file->f_mode & FMODE_WRITE;
	devfile->may_see_phys = hpdma_context_opener_sees_phys();
	atomic_set(&devfile->seen, hpdma_event_count(&device->event));
	hpdma_objects_init(&devfile->maps, HPDMA_DMAMAP_MAX, get_map);
	hpdma_account_count(HPDMA_COUNT_DEVICE_FILES, 1);
	*out = devfile;
	return 0;
}

/* Take the ids, and put on a list what removal of the device has not ended. */
static void take_maps(struct hpdma_devfile *devfile, struct list_head *maps)
{
	struct hpdma_dmamap *map;

	while ((map = hpdma_object_take_any(&devfile->maps))) {
		if (map->buffer)
			list_move_tail(&map->node, maps);
		hpdma_dmamap_put(map);
	}
}

/*
 * The device is stopped before anything it could reach is let go; while others
 * hold it, it runs on, and what it may still reach is kept.
 */
void hpdma_devfile_close(struct hpdma_devfile *devfile)
{
	struct hpdma_device *device = devfile->device;
	LIST_HEAD(maps);
	bool ours;

	ours = hpdma_device_lock(device);
	if (devfile->context)
		hpdma_device_detach(device);
	take_maps(devfile, &maps);
	if (hpdma_device_unhold(device)) {
		list_splice(&maps, &device->maps);
		hpdma_lifecycle_end(device);
	} else if (!list_empty(&maps)) {
		hpdma_dmamap_orphan(device, &maps);
	}
	hpdma_device_unlock(device, ours);

	if (devfile->context)
		hpdma_context_put(devfile->context);
	put_device(&device->dev);
	hpdma_account_count(HPDMA_COUNT_DEVICE_FILES, -1);
	kfree(devfile);
}

/**
 * hpdma_devfile_attach_prepare - do all of attaching that can fail
 * @devfile: The device file
 * @address_bits: How many the device drives, checked
 * @mode: enum hpdma_mode, of hpdma_device_mode()
 * @reset: enum hpdma_reset, checked
 * @reason: Set where errno does not say enough
 *
 * One of the next two functions is called then.
 *
 * Return: 0 or -errno of the contract.
 */
int hpdma_devfile_attach_prepare(struct hpdma_devfile *devfile,
				 u32 address_bits, u32 mode, u32 reset,
				 u32 *reason)
{
	struct hpdma_device *device = devfile->device;
	bool ours;
	int ret = -ENODEV;

	ours = hpdma_device_lock(device);
	if (device->gone)
		goto out;
	if (devfile->context || devfile->attaching) {
		*reason = HPDMA_REASON_ATTACHED;
		ret = -EBUSY;
		goto out;
	}
	ret = hpdma_lifecycle_begin(device, reset, reason);
	if (ret)
		goto out;
	ret = hpdma_device_attach(device, address_bits, mode, reason);
	devfile->attaching = !ret;
	devfile->reset = reset;
out:
	hpdma_device_unlock(device, ours);
	return ret;
}

/**
 * hpdma_devfile_attach_complete - tie a device file to a context for life
 * @devfile: The device file, prepared
 * @context: Whose ids it is to understand; a reference is taken
 */
void hpdma_devfile_attach_complete(struct hpdma_devfile *devfile,
				   struct hpdma_context *context)
{
	struct hpdma_device *device = devfile->device;
	bool ours = hpdma_device_lock(device);

	if (!device->gone) {
		device->reset = max(device->reset, devfile->reset);
		/* While others are attached it runs, or they have stopped it. */
		if (!device->started || device->attached == 1)
			hpdma_stop_start(device);
		device->started = true;
	}
	devfile->attaching = false;
	hpdma_context_get(context);
	/* Read without the lock by hpdma_devfile_context(); set but once. */
	smp_store_release(&devfile->context, context);
	hpdma_device_unlock(device, ours);
}

/* As if it had not been prepared. */
void hpdma_devfile_attach_undo(struct hpdma_devfile *devfile)
{
	struct hpdma_device *device = devfile->device;
	bool ours = hpdma_device_lock(device);

	hpdma_device_detach(device);
	devfile->attaching = false;
	hpdma_device_unlock(device, ours);
}

/* Return: the context, valid as long as the device file, or NULL. */
struct hpdma_context *hpdma_devfile_context(struct hpdma_devfile *devfile)
{
	/* Pairs with hpdma_devfile_attach(). */
	return smp_load_acquire(&devfile->context);
}

/**
 * hpdma_devfile_reach - what memory does the device reach?
 * @devfile: The device file
 * @last_address: Lowered to the highest physical address, if it uses these
 * @reason: Set where errno does not say enough
 *
 * Return: 0, -ENODEV or -EINVAL.
 */
int hpdma_devfile_reach(struct hpdma_devfile *devfile, u64 *last_address,
			u32 *reason)
{
	struct hpdma_device *device = devfile->device;
	int ret = 0;

	mutex_lock(&device->lock);
	if (device->gone) {
		ret = -ENODEV;
	} else if (!devfile->context) {
		*reason = HPDMA_REASON_NOT_ATTACHED;
		ret = -EINVAL;
	} else if (device->mode == HPDMA_MODE_PHYS) {
		u64 last = hpdma_check_last_address(device->address_bits);

		last = min_not_zero(last, device->pdev->dev.bus_dma_limit);
		*last_address = min(*last_address, last);
	}
	mutex_unlock(&device->lock);
	return ret;
}

/**
 * hpdma_devfile_regions - which IOVAs can be chosen?
 * @devfile: The device file, attached
 * @regions: Filled in; the caller frees the array with kfree()
 * @reason: Set where errno does not say enough
 *
 * Return: 0 or -errno of the contract.
 */
int hpdma_devfile_regions(struct hpdma_devfile *devfile,
			  struct hpdma_iova_regions *regions, u32 *reason)
{
	struct hpdma_device *device = devfile->device;
	int ret = -ENODEV;

	mutex_lock(&device->lock);
	if (device->gone)
		goto out;
	if (!device->domain) {
		*reason = HPDMA_REASON_MODE;
		ret = -EOPNOTSUPP;
		goto out;
	}
	*regions = device->domain->regions;
	regions->array = kmemdup(regions->array,
				 regions->count * sizeof(*regions->array),
				 GFP_KERNEL);
	ret = regions->array ? 0 : -ENOMEM;
out:
	mutex_unlock(&device->lock);
	return ret;
}

/* For an attached file; the rest as hpdma_dmamap_create(). */
int hpdma_devfile_map(struct hpdma_devfile *devfile,
		      struct hpdma_buffer *buffer,
		      struct hpdma_dmamap_wish *wish, struct hpdma_dmamap **out)
{
	struct hpdma_device *device = devfile->device;
	int ret = -ENODEV;

	mutex_lock(&device->lock);
	if (!device->gone)
		ret = hpdma_dmamap_create(device, buffer, wish, out);
	mutex_unlock(&device->lock);
	return ret;
}

/* End a mapping whose id is taken, and drop the reference the id had. */
void hpdma_devfile_unmap(struct hpdma_devfile *devfile,
			 struct hpdma_dmamap *map)
{
	struct hpdma_device *device = devfile->device;
	LIST_HEAD(maps);

	mutex_lock(&device->lock);
	if (map->buffer)
		list_move_tail(&map->node, &maps);
	hpdma_dmamap_end(device, &maps);
	mutex_unlock(&device->lock);
	hpdma_dmamap_put(map);
}

/* As hpdma_dmamap_end_part(), or -ENODEV. */
int hpdma_devfile_unmap_part(struct hpdma_devfile *devfile,
			     struct hpdma_dmamap *map, u64 offset, u64 length,
			     u32 *reason)
{
	struct hpdma_device *device = devfile->device;
	int ret = -ENODEV;

	mutex_lock(&device->lock);
	if (!device->gone)
		ret = hpdma_dmamap_end_part(map, offset, length, reason);
	mutex_unlock(&device->lock);
	return ret;
}

/* As hpdma_dmamap_addresses(), or -ENODEV. */
int hpdma_devfile_addresses(struct hpdma_devfile *devfile,
			    struct hpdma_dmamap *map, struct hpdma_spans *addrs)
{
	struct hpdma_device *device = devfile->device;
	int ret = -ENODEV;

	mutex_lock(&device->lock);
	if (!device->gone)
		ret = hpdma_dmamap_addresses(map, addrs);
	mutex_unlock(&device->lock);
	return ret;
}

/**
 * hpdma_devfile_reset - reset the function
 * @devfile: A file that is attached
 * @reason: Set where errno does not say enough
 *
 * Return: 0; -EBUSY if it is not the only one; -ENODEV; the rest as
 * hpdma_lifecycle_reset().
 */
int hpdma_devfile_reset(struct hpdma_devfile *devfile, u32 *reason)
{
	struct hpdma_device *device = devfile->device;
	int ret = -ENODEV;
	bool ours;

	ours = hpdma_device_lock(device);
	if (device->gone)
		goto out;
	if (device->attached > 1) {
		*reason = HPDMA_REASON_OTHER_HOLDER;
		ret = -EBUSY;
		goto out;
	}
	ret = hpdma_lifecycle_reset(device, reason);
out:
	hpdma_device_unlock(device, ours);
	return ret;
}

/**
 * hpdma_devfile_resume - go on after a suspend
 * @devfile: A file that is attached
 *
 * Return: 0 or -ENODEV.
 */
int hpdma_devfile_resume(struct hpdma_devfile *devfile)
{
	struct hpdma_device *device = devfile->device;
	int ret = -ENODEV;
	bool ours;

	ours = hpdma_device_lock(device);
	if (!device->gone) {
		hpdma_lifecycle_restart(device);
		ret = 0;
	}
	hpdma_device_unlock(device, ours);
	return ret;
}
