/* SPDX-License-Identifier: MIT */
/*
 * Devices: PCI functions bound to the hpdma driver, and their registers. What
 * they reach is in dma.h, their interrupts are in event.h.
 */
#ifndef HPDMA_DEVICE_H
#define HPDMA_DEVICE_H

#include <hpdma/context.h>
#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma_device;

#define HPDMA_DEVICE_BARS 6

/**
 * enum hpdma_device_mode - how a device addresses memory
 * @HPDMA_DEVICE_MODE_AUTO: As an option: KERNEL_IOVA behind a translating IOMMU,
 *	else PHYS. Never a result
 * @HPDMA_DEVICE_MODE_KERNEL_IOVA: The kernel chooses the addresses, one range for
 *	each mapping
 * @HPDMA_DEVICE_MODE_CALLER_IOVA: The caller chooses them, for example the
 *	memory's virtual addresses; for a device alone in its IOMMU group
 * @HPDMA_DEVICE_MODE_PHYS: Physical addresses, where no IOMMU translates
 *
 * Since: 0.1
 */
enum hpdma_device_mode {
	HPDMA_DEVICE_MODE_AUTO = 0,
	HPDMA_DEVICE_MODE_KERNEL_IOVA = 1,
	HPDMA_DEVICE_MODE_CALLER_IOVA = 2,
	HPDMA_DEVICE_MODE_PHYS = 3,
};

/**
 * enum hpdma_device_reset_policy - what is done when the last holder has left
 * @HPDMA_DEVICE_RESET_TRY: The device is stopped, and reset if it can be: the next
 *	holder does not get what this one had told it to do. The default
 * @HPDMA_DEVICE_RESET_NONE: It is stopped, no more. Quick: a reset takes up to a
 *	tenth of a second
 * @HPDMA_DEVICE_RESET_REQUIRE: As TRY, but a device that cannot be reset is not
 *	opened, and if its reset fails it counts as not stopped
 *
 * Of several holders' policies the strictest counts.
 *
 * Since: 0.1
 */
enum hpdma_device_reset_policy {
	HPDMA_DEVICE_RESET_TRY = 0,
	HPDMA_DEVICE_RESET_NONE = 1,
	HPDMA_DEVICE_RESET_REQUIRE = 2,
};

/**
 * struct hpdma_device_opts - options of hpdma_device_open()
 * @size: sizeof(struct hpdma_device_opts)
 * @address_bits: How many address bits the device drives, 24 to 64; 0 for 64
 * @mode: &enum hpdma_device_mode
 * @reset: &enum hpdma_device_reset_policy
 *
 * Since: 0.1
 */
struct hpdma_device_opts {
	uint32_t size;
	uint32_t address_bits;
	uint32_t mode;
	uint32_t reset;
};

/**
 * enum hpdma_device_state - bits of @state in &struct hpdma_device_info and
 *	&struct hpdma_device_usage
 * @HPDMA_DEVICE_TRANSLATED: An IOMMU translates the device's addresses
 * @HPDMA_DEVICE_IRQ_REMAPPED: The device cannot forge interrupts
 * @HPDMA_DEVICE_INTX: It has an INTx interrupt that can be masked
 * @HPDMA_DEVICE_ALONE: No other device shares its IOMMU translations
 * @HPDMA_DEVICE_SUSPENDED: Bus mastering is off since the machine was suspended,
 *	until hpdma_device_resume()
 * @HPDMA_DEVICE_STUCK: It could not be stopped; what it reached is in quarantine
 *
 * Since: 0.1
 */
enum hpdma_device_state {
	HPDMA_DEVICE_TRANSLATED = 1 << 0,
	HPDMA_DEVICE_IRQ_REMAPPED = 1 << 1,
	HPDMA_DEVICE_INTX = 1 << 2,
	HPDMA_DEVICE_ALONE = 1 << 3,
	HPDMA_DEVICE_SUSPENDED = 1 << 4,
	HPDMA_DEVICE_STUCK = 1 << 5,
};

/**
 * enum hpdma_device_can - bits of &hpdma_device_info.resets
 * @HPDMA_DEVICE_CAN_RESET: The function can be reset alone, in some way
 * @HPDMA_DEVICE_CAN_FLR: It has a function level reset
 *
 * Since: 0.1
 */
enum hpdma_device_can {
	HPDMA_DEVICE_CAN_RESET = 1 << 0,
	HPDMA_DEVICE_CAN_FLR = 1 << 1,
};

/**
 * enum hpdma_device_bar_flags - bits of &hpdma_device_info.bar_flags
 * @HPDMA_DEVICE_BAR_MEMORY: A memory BAR
 * @HPDMA_DEVICE_BAR_IO: An I/O port BAR; these cannot be mapped
 * @HPDMA_DEVICE_BAR_PREFETCH: Prefetchable: mapped write-combining
 * @HPDMA_DEVICE_BAR_64: A 64-bit BAR; it takes the place of the next one, too
 *
 * Since: 0.1
 */
enum hpdma_device_bar_flags {
	HPDMA_DEVICE_BAR_MEMORY = 1 << 0,
	HPDMA_DEVICE_BAR_IO = 1 << 1,
	HPDMA_DEVICE_BAR_PREFETCH = 1 << 2,
	HPDMA_DEVICE_BAR_64 = 1 << 3,
};

/**
 * struct hpdma_device_info - what a device is
 * @size: sizeof(struct hpdma_device_info)
 * @state: Bits of &enum hpdma_device_state, as they were at hpdma_device_open()
 * @mode: &enum hpdma_device_mode that was obtained
 * @address_bits: How many address bits it was opened with
 * @node: NUMA node, or -1
 * @domain: PCI domain
 * @bus: PCI bus
 * @slot: PCI device number
 * @function: PCI function
 * @vendor: PCI vendor id
 * @device: PCI device id
 * @subvendor: PCI subsystem vendor id
 * @subdevice: PCI subsystem device id
 * @class_code: PCI class, subclass and programming interface
 * @revision: PCI revision
 * @msi_vectors: MSI vectors it has
 * @msix_vectors: MSI-X vectors it has
 * @resets: Bits of &enum hpdma_device_can
 * @iommu_group: Number of its IOMMU group, or -1
 * @bar_flags: Bits of &enum hpdma_device_bar_flags for each BAR; 0 if it is not
 *	there
 * @reserved: 0
 * @bar_length: Bytes of each BAR that hpdma_device_bar() can map, 0 for none
 *
 * Since: 0.1
 */
struct hpdma_device_info {
	uint32_t size;
	uint32_t state;
	uint32_t mode;
	uint32_t address_bits;
	int32_t node;
	uint32_t domain;
	uint32_t bus;
	uint32_t slot;
	uint32_t function;
	uint32_t vendor;
	uint32_t device;
	uint32_t subvendor;
	uint32_t subdevice;
	uint32_t class_code;
	uint32_t revision;
	uint32_t msi_vectors;
	uint32_t msix_vectors;
	uint32_t resets;
	int32_t iommu_group;
	uint32_t bar_flags[HPDMA_DEVICE_BARS];
	uint32_t reserved;
	uint64_t bar_length[HPDMA_DEVICE_BARS];
};

/**
 * hpdma_device_open() - open a device and turn its bus mastering on
 * @ctx: The context whose buffers the device is to reach
 * @name: "0000:00:04.0" or "00:04.0" (PCI address), "hpdma0", or a path such as
 *	"/dev/hpdma0" or "/dev/hpdma-by-path/0000:00:04.0"
 * @opts: Options, or NULL
 * @out: Receives the device with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * The first holder of a device fixes its address bits and its mode until the last
 * one has gone; others must ask for the same.
 *
 * Return: 0; -ENOENT if there is no such device; -ENODEV (HPDMA_WHY_NOT_BOUND)
 * if it is not bound to the hpdma driver; -EACCES or -EPERM
 * (HPDMA_WHY_NODE_RIGHT); -EBUSY (HPDMA_WHY_OTHER_HOLDER, _STUCK, _SUSPENDED);
 * -ERANGE (HPDMA_WHY_ADDRESS); -EOPNOTSUPP (HPDMA_WHY_NO_IOMMU, _GROUP, _MODE,
 * _NO_RESET, and _NO_MODULE without the module); -EINVAL for a bad name or bad options; -E2BIG; -ENOMEM; -EINTR; what
 * open(2) returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_device_open(struct hpdma *ctx, const char *name,
				const struct hpdma_device_opts *opts,
				struct hpdma_device **out,
				struct hpdma_error *error);

/**
 * hpdma_device_ref() - take a reference
 * @dev: The device
 *
 * Return: @dev.
 * Since: 0.1
 */
HPDMA_API struct hpdma_device *hpdma_device_ref(struct hpdma_device *dev);

/**
 * hpdma_device_unref() - drop a reference
 * @dev: The device, or NULL
 *
 * The last one unmaps the BARs and closes the device. If no other process holds
 * it, the kernel then stops it: bus mastering off, interrupts off, a reset as
 * &enum hpdma_device_reset_policy says. Mappings (&struct hpdma_dma) hold
 * references.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_device_unref(struct hpdma_device *dev);

/**
 * hpdma_device_get_info() - what a device is
 * @dev: The device
 * @info: Filled; @info->size is set by the caller
 *
 * Makes no system call: this does not change while the device is open. What does
 * is in &struct hpdma_device_usage.
 *
 * Return: 0, or -EINVAL if @info->size is too small.
 * Since: 0.1
 */
HPDMA_API int hpdma_device_get_info(const struct hpdma_device *dev,
				    struct hpdma_device_info *info);

/**
 * struct hpdma_device_usage - how a device is used now, by all its holders
 * @size: sizeof(struct hpdma_device_usage)
 * @state: Bits of &enum hpdma_device_state
 * @irq_type: &enum hpdma_event_type that is on, HPDMA_EVENT_AUTO for none
 * @irq_vectors: How many vectors of it
 * @resumes: How often the machine woke up with the device open; wraps
 * @reserved: 0
 * @iommu_pages: Sizes of the IOMMU's pages in bytes, ORed, in
 *	HPDMA_DEVICE_MODE_CALLER_IOVA; else 0
 * @quarantined: Bytes of memory that are in quarantine because of the device
 *
 * Since: 0.1
 */
struct hpdma_device_usage {
	uint32_t size;
	uint32_t state;
	uint32_t irq_type;
	uint32_t irq_vectors;
	uint32_t resumes;
	uint32_t reserved;
	uint64_t iommu_pages;
	uint64_t quarantined;
};

/**
 * hpdma_device_get_usage() - how a device is used now
 * @dev: The device
 * @usage: Filled; @usage->size is set by the caller
 *
 * Return: 0; -EINVAL if @usage->size is too small; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_device_get_usage(const struct hpdma_device *dev,
				     struct hpdma_device_usage *usage);

/**
 * hpdma_device_reset() - reset a device now
 * @dev: The device
 * @error: Filled on failure; may be NULL
 *
 * Stops the device, turns its interrupts off and resets it. Its configuration space
 * is then as before, bus mastering is on, and its mappings are as they were. For the
 * only process that has it open. Takes up to seconds; threads that touch a BAR
 * meanwhile wait.
 *
 * Return: 0; -EBUSY (HPDMA_WHY_OTHER_HOLDER); -EOPNOTSUPP (HPDMA_WHY_NO_RESET);
 * -EIO if it did not come back: then bus mastering and interrupts are off; -ENODEV;
 * -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_device_reset(struct hpdma_device *dev,
				 struct hpdma_error *error);

/**
 * hpdma_device_resume() - go on after the machine was suspended
 * @dev: The device, which the caller has set up again
 * @error: Filled on failure; may be NULL
 *
 * Turns bus mastering on; interrupts are off, as after hpdma_device_open(). Does
 * nothing if the machine was not suspended. What tells of it: hpdma_irq_wait().
 *
 * Return: 0; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_device_resume(struct hpdma_device *dev,
				  struct hpdma_error *error);

/**
 * enum hpdma_device_region_kind - what a range of IOVAs is
 * @HPDMA_DEVICE_REGION_USABLE: Buffers can be mapped there
 * @HPDMA_DEVICE_REGION_RESERVED: The platform uses it; mapping there is refused
 *
 * Since: 0.1
 */
enum hpdma_device_region_kind {
	HPDMA_DEVICE_REGION_USABLE = 0,
	HPDMA_DEVICE_REGION_RESERVED = 1,
};

/**
 * struct hpdma_device_region - a range of IOVAs
 * @first: First address
 * @last: Last address
 * @kind: &enum hpdma_device_region_kind
 * @reserved: 0
 *
 * Never grows.
 *
 * Since: 0.1
 */
struct hpdma_device_region {
	uint64_t first;
	uint64_t last;
	uint32_t kind;
	uint32_t reserved;
};

/**
 * hpdma_device_regions() - the IOVAs that a caller can choose from
 * @dev: A device in HPDMA_DEVICE_MODE_CALLER_IOVA
 * @regions: Array to fill, ascending; NULL if @cap is 0
 * @cap: How many elements @regions has; at most as many are written
 * @count: Receives how many there are
 * @error: Filled on failure; may be NULL
 *
 * What no region covers is beyond the IOMMU or the device's address bits.
 *
 * Return: 0; -EOPNOTSUPP (HPDMA_WHY_MODE) in another mode; -ENODEV; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_device_regions(struct hpdma_device *dev,
				   struct hpdma_device_region *regions,
				   size_t cap, size_t *count,
				   struct hpdma_error *error);

/**
 * hpdma_device_bar() - map the registers of a device
 * @dev: The device
 * @bar: Number of the BAR, 0 to 5
 * @ptr: Receives its address, valid until the last unref of @dev; the same one for
 *	each call. Uncached, or write-combining if the BAR is prefetchable
 * @length: Receives its length in bytes; may be NULL
 *
 * Accesses to a device that is gone raise SIGBUS or read as all ones.
 *
 * Return: 0; -EINVAL for a bad number; -ENOENT if the device has no memory BAR
 * of this number; -ENODEV; what mmap(2) returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_device_bar(struct hpdma_device *dev, unsigned int bar,
			       volatile void **ptr, uint64_t *length);

HPDMA_END

#endif /* HPDMA_DEVICE_H */
