/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What /dev/hpdma_peer understands: a driver of a device of its own that imports
 * dma-bufs and exports some, and does as it is told. For tests only.
 */
#ifndef HPDMA_PEER_H
#define HPDMA_PEER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * struct peer_call - the argument of every command
 * @fd: A dma-buf: to attach, or out: exported
 * @flags: Of an exported dma-buf: PEER_*
 * @error: The positive errno with which it refuses
 * @direction: enum dma_data_direction of the kernel
 * @offset: First byte to copy
 * @length: Bytes to copy or to export; out: of the dma-buf attached; how many
 *	entries the list of addresses has
 * @user: Where to copy from or to, or an array of &struct peer_run
 * @bits: How many address bits the device has
 * @count: How many elements the array has
 */
struct peer_call {
	__s32 fd;
	__u32 flags;
	__u32 error;
	__u32 direction;
	__u64 offset;
	__u64 length;
	__u64 user;
	__u32 bits;
	__u32 count;
};

struct peer_run {
	__u64 addr;
	__u64 length;
};

/**
 * struct peer_stats - what the exporter has at the moment
 * @buffers: dma-bufs
 * @attached: Devices attached to them
 * @mapped: Mappings for these
 * @begun: How often the CPU began to access them, ever
 * @ended: And ended
 */
struct peer_stats {
	__u32 buffers;
	__u32 attached;
	__u32 mapped;
	__u32 begun;
	__u32 ended;
};

/* Importer: one dma-buf in each open file. */
#define PEER_ATTACH _IO('P', 0)
#define PEER_DETACH _IO('P', 1)
#define PEER_MAP _IO('P', 2)
#define PEER_UNMAP _IO('P', 3)
#define PEER_ADDRESSES _IO('P', 4)
#define PEER_BEGIN _IO('P', 5)
#define PEER_END _IO('P', 6)
#define PEER_VMAP _IO('P', 7)
#define PEER_VUNMAP _IO('P', 8)
/* Through the mapping of PEER_VMAP. */
#define PEER_READ _IO('P', 9)
#define PEER_WRITE _IO('P', 10)
#define PEER_MASK _IO('P', 11)
/* Exporter. */
#define PEER_EXPORT _IO('P', 12)
#define PEER_STATS _IO('P', 13)

/* What refuses. */
#define PEER_NO_ATTACH 0x01
#define PEER_NO_MAP 0x02
#define PEER_NO_CPU 0x04
/* It cannot be mmapped at all. */
#define PEER_NO_MMAP 0x08
#define PEER_READ_ONLY 0x10
/* A length that is not made of pages. */
#define PEER_ODD 0x20
/* Only half of it is mapped for devices. */
#define PEER_HALF 0x40
/* The first page is said to be where nothing is. */
#define PEER_STRAY 0x80
/* The first page is said to be at 2^44. */
#define PEER_HIGH 0x100
/* In memory that any device reaches. */
#define PEER_LOW 0x200

#endif
