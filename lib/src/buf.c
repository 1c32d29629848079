// SPDX-License-Identifier: MIT
/*
 * Buffers once they are there: what they are, where they are, their end.
 *
 * alloc.c, share.c and receive.c make others than registered ones.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "buf.h"
#include "context.h"
#include "util.h"

struct hpdma_buf *hpdma_buf_new(struct hpdma *ctx, struct hpdma_error *error)
{
	struct hpdma_buf *buf = hpdma_new(sizeof(*buf), error);

	if (!buf)
		return NULL;
	buf->ctx = ctx;
	buf->sys = ctx->sys;
	buf->map_fd = -1;
	buf->node = -1;
	return buf;
}

static int map_with(struct hpdma_buf *buf, void *place, int map_flags)
{
	if (buf->map_fd < 0)
		return -EOPNOTSUPP;
	if (buf->length > SIZE_MAX)
		return -EOVERFLOW;
	return buf->sys->map(place, buf->length, PROT_READ | PROT_WRITE,
			     MAP_SHARED | map_flags, buf->map_fd,
			     buf->map_offset, &buf->ptr);
}

int hpdma_buf_map(struct hpdma_buf *buf, uint32_t flags,
		  struct hpdma_error *error)
{
	int ret;

	if (flags & HPDMA_BUF_NO_MAP)
		return 0;
	ret = map_with(buf, NULL,
		       flags & HPDMA_BUF_NO_POPULATE ? 0 : MAP_POPULATE);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "map a buffer");
	return 0;
}

void hpdma_buf_finish(struct hpdma_buf *buf, enum hpdma_buf_form form,
		      struct hpdma_buf **out)
{
	refs_init(&buf->refs);
	buf->form = form;
	hpdma_ref(buf->ctx);
	*out = buf;
}

int hpdma_buf_map_at(struct hpdma_buf *buf, void *place, uint32_t flags,
		     struct hpdma_error *error)
{
	void *wanted = place;
	int ret;

	if (flags & ~(uint32_t)HPDMA_BUF_NO_POPULATE || !place)
		ret = -EINVAL;
	else if (buf->ptr)
		ret = -EBUSY;
	else if (buf->form != HPDMA_BUF_OWN)
		ret = -EOPNOTSUPP;
	else
		ret = map_with(buf, wanted,
			       MAP_FIXED_NOREPLACE |
				       (flags & HPDMA_BUF_NO_POPULATE ?
						0 :
						MAP_POPULATE));
	/* An old kernel takes the address for a hint. */
	if (!ret && buf->ptr != wanted) {
		buf->sys->unmap(buf->ptr, buf->length);
		buf->ptr = NULL;
		ret = -EEXIST;
	}
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE,
				  "map a buffer at an address");
	return 0;
}

static int register_memory(struct hpdma *ctx, const struct hpdma_memory *memory,
			   void *ptr, const struct hpdma_register_opts *opts,
			   struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_register_opts o;
	struct hpdma_buf *buf;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret && o.flags)
		ret = -EINVAL;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");

	buf = hpdma_buf_new(ctx, error);
	if (!buf)
		return -ENOMEM;

	ret = ctx->ops->adopt(buf, memory, error);
	if (ret)
		goto err_free;

	buf->ptr = ptr;
	hpdma_buf_finish(buf, HPDMA_BUF_REGISTERED, out);
	return 0;

err_free:
	free(buf);
	return ret;
}

int hpdma_buf_register(struct hpdma *ctx, void *ptr, uint64_t length,
		       const struct hpdma_register_opts *opts,
		       struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_memory memory = {
		.fd = -1,
		.start = (uintptr_t)ptr,
		.length = length,
	};

	return register_memory(ctx, &memory, ptr, opts, out, error);
}

int hpdma_buf_register_fd(struct hpdma *ctx, int fd, uint64_t offset,
			  uint64_t length,
			  const struct hpdma_register_opts *opts,
			  struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_memory memory = {
		.fd = fd,
		.start = offset,
		.length = length,
	};

	if (fd < 0)
		return hpdma_fail(error, -EBADF, HPDMA_WHY_NONE, "pin memory");
	return register_memory(ctx, &memory, NULL, opts, out, error);
}

int hpdma_buf_export(struct hpdma_buf *buf, int *fd, struct hpdma_error *error)
{
	if (buf->form != HPDMA_BUF_OWN)
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_NONE,
				  "export a registered or received buffer");
	return buf->ctx->ops->export(buf, fd, error);
}

int hpdma_buf_segments(struct hpdma_buf *buf, struct hpdma_seg *segs,
		       size_t cap, size_t *count, enum hpdma_kind *kind,
		       struct hpdma_error *error)
{
	if (buf->form == HPDMA_BUF_RECEIVED)
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_FOREIGN,
				  "ask for the addresses of a buffer");
	return buf->ctx->ops->segments(buf, segs, cap, count, kind, error);
}

int hpdma_buf_sync(struct hpdma_buf *buf, uint64_t offset, uint64_t length,
		   enum hpdma_sync_dir direction)
{
	if (buf->form == HPDMA_BUF_RECEIVED)
		return -EOPNOTSUPP;
	return buf->ctx->ops->sync(buf, offset, length, direction);
}

int hpdma_buf_get_info(struct hpdma_buf *buf, struct hpdma_buf_info *info)
{
	struct hpdma_buf_info now = {
		.size = sizeof(now),
		.backing = HPDMA_BUF_BACKING_ANY,
		.node = -1,
		.fallback = buf->fallback,
		.length = buf->length,
	};
	int ret;

	/* A size that is too small is the caller's mistake: tell it first. */
	if (info->size < sizeof(now))
		return -EINVAL;

	if (buf->form != HPDMA_BUF_RECEIVED) {
		ret = buf->ctx->ops->describe(buf, &now);
		if (ret)
			return ret;
	}
	return hpdma_info_copy(info, sizeof(now), &now, sizeof(now));
}

void *hpdma_buf_ptr(const struct hpdma_buf *buf)
{
	return buf->ptr;
}

uint64_t hpdma_buf_len(const struct hpdma_buf *buf)
{
	return buf->length;
}

struct hpdma_buf *hpdma_buf_ref(struct hpdma_buf *buf)
{
	refs_get(&buf->refs);
	return buf;
}

void hpdma_buf_unref(struct hpdma_buf *buf)
{
	if (!buf || !refs_put(&buf->refs))
		return;
	if (buf->ptr && buf->form != HPDMA_BUF_REGISTERED)
		buf->sys->unmap(buf->ptr, buf->length);
	if (buf->form != HPDMA_BUF_RECEIVED)
		buf->ctx->ops->free(buf);
	hpdma_unref(buf->ctx);
	free(buf);
}
