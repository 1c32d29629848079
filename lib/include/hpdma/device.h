/* SPDX-License-Identifier: MIT */
/*
 * Devices: PCI functions bound to the hpdma driver, their registers, and the
 * buffers they reach. Interrupts are in event.h.
 */
#ifndef HPDMA_DEVICE_H
#define HPDMA_DEVICE_H

#include <hpdma/buf.h>
#include <hpdma/context.h>
#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma_device;
struct hpdma_dma;

#define HPDMA_DEVICE_BARS 6

/**
 * struct hpdma_device_opts - options of hpdma_device_open()
 * @size: sizeof(struct hpdma_device_opts)
 * @address_bits: How many address bits the device drives, 24 to 64; 0 for 64
 *
 * Since: 0.1
 */
struct hpdma_device_opts {
	uint32_t size;
	uint32_t address_bits;
};

/**
 * enum hpdma_device_state - bits of &hpdma_device_info.state
 * @HPDMA_DEVICE_TRANSLATED: An IOMMU translates the device's addresses
 * @HPDMA_DEVICE_IRQ_REMAPPED: The device cannot forge interrupts
 * @HPDMA_DEVICE_INTX: It has an INTx interrupt that can be masked
 * @HPDMA_DEVICE_ALONE: No other device shares its IOMMU translations
 *
 * Since: 0.1
 */
enum hpdma_device_state {
	HPDMA_DEVICE_TRANSLATED = 1 << 0,
	HPDMA_DEVICE_IRQ_REMAPPED = 1 << 1,
	HPDMA_DEVICE_INTX = 1 << 2,
	HPDMA_DEVICE_ALONE = 1 << 3,
};

/**
 * struct hpdma_device_info - what a device is
 * @size: sizeof(struct hpdma_device_info)
 * @state: Bits of &enum hpdma_device_state, as they were at hpdma_device_open()
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
 * @bar_length: Bytes of each BAR that hpdma_device_bar() can map, 0 for none
 *
 * Since: 0.1
 */
struct hpdma_device_info {
	uint32_t size;
	uint32_t state;
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
	uint64_t bar_length[HPDMA_DEVICE_BARS];
};

/**
 * hpdma_device_open() - open a device and turn its bus mastering on
 * @ctx: The context whose buffers the device is to reach
 * @name: "0000:00:04.0" or "00:04.0" (PCI address), "hpdma0", or a path such as
 *	"/dev/hpdma0"
 * @opts: Options, or NULL
 * @out: Receives the device with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -ENOENT if there is no such device; -ENODEV (HPDMA_WHY_NOT_BOUND)
 * if it is not bound to the hpdma driver; -EACCES or -EPERM
 * (HPDMA_WHY_NODE_RIGHT); -EBUSY (HPDMA_WHY_OTHER_HOLDER); -ERANGE
 * (HPDMA_WHY_ADDRESS); -EINVAL for a bad name or bad options; -E2BIG; -ENOMEM;
 * -EINTR; what open(2) returns.
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
 * it, the kernel then stops it: bus mastering off, interrupts off. Mappings
 * (&struct hpdma_dma) hold references.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_device_unref(struct hpdma_device *dev);

/**
 * hpdma_device_get_info() - what a device is
 * @dev: The device
 * @info: Filled; @info->size is set by the caller
 *
 * Makes no system call.
 *
 * Return: 0, or -EINVAL if @info->size is too small.
 * Since: 0.1
 */
HPDMA_API int hpdma_device_get_info(const struct hpdma_device *dev,
				    struct hpdma_device_info *info);

/**
 * hpdma_device_bar() - map the registers of a device
 * @dev: The device
 * @bar: Number of the BAR, 0 to 5
 * @ptr: Receives its address, uncached, valid until the last unref of @dev; the
 *	same one for each call
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

/**
 * hpdma_dma_map() - let a device read and write (part of) a buffer
 * @dev: The device
 * @buf: A buffer of the context that @dev was opened with
 * @offset: First byte; a multiple of the page size
 * @length: Bytes; a multiple of the page size; 0 means to the end
 * @out: Receives the mapping with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * The mapping holds the device and the buffer.
 *
 * Return: 0; -EPERM (HPDMA_WHY_PHYS_RIGHT), -ERANGE (HPDMA_WHY_ADDRESS),
 * -EOPNOTSUPP (HPDMA_WHY_BOUNCE), -ENOSPC (HPDMA_WHY_IDS); -EINVAL
 * (HPDMA_WHY_FOREIGN) for a buffer of another context or a received one;
 * -EINVAL, -EOVERFLOW for a bad range; -ENODEV; -ENOMEM; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_dma_map(struct hpdma_device *dev, struct hpdma_buf *buf,
			    uint64_t offset, uint64_t length,
			    struct hpdma_dma **out, struct hpdma_error *error);

/**
 * hpdma_dma_segments() - addresses of a mapping, for its device
 * @dma: The mapping
 * @segs: Receives the array, in the order of the memory; valid until the last
 *	unref of @dma
 * @kind: Receives the kind of all addresses
 *
 * Makes no system call. Behind a translating IOMMU there is one segment.
 *
 * Return: How many segments there are, at least 1.
 * Since: 0.1
 */
HPDMA_API size_t hpdma_dma_segments(const struct hpdma_dma *dma,
				    const struct hpdma_seg **segs,
				    enum hpdma_kind *kind);

/**
 * hpdma_dma_addr() - the address of a mapping that is one segment
 * @dma: The mapping
 * @addr: Receives the first address
 * @kind: Receives its kind
 *
 * Makes no system call.
 *
 * Return: 0, or -EMSGSIZE if there is more than one segment.
 * Since: 0.1
 */
HPDMA_API int hpdma_dma_addr(const struct hpdma_dma *dma, uint64_t *addr,
			     enum hpdma_kind *kind);

/**
 * hpdma_dma_addr_at() - the address of a byte of a mapping
 * @dma: The mapping
 * @offset: The byte, counted from the start of the mapping
 * @addr: Receives its address
 * @length: Receives how many bytes are at consecutive addresses from there; may
 *	be NULL
 * @kind: Receives the kind of the address
 *
 * Makes no system call. Takes the logarithm of the number of segments.
 *
 * Return: 0, or -ERANGE if @offset is beyond the end.
 * Since: 0.1
 */
HPDMA_API int hpdma_dma_addr_at(const struct hpdma_dma *dma, uint64_t offset,
				uint64_t *addr, uint64_t *length,
				enum hpdma_kind *kind);

/**
 * hpdma_dma_ref() - take a reference
 * @dma: The mapping
 *
 * Return: @dma.
 * Since: 0.1
 */
HPDMA_API struct hpdma_dma *hpdma_dma_ref(struct hpdma_dma *dma);

/**
 * hpdma_dma_unref() - drop a reference
 * @dma: The mapping, or NULL
 *
 * The last one unmaps the buffer for the device. The caller has told the device
 * to leave it alone: where no IOMMU translates, nothing else stops it.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_dma_unref(struct hpdma_dma *dma);

HPDMA_END

#endif /* HPDMA_DEVICE_H */
