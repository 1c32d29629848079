// SPDX-License-Identifier: MIT
/*
 * Buffers that another process exported.
 *
 * A mapping of huge pages must be aligned to their size, which the descriptor
 * does not tell. But the size is a power of two and divides the length, so it is
 * at most the lowest bit set in the length: aligned to that, any buffer can be
 * mapped. The address space for it is at most twice the length.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "buf.h"
#include "context.h"
#include "util.h"

static int reserve_aligned(const struct hpdma_sys *sys, size_t length,
			   size_t align, void **out)
{
	size_t span, before, after;
	uintptr_t start, use;
	void *ptr;
	int ret;

	if (length > SIZE_MAX - align)
		return -ENOMEM;
	span = length + align;
	ret = sys->map(NULL, span, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0,
		       &ptr);
	if (ret)
		return ret;

	start = (uintptr_t)ptr;
	use = (start + align - 1) & ~(uintptr_t)(align - 1);
	before = use - start;
	after = span - before - length;
	/* What cannot be cut off stays reserved: address space, not memory. */
	if (before)
		sys->unmap((void *)start, before);
	if (after)
		sys->unmap((void *)(use + length), after);
	*out = (void *)use;
	return 0;
}

static int map_aligned(const struct hpdma_sys *sys, int fd, size_t length,
		       int map_flags, void **out)
{
	void *place, *ptr;
	int ret;

	ret = reserve_aligned(sys, length, lowest_bit(length), &place);
	if (ret)
		return ret;
	ret = sys->map(place, length, PROT_READ | PROT_WRITE,
		       map_flags | MAP_FIXED, fd, 0, &ptr);
	if (ret)
		goto err_unmap;
	*out = ptr;
	return 0;

err_unmap:
	sys->unmap(place, length);
	return ret;
}

static int map_whole(const struct hpdma_sys *sys, int fd, uint32_t flags,
		     struct hpdma_buf *buf)
{
	int map_flags = MAP_SHARED;
	int64_t length;

	length = sys->file_length(fd);
	if (length < 0)
		return (int)length;
	/* Every buffer is whole pages; this is something else. */
	if (!length || (uint64_t)length & (sys->page_size() - 1))
		return -EINVAL;
	if ((uint64_t)length > SIZE_MAX)
		return -EOVERFLOW;

	if (!(flags & HPDMA_BUF_NO_POPULATE))
		map_flags |= MAP_POPULATE;
	buf->length = (uint64_t)length;
	return map_aligned(sys, fd, (size_t)length, map_flags, &buf->ptr);
}

int hpdma_buf_map_fd(struct hpdma *ctx, int fd, uint32_t flags,
		     struct hpdma_buf **out, struct hpdma_error *error)
{
	const struct hpdma_sys *sys = ctx ? ctx->sys : &hpdma_sys_native;
	struct hpdma_buf *buf;
	int ret;

	if (flags & ~(uint32_t)HPDMA_BUF_NO_POPULATE)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE, "read flags");

	buf = hpdma_new(sizeof(*buf), error);
	if (!buf)
		return -ENOMEM;

	ret = map_whole(sys, fd, flags, buf);
	if (ret) {
		hpdma_fail(error, ret, HPDMA_WHY_NONE,
			   "map the buffer of a descriptor");
		goto err_free;
	}

	refs_init(&buf->refs);
	buf->form = HPDMA_BUF_RECEIVED;
	buf->map_fd = -1;
	buf->ctx = ctx ? hpdma_ref(ctx) : NULL;
	buf->sys = sys;
	*out = buf;
	return 0;

err_free:
	free(buf);
	return ret;
}
