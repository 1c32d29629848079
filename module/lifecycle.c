// SPDX-License-Identifier: GPL-2.0-only
/*
 * The life of a device as a whole, whoever holds it: it is taken into use, reset,
 * suspended, resumed, and left or removed. The order of death is here: stopped,
 * unmapped, and only then memory is let go.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pci.h>
#include <linux/hpdma.h>

#include "dmamap.h"
#include "lifecycle.h"
#include "quarantine.h"
#include "reset.h"
#include "stop.h"

/* Every area of a BAR faults from now on. @bars is write-held, and @lock. */
static void empty_areas(struct hpdma_device *device)
{
	/* No holder, no area. The lock keeps the last one from going. */
	if (device->mapping)
		unmap_mapping_range(device->mapping, 0, 0, 1);
}

/* Return: whether a device that did not stop does now. */
static bool try_again(struct hpdma_device *device)
{
	/* It may be reset; files that are not attached may have BARs mapped. */
	hpdma_stop_halt(device);
	down_write(&device->bars);
	empty_areas(device);
	device->stuck = !hpdma_stop_quiesce(device);
	up_write(&device->bars);
	/* Until now it kept what translates nothing. */
	if (!device->stuck)
		hpdma_device_unfix(device);
	return !device->stuck;
}

/**
 * hpdma_lifecycle_begin - may somebody attach?
 * @device: The device; both its locks are held
 * @reset: enum hpdma_reset that is asked for
 * @reason: Set where errno does not say enough
 *
 * A device that did not stop is told to once more.
 *
 * Return: 0; -EOPNOTSUPP if it has no reset that is required; -EBUSY.
 */
int hpdma_lifecycle_begin(struct hpdma_device *device, u32 reset, u32 *reason)
{
	lockdep_assert_held(&device->lock);
	if (reset == HPDMA_RESET_REQUIRE &&
	    !(hpdma_reset_ways(device->pdev) & HPDMA_RESETS_FUNCTION)) {
		*reason = HPDMA_REASON_NO_RESET;
		return -EOPNOTSUPP;
	}
	if (device->suspended) {
		*reason = HPDMA_REASON_SUSPENDED;
		return -EBUSY;
	}
	if (device->stuck && !try_again(device)) {
		*reason = HPDMA_REASON_STUCK;
		return -EBUSY;
	}
	return 0;
}

/**
 * hpdma_lifecycle_end - nobody uses it any more
 * @device: The device; both its locks are held
 */
void hpdma_lifecycle_end(struct hpdma_device *device)
{
	lockdep_assert_held(&device->lock);
	device->stuck = !hpdma_stop_quiesce(device);
	if (device->stuck)
		hpdma_quarantine_fill(device);
	else
		hpdma_dmamap_end_all(device);
}

/**
 * hpdma_lifecycle_reset - stop the function, reset it and start it again
 * @device: The device, not gone; both its locks are held
 * @reason: Set where errno does not say enough
 *
 * What is mapped for it stays so. Who touches a BAR waits until it is there again.
 *
 * Return: 0; -EOPNOTSUPP if it cannot be reset; -EIO if it did not come back: then
 * bus mastering stays off.
 */
int hpdma_lifecycle_reset(struct hpdma_device *device, u32 *reason)
{
	int ret;

	lockdep_assert_held(&device->lock);
	if (!(hpdma_reset_ways(device->pdev) & HPDMA_RESETS_FUNCTION)) {
		*reason = HPDMA_REASON_NO_RESET;
		return -EOPNOTSUPP;
	}
	/*
	 * Interrupts are not freed under @bars: the kernel waits for who reads of
	 * them in /proc, and he may be writing into a BAR.
	 */
	hpdma_stop_halt(device);
	down_write(&device->bars);
	empty_areas(device);
	ret = hpdma_reset_function(device->pdev);
	/* After a suspend its holder says when. */
	if (!ret && !device->suspended)
		hpdma_stop_start(device);
	up_write(&device->bars);
	return ret ? -EIO : 0;
}

/**
 * hpdma_lifecycle_suspend - the machine goes to sleep
 * @device: The device; its function's lock is held
 *
 * Nothing is let go, so it does no harm if the device does not stop in time.
 */
void hpdma_lifecycle_suspend(struct hpdma_device *device)
{
	mutex_lock(&device->lock);
	if (!device->released) {
		hpdma_stop_halt(device);
		WRITE_ONCE(device->suspended, device->attached > 0);
	}
	mutex_unlock(&device->lock);
}

/**
 * hpdma_lifecycle_resume - the machine has woken up, or has not slept at all
 * @device: The device; its function's lock is held
 *
 * Its holders are told; the device is theirs to be set up again.
 */
void hpdma_lifecycle_resume(struct hpdma_device *device)
{
	mutex_lock(&device->lock);
	if (device->suspended)
		device->resumes++;
	mutex_unlock(&device->lock);
	wake_up_interruptible_all(&device->event.wait);
}

/**
 * hpdma_lifecycle_restart - a holder has set it up again
 * @device: The device, attached and not gone; both its locks are held
 */
void hpdma_lifecycle_restart(struct hpdma_device *device)
{
	lockdep_assert_held(&device->lock);
	if (!device->suspended)
		return;
	hpdma_stop_start(device);
	WRITE_ONCE(device->suspended, false);
}

/**
 * hpdma_lifecycle_remove - the function is being taken away
 * @device: The device; its function's lock is held
 *
 * When this returns the device is stopped, nothing is mapped for it or from it,
 * those who waited for its interrupts are awake, and every call on its open
 * files says ENODEV. BARs go before the device is stopped, so that nobody
 * starts it again through them.
 */
void hpdma_lifecycle_remove(struct hpdma_device *device)
{
	mutex_lock(&device->lock);
	WRITE_ONCE(device->gone, true);
	wake_up_interruptible_all(&device->event.wait);

	down_write(&device->bars);
	device->bars_gone = true;
	empty_areas(device);
	up_write(&device->bars);
	hpdma_lifecycle_end(device);
	/* Even if it did not stop: the kernel wants its translations back. */
	hpdma_device_unfix(device);
	WRITE_ONCE(device->released, true);
	mutex_unlock(&device->lock);
}
