/* SPDX-License-Identifier: MIT */
/*
 * Buffers: pinned memory. What devices do with it is in dma.h.
 *
 * Without the module (&enum hpdma_backend) a buffer is a file of shared memory:
 * mapped, shared and named alike, but not pinned, and without addresses. What
 * asks for more is refused: -EOPNOTSUPP (HPDMA_WHY_NO_MODULE).
 */
#ifndef HPDMA_BUF_H
#define HPDMA_BUF_H

#include <hpdma/context.h>
#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma_buf;
struct hpdma_device;

/**
 * enum hpdma_buf_backing - where the pages of a buffer come from
 * @HPDMA_BUF_BACKING_ANY: As an option: the best there is. As a result: not
 *	known (a buffer of hpdma_buf_map_fd())
 * @HPDMA_BUF_BACKING_CONTIG: One physically contiguous run, or, with
 *	HPDMA_BUF_SCATTER, several
 * @HPDMA_BUF_BACKING_HUGETLB: Huge pages
 * @HPDMA_BUF_BACKING_USER: Ordinary pages: registered memory of the user, or the
 *	library's own; only as a result
 * @HPDMA_BUF_BACKING_IMPORT: Memory of another driver; only as a result
 *
 * Since: 0.1
 */
enum hpdma_buf_backing {
	HPDMA_BUF_BACKING_ANY = 0,
	HPDMA_BUF_BACKING_CONTIG = 1,
	HPDMA_BUF_BACKING_HUGETLB = 2,
	HPDMA_BUF_BACKING_USER = 3,
	HPDMA_BUF_BACKING_IMPORT = 4,
};

/**
 * enum hpdma_buf_flags - bits of &hpdma_buf_opts.flags
 * @HPDMA_BUF_NODE: All memory from NUMA node @node, or fail
 * @HPDMA_BUF_NO_FALLBACK: With HPDMA_BUF_BACKING_ANY: the first choice, or fail
 * @HPDMA_BUF_NO_POPULATE: Let the first access to each page fault, instead of
 *	filling in the page tables now
 * @HPDMA_BUF_NO_MAP: Do not map the buffer into this process: hpdma_buf_ptr() is
 *	NULL. A 32-bit process needs this, and maps hpdma_buf_export()'s
 *	descriptor
 * @HPDMA_BUF_SCATTER: Contiguous memory in as few runs as can be had instead of
 *	one, each at least @min_segment long. Huge pages are so anyway
 * @HPDMA_BUF_MAP_WC: Mappings into processes are write-combining instead of
 *	cached
 * @HPDMA_BUF_NAMEABLE: The buffer is to get a name: memory that can have one, or
 *	fail. Where a name needs nothing this changes nothing
 *
 * Since: 0.1
 */
enum hpdma_buf_flags {
	HPDMA_BUF_NODE = 1 << 0,
	HPDMA_BUF_NO_FALLBACK = 1 << 1,
	HPDMA_BUF_NO_POPULATE = 1 << 2,
	HPDMA_BUF_NO_MAP = 1 << 3,
	HPDMA_BUF_SCATTER = 1 << 4,
	HPDMA_BUF_MAP_WC = 1 << 5,
	HPDMA_BUF_NAMEABLE = 1 << 6,
};

/**
 * struct hpdma_buf_opts - options of hpdma_buf_alloc()
 * @size: sizeof(struct hpdma_buf_opts)
 * @flags: Bits of &enum hpdma_buf_flags
 * @backing: &enum hpdma_buf_backing
 * @address_bits: All physical addresses are to be below 2^@address_bits, 24 to
 *	64, or fail; 0 for no wish. Where it is for a device, @device knows better
 * @page_size: Size of huge pages in bytes; 0 for 2 MiB, or the smallest size
 *	there is, or what HPDMA_BUF_BACKING_ANY chooses. Must be 0 for
 *	HPDMA_BUF_BACKING_CONTIG
 * @min_segment: Each segment is to be at least this many bytes, or fail; 0 for
 *	no wish
 * @alignment: The first physical address is to be a multiple of this power of
 *	two, or fail; 0 for no wish
 * @node: With HPDMA_BUF_NODE the NUMA node, otherwise must be 0
 * @reserved: Must be 0
 * @boundary: No segment is to cross a multiple of this power of two, or fail; 0
 *	for no wish. Not below @min_segment, nor, without HPDMA_BUF_SCATTER,
 *	below the length
 * @device: All of it is to be memory that this device reaches, with the address
 *	bits it was opened with and whatever the platform takes off them, or
 *	fail; NULL for no wish
 *
 * Since: 0.1
 */
struct hpdma_buf_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t backing;
	uint32_t address_bits;
	uint64_t page_size;
	uint64_t min_segment;
	uint64_t alignment;
	uint32_t node;
	uint32_t reserved;
	uint64_t boundary;
	struct hpdma_device *device;
};

/**
 * struct hpdma_register_opts - options of hpdma_buf_register()
 * @size: sizeof(struct hpdma_register_opts)
 * @flags: Must be 0
 *
 * Since: 0.1
 */
struct hpdma_register_opts {
	uint32_t size;
	uint32_t flags;
};

/**
 * enum hpdma_buf_is - bits of &hpdma_buf_info.state
 * @HPDMA_BUF_IS_WC: Mapped write-combining
 * @HPDMA_BUF_IS_RESERVE: Some of the memory is of the module's reserve
 * @HPDMA_BUF_IS_NAMED: It has a name
 * @HPDMA_BUF_IS_PERSISTENT: Its name holds it
 * @HPDMA_BUF_IS_QUARANTINED: A device that could not be stopped might still reach
 *	it: it is never freed
 *
 * Since: 0.1
 */
enum hpdma_buf_is {
	HPDMA_BUF_IS_WC = 1 << 0,
	HPDMA_BUF_IS_RESERVE = 1 << 1,
	HPDMA_BUF_IS_NAMED = 1 << 2,
	HPDMA_BUF_IS_PERSISTENT = 1 << 3,
	HPDMA_BUF_IS_QUARANTINED = 1 << 4,
};

/**
 * struct hpdma_buf_info - what was obtained
 * @size: sizeof(struct hpdma_buf_info)
 * @backing: &enum hpdma_buf_backing
 * @node: NUMA node, or -1 if the memory lies on several or this is not known.
 *	Without the module it is known of what was allocated with HPDMA_BUF_NODE
 * @fallback: 0 if HPDMA_BUF_BACKING_ANY got its first choice, 1 for the second,
 *	and so on: the rungs of hpdma_buf_alloc()
 * @length: Bytes
 * @page_size: Size of the memory's pages in bytes; 0 if this is not known
 * @segments: Number of physically contiguous runs; 0 if this is not known
 * @state: Bits of &enum hpdma_buf_is
 * @serial: Number of the buffer, the same in every process and never used
 *	twice; 0 if this is not known
 * @map_size: Bytes that one page-table entry of a mapping covers, at most; 0 if
 *	the buffer cannot be mapped or this is not known
 *
 * Since: 0.1
 */
struct hpdma_buf_info {
	uint32_t size;
	uint32_t backing;
	int32_t node;
	uint32_t fallback;
	uint64_t length;
	uint64_t page_size;
	uint32_t segments;
	uint32_t state;
	uint64_t serial;
	uint64_t map_size;
};

/**
 * hpdma_buf_alloc() - allocate a buffer
 * @ctx: The context
 * @length: Bytes, rounded up to the page size of the backing: see hpdma_buf_len()
 * @opts: Options, or NULL
 * @out: Receives the buffer with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * The memory is zero, pinned, and mapped shared, readable and writable.
 *
 * HPDMA_BUF_BACKING_ANY goes down a ladder, leaving out what cannot fulfil a wish:
 *
 * 1. Huge pages of 1 GiB, if rounding up to them adds at most a quarter to
 *    @length and as many are free.
 * 2. Huge pages of 2 MiB (or @page_size), if rounding up to them adds at most a
 *    quarter; else they come behind the next rung.
 * 3. Contiguous memory; without the module ordinary pages, and that is the last.
 * 4. Ordinary pages, pinned one by one, if @device is behind an IOMMU that makes
 *    one range of them and no physical address, boundary or caching was wished
 *    for. They are HPDMA_BUF_BACKING_USER, and cannot be exported or named.
 *
 * If a rung has no memory of the kind asked for (-ENOMEM, -EOPNOTSUPP), the next
 * one is tried; if all fail likewise, the first failure is the one reported.
 * HPDMA_BUF_NO_FALLBACK stops after the first rung that is not left out.
 * hpdma_buf_get_info() tells which one it was, and what was obtained.
 *
 * For huge pages of a certain node the memory policy of the calling thread is
 * changed during the call and then restored. A signal handler that runs
 * meanwhile sees the changed policy.
 *
 * Return: 0; -ENOMEM, -ENOSPC, -EOPNOTSUPP, all with a reason; -EINVAL, -E2BIG
 * for bad options or a node that does not exist; -EOVERFLOW if @length cannot be rounded up; -EPERM with
 * HPDMA_WHY_POLICY if the memory policy may not be changed; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_alloc(struct hpdma *ctx, uint64_t length,
			      const struct hpdma_buf_opts *opts,
			      struct hpdma_buf **out,
			      struct hpdma_error *error);

/**
 * hpdma_buf_map_at() - map a buffer at a certain address
 * @buf: A buffer that has no address: HPDMA_BUF_NO_MAP
 * @place: The address: a multiple of the size of its pages
 * @flags: 0 or HPDMA_BUF_NO_POPULATE
 * @error: Filled on failure; may be NULL
 *
 * For processes that are to see a buffer at the same address. Nothing that is
 * mapped already is replaced. Afterwards hpdma_buf_ptr() is @place. Must not run
 * at the same time as other calls on the buffer.
 *
 * Return: 0; -EEXIST if something else is mapped there; -EBUSY if the buffer has an
 * address; -EINVAL for an address that does not suit or unknown flags;
 * -EOPNOTSUPP if it cannot be mapped; what mmap(2) returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_map_at(struct hpdma_buf *buf, void *place,
			       uint32_t flags, struct hpdma_error *error);

/**
 * hpdma_buf_register() - pin memory of the caller
 * @ctx: The context
 * @ptr: The memory; a multiple of the page size
 * @length: Bytes; a multiple of the page size
 * @opts: Options, or NULL
 * @out: Receives the buffer with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * The memory stays the caller's, who must keep it mapped and unchanged as long
 * as he uses it with a device. It cannot be exported. Without HPDMA_HAS_PIN
 * nothing is pinned, nor looked at: the buffer only stands for the memory.
 *
 * Return: 0; -EFAULT (HPDMA_WHY_PINNING), -ENOSPC (HPDMA_WHY_MEMLOCK, _IDS);
 * -EINVAL, -E2BIG; -ENOMEM; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_register(struct hpdma *ctx, void *ptr, uint64_t length,
				 const struct hpdma_register_opts *opts,
				 struct hpdma_buf **out,
				 struct hpdma_error *error);

/**
 * hpdma_buf_register_fd() - pin memory of a file
 * @ctx: The context
 * @fd: A memfd, or a file of tmpfs or hugetlbfs, open for reading and writing;
 *	stays the caller's, who may close it afterwards
 * @offset: First byte; a multiple of the page size
 * @length: Bytes inside the file; a multiple of the page size
 * @opts: Options, or NULL
 * @out: Receives the buffer with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * As hpdma_buf_register(), but without an address: hpdma_buf_ptr() is NULL. A
 * file that can be sealed must be sealed against shrinking.
 *
 * Return: 0; -EPERM (HPDMA_WHY_SEALS), -EOPNOTSUPP (HPDMA_WHY_FILE), -EACCES,
 * -EBADF, -EOVERFLOW; what hpdma_buf_register() returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_register_fd(struct hpdma *ctx, int fd, uint64_t offset,
				    uint64_t length,
				    const struct hpdma_register_opts *opts,
				    struct hpdma_buf **out,
				    struct hpdma_error *error);

/**
 * hpdma_buf_map_fd() - map a buffer that another process exported
 * @ctx: A context, or NULL: the receiver of a descriptor needs no /dev/hpdma
 * @fd: The descriptor of hpdma_buf_export(); stays the caller's, who may close it
 *	afterwards
 * @flags: 0 or HPDMA_BUF_NO_POPULATE
 * @out: Receives the buffer with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * Maps all of it, shared, readable and writable, at an address aligned for huge
 * pages. The buffer gives memory to the CPU only: it cannot be mapped for a
 * device or exported through this object. hpdma_buf_import() gives one that can.
 *
 * Return: 0; -EINVAL for unknown flags or an empty file; -EBADF; -ENOMEM; what
 * mmap(2) returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_map_fd(struct hpdma *ctx, int fd, uint32_t flags,
			       struct hpdma_buf **out,
			       struct hpdma_error *error);

/**
 * hpdma_buf_export() - make a file descriptor of a buffer
 * @buf: The buffer
 * @fd: Receives a dma-buf, or without the module a file of memory; close-on-exec,
 *	the caller's to close
 * @error: Filled on failure; may be NULL
 *
 * The descriptor can be passed to another process, which maps it with
 * hpdma_buf_map_fd(). It holds the memory for itself; without the module also a
 * name of the buffer, and so do mappings of it.
 *
 * Return: 0; -EOPNOTSUPP for a registered or a received buffer; -EMFILE; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_export(struct hpdma_buf *buf, int *fd,
			       struct hpdma_error *error);

/**
 * hpdma_buf_segments() - physical addresses of a buffer
 * @buf: The buffer
 * @segs: Array to fill, in the order of the memory; NULL if @cap is 0
 * @cap: How many elements @segs has
 * @count: Receives how many there are, also with -EMSGSIZE
 * @kind: Receives the kind of all addresses
 * @error: Filled on failure; may be NULL
 *
 * Devices need the addresses of their mappings (hpdma_dma_segments()), which may
 * be others.
 *
 * Return: 0; -EMSGSIZE if @cap is too small, then only *@count is written;
 * -EPERM (HPDMA_WHY_PHYS_RIGHT); -EOPNOTSUPP for a received buffer, one of
 * another driver, or (HPDMA_WHY_NO_MODULE) without the module; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_segments(struct hpdma_buf *buf, struct hpdma_seg *segs,
				 size_t cap, size_t *count,
				 enum hpdma_kind *kind,
				 struct hpdma_error *error);

/**
 * enum hpdma_sync_dir - who is to see what the other wrote
 * @HPDMA_SYNC_TO_DEVICE: The device sees what the CPU wrote before
 * @HPDMA_SYNC_TO_CPU: The CPU sees what the device wrote before
 *
 * Since: 0.1
 */
enum hpdma_sync_dir {
	HPDMA_SYNC_TO_DEVICE = 1,
	HPDMA_SYNC_TO_CPU = 2,
};

/**
 * hpdma_buf_sync() - maintain caches for devices that do not see them
 * @buf: The buffer
 * @offset: First byte
 * @length: Bytes; 0: to the end
 * @direction: Who is to see what
 *
 * For every device for which the buffer is mapped. Of devices that see the CPU's
 * caches, all on x86, this is allowed and does nothing.
 *
 * Return: 0; -EINVAL, -EOVERFLOW for a range that does not lie inside;
 * -EOPNOTSUPP for a received buffer; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_sync(struct hpdma_buf *buf, uint64_t offset,
			     uint64_t length, enum hpdma_sync_dir direction);

/**
 * hpdma_buf_get_info() - what was obtained
 * @buf: The buffer
 * @info: Filled; @info->size is set by the caller
 *
 * Return: 0; -EINVAL if @info->size is too small; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_buf_get_info(struct hpdma_buf *buf,
				 struct hpdma_buf_info *info);

/**
 * hpdma_buf_ptr() - the memory of a buffer
 * @buf: The buffer
 *
 * Return: Its address in this process, valid until the last unref; NULL with
 * HPDMA_BUF_NO_MAP.
 * Since: 0.1
 */
HPDMA_API void *hpdma_buf_ptr(const struct hpdma_buf *buf);

/**
 * hpdma_buf_len() - the length of a buffer
 * @buf: The buffer
 *
 * Return: Bytes; not less than asked for.
 * Since: 0.1
 */
HPDMA_API uint64_t hpdma_buf_len(const struct hpdma_buf *buf);

/**
 * hpdma_buf_ref() - take a reference
 * @buf: The buffer
 *
 * Return: @buf.
 * Since: 0.1
 */
HPDMA_API struct hpdma_buf *hpdma_buf_ref(struct hpdma_buf *buf);

/**
 * hpdma_buf_unref() - drop a reference
 * @buf: The buffer, or NULL
 *
 * The last one unmaps the memory and gives it back, unless an exported
 * descriptor holds it. Device mappings hold references.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_buf_unref(struct hpdma_buf *buf);

HPDMA_END

#endif /* HPDMA_BUF_H */
