/* SPDX-License-Identifier: MIT */
/*
 * Addresses of pointers: a table that turns any pointer into buffers into the
 * address that a device uses for it, in two loads.
 */
#ifndef HPDMA_IOVA_H
#define HPDMA_IOVA_H

#include <hpdma/buf.h>
#include <hpdma/device.h>
#include <hpdma/types.h>

HPDMA_BEGIN

/* No address. */
#define HPDMA_IOVA_NONE UINT64_MAX

/*
 * The shape of the table, for the inline function below and nobody else: pointers
 * have 48 bits; a root has an entry for each 512 MiB of them.
 */
#define HPDMA_IOVA_POINTER_BITS 48
#define HPDMA_IOVA_REGION_BITS 29
#define HPDMA_IOVA_REGIONS \
	(1u << (HPDMA_IOVA_POINTER_BITS - HPDMA_IOVA_REGION_BITS))

/**
 * struct hpdma_iova - a table of addresses
 * @root: Where the granules of each region are, and of what size: the library's
 *
 * Made by hpdma_iova_create() alone, behind it lies more. It takes 4 MiB of address
 * space and of memory a few pages.
 *
 * Since: 0.1
 */
struct hpdma_iova {
	uintptr_t root[HPDMA_IOVA_REGIONS];
};

/**
 * hpdma_iova_create() - make a table of a device's addresses
 * @dev: The device, in any mode; held
 * @out: Receives the table, empty, with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_iova_create(struct hpdma_device *dev,
				struct hpdma_iova **out,
				struct hpdma_error *error);

/**
 * hpdma_iova_create_phys() - make a table of physical addresses
 * @ctx: A context that may see them (HPDMA_HAS_PHYS); held
 * @out: Receives the table, empty, with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * For devices that this library does not drive and no IOMMU translates.
 *
 * Return: 0; -EPERM (HPDMA_WHY_PHYS_RIGHT); -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_iova_create_phys(struct hpdma *ctx, struct hpdma_iova **out,
				     struct hpdma_error *error);

/**
 * hpdma_iova_add() - let a table know a buffer
 * @table: The table
 * @buf: A buffer of the same context that has a pointer; held
 * @error: Filled on failure; may be NULL
 *
 * Maps all of the buffer for the table's device. Afterwards each byte of it has an
 * address; after a failure none has.
 *
 * Return: 0; -EEXIST if some of its memory is in the table already; -EINVAL for a
 * buffer without a pointer; -ERANGE for a pointer of more than 48 bits; -EOPNOTSUPP
 * if its segments are not whole 4 KiB pages; what hpdma_dma_map() or, without a
 * device, hpdma_buf_segments() returns; -EPROTO if these told of other memory than
 * the buffer's; -ENOMEM.
 * Since: 0.1
 */
HPDMA_API int hpdma_iova_add(struct hpdma_iova *table, struct hpdma_buf *buf,
			     struct hpdma_error *error);

/**
 * hpdma_iova_remove() - let a table forget a buffer
 * @table: The table
 * @buf: The buffer
 *
 * Its memory has no address any more, and then the device's mapping is undone: tell
 * the device first to leave it alone. A look-up that runs meanwhile may still give
 * the address of before.
 *
 * Return: 0, or -ENOENT if the buffer is not in the table.
 * Since: 0.1
 */
HPDMA_API int hpdma_iova_remove(struct hpdma_iova *table,
				struct hpdma_buf *buf);

/**
 * hpdma_iova_of() - the address of a pointer
 * @table: The table
 * @ptr: Any pointer
 *
 * Two loads; no lock, no system call. Buffers may be added and removed meanwhile.
 *
 * Return: The address, of hpdma_iova_kind(); HPDMA_IOVA_NONE if the table does not
 * know the memory.
 * Since: 0.1
 */
HPDMA_API inline uint64_t hpdma_iova_of(const struct hpdma_iova *table,
					const void *ptr)
{
	const uint64_t va = (uintptr_t)ptr;
	const uint64_t *granules;
	uint64_t entry, inside;
	uintptr_t region;

	if (va >> HPDMA_IOVA_POINTER_BITS)
		return HPDMA_IOVA_NONE;
	/*
	 * Acquire, beside the release that put the granules there: what they held
	 * before is then to be seen, at least.
	 */
	region = __atomic_load_n(&table->root[va >> HPDMA_IOVA_REGION_BITS],
				 __ATOMIC_ACQUIRE);
	if (!region)
		return HPDMA_IOVA_NONE;
	/* 64 bytes apart at least; the low bits say how large a granule is. */
	granules = (const uint64_t *)(region & ~(uintptr_t)63);
	inside = va & ((1u << HPDMA_IOVA_REGION_BITS) - 1);
	/*
	 * Relaxed: an entry is all there is to know of its granule. Whoever got the
	 * pointer from the thread that added the buffer got its entry with it.
	 */
	entry = __atomic_load_n(&granules[inside >> (region & 63)],
				__ATOMIC_RELAXED);
	/* How far the address lies from the pointer, plus 1; 0 for none. */
	return entry ? va + (entry - 1) : HPDMA_IOVA_NONE;
}

/**
 * hpdma_iova_of_run() - the address of a pointer, and how far it goes
 * @table: The table
 * @ptr: Any pointer
 * @length: How many bytes from @ptr on to look at, at most (UINT64_MAX: all);
 *	receives how many of them are at consecutive addresses, 0 if there is no
 *	address
 *
 * No lock, no system call. Takes one load more for each granule that is looked at:
 * 2 MiB where pointers and addresses of the neighbourhood allow it, else less, down
 * to 4 KiB. The run may go on into another buffer.
 *
 * Return: What hpdma_iova_of() returns.
 * Since: 0.1
 */
HPDMA_API uint64_t hpdma_iova_of_run(const struct hpdma_iova *table,
				     const void *ptr, uint64_t *length);

/**
 * hpdma_iova_ptr() - the pointer that has an address
 * @table: The table
 * @addr: Any address
 *
 * Takes a lock and the logarithm of the number of segments. Where several pointers
 * have this address, it is one of them.
 *
 * Return: The pointer; NULL if the table knows none.
 * Since: 0.1
 */
HPDMA_API void *hpdma_iova_ptr(struct hpdma_iova *table, uint64_t addr);

/**
 * hpdma_iova_kind() - what the addresses of a table are
 * @table: The table
 *
 * Return: HPDMA_KIND_PHYS for a device in HPDMA_DEVICE_MODE_PHYS and without a
 * device, else HPDMA_KIND_IOVA.
 * Since: 0.1
 */
HPDMA_API enum hpdma_kind hpdma_iova_kind(const struct hpdma_iova *table);

/**
 * hpdma_iova_ref() - take a reference
 * @table: The table
 *
 * Return: @table.
 * Since: 0.1
 */
HPDMA_API struct hpdma_iova *hpdma_iova_ref(struct hpdma_iova *table);

/**
 * hpdma_iova_unref() - drop a reference
 * @table: The table, or NULL
 *
 * The last one removes all buffers, as hpdma_iova_remove() does.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_iova_unref(struct hpdma_iova *table);

HPDMA_END

#endif /* HPDMA_IOVA_H */
