/* SPDX-License-Identifier: MIT */
/*
 * Types that all parts of libhpdma share: addresses with their kind, and errors
 * that can be explained.
 */
#ifndef HPDMA_TYPES_H
#define HPDMA_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define HPDMA_BEGIN extern "C" {
#define HPDMA_END }
#else
#define HPDMA_BEGIN
#define HPDMA_END
#endif

/* Exported; everything else in the library is hidden. */
#define HPDMA_API __attribute__((visibility("default")))

HPDMA_BEGIN

/**
 * enum hpdma_kind - what an address is
 * @HPDMA_KIND_NONE: No address
 * @HPDMA_KIND_PHYS: Physical address: the same for the CPU and for every device
 *	that no IOMMU translates
 * @HPDMA_KIND_IOVA: Address that one device uses behind an IOMMU; means nothing
 *	to the CPU or to another device
 *
 * Since: 0.1
 */
enum hpdma_kind {
	HPDMA_KIND_NONE = 0,
	HPDMA_KIND_PHYS = 1,
	HPDMA_KIND_IOVA = 2,
};

/**
 * struct hpdma_seg - a run of consecutive addresses
 * @addr: First address; its kind is given beside the array
 * @length: Bytes
 *
 * Never grows.
 *
 * Since: 0.1
 */
struct hpdma_seg {
	uint64_t addr;
	uint64_t length;
};

/**
 * enum hpdma_why - what a negative errno alone does not say
 * @HPDMA_WHY_NONE: Nothing to add
 * @HPDMA_WHY_MEMLOCK: RLIMIT_MEMLOCK of the user is used up
 * @HPDMA_WHY_IDS: The context holds as many ids as it can
 * @HPDMA_WHY_HUGEPAGES: The hugetlb pool or its cgroup is used up
 * @HPDMA_WHY_CONTIG: No contiguous run of this length is free or can exist
 * @HPDMA_WHY_NODE: The memory obtained is not on the node asked for
 * @HPDMA_WHY_SEGMENT: The memory obtained is in shorter segments than asked
 * @HPDMA_WHY_ADDRESS: The memory lies above the address bits asked for, or above
 *	those of the device
 * @HPDMA_WHY_PHYS_RIGHT: The opener may not see physical addresses
 * @HPDMA_WHY_PINNING: The user memory cannot be pinned for long
 * @HPDMA_WHY_BOUNCE: The kernel would copy through bounce buffers
 * @HPDMA_WHY_NOT_ATTACHED: The device is not attached
 * @HPDMA_WHY_ATTACHED: The device is attached already
 * @HPDMA_WHY_OTHER_HOLDER: Another holder uses the device in another way
 * @HPDMA_WHY_NO_INTERRUPT: The device has no such interrupt
 * @HPDMA_WHY_FSIZE: RLIMIT_FSIZE of the process is below the length
 * @HPDMA_WHY_QUOTA_BYTES: The user's quota of bytes is used up
 * @HPDMA_WHY_QUOTA_BUFFERS: The user's quota of buffers is used up
 * @HPDMA_WHY_CGROUP: The memory cgroup is at its limit
 * @HPDMA_WHY_SEALS: The file's seals do not suit
 * @HPDMA_WHY_FILE: The file is of the wrong kind
 * @HPDMA_WHY_EXPORTER: The driver of the dma-buf refused
 * @HPDMA_WHY_NAMED: The buffer has a name already
 * @HPDMA_WHY_LIST_RIGHT: The opener may not see what others hold
 * @HPDMA_WHY_NO_IOMMU: No IOMMU translates the device's addresses
 * @HPDMA_WHY_GROUP: Other devices share the device's IOMMU group
 * @HPDMA_WHY_MODE: The device's address mode does not have this
 * @HPDMA_WHY_IOVA_RESERVED: The IOVAs are not all in one usable region
 * @HPDMA_WHY_IOVA_USED: Some of the IOVAs are mapped already
 * @HPDMA_WHY_IOVA_PAGE: The part begins or ends inside a page of the IOMMU
 * @HPDMA_WHY_NO_RESET: The device cannot be reset
 * @HPDMA_WHY_STUCK: The device could not be stopped, and still cannot
 * @HPDMA_WHY_SUSPENDED: The machine was suspended since
 * @HPDMA_WHY_NO_MODULE: Only the kernel module can do this, and it is not loaded
 *	or not the context's backend
 * @HPDMA_WHY_NODE_RIGHT: The rights on the device node or the device's lack of
 *	protection forbid opening it
 * @HPDMA_WHY_NOT_BOUND: The PCI function is not bound to the hpdma driver
 * @HPDMA_WHY_FOREIGN: The buffer is not one of this context's own
 * @HPDMA_WHY_POLICY: The thread's NUMA memory policy could not be changed
 * @HPDMA_WHY_BACKEND: The environment variable HPDMA_BACKEND names no backend
 * @HPDMA_WHY_NO_PLACE: Without the module: no directory, or none with enough room,
 *	where memory of this kind can have a name
 * @HPDMA_WHY_PROC: There is no /proc of this PID namespace
 * @HPDMA_WHY_NOT_DOMAIN: The buffer of that name is no domain
 * @HPDMA_WHY_VERSION: The domain was made by another version of the library
 * @HPDMA_WHY_ABI: The domain was made by another version of the program
 * @HPDMA_WHY_NAMESPACE: The domain is of another PID or time namespace
 * @HPDMA_WHY_ADDRESS_TAKEN: Something else is at the address wanted
 * @HPDMA_WHY_PROCESSES: The domain has as many processes as it can
 * @HPDMA_WHY_OBJECTS: The domain has as many objects as it can
 * @HPDMA_WHY_OTHER_TYPE: The object of that name is of another type or shape
 * @HPDMA_WHY_FORKED: This process is a child of the one that attached
 * @HPDMA_WHY_NO_FUTEX: Processes cannot wait for each other in this memory
 *
 * Values below 256 are those of the kernel module and mean the same there; a
 * newer module may return values that this header does not list.
 *
 * Since: 0.1
 */
enum hpdma_why {
	HPDMA_WHY_NONE = 0,
	HPDMA_WHY_MEMLOCK = 1,
	HPDMA_WHY_IDS = 2,
	HPDMA_WHY_HUGEPAGES = 3,
	HPDMA_WHY_CONTIG = 4,
	HPDMA_WHY_NODE = 5,
	HPDMA_WHY_SEGMENT = 6,
	HPDMA_WHY_ADDRESS = 7,
	HPDMA_WHY_PHYS_RIGHT = 8,
	HPDMA_WHY_PINNING = 9,
	HPDMA_WHY_BOUNCE = 10,
	HPDMA_WHY_NOT_ATTACHED = 11,
	HPDMA_WHY_ATTACHED = 12,
	HPDMA_WHY_OTHER_HOLDER = 13,
	HPDMA_WHY_NO_INTERRUPT = 14,
	HPDMA_WHY_FSIZE = 15,
	HPDMA_WHY_QUOTA_BYTES = 16,
	HPDMA_WHY_QUOTA_BUFFERS = 17,
	HPDMA_WHY_CGROUP = 18,
	HPDMA_WHY_SEALS = 19,
	HPDMA_WHY_FILE = 20,
	HPDMA_WHY_EXPORTER = 21,
	HPDMA_WHY_NAMED = 22,
	HPDMA_WHY_LIST_RIGHT = 23,
	HPDMA_WHY_NO_IOMMU = 24,
	HPDMA_WHY_GROUP = 25,
	HPDMA_WHY_MODE = 26,
	HPDMA_WHY_IOVA_RESERVED = 27,
	HPDMA_WHY_IOVA_USED = 28,
	HPDMA_WHY_IOVA_PAGE = 29,
	HPDMA_WHY_NO_RESET = 30,
	HPDMA_WHY_STUCK = 31,
	HPDMA_WHY_SUSPENDED = 32,
	HPDMA_WHY_NO_MODULE = 256,
	HPDMA_WHY_NODE_RIGHT = 257,
	HPDMA_WHY_NOT_BOUND = 258,
	HPDMA_WHY_FOREIGN = 259,
	HPDMA_WHY_POLICY = 260,
	HPDMA_WHY_BACKEND = 261,
	HPDMA_WHY_NO_PLACE = 262,
	HPDMA_WHY_PROC = 263,
	HPDMA_WHY_NOT_DOMAIN = 264,
	HPDMA_WHY_VERSION = 265,
	HPDMA_WHY_ABI = 266,
	HPDMA_WHY_NAMESPACE = 267,
	HPDMA_WHY_ADDRESS_TAKEN = 268,
	HPDMA_WHY_PROCESSES = 269,
	HPDMA_WHY_OBJECTS = 270,
	HPDMA_WHY_OTHER_TYPE = 271,
	HPDMA_WHY_FORKED = 272,
	HPDMA_WHY_NO_FUTEX = 273,
};

/**
 * struct hpdma_error - a failure, explained
 * @code: The negative errno that the call returned
 * @why: &enum hpdma_why
 * @what: What was being done, in a few words; a string constant
 *
 * Functions that can say more than an errno take a pointer to this, or NULL.
 * They fill it when they fail and leave it alone when they succeed. It is the
 * caller's, so that threads do not share it. Never grows.
 *
 * Since: 0.1
 */
struct hpdma_error {
	int code;
	uint32_t why;
	const char *what;
};

/**
 * hpdma_kind_text() - name of a kind of address
 * @kind: &enum hpdma_kind
 *
 * Return: "PHYS", "IOVA" or "none"; a string constant, never NULL.
 * Since: 0.1
 */
HPDMA_API const char *hpdma_kind_text(enum hpdma_kind kind);

/**
 * hpdma_why_text() - a reason in words, with its remedy
 * @why: &enum hpdma_why
 *
 * Return: A phrase without full stop, empty for HPDMA_WHY_NONE; a string
 * constant, never NULL.
 * Since: 0.1
 */
HPDMA_API const char *hpdma_why_text(uint32_t why);

/**
 * hpdma_error_text() - a failure in words
 * @error: The failure
 * @text: Where to write "what: errno in words: why"
 * @size: Bytes that @text has; a longer text is cut off
 *
 * Return: @text, so that the call can stand in a list of arguments.
 * Since: 0.1
 */
HPDMA_API const char *hpdma_error_text(const struct hpdma_error *error,
				       char *text, size_t size);

HPDMA_END

#endif /* HPDMA_TYPES_H */
