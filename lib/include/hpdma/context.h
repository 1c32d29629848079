/* SPDX-License-Identifier: MIT */
/*
 * The context: what all buffers and devices of a program belong to. It is an
 * open file of /dev/hpdma.
 */
#ifndef HPDMA_CONTEXT_H
#define HPDMA_CONTEXT_H

#include <hpdma/types.h>

HPDMA_BEGIN

struct hpdma;

/**
 * enum hpdma_backend - where memory and addresses come from
 * @HPDMA_BACKEND_AUTO: The best one there is
 * @HPDMA_BACKEND_MODULE: The kernel module; the only one so far
 *
 * Since: 0.1
 */
enum hpdma_backend {
	HPDMA_BACKEND_AUTO = 0,
	HPDMA_BACKEND_MODULE = 1,
};

/**
 * struct hpdma_open_opts - options of hpdma_open()
 * @size: sizeof(struct hpdma_open_opts)
 * @backend: &enum hpdma_backend
 * @path: The device node, NULL for "/dev/hpdma"
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
 *
 * Since: 0.1
 */
enum hpdma_has {
	HPDMA_HAS_CONTIG = 1 << 0,
	HPDMA_HAS_HUGETLB = 1 << 1,
	HPDMA_HAS_REGISTER = 1 << 2,
	HPDMA_HAS_PHYS = 1 << 3,
	HPDMA_HAS_WC = 1 << 4,
};

/**
 * struct hpdma_info - what a context can do
 * @size: sizeof(struct hpdma_info)
 * @backend: &enum hpdma_backend, never AUTO
 * @uapi_version: Version of the module's interface
 * @module_version: Of the module: major << 16 | minor << 8 | patch
 * @features: Bits of &enum hpdma_has
 * @hugetlb_sizes: Sizes of huge pages in bytes, ORed (each is a power of two)
 * @max_contig: Longest single run of contiguous memory in bytes
 * @max_length: Longest buffer of any kind in bytes
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
 * Return: 0; -ENOENT (HPDMA_WHY_NO_MODULE); -EACCES or -EPERM
 * (HPDMA_WHY_NODE_RIGHT); -EOPNOTSUPP for an unknown backend; -EINVAL, -E2BIG
 * for bad options; -ENOMEM; what open(2) returns.
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
 * Return: 0; -EINVAL if @usage->size is too small; -EINTR.
 * Since: 0.1
 */
HPDMA_API int hpdma_get_usage(const struct hpdma *ctx,
			      struct hpdma_usage *usage);

HPDMA_END

#endif /* HPDMA_CONTEXT_H */
