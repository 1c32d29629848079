/* SPDX-License-Identifier: MIT */
/*
 * Parts of the backends without the module that are in files of their own.
 */
#ifndef HPDMA_SRC_BACKEND_FILE_H
#define HPDMA_SRC_BACKEND_FILE_H

#include "backend.h"
#include "sys.h"

/* backend_file_share.c: what several processes hold. */
int hpdma_backend_file_list(struct hpdma *ctx, uint32_t flags,
			    int (*each)(const struct hpdma_listing *listing,
					void *arg),
			    void *arg, struct hpdma_error *error);
int hpdma_backend_file_unlink(struct hpdma *ctx, const char *name,
			      struct hpdma_error *error);
int hpdma_backend_file_import(struct hpdma_buf *buf, int fd,
			      struct hpdma_error *error);
int hpdma_backend_file_lookup(struct hpdma_buf *buf, const char *name,
			      struct hpdma_error *error);
int hpdma_backend_file_publish(struct hpdma_buf *buf, const char *name,
			       const struct hpdma_publish_opts *opts,
			       struct hpdma_error *error);

/* Bits of &enum hpdma_buf_is. */
uint32_t hpdma_backend_file_state(const struct hpdma_file *file);

/* Whether a buffer of this rung can have a name. */
bool hpdma_backend_file_names(const struct hpdma *ctx,
			      const struct hpdma_rung *rung);

/**
 * hpdma_backend_file_explain() - why there is no file
 * @code: The negative errno of a system call
 * @huge: It was to be of huge pages
 * @opts: The caller's
 * @what: What was being done
 * @error: Filled; may be NULL
 *
 * Return: What the caller is to get.
 */
int hpdma_backend_file_explain(int code, bool huge,
			       const struct hpdma_buf_opts *opts,
			       const char *what, struct hpdma_error *error);

/**
 * hpdma_backend_file_verify() - look whether all pages are of one node
 * @buf: Gets its @node
 * @page: Size of its pages in bytes
 * @node: The node
 * @error: Filled on failure; may be NULL
 *
 * Return: 0; -ENOMEM (HPDMA_WHY_NODE); a negative errno.
 */
int hpdma_backend_file_verify(struct hpdma_buf *buf, uint64_t page,
			      uint32_t node, struct hpdma_error *error);

#endif /* HPDMA_SRC_BACKEND_FILE_H */
