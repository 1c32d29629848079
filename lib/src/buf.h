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

#include "sys.h"

/**
 * enum hpdma_buf_form - what a buffer object stands for
 * @HPDMA_BUF_OWN: A buffer of the context, allocated, imported or opened by
 *	name, and mapped by us (or not at all)
 * @HPDMA_BUF_REGISTERED: A buffer of the context, mapped by its user
 * @HPDMA_BUF_RECEIVED: A mapping of a descriptor; no buffer of the context
 */
enum hpdma_buf_form {
	HPDMA_BUF_OWN,
	HPDMA_BUF_REGISTERED,
	HPDMA_BUF_RECEIVED,
};

/**
 * struct hpdma_buf - a buffer
 * @refs: References
 * @form: What it stands for
 * @fallback: It is the second choice
 * @id: Id in the context; not for HPDMA_BUF_RECEIVED
 * @ctx: Held; may be NULL for HPDMA_BUF_RECEIVED
 * @sys: System calls
 * @ptr: The memory, or NULL
 * @length: Bytes
 */
struct hpdma_buf {
	atomic_uint refs;
	enum hpdma_buf_form form;
	bool fallback;
	uint32_t id;
	struct hpdma *ctx;
	const struct hpdma_sys *sys;
	void *ptr;
	uint64_t length;
};

/**
 * hpdma_buf_map_id() - map a buffer of the context, whose length is known
 * @ctx: The context
 * @buf: Gets its @ptr
 * @cookie: Offset for mmap() on the context's file; 0 if it cannot be mapped
 * @flags: HPDMA_BUF_NO_MAP does nothing; HPDMA_BUF_NO_POPULATE
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -EOPNOTSUPP if it cannot be mapped; a negative errno.
 */
int hpdma_buf_map_id(struct hpdma *ctx, struct hpdma_buf *buf, uint64_t cookie,
		     uint32_t flags, struct hpdma_error *error);

/**
 * hpdma_buf_finish() - hand out a buffer of the context; cannot fail
 * @ctx: The context; a reference is taken
 * @buf: With its id, address and length
 * @form: What it stands for
 * @out: Receives it with one reference
 */
void hpdma_buf_finish(struct hpdma *ctx, struct hpdma_buf *buf,
		      enum hpdma_buf_form form, struct hpdma_buf **out);

/**
 * hpdma_buf_free_id() - give a buffer back to the module
 * @ctx: The context
 * @id: The buffer
 */
void hpdma_buf_free_id(struct hpdma *ctx, uint32_t id);

#endif /* HPDMA_SRC_BUF_H */
