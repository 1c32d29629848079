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
 * @HPDMA_EVENT_AUTO: The first of MSI-X, MSI and INTx that can be had
 * @HPDMA_EVENT_INTX: INTx; masked when it fires, until hpdma_irq_unmask()
 * @HPDMA_EVENT_MSI: MSI
 * @HPDMA_EVENT_MSIX: MSI-X
 *
 * Since: 0.1
 */
enum hpdma_event_type {
	HPDMA_EVENT_AUTO = 0,
	HPDMA_EVENT_INTX = 1,
	HPDMA_EVENT_MSI = 2,
	HPDMA_EVENT_MSIX = 3,
};

/**
 * hpdma_irq_enable() - turn the interrupt of a device on, unmasked
 * @dev: The device
 * @type: Which one; one vector of it
 * @eventfd: An eventfd to which each interrupt adds 1, or -1; stays the caller's
 * @obtained: Receives the type that HPDMA_EVENT_AUTO chose; may be NULL
 * @error: Filled on failure; may be NULL
 *
 * Holds for all holders of the device. Called again with the same type it
 * changes the eventfd alone.
 *
 * Return: What hpdma_irq_enable_vectors() returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_enable(struct hpdma_device *dev,
			       enum hpdma_event_type type, int eventfd,
			       enum hpdma_event_type *obtained,
			       struct hpdma_error *error);

/**
 * hpdma_irq_enable_vectors() - turn several vectors of a device on, unmasked
 * @dev: The device
 * @type: Which kind
 * @start: First vector
 * @count: How many, at least 1
 * @eventfds: @count eventfds, to each of which the interrupts of its vector add 1, or
 *	-1 for none; they stay the caller's. NULL for none at all
 * @obtained: Receives the type that HPDMA_EVENT_AUTO chose; may be NULL
 * @error: Filled on failure; may be NULL
 *
 * Enables vectors 0 to @start + @count - 1, for all holders of the device. While the
 * type is on, it changes the eventfds of these vectors and nothing else, also while
 * interrupts come; for more vectors turn the type off first.
 *
 * Return: 0; -EOPNOTSUPP (HPDMA_WHY_NO_INTERRUPT) for a type or a number of vectors
 * that the device does not have; -EBUSY if another type or fewer vectors are on, or
 * (HPDMA_WHY_SUSPENDED); -ENOMEM if the machine has not so many left; -EBADF for a
 * bad eventfd; -EINVAL; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_enable_vectors(struct hpdma_device *dev,
				       enum hpdma_event_type type,
				       uint32_t start, uint32_t count,
				       const int *eventfds,
				       enum hpdma_event_type *obtained,
				       struct hpdma_error *error);

/**
 * hpdma_irq_disable() - turn the interrupts of a device off
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
 * @count: Receives the number of interrupts of all vectors since the device was
 *	bound, which wraps; may be NULL
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
 * Needed for INTx after each interrupt; does no harm with the others. All vectors.
 *
 * Return: 0; -EIO if no interrupt is on; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_unmask(struct hpdma_device *dev);

/**
 * hpdma_irq_mask() - keep the interrupt from firing
 * @dev: The device
 *
 * All vectors.
 *
 * Return: 0; -EIO if no interrupt is on; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_mask(struct hpdma_device *dev);

/**
 * hpdma_irq_unmask_vectors() - let some vectors fire again
 * @dev: The device
 * @start: First vector
 * @count: How many
 *
 * One that fired meanwhile is delivered now, once.
 *
 * Return: 0; -EINVAL for vectors that are not on; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_unmask_vectors(struct hpdma_device *dev, uint32_t start,
				       uint32_t count);

/**
 * hpdma_irq_mask_vectors() - keep some vectors from firing
 * @dev: The device
 * @start: First vector
 * @count: How many
 *
 * Return: 0; -EINVAL for vectors that are not on; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_mask_vectors(struct hpdma_device *dev, uint32_t start,
				     uint32_t count);

/**
 * hpdma_irq_set_cpu() - have some vectors delivered to one CPU
 * @dev: The device
 * @start: First vector
 * @count: How many
 * @cpu: Number of the CPU, which the caller may run on; -1 to take the wish back
 *
 * irqbalance(1) is told by the kernel's affinity hint.
 *
 * Return: 0; -EINVAL for vectors that are not on or a CPU that is not there; -EPERM
 * for one that the caller may not run on; -EOPNOTSUPP for INTx; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_set_cpu(struct hpdma_device *dev, uint32_t start,
				uint32_t count, int cpu);

/**
 * hpdma_irq_counts() - how often each vector has fired
 * @dev: The device
 * @counts: Array to fill, from vector 0 on; NULL if @cap is 0
 * @cap: How many elements @counts has; at most as many are written
 * @count: Receives how many vectors are on
 *
 * Counted from when the vector was turned on; does not wrap.
 *
 * Return: 0; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_counts(struct hpdma_device *dev, uint64_t *counts,
			       size_t cap, size_t *count);

/**
 * hpdma_irq_fd() - the file descriptor behind hpdma_irq_wait()
 * @dev: The device
 *
 * For poll(2) and its like, where it is readable (POLLIN) when
 * hpdma_irq_wait(dev, 0, …) would succeed, and says POLLPRI when that would be
 * -EBUSY. read(2) of 4 bytes gives the count, as on /dev/uioN; the descriptor is
 * non-blocking. It stays the library's.
 *
 * Return: The descriptor, valid until the last unref of @dev.
 * Since: 0.1
 */
HPDMA_API int hpdma_irq_fd(const struct hpdma_device *dev);

HPDMA_END

#endif /* HPDMA_EVENT_H */
