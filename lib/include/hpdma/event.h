/* SPDX-License-Identifier: MIT */
/*
 * Events: the interrupts of a device.
 */
#ifndef HPDMA_EVENT_H
#define HPDMA_EVENT_H

#include <hpdma/device.h>
#include <hpdma/types.h>

HPDMA_BEGIN

/**
 * enum hpdma_event_type - kinds of interrupt
 * @HPDMA_EVENT_AUTO: MSI if the device has it, else INTx
 * @HPDMA_EVENT_INTX: INTx; masked when it fires, until hpdma_irq_unmask()
 * @HPDMA_EVENT_MSI: MSI
 *
 * Since: 0.1
 */
enum hpdma_event_type {
	HPDMA_EVENT_AUTO = 0,
	HPDMA_EVENT_INTX = 1,
	HPDMA_EVENT_MSI = 2,
};

/**
 * hpdma_irq_enable() - turn the interrupt of a device on, unmasked
 * @dev: The device
 * @type: Which one
 * @eventfd: An eventfd to which each interrupt adds 1, or -1; stays the caller's
 * @obtained: Receives the type that HPDMA_EVENT_AUTO chose; may be NULL
 * @error: Filled on failure; may be NULL
 *
 * Holds for all holders of the device. Called again with the same type it
 * changes the eventfd alone.
 *
 * Return: 0; -EOPNOTSUPP (HPDMA_WHY_NO_INTERRUPT); -EBUSY if another type is on;
 * -EBADF for a bad @eventfd; -EINVAL; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_enable(struct hpdma_device *dev,
			       enum hpdma_event_type type, int eventfd,
			       enum hpdma_event_type *obtained,
			       struct hpdma_error *error);

/**
 * hpdma_irq_disable() - turn the interrupt of a device off
 * @dev: The device
 *
 * Interrupts that fired before are delivered when this returns.
 *
 * Return: 0; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_disable(struct hpdma_device *dev);

/**
 * hpdma_irq_wait() - wait for an interrupt
 * @dev: The device
 * @timeout_ms: Milliseconds on the monotonic clock; 0 to look only, negative to
 *	wait without end
 * @count: Receives the number of interrupts since the device was bound, which
 *	wraps; may be NULL
 *
 * Returns at once if there was an interrupt since the last successful call for
 * this device. Several interrupts may end one wait: compare *@count with the one
 * before. Of several threads that wait at once, one gets each count.
 *
 * Return: 0; -ETIMEDOUT; -EINTR if a signal was handled (call again, for as long
 * as is wanted); -EIO if no interrupt is on; -ENODEV.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_wait(struct hpdma_device *dev, int timeout_ms,
			     uint32_t *count);

/**
 * hpdma_irq_unmask() - let the interrupt fire again
 * @dev: The device
 *
 * Needed for INTx after each interrupt; does no harm with MSI.
 *
 * Return: 0; -EIO if no interrupt is on; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_unmask(struct hpdma_device *dev);

/**
 * hpdma_irq_mask() - keep the interrupt from firing
 * @dev: The device
 *
 * Return: 0; -EIO if no interrupt is on; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_mask(struct hpdma_device *dev);

/**
 * hpdma_irq_fd() - the file descriptor behind hpdma_irq_wait()
 * @dev: The device
 *
 * For poll(2) and its like, where it is readable when hpdma_irq_wait(dev, 0, …)
 * would succeed. read(2) of 4 bytes gives the count, as on /dev/uioN; the
 * descriptor is non-blocking. It stays the library's.
 *
 * Return: The descriptor, valid until the last unref of @dev.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_fd(const struct hpdma_device *dev);

HPDMA_END

#endif /* HPDMA_EVENT_H */
