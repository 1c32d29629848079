// SPDX-License-Identifier: MIT
/*
 * Buffers once they are there: what they are, where they are, their end.
 *
 * alloc.c and receive.c make them.
 */
#include <errno.h>
#include <stdlib.h>

#include <linux/hpdma.h>

#include "buf.h"
#include "context.h"
#include "util.h"

_Static_assert((int)HPDMA_BUF_BACKING_CONTIG == (int)HPDMA_BACKING_CONTIG,
	       "backing");
_Static_assert((int)HPDMA_BUF_BACKING_HUGETLB == (int)HPDMA_BACKING_HUGETLB,
	       "backing");
_Static_assert((int)HPDMA_BUF_BACKING_USER == (int)HPDMA_BACKING_USER,
	       "backing");
/* An array of ours is handed to the module as one of its own. */
_Static_assert(sizeof(struct hpdma_seg) == sizeof(struct hpdma_segment) &&
		       offsetof(struct hpdma_seg, addr) ==
			       offsetof(struct hpdma_segment, addr) &&
		       offsetof(struct hpdma_seg, length) ==
			       offsetof(struct hpdma_segment, length),
	       "segments");

int hpdma_buf_register(struct hpdma *ctx, void *ptr, uint64_t length,
		       const struct hpdma_register_opts *opts,
		       struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.addr = (uintptr_t)ptr,
		.length = length,
	};
	struct hpdma_register_opts o;
	struct hpdma_buf *buf;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret && o.flags)
		ret = -EINVAL;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");

	buf = calloc(1, sizeof(*buf));
	if (!buf)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "allocate a buffer object");

	ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_BUF_REGISTER, &arg,
			  error, "pin memory");
	if (ret)
		goto err_free;

	refs_init(&buf->refs);
	buf->form = HPDMA_BUF_REGISTERED;
	buf->id = arg.out_buf_id;
	buf->segments = arg.out_segments;
	buf->ctx = hpdma_ref(ctx);
	buf->sys = ctx->sys;
	buf->ptr = ptr;
	buf->length = length;
	*out = buf;
	return 0;

err_free:
	free(buf);
	return ret;
}

int hpdma_buf_export(struct hpdma_buf *buf, int *fd, struct hpdma_error *error)
{
	struct hpdma_ioc_buf_export arg = { .size = sizeof(arg) };
	int ret;

	if (buf->form != HPDMA_BUF_OWN)
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_NONE,
				  "export a buffer that is not allocated here");

	arg.buf_id = buf->id;
	ret = hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_EXPORT, &arg,
			  error, "export a buffer");
	if (ret)
		return ret;
	*fd = arg.out_fd;
	return 0;
}

int hpdma_buf_segments(struct hpdma_buf *buf, struct hpdma_seg *segs,
		       size_t cap, size_t *count, enum hpdma_kind *kind,
		       struct hpdma_error *error)
{
	struct hpdma_ioc_segments arg = {
		.size = sizeof(arg),
		.segments = (uintptr_t)segs,
		.count = cap > UINT32_MAX ? UINT32_MAX : (uint32_t)cap,
	};
	int ret;

	if (buf->form == HPDMA_BUF_RECEIVED)
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_FOREIGN,
				  "ask for the addresses of a buffer");

	arg.id = buf->id;
	ret = hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_SEGMENTS, &arg,
			  error, "ask for the addresses of a buffer");
	if (ret == -EMSGSIZE)
		*count = arg.out_count;
	if (ret)
		return ret;

	*count = arg.out_count;
	*kind = (enum hpdma_kind)arg.out_kind;
	return 0;
}

int hpdma_buf_get_info(struct hpdma_buf *buf, struct hpdma_buf_info *info)
{
	struct hpdma_ioc_buf_info arg = { .size = sizeof(arg) };
	struct hpdma_buf_info now = {
		.size = sizeof(now),
		.backing = HPDMA_BUF_BACKING_ANY,
		.node = -1,
		.fallback = buf->fallback,
		.length = buf->length,
		.segments = buf->segments,
	};
	int ret;

	/* A size that is too small is the caller's mistake: tell it first. */
	if (info->size < sizeof(now))
		return -EINVAL;

	if (buf->form != HPDMA_BUF_RECEIVED) {
		arg.buf_id = buf->id;
		ret = hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_INFO,
				  &arg, NULL, NULL);
		if (ret)
			return ret;
		now.backing = arg.out_backing;
		now.node = arg.out_node;
		now.page_size = arg.out_page_size;
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

void hpdma_buf_free_id(struct hpdma *ctx, uint32_t id)
{
	struct hpdma_ioc_buf_free arg = { .size = sizeof(arg), .buf_id = id };

	hpdma_ioctl_undo(ctx->sys, ctx->fd, HPDMA_IOC_BUF_FREE, &arg);
}

void hpdma_buf_unref(struct hpdma_buf *buf)
{
	if (!buf || !refs_put(&buf->refs))
		return;
	if (buf->ptr && buf->form != HPDMA_BUF_REGISTERED)
		buf->sys->unmap(buf->ptr, buf->length);
	if (buf->form != HPDMA_BUF_RECEIVED)
		hpdma_buf_free_id(buf->ctx, buf->id);
	hpdma_unref(buf->ctx);
	free(buf);
}
