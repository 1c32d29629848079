// SPDX-License-Identifier: MIT
/*
 * Buffers once they are there: what they are, where they are, their end.
 *
 * alloc.c, share.c and receive.c make others than registered ones.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <linux/hpdma.h>

#include "buf.h"
#include "context.h"
#include "util.h"

SAME(HPDMA_BUF_BACKING_CONTIG, HPDMA_BACKING_CONTIG);
SAME(HPDMA_BUF_BACKING_HUGETLB, HPDMA_BACKING_HUGETLB);
SAME(HPDMA_BUF_BACKING_USER, HPDMA_BACKING_USER);
SAME(HPDMA_BUF_BACKING_IMPORT, HPDMA_BACKING_IMPORT);
SAME(HPDMA_BUF_IS_WC, HPDMA_BUF_WRITE_COMBINE);
SAME(HPDMA_BUF_IS_RESERVE, HPDMA_BUF_RESERVE);
SAME(HPDMA_BUF_IS_NAMED, HPDMA_BUF_NAMED);
SAME(HPDMA_BUF_IS_PERSISTENT, HPDMA_BUF_PERSISTENT);
SAME(HPDMA_BUF_IS_QUARANTINED, HPDMA_BUF_QUARANTINED);
SAME(HPDMA_SYNC_TO_DEVICE, HPDMA_SYNC_FOR_DEVICE);
SAME(HPDMA_SYNC_TO_CPU, HPDMA_SYNC_FOR_CPU);
SAME_SIZE(hpdma_seg, hpdma_segment);
SAME_PLACE(hpdma_seg, hpdma_segment, addr);
SAME_PLACE(hpdma_seg, hpdma_segment, length);

int hpdma_buf_map_id(struct hpdma *ctx, struct hpdma_buf *buf, uint64_t cookie,
		     uint32_t flags, struct hpdma_error *error)
{
	int map_flags = MAP_SHARED;
	int ret;

	if (flags & HPDMA_BUF_NO_MAP)
		return 0;
	if (!(flags & HPDMA_BUF_NO_POPULATE))
		map_flags |= MAP_POPULATE;
	if (!cookie)
		ret = -EOPNOTSUPP;
	else if (buf->length > SIZE_MAX)
		ret = -EOVERFLOW;
	else
		ret = ctx->sys->map(NULL, buf->length, PROT_READ | PROT_WRITE,
				    map_flags, ctx->fd, cookie, &buf->ptr);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "map a buffer");
	return 0;
}

void hpdma_buf_finish(struct hpdma *ctx, struct hpdma_buf *buf,
		      enum hpdma_buf_form form, struct hpdma_buf **out)
{
	refs_init(&buf->refs);
	buf->form = form;
	buf->ctx = hpdma_ref(ctx);
	buf->sys = ctx->sys;
	*out = buf;
}

static int register_memory(struct hpdma *ctx,
			   struct hpdma_ioc_buf_register *arg, void *ptr,
			   const struct hpdma_register_opts *opts,
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

	buf = hpdma_new(sizeof(*buf), error);
	if (!buf)
		return -ENOMEM;

	ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_BUF_REGISTER, arg, error,
			  "pin memory");
	if (ret)
		goto err_free;

	buf->id = arg->out_buf_id;
	buf->ptr = ptr;
	buf->length = arg->length;
	hpdma_buf_finish(ctx, buf, HPDMA_BUF_REGISTERED, out);
	return 0;

err_free:
	free(buf);
	return ret;
}

int hpdma_buf_register(struct hpdma *ctx, void *ptr, uint64_t length,
		       const struct hpdma_register_opts *opts,
		       struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.addr = (uintptr_t)ptr,
		.length = length,
	};

	return register_memory(ctx, &arg, ptr, opts, out, error);
}

int hpdma_buf_register_fd(struct hpdma *ctx, int fd, uint64_t offset,
			  uint64_t length,
			  const struct hpdma_register_opts *opts,
			  struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.flags = HPDMA_REGISTER_FD,
		.fd = fd,
		.addr = offset,
		.length = length,
	};

	return register_memory(ctx, &arg, NULL, opts, out, error);
}

int hpdma_buf_export(struct hpdma_buf *buf, int *fd, struct hpdma_error *error)
{
	struct hpdma_ioc_buf_export arg = { .size = sizeof(arg) };
	int ret;

	if (buf->form != HPDMA_BUF_OWN)
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_NONE,
				  "export a registered or received buffer");

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

int hpdma_buf_sync(struct hpdma_buf *buf, uint64_t offset, uint64_t length,
		   enum hpdma_sync_dir direction)
{
	struct hpdma_ioc_buf_sync arg = {
		.size = sizeof(arg),
		.buf_id = buf->id,
		.offset = offset,
		.length = length,
		.direction = (uint32_t)direction,
	};

	if (buf->form == HPDMA_BUF_RECEIVED)
		return -EOPNOTSUPP;
	return hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_SYNC, &arg,
			   NULL, NULL);
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
		now.segments = arg.out_segments;
		now.state = arg.out_state;
		now.serial = arg.out_serial;
		now.map_size = arg.out_map_size;
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
