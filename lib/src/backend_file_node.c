// SPDX-License-Identifier: MIT
/*
 * Backends without the module: whether memory is what was asked for.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "backend_file.h"
#include "buf.h"
#include "context.h"
#include "util.h"

/* Pages that one call looks at. */
#define BATCH 256

bool hpdma_backend_file_names(const struct hpdma *ctx,
			      const struct hpdma_rung *rung)
{
	const struct hpdma_place *place;
	size_t i;

	for (i = 0; i < ctx->places->count; i++) {
		place = &ctx->places->place[i];
		if (place->huge ? place->page_size == rung->page_size :
				  !rung->page_size)
			return true;
	}
	return false;
}

int hpdma_backend_file_explain(int code, bool huge,
			       const struct hpdma_buf_opts *opts,
			       const char *what, struct hpdma_error *error)
{
	uint32_t why = HPDMA_WHY_NONE;

	switch (code) {
	case -ENODEV: /* No pool of this size */
	case -ENOENT:
		code = -EOPNOTSUPP;
		break;
	case -ENOSPC:
	case -EFBIG:
	case -ENOMEM:
		code = -ENOMEM;
		break;
	default:
		return hpdma_fail(error, code, why, what);
	}
	if (huge)
		why = HPDMA_WHY_HUGEPAGES;
	else if (opts->flags & HPDMA_BUF_NAMEABLE)
		why = HPDMA_WHY_NO_PLACE;
	return hpdma_fail(error, code, why, what);
}

/* 0 if all pages are of the node; the mapping has all of them. */
static int look(const struct hpdma_sys *sys, char *ptr, uint64_t length,
		uint64_t page, uint32_t node)
{
	void *pages[BATCH];
	int nodes[BATCH];
	uint64_t at = 0;
	size_t count, i;
	int ret;

	while (at < length) {
		for (count = 0; count < BATCH && at < length; count++) {
			pages[count] = ptr + at;
			/* Populating does not promise an entry for each. */
			(void)*(volatile const char *)(ptr + at);
			at += page;
		}
		ret = sys->page_nodes(pages, nodes, count);
		/* Without NUMA there is node 0. */
		if (ret == -ENOSYS)
			return node ? -EINVAL : 0;
		if (ret)
			return ret;
		for (i = 0; i < count; i++) {
			if (nodes[i] != (int)node)
				return -ENOMEM;
		}
	}
	return 0;
}

int hpdma_backend_file_verify(struct hpdma_buf *buf, uint64_t page,
			      uint32_t node, struct hpdma_error *error)
{
	void *ptr;
	int ret;

	ret = buf->length > SIZE_MAX ? -EOVERFLOW : 0;
	if (!ret)
		ret = buf->sys->map(NULL, buf->length, PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_POPULATE, buf->map_fd, 0,
				    &ptr);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "map memory to see where it is");
	ret = look(buf->sys, ptr, buf->length, page, node);
	buf->sys->unmap(ptr, buf->length);
	if (ret)
		return hpdma_fail(error, ret,
				  ret == -ENOMEM ? HPDMA_WHY_NODE :
						   HPDMA_WHY_NONE,
				  "look where memory is");
	buf->node = (int32_t)node;
	return 0;
}
