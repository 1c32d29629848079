/* SPDX-License-Identifier: MIT */
/*
 * Mappings: what a device reaches of a buffer, and at which addresses.
 */
#ifndef HPDMA_DMA_H
#define HPDMA_DMA_H

#include <hpdma/buf.h>
#include <hpdma/device.h>
#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma_dma;

/**
 * hpdma_dma_map() - let a device read and write (part of) a buffer
 * @dev: The device
 * @buf: A buffer of the context that @dev was opened with
 * @offset: First byte; a multiple of the page size
 * @length: Bytes; a multiple of the page size; 0 means to the end
 * @out: Receives the mapping with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * The mapping holds the device and the buffer. In HPDMA_DEVICE_MODE_CALLER_IOVA
 * the device's addresses are the memory's virtual ones in this process;
 * hpdma_dma_map_with() takes others.
 *
 * Return: 0; -EPERM (HPDMA_WHY_PHYS_RIGHT); -ERANGE (HPDMA_WHY_ADDRESS,
 * _IOVA_RESERVED); -EBUSY (HPDMA_WHY_IOVA_USED); -EOPNOTSUPP (HPDMA_WHY_BOUNCE,
 * _EXPORTER, or _MODE for an import that this mode does not take); -ENOSPC
 * (HPDMA_WHY_IDS); -EINVAL (HPDMA_WHY_FOREIGN) for a buffer of another context or a
 * received one; -EINVAL (HPDMA_WHY_MODE) in HPDMA_DEVICE_MODE_CALLER_IOVA for a
 * buffer that is not mapped here; -EINVAL, -EOVERFLOW for a bad range; -ENODEV;
 * -ENOMEM; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_dma_map(struct hpdma_device *dev, struct hpdma_buf *buf,
			    uint64_t offset, uint64_t length,
			    struct hpdma_dma **out, struct hpdma_error *error);

/**
 * enum hpdma_dma_flags - bits of &hpdma_dma_opts.flags
 * @HPDMA_DMA_READ_ONLY: The device can read, not write; where an IOMMU translates
 * @HPDMA_DMA_AT: The first byte is to be at @iova, in
 *	HPDMA_DEVICE_MODE_CALLER_IOVA
 *
 * Since: 0.1
 */
enum hpdma_dma_flags {
	HPDMA_DMA_READ_ONLY = 1 << 0,
	HPDMA_DMA_AT = 1 << 1,
};

/**
 * struct hpdma_dma_opts - options of hpdma_dma_map_with()
 * @size: sizeof(struct hpdma_dma_opts)
 * @flags: Bits of &enum hpdma_dma_flags
 * @offset: First byte of the buffer; a multiple of the page size
 * @length: Bytes; a multiple of the page size; 0 means to the end
 * @iova: With HPDMA_DMA_AT the address, a multiple of the page size; otherwise
 *	must be 0
 *
 * Since: 0.1
 */
struct hpdma_dma_opts {
	uint32_t size;
	uint32_t flags;
	uint64_t offset;
	uint64_t length;
	uint64_t iova;
};

/**
 * hpdma_dma_map_with() - hpdma_dma_map() with options
 * @dev: The device
 * @buf: A buffer of the context that @dev was opened with
 * @opts: Options, or NULL: all of the buffer
 * @out: Receives the mapping with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Return: What hpdma_dma_map() returns; -EOPNOTSUPP (HPDMA_WHY_NO_IOMMU) for
 * HPDMA_DMA_READ_ONLY where nothing translates, (HPDMA_WHY_MODE) for HPDMA_DMA_AT in
 * another mode; -EINVAL, -E2BIG for bad options.
 * Since: 0.1
 */
HPDMA_API int hpdma_dma_map_with(struct hpdma_device *dev,
				 struct hpdma_buf *buf,
				 const struct hpdma_dma_opts *opts,
				 struct hpdma_dma **out,
				 struct hpdma_error *error);

/**
 * hpdma_dma_unmap_part() - unmap a part of a mapping
 * @dma: A mapping for a device in HPDMA_DEVICE_MODE_CALLER_IOVA
 * @offset: First byte, counted from the start of the mapping
 * @length: Bytes, not 0
 * @error: Filled on failure; may be NULL
 *
 * The device cannot reach the part when this returns, and its addresses can be used
 * again. A part begins and ends where pages of the IOMMU do (&struct
 * hpdma_device_usage.iommu_pages): memory that is contiguous and aligned like its
 * IOVAs is mapped in large ones. Parts that are unmapped already are passed over.
 * Offsets count as before. The buffer is held until the last unref.
 *
 * Arrays of hpdma_dma_segments() are void afterwards. Unlike all else, this must not
 * run at the same time as another call on @dma.
 *
 * Return: 0; -EOPNOTSUPP (HPDMA_WHY_MODE) in another mode; -EINVAL
 * (HPDMA_WHY_IOVA_PAGE); -EINVAL, -EOVERFLOW for a bad range; -ENODEV; -ENOMEM;
 * -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_dma_unmap_part(struct hpdma_dma *dma, uint64_t offset,
				   uint64_t length, struct hpdma_error *error);

/**
 * hpdma_dma_segments() - addresses of a mapping, for its device
 * @dma: The mapping
 * @segs: Receives the array, in the order of the memory; valid until the last
 *	unref of @dma
 * @kind: Receives the kind of all addresses
 *
 * Makes no system call. Behind a translating IOMMU there is one segment, unless the
 * buffer is an import or a part has been unmapped: then those are told that are left.
 *
 * Return: How many segments there are.
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
 * Return: 0, or -EMSGSIZE if there is not just one segment.
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
 * Return: 0, or -ERANGE if @offset is beyond the end or has been unmapped.
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

#endif /* HPDMA_DMA_H */
