// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an open file of /dev/hpdmaN may do with its device's interrupts. They are
 * the device's, not the file's: all its holders share them. What writes the
 * function's registers keeps away who resets it through sysfs: it would be undone.
 */
#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mutex.h>

#include "devirq.h"

/**
 * hpdma_devirq_set - as hpdma_event_set(); HPDMA_IRQ_NONE disables
 * @devfile: An attached file
 * @type: enum hpdma_irq_type
 * @start: First vector
 * @count: How many
 * @eventfds: Array of @count; taken over if the call succeeds, and replaced by
 *	what is to be put
 * @reason: Set where errno does not say enough
 *
 * Return: 0, -ENODEV, or as hpdma_event_set().
 */
int hpdma_devirq_set(struct hpdma_devfile *devfile, u32 type, u32 start,
		     u32 count, struct eventfd_ctx **eventfds, u32 *reason)
{
	struct hpdma_device *device = devfile->device;
	bool ours;
	int ret = -ENODEV;

	ours = hpdma_device_lock(device);
	if (device->gone)
		goto out;
	ret = -EBUSY;
	if (device->suspended) {
		*reason = HPDMA_REASON_SUSPENDED;
		goto out;
	}
	if (type == HPDMA_IRQ_NONE) {
		hpdma_event_disable(&device->event);
		ret = 0;
	} else {
		ret = hpdma_event_set(&device->event, type, start, count,
				      eventfds);
	}
out:
	hpdma_device_unlock(device, ours);
	return ret;
}

/* As hpdma_event_mask(), or -ENODEV. */
int hpdma_devirq_mask(struct hpdma_devfile *devfile, u32 start, u32 count,
		      bool mask)
{
	struct hpdma_device *device = devfile->device;
	bool ours;
	int ret = -ENODEV;

	ours = hpdma_device_lock(device);
	if (!device->gone)
		ret = hpdma_event_mask(&device->event, start, count, mask);
	hpdma_device_unlock(device, ours);
	return ret;
}

/* All vectors. Return: 0, -ENODEV, or -EIO if none is enabled. */
int hpdma_devirq_mask_all(struct hpdma_devfile *devfile, bool mask)
{
	struct hpdma_device *device = devfile->device;
	bool ours;
	struct hpdma_event *event = &device->event;
	int ret;

	ours = hpdma_device_lock(device);
	if (device->gone)
		ret = -ENODEV;
	else if (!event->enabled)
		ret = -EIO;
	else
		ret = hpdma_event_mask(event, 0, event->enabled, mask);
	hpdma_device_unlock(device, ours);
	return ret;
}

/* As hpdma_event_steer(), or -ENODEV. */
int hpdma_devirq_steer(struct hpdma_devfile *devfile, u32 start, u32 count,
		       int cpu)
{
	struct hpdma_device *device = devfile->device;
	int ret = -ENODEV;

	mutex_lock(&device->lock);
	if (!device->gone)
		ret = hpdma_event_steer(&device->event, start, count, cpu);
	mutex_unlock(&device->lock);
	return ret;
}

/**
 * hpdma_devirq_counts - how often vectors have fired
 * @devfile: The file
 * @counts: Array of @count, filled from vector 0 on as far as they are enabled
 * @count: Its length
 * @enabled: Set to how many are enabled
 *
 * Return: 0 or -ENODEV.
 */
int hpdma_devirq_counts(struct hpdma_devfile *devfile, u64 *counts, u32 count,
			u32 *enabled)
{
	struct hpdma_device *device = devfile->device;
	int ret = -ENODEV;

	mutex_lock(&device->lock);
	if (!device->gone) {
		*enabled = device->event.enabled;
		hpdma_event_counts(&device->event, counts,
				   min(count, *enabled));
		ret = 0;
	}
	mutex_unlock(&device->lock);
	return ret;
}

/**
 * hpdma_devirq_begin - somebody is going to read, poll or write
 * @devfile: The file
 *
 * Programs for /dev/uioN expect that INTx is there. Those that attach say what
 * interrupt they want.
 */
void hpdma_devirq_begin(struct hpdma_devfile *devfile)
{
	struct hpdma_device *device = devfile->device;
	bool ours;
	struct eventfd_ctx *none = NULL;

	if (hpdma_event_enabled(&device->event))
		return;
	ours = hpdma_device_lock(device);
	/* Without INTx there is none, and the caller will see that. */
	if (!device->gone && !device->attached &&
	    !hpdma_event_enabled(&device->event))
		hpdma_event_set(&device->event, HPDMA_IRQ_INTX, 0, 1, &none);
	hpdma_device_unlock(device, ours);
}
