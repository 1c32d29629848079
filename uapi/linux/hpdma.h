/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR MIT */
/*
 * hpdma - pinned DMA memory for user-space drivers
 *
 * The contract between hpdma.ko and its users. Needs nothing but
 * <linux/types.h> and <linux/ioctl.h>.
 */
#ifndef _UAPI_LINUX_HPDMA_H
#define _UAPI_LINUX_HPDMA_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: Two kinds of file
 *
 * ``/dev/hpdma`` hands out **buffers**: pinned memory whose frames never change
 * while the buffer lives. A buffer is named by an id, valid in the open file
 * that made it and nowhere else. ids, memory mappings, exported file
 * descriptors and device mappings each hold the buffer; its pages go back with
 * the last of them, so freeing an id that is still mapped somewhere is always
 * allowed and always safe. Memory is zero when handed out.
 *
 * ``/dev/hpdmaN`` is one PCI function bound to the hpdma driver. A file of it is
 * attached to one ``/dev/hpdma`` file, whose ids it then understands, and maps
 * buffers for the device. When the last file of a device is closed, also by
 * the death of its process, the device is quiesced first: bus mastering off,
 * pending transactions awaited, interrupts off, reset as its holders asked for
 * (see &enum hpdma_reset). Only then is memory unmapped, unpinned and freed. What
 * a device that cannot be stopped might still reach is never freed: it is
 * quarantined, counted and shown.
 *
 * An address is never returned without its **kind**: see &enum
 * hpdma_addr_kind. A physical address is root-equivalent information: it is
 * returned only to a file whose opener held CAP_SYS_RAWIO or was a member of the
 * group given by the module parameter ``phys_gid``.
 *
 * ``/dev/hpdma`` is opened for reading and writing (EACCES otherwise).
 * mmap() on it takes the cookie in @out_mmap_offset of the buffer;
 * mmap() on the file descriptor of HPDMA_IOC_BUF_EXPORT takes a byte offset
 * into the buffer. Only MAP_SHARED, no PROT_EXEC. A mapping may cover any
 * page-aligned part of a buffer (huge-page-aligned for hugetlb buffers) but
 * cannot grow. A cookie needs 64-bit file offsets: a 32-bit process maps the
 * exported descriptor instead. mmap() on ``/dev/hpdmaN`` maps BAR i at offset i *
 * page size: uncached, or write-combining where the BAR is prefetchable.
 *
 * read(), poll() and write() on ``/dev/hpdmaN`` are those of /dev/uioN: read()
 * blocks until the 32-bit count of interrupts, of all vectors together, differs
 * from the one this file last read and returns it in a __s32 (EIO if
 * HPDMA_IOC_IRQ_SET has not enabled an interrupt); write() of a __s32 1 unmasks
 * and 0 masks the interrupt, all its vectors. INTx is masked when it fires, until
 * 1 is written; MSI and MSI-X are not.
 *
 * A program written for /dev/uioN works with the path of a device that nobody has
 * attached: there the first read(), poll() or write() enables INTx, if no interrupt
 * is enabled and the device has it (EIO if not).
 */

/**
 * DOC: Suspend
 *
 * When the machine is suspended every device is quiesced, without a reset:
 * bus mastering and interrupts go off, those who wait in read() get EIO. What is
 * mapped stays mapped. After it has woken up a device that was attached says
 * HPDMA_DEV_SUSPENDED, and poll() on its files says POLLPRI, until a holder has
 * set the device up again and turns bus mastering on with
 * HPDMA_IOC_DEV_RESUME. Interrupts are then enabled as at the beginning.
 */

/**
 * DOC: Format of an ioctl
 *
 * Every struct starts with @size, which the caller sets to the sizeof() it was
 * compiled with, and @flags, of which unknown bits are refused. A newer
 * caller on an older module is accepted as long as what the module does not
 * know is zero; an older caller on a newer module gets the behaviour of its own
 * version. Outputs are named @out_*; their value on entry is ignored.
 * @__reserved must be 0. Numbers never change when a struct grows.
 *
 * A call that fails changes nothing and writes nothing, except @out_reason,
 * which says more than errno can (see &enum hpdma_reason), and @out_count
 * beside EMSGSIZE or EFAULT. Except where a call says otherwise, all calls may be made
 * from any thread at any time, with 64-bit or 32-bit pointers.
 *
 * What an errno means, everywhere:
 *
 * ========== ==================================================================
 * ENOTTY     no such command on this kind of file
 * EINVAL     a bad value, or @size is smaller than the first version's
 * E2BIG      a field this module does not know is not zero
 * EOPNOTSUPP an unknown flag, or something known that cannot be had here
 * ENOENT     no such id, or no such name that the caller may see
 * EEXIST     the name is in use
 * EOVERFLOW  offset and length do not fit 64 bits
 * ERANGE     the memory lies beyond what the device or the caller can address
 * ENOSPC     a limit is used up: @out_reason says which
 * ENOMEM     no such memory now: @out_reason says which, or is
 *            HPDMA_REASON_NONE: the kernel has none for itself
 * EPERM      the caller or the opener lacks a right
 * EACCES     the administrator has not allowed it
 * ENODEV     the device is gone
 * EBUSY      in use
 * EMSGSIZE   the array is too small; @out_count says how many there are
 * EFAULT     a bad pointer
 * EINTR      interrupted by a signal; nothing was done
 * EMFILE     no file descriptor left (ENFILE: none left in the system)
 * EBADF      not a file descriptor, or not of the kind needed
 * EIO        read(), write(): no interrupt is enabled (poll() says POLLERR);
 *            HPDMA_IOC_DEV_RESET: the device did not come back
 * ========== ==================================================================
 */

/** HPDMA_UAPI_VERSION - the version of this contract; 1 is the first */
#define HPDMA_UAPI_VERSION 1

#define HPDMA_IOC_TYPE 0xD4

#define HPDMA_IOC_INFO _IO(HPDMA_IOC_TYPE, 0x00)
#define HPDMA_IOC_BUF_ALLOC _IO(HPDMA_IOC_TYPE, 0x01)
#define HPDMA_IOC_BUF_REGISTER _IO(HPDMA_IOC_TYPE, 0x02)
#define HPDMA_IOC_BUF_INFO _IO(HPDMA_IOC_TYPE, 0x03)
#define HPDMA_IOC_BUF_SEGMENTS _IO(HPDMA_IOC_TYPE, 0x04)
#define HPDMA_IOC_BUF_EXPORT _IO(HPDMA_IOC_TYPE, 0x05)
#define HPDMA_IOC_BUF_FREE _IO(HPDMA_IOC_TYPE, 0x06)
#define HPDMA_IOC_BUF_IMPORT _IO(HPDMA_IOC_TYPE, 0x07)
#define HPDMA_IOC_BUF_SYNC _IO(HPDMA_IOC_TYPE, 0x08)
#define HPDMA_IOC_NAME_PUBLISH _IO(HPDMA_IOC_TYPE, 0x09)
#define HPDMA_IOC_NAME_OPEN _IO(HPDMA_IOC_TYPE, 0x0a)
#define HPDMA_IOC_NAME_UNLINK _IO(HPDMA_IOC_TYPE, 0x0b)
#define HPDMA_IOC_LIST _IO(HPDMA_IOC_TYPE, 0x0c)

#define HPDMA_IOC_DEV_ATTACH _IO(HPDMA_IOC_TYPE, 0x40)
#define HPDMA_IOC_DEV_INFO _IO(HPDMA_IOC_TYPE, 0x41)
#define HPDMA_IOC_DEV_MAP _IO(HPDMA_IOC_TYPE, 0x42)
#define HPDMA_IOC_DEV_UNMAP _IO(HPDMA_IOC_TYPE, 0x43)
#define HPDMA_IOC_DEV_SEGMENTS _IO(HPDMA_IOC_TYPE, 0x44)
#define HPDMA_IOC_IRQ_SET _IO(HPDMA_IOC_TYPE, 0x45)
#define HPDMA_IOC_IRQ_CTRL _IO(HPDMA_IOC_TYPE, 0x46)
#define HPDMA_IOC_IRQ_COUNTS _IO(HPDMA_IOC_TYPE, 0x47)
#define HPDMA_IOC_DEV_RESET _IO(HPDMA_IOC_TYPE, 0x48)
#define HPDMA_IOC_DEV_REGIONS _IO(HPDMA_IOC_TYPE, 0x49)
#define HPDMA_IOC_DEV_RESUME _IO(HPDMA_IOC_TYPE, 0x4a)

/**
 * enum hpdma_reason - what @out_reason says beside an errno
 * @HPDMA_REASON_NONE: Nothing to add
 * @HPDMA_REASON_MEMLOCK: RLIMIT_MEMLOCK of the caller's user is used up
 * @HPDMA_REASON_IDS: This file holds as many ids as it can
 * @HPDMA_REASON_HUGEPAGES: The hugetlb pool or its cgroup is used up
 * @HPDMA_REASON_CONTIG: No contiguous run of this length is free, or none of
 *	this length exists on this kernel (EOPNOTSUPP)
 * @HPDMA_REASON_NODE: The memory obtained is not on the node asked for
 * @HPDMA_REASON_SEGMENT: The memory obtained is in shorter segments than asked
 * @HPDMA_REASON_ADDRESS: The memory lies above the address bits asked for, or
 *	above those the device was attached with
 * @HPDMA_REASON_PHYS_RIGHT: The opener may not see physical addresses
 * @HPDMA_REASON_PINNING: The user memory cannot be pinned for long (a device
 *	or file mapping, or not writable)
 * @HPDMA_REASON_BOUNCE: The kernel would copy through bounce buffers
 * @HPDMA_REASON_NOT_ATTACHED: HPDMA_IOC_DEV_ATTACH comes first
 * @HPDMA_REASON_ATTACHED: This file is attached already
 * @HPDMA_REASON_OTHER_HOLDER: Another holder of the device has fixed another
 *	number of address bits or another mode
 * @HPDMA_REASON_NO_INTERRUPT: The device has no such interrupt
 * @HPDMA_REASON_FSIZE: RLIMIT_FSIZE of the caller is below the length: huge pages
 *	are those of a file
 * @HPDMA_REASON_QUOTA_BYTES: The user's quota of bytes (module parameter
 *	``quota_bytes``) is used up
 * @HPDMA_REASON_QUOTA_BUFFERS: The user's quota of buffers (module parameter
 *	``quota_buffers``) is used up
 * @HPDMA_REASON_CGROUP: The memory cgroup of the caller is at its limit
 * @HPDMA_REASON_SEALS: The file is not sealed against shrinking though it can be,
 *	or is sealed against writing
 * @HPDMA_REASON_FILE: The file is neither shared memory nor of hugetlbfs
 * @HPDMA_REASON_EXPORTER: The driver that made the dma-buf refused
 * @HPDMA_REASON_NAMED: The buffer has a name already
 * @HPDMA_REASON_LIST_RIGHT: The opener may not see what others hold
 * @HPDMA_REASON_NO_IOMMU: No IOMMU translates the device's addresses
 * @HPDMA_REASON_GROUP: Other devices share the device's IOMMU group
 * @HPDMA_REASON_MODE: The device's address mode does not have this
 * @HPDMA_REASON_IOVA_RESERVED: The IOVAs are not all in one usable region
 *	(HPDMA_IOC_DEV_REGIONS)
 * @HPDMA_REASON_IOVA_USED: Some of the IOVAs are mapped already
 * @HPDMA_REASON_IOVA_PAGE: The part begins or ends inside a page of the IOMMU
 * @HPDMA_REASON_NO_RESET: The device cannot be reset
 * @HPDMA_REASON_STUCK: The device could not be stopped, and still cannot
 * @HPDMA_REASON_SUSPENDED: The machine was suspended: HPDMA_IOC_DEV_RESUME comes
 *	first
 */
enum hpdma_reason {
	HPDMA_REASON_NONE,
	HPDMA_REASON_MEMLOCK,
	HPDMA_REASON_IDS,
	HPDMA_REASON_HUGEPAGES,
	HPDMA_REASON_CONTIG,
	HPDMA_REASON_NODE,
	HPDMA_REASON_SEGMENT,
	HPDMA_REASON_ADDRESS,
	HPDMA_REASON_PHYS_RIGHT,
	HPDMA_REASON_PINNING,
	HPDMA_REASON_BOUNCE,
	HPDMA_REASON_NOT_ATTACHED,
	HPDMA_REASON_ATTACHED,
	HPDMA_REASON_OTHER_HOLDER,
	HPDMA_REASON_NO_INTERRUPT,
	HPDMA_REASON_FSIZE,
	HPDMA_REASON_QUOTA_BYTES,
	HPDMA_REASON_QUOTA_BUFFERS,
	HPDMA_REASON_CGROUP,
	HPDMA_REASON_SEALS,
	HPDMA_REASON_FILE,
	HPDMA_REASON_EXPORTER,
	HPDMA_REASON_NAMED,
	HPDMA_REASON_LIST_RIGHT,
	HPDMA_REASON_NO_IOMMU,
	HPDMA_REASON_GROUP,
	HPDMA_REASON_MODE,
	HPDMA_REASON_IOVA_RESERVED,
	HPDMA_REASON_IOVA_USED,
	HPDMA_REASON_IOVA_PAGE,
	HPDMA_REASON_NO_RESET,
	HPDMA_REASON_STUCK,
	HPDMA_REASON_SUSPENDED,
};

/**
 * enum hpdma_addr_kind - what an address is
 * @HPDMA_ADDR_NONE: No address is given
 * @HPDMA_ADDR_PHYS: CPU physical address; what a device puts on the bus where no
 *	IOMMU translates
 * @HPDMA_ADDR_IOVA: Address that one device puts on the bus behind a translating
 *	IOMMU; means nothing to the CPU or to another device
 */
enum hpdma_addr_kind {
	HPDMA_ADDR_NONE,
	HPDMA_ADDR_PHYS,
	HPDMA_ADDR_IOVA,
};

/**
 * enum hpdma_backing - where the pages of a buffer come from
 * @HPDMA_BACKING_CONTIG: One physically contiguous run, or, with
 *	HPDMA_ALLOC_SCATTER, several
 * @HPDMA_BACKING_HUGETLB: Huge pages from the hugetlb pools, pinned
 * @HPDMA_BACKING_USER: Memory of the user, pinned (HPDMA_IOC_BUF_REGISTER)
 * @HPDMA_BACKING_IMPORT: Memory of another driver (HPDMA_IOC_BUF_IMPORT)
 */
enum hpdma_backing {
	HPDMA_BACKING_CONTIG = 1,
	HPDMA_BACKING_HUGETLB = 2,
	HPDMA_BACKING_USER = 3,
	HPDMA_BACKING_IMPORT = 4,
};

/**
 * struct hpdma_segment - a run of consecutive addresses
 * @addr: First address; its kind is given beside the array
 * @length: Bytes
 */
struct hpdma_segment {
	__aligned_u64 addr;
	__aligned_u64 length;
};

/**
 * enum hpdma_features - bits of &hpdma_ioc_info.out_features
 * @HPDMA_FEATURE_CONTIG: HPDMA_BACKING_CONTIG works
 * @HPDMA_FEATURE_HUGETLB: HPDMA_BACKING_HUGETLB works
 * @HPDMA_FEATURE_REGISTER: HPDMA_IOC_BUF_REGISTER works
 * @HPDMA_FEATURE_PHYS: This file may see physical addresses
 * @HPDMA_FEATURE_WRITE_COMBINE: HPDMA_ALLOC_WRITE_COMBINE works
 */
enum hpdma_features {
	HPDMA_FEATURE_CONTIG = 1 << 0,
	HPDMA_FEATURE_HUGETLB = 1 << 1,
	HPDMA_FEATURE_REGISTER = 1 << 2,
	HPDMA_FEATURE_PHYS = 1 << 3,
	HPDMA_FEATURE_WRITE_COMBINE = 1 << 4,
};

/**
 * struct hpdma_ioc_info - ioctl(HPDMA_IOC_INFO)
 * @size: sizeof(struct hpdma_ioc_info)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @out_uapi_version: HPDMA_UAPI_VERSION of the module
 * @out_features: Bits of &enum hpdma_features
 * @out_hugetlb_sizes: Huge page sizes that can be asked for, in bytes, ORed (each
 *	is a power of two)
 * @out_max_contig: Longest single run of HPDMA_BACKING_CONTIG in bytes that this
 *	kernel can look for; whether memory has one is another question
 * @out_max_length: Longest buffer of any kind in bytes
 * @out_module_version: Of the module: major << 16 | minor << 8 | patch
 * @__reserved: Must be 0
 * @out_reserve_bytes: Memory that the module set aside when it was loaded (module
 *	parameter ``reserve``)
 * @out_reserve_free: How much of it nobody uses now
 * @out_quota_bytes: Bytes of buffers that a user may have; 0: no limit
 * @out_quota_buffers: Buffers that a user may have; 0: no limit
 * @out_used_bytes: Bytes of buffers that the caller's user has
 * @out_used_buffers: Buffers that the caller's user has
 *
 * What this module can do, what this file may see, and what the caller's user
 * has. Needs no right.
 */
struct hpdma_ioc_info {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 out_uapi_version;
	__aligned_u64 out_features;
	__aligned_u64 out_hugetlb_sizes;
	__aligned_u64 out_max_contig;
	__aligned_u64 out_max_length;
	__u32 out_module_version;
	__u32 __reserved;
	__aligned_u64 out_reserve_bytes;
	__aligned_u64 out_reserve_free;
	__aligned_u64 out_quota_bytes;
	__aligned_u64 out_quota_buffers;
	__aligned_u64 out_used_bytes;
	__aligned_u64 out_used_buffers;
};

/**
 * enum hpdma_alloc_flags - bits of &hpdma_ioc_buf_alloc.flags
 * @HPDMA_ALLOC_NODE: All memory from NUMA node @node, or fail
 * @HPDMA_ALLOC_SCATTER: HPDMA_BACKING_CONTIG in as few runs as can be had, instead
 *	of exactly one; each at least @min_segment long
 * @HPDMA_ALLOC_WRITE_COMBINE: Mappings of the buffer into processes are
 *	write-combining instead of write-back cached
 * @HPDMA_ALLOC_FIT_DEVICE: Memory that the device of @device_fd reaches: where it
 *	puts physical addresses on the bus, all of them are to be within its
 *	address bits and whatever the platform takes off them, or fail
 */
enum hpdma_alloc_flags {
	HPDMA_ALLOC_NODE = 1 << 0,
	HPDMA_ALLOC_SCATTER = 1 << 1,
	HPDMA_ALLOC_WRITE_COMBINE = 1 << 2,
	HPDMA_ALLOC_FIT_DEVICE = 1 << 3,
};

/**
 * struct hpdma_ioc_buf_alloc - ioctl(HPDMA_IOC_BUF_ALLOC)
 * @size: sizeof(struct hpdma_ioc_buf_alloc)
 * @flags: Bits of &enum hpdma_alloc_flags
 * @out_reason: &enum hpdma_reason if the call fails
 * @backing: HPDMA_BACKING_CONTIG or HPDMA_BACKING_HUGETLB
 * @length: Bytes; a multiple of the page size, or of @page_size for hugetlb
 * @page_size: Huge page size for hugetlb, one of @out_hugetlb_sizes; must be 0
 *	for contig
 * @min_segment: Each segment is to be at least this long (the last may be shorter
 *	where the length is not a multiple), or fail; 0 for no wish
 * @alignment: The first physical address is to be a multiple of this power of
 *	two, or fail; 0 for no wish
 * @boundary: No segment is to cross a multiple of this power of two, or fail; 0
 *	for no wish. Not below the page size or @min_segment, nor, without
 *	HPDMA_ALLOC_SCATTER, below @length for contig or @page_size for
 *	hugetlb. Runs that meet at such a multiple are segments of their own
 * @address_bits: All physical addresses are to be below 2^@address_bits, or
 *	fail; 0 for no wish, else 24 to 64
 * @node: With HPDMA_ALLOC_NODE the NUMA node, otherwise must be 0
 * @device_fd: With HPDMA_ALLOC_FIT_DEVICE a file of ``/dev/hpdmaN`` that is
 *	attached, otherwise must be 0
 * @__reserved: Must be 0
 * @out_buf_id: Id of the new buffer, valid for this open file only
 * @out_segments: Number of physically contiguous runs
 * @out_mmap_offset: Offset to give to mmap() on this file
 *
 * Allocate a buffer. The memory is zero, pinned, and charged to RLIMIT_MEMLOCK
 * of the caller's user (not with CAP_IPC_LOCK).
 *
 * Hugetlb pages are taken by the memory policy of the calling thread: to get a
 * certain node, set_mempolicy() to it around this call. HPDMA_ALLOC_NODE then
 * verifies what was obtained.
 *
 * Errors beyond the general meanings: ENOSPC with HPDMA_REASON_MEMLOCK, _IDS,
 * _QUOTA_BYTES, _QUOTA_BUFFERS or _FSIZE; ENOMEM with HPDMA_REASON_HUGEPAGES,
 * _CONTIG, _CGROUP, _NODE, _SEGMENT or _ADDRESS; EOPNOTSUPP with
 * HPDMA_REASON_CONTIG if no run of this length can exist, or if @page_size is a
 * huge page size this machine does not have, or if write-combining cannot be
 * had; EBADF or EINVAL with HPDMA_REASON_NOT_ATTACHED for @device_fd.
 */
struct hpdma_ioc_buf_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 backing;
	__aligned_u64 length;
	__aligned_u64 page_size;
	__aligned_u64 min_segment;
	__aligned_u64 alignment;
	__aligned_u64 boundary;
	__u32 address_bits;
	__u32 node;
	__s32 device_fd;
	__u32 __reserved;
	__u32 out_buf_id;
	__u32 out_segments;
	__aligned_u64 out_mmap_offset;
};

/**
 * enum hpdma_register_flags - bits of &hpdma_ioc_buf_register.flags
 * @HPDMA_REGISTER_FD: The memory is a part of file @fd, @addr is an offset in it
 */
enum hpdma_register_flags {
	HPDMA_REGISTER_FD = 1 << 0,
};

/**
 * struct hpdma_ioc_buf_register - ioctl(HPDMA_IOC_BUF_REGISTER)
 * @size: sizeof(struct hpdma_ioc_buf_register)
 * @flags: Bits of &enum hpdma_register_flags
 * @out_reason: &enum hpdma_reason if the call fails
 * @fd: With HPDMA_REGISTER_FD a memfd, or a file of tmpfs or hugetlbfs, open for
 *	reading and writing; otherwise must be 0
 * @addr: Address of the memory in the caller, or offset in the file; a multiple of
 *	the page size
 * @length: Bytes; a multiple of the page size
 * @out_buf_id: Id of the new buffer, valid for this open file only
 * @out_segments: Number of physically contiguous runs
 *
 * Pin memory of the caller, wholly or not at all, and make it a buffer for
 * device mappings. The buffer cannot be mapped or exported: the caller has his
 * mapping. It pins the pages that are there at the time of the call. If the
 * caller detaches them from his mapping later (munmap, MADV_DONTNEED, a hole
 * punched into the file), the device goes on using the pinned pages, which the
 * caller then no longer sees. The memory must be mapped writable; pages not yet
 * there are populated.
 *
 * A file that can be sealed must be sealed against shrinking (F_SEAL_SHRINK), and
 * none may be sealed against writing; the range lies inside the file. Of a
 * hugetlb file whole huge pages are registered: @addr and @length are multiples
 * of their size (EINVAL).
 *
 * Errors beyond the general meanings: ENOSPC with HPDMA_REASON_MEMLOCK, _IDS,
 * _QUOTA_BYTES or _QUOTA_BUFFERS; EFAULT with HPDMA_REASON_PINNING; of a file
 * EACCES if it is not open for writing, EPERM with HPDMA_REASON_SEALS,
 * EOPNOTSUPP with HPDMA_REASON_FILE, ENOMEM with HPDMA_REASON_HUGEPAGES.
 */
struct hpdma_ioc_buf_register {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__s32 fd;
	__aligned_u64 addr;
	__aligned_u64 length;
	__u32 out_buf_id;
	__u32 out_segments;
};

/**
 * enum hpdma_buf_state - bits of &hpdma_ioc_buf_info.out_state
 * @HPDMA_BUF_WRITE_COMBINE: Mapped write-combining
 * @HPDMA_BUF_RESERVE: Some of the memory is of the module's reserve
 * @HPDMA_BUF_NAMED: It has a name
 * @HPDMA_BUF_PERSISTENT: Its name holds it
 * @HPDMA_BUF_QUARANTINED: A device that could not be stopped might still reach it:
 *	it is never freed
 */
enum hpdma_buf_state {
	HPDMA_BUF_WRITE_COMBINE = 1 << 0,
	HPDMA_BUF_RESERVE = 1 << 1,
	HPDMA_BUF_NAMED = 1 << 2,
	HPDMA_BUF_PERSISTENT = 1 << 3,
	HPDMA_BUF_QUARANTINED = 1 << 4,
};

/**
 * struct hpdma_ioc_buf_info - ioctl(HPDMA_IOC_BUF_INFO)
 * @size: sizeof(struct hpdma_ioc_buf_info)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @buf_id: The buffer
 * @out_backing: &enum hpdma_backing
 * @out_node: NUMA node of the memory, or -1 if it lies on several
 * @out_length: Bytes
 * @out_page_size: Page size of the memory: the huge page size if all of it is
 *	hugetlb's, else the system's
 * @out_mmap_offset: Offset to give to mmap() on this file; 0 if the buffer cannot
 *	be mapped (no cookie is 0)
 * @out_segments: Number of physically contiguous runs; 0 if the module cannot
 *	know (import)
 * @__reserved: Must be 0
 * @out_serial: Number of the buffer, the same in every file and process, never
 *	used twice while the module is loaded; HPDMA_IOC_LIST, fdinfo and
 *	tracepoints show it
 * @out_map_size: Largest page table entry with which mmap() maps the memory, in
 *	bytes; 0 if it cannot be mapped, or the module cannot know (import)
 * @out_state: Bits of &enum hpdma_buf_state
 * @out_reserved: 0
 *
 * What was obtained. Tells no address.
 */
struct hpdma_ioc_buf_info {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 buf_id;
	__u32 out_backing;
	__s32 out_node;
	__aligned_u64 out_length;
	__aligned_u64 out_page_size;
	__aligned_u64 out_mmap_offset;
	__u32 out_segments;
	__u32 __reserved;
	__aligned_u64 out_serial;
	__aligned_u64 out_map_size;
	__u32 out_state;
	__u32 out_reserved;
};

/**
 * struct hpdma_ioc_segments - ioctl(HPDMA_IOC_BUF_SEGMENTS, HPDMA_IOC_DEV_SEGMENTS)
 * @size: sizeof(struct hpdma_ioc_segments)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @id: The buffer (BUF_SEGMENTS) or the mapping (DEV_SEGMENTS)
 * @segments: User pointer to an array of &struct hpdma_segment
 * @count: How many elements the array has
 * @out_count: How many segments there are
 * @out_kind: &enum hpdma_addr_kind of all of them
 * @__reserved: Must be 0
 *
 * The addresses of a buffer (always HPDMA_ADDR_PHYS) or of a device mapping,
 * in the order of the memory. EMSGSIZE if @count is too small: nothing but
 * @out_count is written.
 *
 * Errors beyond the general meanings: EPERM with HPDMA_REASON_PHYS_RIGHT if
 * the addresses are physical and the opener of this file (for a mapping: of
 * this file or of the attached one) may not see them.
 */
struct hpdma_ioc_segments {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 id;
	__aligned_u64 segments;
	__u32 count;
	__u32 out_count;
	__u32 out_kind;
	__u32 __reserved;
};

/**
 * struct hpdma_ioc_buf_export - ioctl(HPDMA_IOC_BUF_EXPORT)
 * @size: sizeof(struct hpdma_ioc_buf_export)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @buf_id: The buffer
 * @out_fd: A new close-on-exec file descriptor of the buffer's dma-buf
 * @__reserved: Must be 0
 *
 * The descriptor can be mmapped and passed to other processes; it holds the
 * buffer. mmap() of a hugetlb buffer needs an address aligned to the huge page
 * size (reserve address space, then MAP_FIXED). Other drivers can import it; a
 * device of theirs that the memory would have to be copied for is refused. Of an
 * import it is the other driver's own dma-buf, as if never imported.
 *
 * Errors beyond the general meanings: EOPNOTSUPP for a registered buffer.
 */
struct hpdma_ioc_buf_export {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 buf_id;
	__s32 out_fd;
	__u32 __reserved;
};

/**
 * struct hpdma_ioc_buf_free - ioctl(HPDMA_IOC_BUF_FREE)
 * @size: sizeof(struct hpdma_ioc_buf_free)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @buf_id: The buffer
 *
 * Drop the id. Mappings, exported descriptors and device mappings stay valid
 * and hold the memory until they go.
 */
struct hpdma_ioc_buf_free {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 buf_id;
};

/**
 * struct hpdma_ioc_buf_import - ioctl(HPDMA_IOC_BUF_IMPORT)
 * @size: sizeof(struct hpdma_ioc_buf_import)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @fd: A dma-buf, open for reading and writing
 * @out_length: Bytes
 * @out_mmap_offset: Offset to give to mmap() on this file; 0 if the buffer cannot
 *	be mapped
 * @out_buf_id: Id of the buffer, valid for this open file only
 * @out_segments: Number of physically contiguous runs; 0 if the module cannot
 *	know
 *
 * Get an id for a dma-buf. That of another file of ``/dev/hpdma``
 * (HPDMA_IOC_BUF_EXPORT) becomes one more id of the same buffer. That of another
 * driver becomes a buffer of backing HPDMA_BACKING_IMPORT: it can be mapped by
 * those of its length whom its driver lets, and mapped for devices; its pages
 * are the other driver's, so it has no physical segments (EOPNOTSUPP), and where
 * an IOMMU translates, a device mapping may have several segments. It is
 * charged no bytes: that is its driver's business. The buffer holds the dma-buf;
 * its mappings by mmap() hold the dma-buf, not the buffer.
 *
 * Errors beyond the general meanings: EINVAL if @fd is no dma-buf; EACCES if it
 * is not open for reading and writing; ENOSPC with HPDMA_REASON_IDS or
 * _QUOTA_BUFFERS; EOPNOTSUPP with HPDMA_REASON_EXPORTER if its length is not one
 * that a buffer can have.
 */
struct hpdma_ioc_buf_import {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__s32 fd;
	__aligned_u64 out_length;
	__aligned_u64 out_mmap_offset;
	__u32 out_buf_id;
	__u32 out_segments;
};

/**
 * enum hpdma_sync - who is to see what the other wrote
 * @HPDMA_SYNC_FOR_DEVICE: The device sees what the CPU wrote before
 * @HPDMA_SYNC_FOR_CPU: The CPU sees what the device wrote before
 */
enum hpdma_sync {
	HPDMA_SYNC_FOR_DEVICE = 1,
	HPDMA_SYNC_FOR_CPU = 2,
};

/**
 * struct hpdma_ioc_buf_sync - ioctl(HPDMA_IOC_BUF_SYNC)
 * @size: sizeof(struct hpdma_ioc_buf_sync)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @buf_id: The buffer
 * @offset: First byte
 * @length: Bytes; 0: to the end
 * @direction: &enum hpdma_sync
 * @__reserved: Must be 0
 *
 * Maintain the CPU's caches for every device for which the buffer is mapped. Of
 * devices that see the caches, all on x86, this is allowed and does nothing. At
 * least the range given is maintained; of an import the whole, by its driver.
 *
 * Errors beyond the general meanings: EOPNOTSUPP with HPDMA_REASON_EXPORTER if
 * the driver of an import refused.
 *
 * See Documentation/core-api/dma-api.rst of the kernel, dma_sync_sg_for_cpu().
 */
struct hpdma_ioc_buf_sync {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 buf_id;
	__aligned_u64 offset;
	__aligned_u64 length;
	__u32 direction;
	__u32 __reserved;
};

/** HPDMA_NAME_SIZE - bytes of a name, the terminating 0 included */
#define HPDMA_NAME_SIZE 64

/**
 * enum hpdma_name_flags - bits of &hpdma_ioc_name_publish.flags
 * @HPDMA_NAME_PERSISTENT: The name holds the buffer until HPDMA_IOC_NAME_UNLINK
 */
enum hpdma_name_flags {
	HPDMA_NAME_PERSISTENT = 1 << 0,
};

/**
 * struct hpdma_ioc_name_publish - ioctl(HPDMA_IOC_NAME_PUBLISH)
 * @size: sizeof(struct hpdma_ioc_name_publish)
 * @flags: Bits of &enum hpdma_name_flags
 * @out_reason: &enum hpdma_reason if the call fails
 * @buf_id: The buffer; not a registered one
 * @mode: Permissions as of a file, at most 0666. A buffer is read and written, so
 *	a class has access if it has both bits
 * @uid: Owner, in the caller's user namespace; 0xffffffff: the caller. Another
 *	than the caller needs CAP_CHOWN
 * @gid: Group, likewise; 0xffffffff: the caller's. One the caller is not a member
 *	of needs CAP_CHOWN
 * @__reserved: Must be 0
 * @name: 1 to 63 bytes, none below 0x21, 0x7f or '/'; the rest is 0
 *
 * Give a buffer a name under which other processes of the caller's PID namespace
 * open it. A buffer has at most one name. The name goes with
 * HPDMA_IOC_NAME_UNLINK, or, unless it is persistent, with the last id of the
 * buffer in any file. A persistent name keeps the buffer, its charges and its
 * content when no process is left; it goes at the latest with its PID namespace.
 *
 * Errors beyond the general meanings: EEXIST; EBUSY with HPDMA_REASON_NAMED;
 * EOPNOTSUPP for a registered buffer; EPERM for an owner or group that is not
 * the caller's to give, or for a persistent name of a buffer for which another
 * user or nobody (import) is charged (CAP_SYS_RESOURCE may).
 */
struct hpdma_ioc_name_publish {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 buf_id;
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 __reserved;
	__u8 name[HPDMA_NAME_SIZE];
};

/**
 * struct hpdma_ioc_name_open - ioctl(HPDMA_IOC_NAME_OPEN)
 * @size: sizeof(struct hpdma_ioc_name_open)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @out_buf_id: Id of the buffer, valid for this open file only
 * @out_length: Bytes
 * @out_mmap_offset: Offset to give to mmap() on this file; 0 if the buffer cannot
 *	be mapped
 * @name: As published
 *
 * Get an id for a named buffer. A name of which the caller is neither owner, nor
 * in a class with access, nor has CAP_DAC_OVERRIDE, is ENOENT: it is not even
 * revealed.
 *
 * Errors beyond the general meanings: ENOSPC with HPDMA_REASON_IDS.
 */
struct hpdma_ioc_name_open {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 out_buf_id;
	__aligned_u64 out_length;
	__aligned_u64 out_mmap_offset;
	__u8 name[HPDMA_NAME_SIZE];
};

/**
 * struct hpdma_ioc_name_unlink - ioctl(HPDMA_IOC_NAME_UNLINK)
 * @size: sizeof(struct hpdma_ioc_name_unlink)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @__reserved: Must be 0
 * @name: As published
 *
 * End a name. Who has the buffer open keeps it. For the owner of the name, or with
 * CAP_FOWNER; others who may open the name get EPERM, the rest ENOENT.
 */
struct hpdma_ioc_name_unlink {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 __reserved;
	__u8 name[HPDMA_NAME_SIZE];
};

/**
 * struct hpdma_list_entry - a buffer, as HPDMA_IOC_LIST shows it
 * @serial: Its number
 * @length: Bytes
 * @page_size: As in &struct hpdma_ioc_buf_info
 * @backing: &enum hpdma_backing
 * @node: NUMA node, or -1 if it lies on several, or the module cannot know
 * @segments: Number of physically contiguous runs
 * @uid: User who is charged, in the caller's user namespace
 * @pid: Process that made it, in the caller's PID namespace; 0 if it is not in it
 * @ids: Ids of it, in all open files
 * @mappings: Device mappings that hold it, parked ones included
 * @state: Bits of &enum hpdma_buf_state
 * @name: Its name, if it has one that the caller may open; empty otherwise
 */
struct hpdma_list_entry {
	__aligned_u64 serial;
	__aligned_u64 length;
	__aligned_u64 page_size;
	__u32 backing;
	__s32 node;
	__u32 segments;
	__u32 uid;
	__s32 pid;
	__u32 ids;
	__u32 mappings;
	__u32 state;
	__u8 name[HPDMA_NAME_SIZE];
};

/**
 * enum hpdma_list_flags - bits of &hpdma_ioc_list.flags
 * @HPDMA_LIST_ALL: The buffers of all users, not only of the caller's
 */
enum hpdma_list_flags {
	HPDMA_LIST_ALL = 1 << 0,
};

/**
 * struct hpdma_ioc_list - ioctl(HPDMA_IOC_LIST)
 * @size: sizeof(struct hpdma_ioc_list)
 * @flags: Bits of &enum hpdma_list_flags
 * @out_reason: &enum hpdma_reason if the call fails
 * @entry_size: sizeof(struct hpdma_list_entry)
 * @entries: User pointer to an array of &struct hpdma_list_entry
 * @after: List only buffers with a greater serial; 0 to begin
 * @count: How many elements the array has; at least 1
 * @out_count: How many were written; fewer than @count: there are no more
 *
 * Who holds what: buffers in the order of their serials. No addresses. To go on,
 * call again with @after set to the last serial written. An array of shorter
 * entries gets their beginning, one of longer entries zeroes after it.
 *
 * Errors beyond the general meanings: EPERM with HPDMA_REASON_LIST_RIGHT for
 * HPDMA_LIST_ALL if the opener of this file had no CAP_SYS_ADMIN.
 */
struct hpdma_ioc_list {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 entry_size;
	__aligned_u64 entries;
	__aligned_u64 after;
	__u32 count;
	__u32 out_count;
};

/**
 * enum hpdma_mode - how a device addresses memory
 * @HPDMA_MODE_DEFAULT: HPDMA_MODE_KERNEL_IOVA behind a translating IOMMU, elsewhere
 *	HPDMA_MODE_PHYS; where the device has been attached in another mode it is
 *	that one's EBUSY
 * @HPDMA_MODE_KERNEL_IOVA: The kernel chooses IOVAs, one contiguous range for each
 *	mapping
 * @HPDMA_MODE_CALLER_IOVA: The caller chooses the IOVA of each mapping, for example
 *	the memory's virtual address; for a device alone in its IOMMU group, also
 *	where the IOMMU has been told not to translate (iommu=pt)
 * @HPDMA_MODE_PHYS: Physical addresses, where nothing translates
 */
enum hpdma_mode {
	HPDMA_MODE_DEFAULT = 0,
	HPDMA_MODE_KERNEL_IOVA = 1,
	HPDMA_MODE_CALLER_IOVA = 2,
	HPDMA_MODE_PHYS = 3,
};

/**
 * enum hpdma_reset - what is done to a device that its last holder has left
 * @HPDMA_RESET_NONE: It is stopped, no more: what it had been told to do is done
 *	when bus mastering goes on for the next holder
 * @HPDMA_RESET_TRY: It is reset, if it can be
 * @HPDMA_RESET_REQUIRE: It is reset; if that fails it counts as not stopped
 *
 * Of all that its holders have asked for since it was last stopped, the strictest
 * is done. A reset is one of the function alone, whatever way the kernel has.
 */
enum hpdma_reset {
	HPDMA_RESET_NONE = 0,
	HPDMA_RESET_TRY = 1,
	HPDMA_RESET_REQUIRE = 2,
};

/**
 * struct hpdma_ioc_dev_attach - ioctl(HPDMA_IOC_DEV_ATTACH)
 * @size: sizeof(struct hpdma_ioc_dev_attach)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @fd: A file descriptor of ``/dev/hpdma``
 * @address_bits: How many address bits the device drives, 24 to 64
 * @mode: &enum hpdma_mode
 * @reset: &enum hpdma_reset
 * @out_mode: &enum hpdma_mode that was obtained, never HPDMA_MODE_DEFAULT
 *
 * Tie this device file for life to one ``/dev/hpdma`` file, whose buffer ids it
 * then understands, and turn bus mastering on. The first one to attach fixes the
 * address bits and the mode until the device's last holder has gone (the last of its
 * open files, attached or not); another one must ask for the same.
 *
 * Errors beyond the general meanings: EACCES if this file was not opened for
 * writing; EBUSY with HPDMA_REASON_ATTACHED, _OTHER_HOLDER, _STUCK, or
 * _SUSPENDED; ERANGE with HPDMA_REASON_ADDRESS if the platform cannot serve so few
 * address bits; EOPNOTSUPP with
 * HPDMA_REASON_NO_IOMMU (an IOVA mode where nothing translates, or could), _GROUP
 * (HPDMA_MODE_CALLER_IOVA for a device that is not alone), _MODE
 * (HPDMA_MODE_PHYS where an IOMMU translates; HPDMA_MODE_CALLER_IOVA for a device
 * that firmware wants memory mapped for, or that does not see the CPU's caches) or
 * _NO_RESET (HPDMA_RESET_REQUIRE).
 */
struct hpdma_ioc_dev_attach {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__s32 fd;
	__u32 address_bits;
	__u32 mode;
	__u32 reset;
	__u32 out_mode;
};

/**
 * enum hpdma_dev_state - bits of &hpdma_ioc_dev_info.out_state
 * @HPDMA_DEV_TRANSLATED: An IOMMU translates the device's addresses
 * @HPDMA_DEV_IRQ_REMAPPED: Interrupts are remapped: the device cannot forge any
 * @HPDMA_DEV_INTX: The device has an INTx interrupt that can be masked (PCI 2.3)
 * @HPDMA_DEV_ALONE: It is alone in its IOMMU group: no other device can reach
 *	what is mapped for it, nor it what is mapped for others
 * @HPDMA_DEV_SUSPENDED: Bus mastering is off since the machine was suspended
 * @HPDMA_DEV_STUCK: It could not be stopped; what it reached is in quarantine
 */
enum hpdma_dev_state {
	HPDMA_DEV_TRANSLATED = 1 << 0,
	HPDMA_DEV_IRQ_REMAPPED = 1 << 1,
	HPDMA_DEV_INTX = 1 << 2,
	HPDMA_DEV_ALONE = 1 << 3,
	HPDMA_DEV_SUSPENDED = 1 << 4,
	HPDMA_DEV_STUCK = 1 << 5,
};

/**
 * enum hpdma_dev_resets - bits of &hpdma_ioc_dev_info.out_resets
 * @HPDMA_RESETS_FUNCTION: The function can be reset alone, in some way
 * @HPDMA_RESETS_FLR: It has a function level reset (PCIe or Advanced Features)
 */
enum hpdma_dev_resets {
	HPDMA_RESETS_FUNCTION = 1 << 0,
	HPDMA_RESETS_FLR = 1 << 1,
};

/**
 * enum hpdma_bar_flags - bits of &hpdma_ioc_dev_info.out_bar_flags
 * @HPDMA_BAR_MEMORY: A memory BAR
 * @HPDMA_BAR_IO: An I/O port BAR; these cannot be mmapped
 * @HPDMA_BAR_PREFETCH: Prefetchable: areas of it are write-combining
 * @HPDMA_BAR_64: A 64-bit BAR; it takes the place of the next one too
 */
enum hpdma_bar_flags {
	HPDMA_BAR_MEMORY = 1 << 0,
	HPDMA_BAR_IO = 1 << 1,
	HPDMA_BAR_PREFETCH = 1 << 2,
	HPDMA_BAR_64 = 1 << 3,
};

/**
 * struct hpdma_ioc_dev_info - ioctl(HPDMA_IOC_DEV_INFO)
 * @size: sizeof(struct hpdma_ioc_dev_info)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @out_state: Bits of &enum hpdma_dev_state
 * @out_domain: PCI domain
 * @out_bus: PCI bus
 * @out_devfn: PCI device << 3 | function
 * @out_node: NUMA node, or -1
 * @out_vendor: PCI vendor id
 * @out_device: PCI device id
 * @out_subvendor: PCI subsystem vendor id
 * @out_subdevice: PCI subsystem device id
 * @out_class: PCI class, subclass and programming interface
 * @out_revision: PCI revision
 * @out_msi_vectors: MSI vectors the device has
 * @out_msix_vectors: MSI-X vectors the device has
 * @out_bar_size: Bytes of each memory BAR that can be mmapped, 0 for none: one
 *	that shares a page with another device's registers cannot
 * @out_bar_flags: Bits of &enum hpdma_bar_flags of each BAR, 0 if it is not there
 * @out_iommu_group: Number of its IOMMU group (/sys/kernel/iommu_groups), or -1
 * @out_resets: Bits of &enum hpdma_dev_resets
 * @out_mode: &enum hpdma_mode that its holders have fixed; HPDMA_MODE_DEFAULT if
 *	none has attached since the last one went
 * @out_address_bits: That its holders have fixed, or 0
 * @out_irq_type: &enum hpdma_irq_type that is enabled
 * @out_irq_vectors: How many vectors of it
 * @out_resumes: How often the machine woke up with the device attached; wraps
 * @__reserved: Must be 0
 * @out_iommu_pages: Page sizes of the IOMMU, ORed, in HPDMA_MODE_CALLER_IOVA; or 0
 * @out_quarantined: Bytes of memory that are in quarantine because of it
 *
 * What the device is and how it is used. Needs no attachment.
 */
struct hpdma_ioc_dev_info {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 out_state;
	__u32 out_domain;
	__u32 out_bus;
	__u32 out_devfn;
	__s32 out_node;
	__u32 out_vendor;
	__u32 out_device;
	__u32 out_subvendor;
	__u32 out_subdevice;
	__u32 out_class;
	__u32 out_revision;
	__u32 out_msi_vectors;
	__u32 out_msix_vectors;
	__aligned_u64 out_bar_size[6];
	__u32 out_bar_flags[6];
	__s32 out_iommu_group;
	__u32 out_resets;
	__u32 out_mode;
	__u32 out_address_bits;
	__u32 out_irq_type;
	__u32 out_irq_vectors;
	__u32 out_resumes;
	__u32 __reserved;
	__aligned_u64 out_iommu_pages;
	__aligned_u64 out_quarantined;
};

/**
 * enum hpdma_region_kind - what a range of IOVAs is
 * @HPDMA_REGION_USABLE: HPDMA_IOC_DEV_MAP takes addresses in it
 * @HPDMA_REGION_RESERVED: The platform uses it (message signalled interrupts,
 *	firmware); mapping there is refused
 */
enum hpdma_region_kind {
	HPDMA_REGION_USABLE = 0,
	HPDMA_REGION_RESERVED = 1,
};

/**
 * struct hpdma_region - a range of IOVAs
 * @first: First address
 * @last: Last address
 * @kind: &enum hpdma_region_kind
 * @__reserved: Is 0
 */
struct hpdma_region {
	__aligned_u64 first;
	__aligned_u64 last;
	__u32 kind;
	__u32 __reserved;
};

/**
 * struct hpdma_ioc_dev_regions - ioctl(HPDMA_IOC_DEV_REGIONS)
 * @size: sizeof(struct hpdma_ioc_dev_regions)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @count: How many entries the array has
 * @regions: Array of &struct hpdma_region
 * @out_count: How many regions there are
 * @__reserved: Must be 0
 *
 * What a caller can choose from in HPDMA_MODE_CALLER_IOVA: ascending, no two
 * overlap; what no region covers neither the IOMMU nor the device's address bits
 * reach. Needs attachment in that mode.
 *
 * Errors beyond the general meanings: EMSGSIZE if the array is too small, and then
 * nothing is written to it; EOPNOTSUPP with HPDMA_REASON_MODE.
 */
struct hpdma_ioc_dev_regions {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 count;
	__aligned_u64 regions;
	__u32 out_count;
	__u32 __reserved;
};

/**
 * enum hpdma_map_flags - bits of &hpdma_ioc_dev_map.flags
 * @HPDMA_MAP_READ_ONLY: The device can read, not write; where an IOMMU translates
 */
enum hpdma_map_flags {
	HPDMA_MAP_READ_ONLY = 1 << 0,
};

/**
 * struct hpdma_ioc_dev_map - ioctl(HPDMA_IOC_DEV_MAP)
 * @size: sizeof(struct hpdma_ioc_dev_map)
 * @flags: Bits of &enum hpdma_map_flags
 * @out_reason: &enum hpdma_reason if the call fails
 * @buf_id: The buffer, an id of the attached ``/dev/hpdma`` file
 * @offset: First byte of the buffer to map; a multiple of the page size
 * @length: Bytes to map; a multiple of the page size; 0: to the end
 * @iova: In HPDMA_MODE_CALLER_IOVA where the first byte is to be, a multiple of the
 *	page size; must be 0 in the other modes
 * @out_map_id: Id of the new mapping, valid for this device file only
 * @out_kind: &enum hpdma_addr_kind of the addresses
 * @out_segments: Number of segments; always 1 for HPDMA_ADDR_IOVA, except of an
 *	import
 * @__reserved: Must be 0
 * @out_addr: Address of the first segment
 *
 * Let the device read and write (part of) a buffer. HPDMA_IOC_DEV_SEGMENTS
 * returns the addresses. The mapping holds the buffer. It ends with
 * HPDMA_IOC_DEV_UNMAP, with this file, or with the device. Memory is never copied
 * on the way: what the device cannot reach is refused.
 *
 * An import is mapped, wholly, by the driver that exported it. If that refuses,
 * with whatever errno, it is EOPNOTSUPP with HPDMA_REASON_EXPORTER here.
 *
 * Errors beyond the general meanings: EPERM with HPDMA_REASON_PHYS_RIGHT
 * where addresses would be physical and one of the two openers may not see
 * them; ERANGE with HPDMA_REASON_ADDRESS; EOPNOTSUPP with HPDMA_REASON_BOUNCE
 * or _EXPORTER, with _NO_IOMMU for HPDMA_MAP_READ_ONLY where nothing translates,
 * with _MODE for an @iova or an import that this mode does not take; ERANGE with
 * HPDMA_REASON_IOVA_RESERVED; EBUSY with HPDMA_REASON_IOVA_USED; ENOSPC with
 * HPDMA_REASON_IDS.
 */
struct hpdma_ioc_dev_map {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 buf_id;
	__aligned_u64 offset;
	__aligned_u64 length;
	__aligned_u64 iova;
	__u32 out_map_id;
	__u32 out_kind;
	__u32 out_segments;
	__u32 __reserved;
	__aligned_u64 out_addr;
};

/**
 * struct hpdma_ioc_dev_unmap - ioctl(HPDMA_IOC_DEV_UNMAP)
 * @size: sizeof(struct hpdma_ioc_dev_unmap)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @map_id: The mapping
 * @offset: In HPDMA_MODE_CALLER_IOVA the first byte of the mapping to unmap;
 *	otherwise must be 0
 * @length: Bytes to unmap, in that mode; 0, with @offset 0: all of it, and the id
 *	ends
 *
 * End a mapping, or a part of one. The caller has told the device to leave the
 * memory alone. Behind a translating IOMMU the device cannot reach it when this
 * returns; only VT-d on Linux 5.10 cannot forget at once where the kernel chooses
 * the addresses, and there the memory is kept until the device's last holder goes.
 *
 * A part begins and ends where pages of the IOMMU do: memory that is contiguous and
 * aligned like its IOVAs is mapped in large ones (@out_iommu_pages of
 * HPDMA_IOC_DEV_INFO). Parts that are unmapped already are passed over.
 * HPDMA_IOC_DEV_SEGMENTS then returns what is left, and the IOVAs can be used again;
 * the buffer is held until the id ends.
 *
 * Errors beyond the general meanings: EOPNOTSUPP with HPDMA_REASON_MODE for a part
 * in another mode; EINVAL with HPDMA_REASON_IOVA_PAGE.
 */
struct hpdma_ioc_dev_unmap {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 map_id;
	__aligned_u64 offset;
	__aligned_u64 length;
};

/**
 * enum hpdma_irq_type - kinds of interrupt
 * @HPDMA_IRQ_NONE: None: turn interrupts off
 * @HPDMA_IRQ_INTX: INTx, shared, masked when it fires
 * @HPDMA_IRQ_MSI: MSI
 * @HPDMA_IRQ_MSIX: MSI-X
 */
enum hpdma_irq_type {
	HPDMA_IRQ_NONE = 0,
	HPDMA_IRQ_INTX = 1,
	HPDMA_IRQ_MSI = 2,
	HPDMA_IRQ_MSIX = 3,
};

/**
 * struct hpdma_ioc_irq_set - ioctl(HPDMA_IOC_IRQ_SET)
 * @size: sizeof(struct hpdma_ioc_irq_set)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @type: &enum hpdma_irq_type
 * @start: First vector
 * @count: How many vectors; 0 with HPDMA_IRQ_NONE alone
 * @eventfds: Array of @count __s32: for each vector an eventfd to which each of its
 *	interrupts adds 1, or -1 for none; or 0: none for any of them. Not looked at with
 *	HPDMA_IRQ_NONE, which has none
 *
 * Choose the interrupt of the device, for all its holders, and enable it
 * unmasked: vectors 0 to @start + @count - 1. While the type is enabled,
 * repeating it changes the eventfds of these vectors and nothing else, also while
 * interrupts come: each is delivered once, to the old eventfd or to the new one.
 * HPDMA_IRQ_NONE turns all interrupts off: handlers that had started have finished
 * when this returns. Needs attachment.
 *
 * Errors beyond the general meanings: EBUSY if another type or fewer vectors are
 * enabled (turn them off first), or with HPDMA_REASON_SUSPENDED; EOPNOTSUPP with
 * HPDMA_REASON_NO_INTERRUPT if the device has no such interrupt or not so many;
 * ENOMEM if the machine has not so many left.
 */
struct hpdma_ioc_irq_set {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 type;
	__u32 start;
	__u32 count;
	__aligned_u64 eventfds;
};

/**
 * enum hpdma_irq_action - what HPDMA_IOC_IRQ_CTRL does
 * @HPDMA_IRQ_MASK: Mask vectors: what fires meanwhile is delivered, once a vector,
 *	when it is unmasked
 * @HPDMA_IRQ_UNMASK: Unmask vectors
 * @HPDMA_IRQ_AFFINITY: Deliver vectors to a CPU that the caller may run on, and say
 *	so in /proc/irq/N/affinity_hint; not for INTx, which others share
 */
enum hpdma_irq_action {
	HPDMA_IRQ_MASK = 1,
	HPDMA_IRQ_UNMASK = 2,
	HPDMA_IRQ_AFFINITY = 3,
};

/**
 * struct hpdma_ioc_irq_ctrl - ioctl(HPDMA_IOC_IRQ_CTRL)
 * @size: sizeof(struct hpdma_ioc_irq_ctrl)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @action: &enum hpdma_irq_action
 * @start: First vector
 * @count: How many
 * @cpu: For HPDMA_IRQ_AFFINITY the CPU, or -1 to take the hint back; otherwise must
 *	be 0
 * @__reserved: Must be 0
 *
 * Errors beyond the general meanings: EINVAL for vectors that are not enabled or a
 * CPU that is not there; EPERM for one that the caller may not run on; EOPNOTSUPP
 * with HPDMA_REASON_NO_INTERRUPT for the affinity of INTx.
 */
struct hpdma_ioc_irq_ctrl {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 action;
	__u32 start;
	__u32 count;
	__s32 cpu;
	__u32 __reserved;
};

/**
 * struct hpdma_ioc_irq_counts - ioctl(HPDMA_IOC_IRQ_COUNTS)
 * @size: sizeof(struct hpdma_ioc_irq_counts)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @count: How many entries the array has; at most as many are written
 * @counts: Array of __u64
 * @out_count: How many vectors are enabled
 * @__reserved: Must be 0
 *
 * How often each vector has fired since it was enabled, from vector 0 on.
 */
struct hpdma_ioc_irq_counts {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 count;
	__aligned_u64 counts;
	__u32 out_count;
	__u32 __reserved;
};

/**
 * struct hpdma_ioc_dev_reset - ioctl(HPDMA_IOC_DEV_RESET)
 * @size: sizeof(struct hpdma_ioc_dev_reset)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @__reserved: Must be 0
 *
 * Reset the function. It is stopped first, with its interrupts turned off; who
 * touches its BARs meanwhile waits. Its configuration space is as before on return,
 * bus mastering on, but after a suspend only with HPDMA_IOC_DEV_RESUME; what is
 * mapped for it stays mapped. Needs to be the only file that is attached.
 *
 * Errors beyond the general meanings: EBUSY with HPDMA_REASON_OTHER_HOLDER;
 * EOPNOTSUPP with HPDMA_REASON_NO_RESET; EIO if the device did not come back: bus mastering and
 * interrupts stay off.
 */
struct hpdma_ioc_dev_reset {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 __reserved;
};

/**
 * struct hpdma_ioc_dev_resume - ioctl(HPDMA_IOC_DEV_RESUME)
 * @size: sizeof(struct hpdma_ioc_dev_resume)
 * @flags: Must be 0
 * @out_reason: &enum hpdma_reason if the call fails
 * @__reserved: Must be 0
 *
 * The device has been set up again after the machine was suspended: turn bus
 * mastering on. Does nothing to a device that was not. Needs attachment.
 */
struct hpdma_ioc_dev_resume {
	__u32 size;
	__u32 flags;
	__u32 out_reason;
	__u32 __reserved;
};

#endif /* _UAPI_LINUX_HPDMA_H */
