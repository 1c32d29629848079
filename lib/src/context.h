/* SPDX-License-Identifier: MIT */
/*
 * Inside of a context.
 *
 * Who holds whom: a buffer and a device hold their context; a device mapping
 * holds its device and its buffer. Nothing holds in the other direction.
 */
#ifndef HPDMA_SRC_CONTEXT_H
#define HPDMA_SRC_CONTEXT_H

#include <stdatomic.h>
#include <stddef.h>

#include <hpdma/context.h>

#include "backend.h"
#include "places.h"
#include "sys.h"

/**
 * struct hpdma - a context
 * @refs: References
 * @fd: /dev/hpdma, or -1 without the module
 * @sys: System calls
 * @ops: The backend
 * @page_size: The system's, in bytes
 * @info: What the backend told at open; never changes
 * @places: Without the module: where names can be
 */
struct hpdma {
	atomic_uint refs;
	int fd;
	const struct hpdma_sys *sys;
	const struct hpdma_backend_ops *ops;
	size_t page_size;
	struct hpdma_info info;
	struct hpdma_places *places;
};

/**
 * hpdma_open_sys() - hpdma_open() with other system calls
 * @opts: Options, or NULL
 * @sys: System calls; must outlive the context
 * @out: Receives the context
 * @error: Filled on failure; may be NULL
 *
 * Return: As hpdma_open().
 */
int hpdma_open_sys(const struct hpdma_open_opts *opts,
		   const struct hpdma_sys *sys, struct hpdma **out,
		   struct hpdma_error *error);

/**
 * hpdma_open_node() - open a device node and explain why that failed
 * @sys: System calls
 * @path: The node
 * @flags: Flags of open(2)
 * @absent: What it means if the node is not there: &enum hpdma_why
 * @error: Filled on failure; may be NULL
 *
 * Return: A file descriptor or a negative errno.
 */
int hpdma_open_node(const struct hpdma_sys *sys, const char *path, int flags,
		    uint32_t absent, struct hpdma_error *error);

#endif /* HPDMA_SRC_CONTEXT_H */
