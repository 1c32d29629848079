/* SPDX-License-Identifier: MIT */
/*
 * Inside of a buffer.
 */
#ifndef HPDMA_SRC_BUF_H
#define HPDMA_SRC_BUF_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <hpdma/buf.h>
#include <hpdma/context.h>

#include "sys.h"

/**
 * enum hpdma_buf_form - what a buffer object stands for
 * @HPDMA_BUF_OWN: A buffer of the context, allocated, imported or opened by
 *	name, and mapped by us (or not at all)
 * @HPDMA_BUF_REGISTERED: A buffer of the context, mapped by its user
 * @HPDMA_BUF_STITCHED: Memory of ours, registered; mapped by us
 * @HPDMA_BUF_RECEIVED: A mapping of a descriptor; no buffer of the context
 */
enum hpdma_buf_form {
	HPDMA_BUF_OWN,
	HPDMA_BUF_REGISTERED,
	HPDMA_BUF_STITCHED,
	HPDMA_BUF_RECEIVED,
};

/**
 * struct hpdma_buf - a buffer
 * @refs: References
 * @form: What it stands for
 * @fallback: Which rung of the ladder it is, from 0
 * @id: The module's: id in the context; not for HPDMA_BUF_RECEIVED
 * @map_fd: What to map; -1 if it cannot be mapped. Without the module the
 *	buffer's file, and its own
 * @map_offset: At which offset
 * @node: Without the module: where all of it lies, or -1
 * @naming: Without the module: somebody is about to give it a name
 * @name: Without the module: the name that it got or was opened by, or ""
 * @ctx: Held; may be NULL for HPDMA_BUF_RECEIVED
 * @sys: System calls
 * @ptr: The memory, or NULL
 * @length: Bytes
 */
struct hpdma_buf {
	atomic_uint refs;
	enum hpdma_buf_form form;
	uint32_t fallback;
	uint32_t id;
	int map_fd;
	uint64_t map_offset;
	int32_t node;
	atomic_bool naming;
	char name[64];
	struct hpdma *ctx;
	const struct hpdma_sys *sys;
	void *ptr;
	uint64_t length;
};

/**
 * hpdma_buf_new() - begin a buffer of the context
 * @ctx: The context; no reference is taken
 * @error: Filled on failure; may be NULL
 *
 * Return: A buffer for a backend to fill in, for free(); or NULL: -ENOMEM.
 */
struct hpdma_buf *hpdma_buf_new(struct hpdma *ctx, struct hpdma_error *error);

/**
 * hpdma_buf_map() - map a buffer of the context that its backend filled in
 * @buf: Gets its @ptr
 * @flags: HPDMA_BUF_NO_MAP does nothing; HPDMA_BUF_NO_POPULATE
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -EOPNOTSUPP if it cannot be mapped; a negative errno.
 */
int hpdma_buf_map(struct hpdma_buf *buf, uint32_t flags,
		  struct hpdma_error *error);

/**
 * hpdma_buf_finish() - hand out a buffer of the context; cannot fail
 * @buf: Complete; takes a reference to its context
 * @form: What it stands for
 * @out: Receives it with one reference
 */
void hpdma_buf_finish(struct hpdma_buf *buf, enum hpdma_buf_form form,
		      struct hpdma_buf **out);

#endif /* HPDMA_SRC_BUF_H */
