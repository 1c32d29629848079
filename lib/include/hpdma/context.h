/* SPDX-License-Identifier: MIT */
/*
 * The context: what all buffers and devices of a program belong to. It has a
 * backend: the kernel module, or files of memory where that is not to be had.
 */
#ifndef HPDMA_CONTEXT_H
#define HPDMA_CONTEXT_H

#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma;

/**
 * enum hpdma_backend - where memory and addresses come from
 * @HPDMA_BACKEND_AUTO: The best one there is
 * @HPDMA_BACKEND_MODULE: The kernel module: pinned memory, devices, addresses
 * @HPDMA_BACKEND_HUGETLB: Files of huge pages, or of ordinary ones where huge
 *	ones are used up or would be wasted. Nothing is pinned, and there are no
 *	devices and no addresses
 * @HPDMA_BACKEND_PLAIN: Files of ordinary pages: needs no rights and no settings
 *
 * Since: 0.1
 */
enum hpdma_backend {
	HPDMA_BACKEND_AUTO = 0,
	HPDMA_BACKEND_MODULE = 1,
	HPDMA_BACKEND_HUGETLB = 2,
	HPDMA_BACKEND_PLAIN = 3,
};

/**
 * struct hpdma_open_opts - options of hpdma_open()
 * @size: sizeof(struct hpdma_open_opts)
 * @backend: &enum hpdma_backend
 * @path: The device node, NULL for "/dev/hpdma"; with HPDMA_BACKEND_AUTO a path
 *	asks for the module
 *
 * Since: 0.1
 */
struct hpdma_open_opts {
	uint32_t size;
	uint32_t backend;
	const char *path;
};

/**
 * enum hpdma_has - bits of &hpdma_info.features
 * @HPDMA_HAS_CONTIG: Contiguous buffers
 * @HPDMA_HAS_HUGETLB: Buffers of huge pages
 * @HPDMA_HAS_REGISTER: hpdma_buf_register()
 * @HPDMA_HAS_PHYS: This context may see physical addresses
 * @HPDMA_HAS_WC: HPDMA_BUF_MAP_WC
 * @HPDMA_HAS_PIN: Memory is pinned, also what is registered: its frames stay.
 *	Without this hpdma_buf_register() only remembers the memory
 * @HPDMA_HAS_DEVICES: hpdma_device_open()
 * @HPDMA_HAS_NAMES: hpdma_buf_publish(); see HPDMA_BUF_NAMEABLE
 * @HPDMA_HAS_HUGE_NAMES: The same for buffers of huge pages
 *
 * Since: 0.1
 */
enum hpdma_has {
	HPDMA_HAS_CONTIG = 1 << 0,
	HPDMA_HAS_HUGETLB = 1 << 1,
	HPDMA_HAS_REGISTER = 1 << 2,
	HPDMA_HAS_PHYS = 1 << 3,
	HPDMA_HAS_WC = 1 << 4,
	HPDMA_HAS_PIN = 1 << 27,
	HPDMA_HAS_DEVICES = 1 << 28,
	HPDMA_HAS_NAMES = 1 << 29,
	HPDMA_HAS_HUGE_NAMES = 1 << 30,
};

/**
 * struct hpdma_info - what a context can do
 * @size: sizeof(struct hpdma_info)
 * @backend: &enum hpdma_backend, never AUTO
 * @uapi_version: Version of the module's interface; 0 without it
 * @module_version: Of the module: major << 16 | minor << 8 | patch; 0 without it
 * @features: Bits of &enum hpdma_has
 * @hugetlb_sizes: Sizes of huge pages in bytes, ORed (each is a power of two)
 * @max_contig: Longest single run of contiguous memory in bytes; 0 without the
 *	module
 * @max_length: Longest buffer of any kind in bytes
 * @passed_over: If HPDMA_BACKEND_AUTO could not have the module: &enum hpdma_why;
 *	else HPDMA_WHY_NONE
 * @reserved: 0
 *
 * Since: 0.1
 */
struct hpdma_info {
	uint32_t size;
	uint32_t backend;
	uint32_t uapi_version;
	uint32_t module_version;
	uint64_t features;
	uint64_t hugetlb_sizes;
	uint64_t max_contig;
	uint64_t max_length;
	uint32_t passed_over;
	uint32_t reserved;
};

/**
 * hpdma_version() - version of the library
 *
 * Return: "major.minor.patch"; a string constant.
 * Since: 0.1
 */
HPDMA_API const char *hpdma_version(void);

/**
 * hpdma_open() - open a context
 * @opts: Options, or NULL
 * @out: Receives the context with one reference, the caller's
 * @error: Filled on failure; may be NULL
 *
 * What the context may see depends on the rights of the process now, not later.
 *
 * Which backend: the one that @opts names; else the one that the environment
 * variable HPDMA_BACKEND names, "module", "hugetlb" or "plain" (but not to a
 * program that has more rights than who started it); else the module, if its node
 * is there and this user may open it; else huge pages, if there are free ones;
 * else plain memory, which is always there. hpdma_get_info() tells which it is.
 * A program that needs a device asks for HPDMA_BACKEND_MODULE.
 *
 * Return: 0; of a module that was asked for: -ENOENT (HPDMA_WHY_NO_MODULE),
 * -EACCES or -EPERM (HPDMA_WHY_NODE_RIGHT); of huge pages that were asked for:
 * -EOPNOTSUPP (HPDMA_WHY_HUGEPAGES) if no pool has any; -EOPNOTSUPP for an unknown
 * backend; -EINVAL, -E2BIG for bad options, -EINVAL (HPDMA_WHY_BACKEND) for a bad
 * variable; -ENOMEM; what open(2) returns.
 * Since: 0.1
 */
HPDMA_API int hpdma_open(const struct hpdma_open_opts *opts, struct hpdma **out,
			 struct hpdma_error *error);

/**
 * hpdma_ref() - take a reference
 * @ctx: The context
 *
 * Return: @ctx.
 * Since: 0.1
 */
HPDMA_API struct hpdma *hpdma_ref(struct hpdma *ctx);

/**
 * hpdma_unref() - drop a reference
 * @ctx: The context, or NULL
 *
 * The last one closes the file. Buffers and devices hold references.
 *
 * Since: 0.1
 */
HPDMA_API void hpdma_unref(struct hpdma *ctx);

/**
 * hpdma_get_info() - what a context can do
 * @ctx: The context
 * @info: Filled; @info->size is set by the caller
 *
 * Makes no system call.
 *
 * Return: 0, or -EINVAL if @info->size is too small.
 * Since: 0.1
 */
HPDMA_API int hpdma_get_info(const struct hpdma *ctx, struct hpdma_info *info);

/**
 * struct hpdma_usage - what the user has now, and may have
 * @size: sizeof(struct hpdma_usage)
 * @reserved: 0
 * @reserve_bytes: Memory that the module set aside when it was loaded
 * @reserve_free: How much of it nobody uses
 * @quota_bytes: Bytes of buffers that the user may have; 0 for no limit
 * @quota_buffers: Buffers that the user may have; 0 for no limit
 * @used_bytes: Bytes of buffers that the user has
 * @used_buffers: Buffers that the user has
 *
 * Since: 0.1
 */
struct hpdma_usage {
	uint32_t size;
	uint32_t reserved;
	uint64_t reserve_bytes;
	uint64_t reserve_free;
	uint64_t quota_bytes;
	uint64_t quota_buffers;
	uint64_t used_bytes;
	uint64_t used_buffers;
};

/**
 * hpdma_get_usage() - what the user of this process has, in all processes
 * @ctx: The context
 * @usage: Filled; @usage->size is set by the caller
 *
 * Return: 0; -EINVAL if @usage->size is too small; -EOPNOTSUPP without the module;
 * -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_get_usage(const struct hpdma *ctx,
			      struct hpdma_usage *usage);

HPDMA_END

#endif /* HPDMA_CONTEXT_H */
