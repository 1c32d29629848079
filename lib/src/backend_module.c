// SPDX-License-Identifier: MIT
/*
 * The kernel module as a backend: an open /dev/hpdma, whose ids are the buffers.
 * What is about several processes is in backend_module_share.c.
 */
#include <errno.h>
#include <fcntl.h>

#include <linux/hpdma.h>

#include "backend.h"
#include "buf.h"
#include "context.h"
#include "device.h"
#include "policy.h"
#include "util.h"

SAME(HPDMA_HAS_CONTIG, HPDMA_FEATURE_CONTIG);
SAME(HPDMA_HAS_HUGETLB, HPDMA_FEATURE_HUGETLB);
SAME(HPDMA_HAS_REGISTER, HPDMA_FEATURE_REGISTER);
SAME(HPDMA_HAS_PHYS, HPDMA_FEATURE_PHYS);
SAME(HPDMA_HAS_WC, HPDMA_FEATURE_WRITE_COMBINE);
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

/* What every module of this contract can do beside its own features. */
#define ALWAYS                                                 \
	(HPDMA_HAS_PIN | HPDMA_HAS_DEVICES | HPDMA_HAS_NAMES | \
	 HPDMA_HAS_HUGE_NAMES)

static int query(struct hpdma *ctx, struct hpdma_error *error)
{
	struct hpdma_ioc_info arg = { .size = sizeof(arg) };
	int ret;

	ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_INFO, &arg, error,
			  "ask the module what it can do");
	if (ret)
		return ret;

	ctx->info.uapi_version = arg.out_uapi_version;
	ctx->info.module_version = arg.out_module_version;
	ctx->info.features = arg.out_features | ALWAYS;
	ctx->info.hugetlb_sizes = arg.out_hugetlb_sizes;
	ctx->info.max_contig = arg.out_max_contig;
	ctx->info.max_length = arg.out_max_length;
	return 0;
}

static int module_open(struct hpdma *ctx, const char *path,
		       struct hpdma_error *error)
{
	int ret;

	ctx->fd = hpdma_open_node(ctx->sys, path ? path : "/dev/hpdma", O_RDWR,
				  HPDMA_WHY_NO_MODULE, error);
	if (ctx->fd < 0)
		return ctx->fd;
	ret = query(ctx, error);
	if (ret)
		ctx->sys->close(ctx->fd);
	return ret;
}

static void module_close(struct hpdma *ctx)
{
	ctx->sys->close(ctx->fd);
}

static int module_usage(const struct hpdma *ctx, struct hpdma_usage *usage)
{
	struct hpdma_ioc_info arg = { .size = sizeof(arg) };
	int ret;

	ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_INFO, &arg, NULL, NULL);
	if (ret)
		return ret;
	usage->reserve_bytes = arg.out_reserve_bytes;
	usage->reserve_free = arg.out_reserve_free;
	usage->quota_bytes = arg.out_quota_bytes;
	usage->quota_buffers = arg.out_quota_buffers;
	usage->used_bytes = arg.out_used_bytes;
	usage->used_buffers = arg.out_used_buffers;
	return 0;
}

static void module_free(struct hpdma_buf *buf)
{
	struct hpdma_ioc_buf_free arg = {
		.size = sizeof(arg),
		.buf_id = buf->id,
	};

	hpdma_ioctl_undo(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_FREE, &arg);
}

/* Huge pages come from where the thread's memory policy says. */
static int take_pages(struct hpdma_buf *buf, struct hpdma_ioc_buf_alloc *arg,
		      struct hpdma_error *error)
{
	bool huge = arg->backing == HPDMA_BACKING_HUGETLB;
	struct hpdma_policy saved = { .bound = false };
	int ret, restored;

	if (huge && arg->flags & HPDMA_ALLOC_NODE) {
		ret = hpdma_policy_bind(buf->sys, arg->node, &saved);
		if (ret)
			return hpdma_fail(error, ret,
					  ret == -EPERM ? HPDMA_WHY_POLICY :
							  HPDMA_WHY_NONE,
					  "choose a NUMA node");
	}
	ret = hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_ALLOC, arg,
			  error,
			  huge ? "allocate huge pages" :
				 "allocate contiguous memory");
	restored = hpdma_policy_restore(buf->sys, &saved);
	buf->id = arg->out_buf_id;
	if (!restored)
		return ret;

	/* The caller must learn that his policy is not what it was. */
	if (!ret)
		module_free(buf);
	return hpdma_fail(error, restored, HPDMA_WHY_POLICY,
			  "put the NUMA memory policy back");
}

/* In the words of the module; runs are the affair of contiguous memory. */
static uint32_t flags_of(const struct hpdma_buf_opts *o, uint32_t backing)
{
	uint32_t flags = 0;

	if (o->flags & HPDMA_BUF_NODE)
		flags |= HPDMA_ALLOC_NODE;
	if (o->flags & HPDMA_BUF_SCATTER && backing == HPDMA_BACKING_CONTIG)
		flags |= HPDMA_ALLOC_SCATTER;
	if (o->flags & HPDMA_BUF_MAP_WC)
		flags |= HPDMA_ALLOC_WRITE_COMBINE;
	if (o->device)
		flags |= HPDMA_ALLOC_FIT_DEVICE;
	return flags;
}

static int module_alloc(struct hpdma_buf *buf, const struct hpdma_rung *rung,
			const struct hpdma_buf_opts *o,
			struct hpdma_error *error)
{
	struct hpdma_ioc_buf_alloc arg = {
		.size = sizeof(arg),
		.flags = flags_of(o, rung->backing),
		.backing = rung->backing,
		.length = rung->length,
		.page_size = rung->page_size,
		.min_segment = o->min_segment,
		.alignment = o->alignment,
		.boundary = o->boundary,
		.address_bits = o->address_bits,
		.node = o->node,
		.device_fd = o->device ? o->device->fd : 0,
	};
	int ret;

	ret = take_pages(buf, &arg, error);
	if (ret)
		return ret;
	buf->length = rung->length;
	buf->map_fd = arg.out_mmap_offset ? buf->ctx->fd : -1;
	buf->map_offset = arg.out_mmap_offset;
	return 0;
}

static int module_adopt(struct hpdma_buf *buf,
			const struct hpdma_memory *memory,
			struct hpdma_error *error)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.addr = memory->start,
		.length = memory->length,
	};
	int ret;

	if (memory->fd >= 0) {
		arg.flags = HPDMA_REGISTER_FD;
		arg.fd = memory->fd;
	}
	ret = hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_REGISTER, &arg,
			  error, "pin memory");
	if (ret)
		return ret;
	buf->id = arg.out_buf_id;
	buf->length = memory->length;
	return 0;
}

static int module_export(struct hpdma_buf *buf, int *fd,
			 struct hpdma_error *error)
{
	struct hpdma_ioc_buf_export arg = {
		.size = sizeof(arg),
		.buf_id = buf->id,
	};
	int ret;

	ret = hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_EXPORT, &arg,
			  error, "export a buffer");
	if (ret)
		return ret;
	*fd = arg.out_fd;
	return 0;
}

static int module_segments(struct hpdma_buf *buf, struct hpdma_seg *segs,
			   size_t cap, size_t *count, enum hpdma_kind *kind,
			   struct hpdma_error *error)
{
	struct hpdma_ioc_segments arg = {
		.size = sizeof(arg),
		.id = buf->id,
		.segments = (uintptr_t)segs,
		.count = cap > UINT32_MAX ? UINT32_MAX : (uint32_t)cap,
	};
	int ret;

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

static int module_sync(struct hpdma_buf *buf, uint64_t offset, uint64_t length,
		       enum hpdma_sync_dir direction)
{
	struct hpdma_ioc_buf_sync arg = {
		.size = sizeof(arg),
		.buf_id = buf->id,
		.offset = offset,
		.length = length,
		.direction = (uint32_t)direction,
	};

	return hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_SYNC, &arg,
			   NULL, NULL);
}

static int module_describe(struct hpdma_buf *buf, struct hpdma_buf_info *info)
{
	struct hpdma_ioc_buf_info arg = {
		.size = sizeof(arg),
		.buf_id = buf->id,
	};
	int ret;

	ret = hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_INFO, &arg,
			  NULL, NULL);
	if (ret)
		return ret;
	info->backing = arg.out_backing;
	info->node = arg.out_node;
	info->page_size = arg.out_page_size;
	info->segments = arg.out_segments;
	info->state = arg.out_state;
	info->serial = arg.out_serial;
	info->map_size = arg.out_map_size;
	return 0;
}

const struct hpdma_backend_ops hpdma_backend_module = {
	.kind = HPDMA_BACKEND_MODULE,
	.open = module_open,
	.close = module_close,
	.usage = module_usage,
	.list = hpdma_backend_module_list,
	.unlink = hpdma_backend_module_unlink,
	.alloc = module_alloc,
	.adopt = module_adopt,
	.import = hpdma_backend_module_import,
	.lookup = hpdma_backend_module_lookup,
	.publish = hpdma_backend_module_publish,
	.export = module_export,
	.segments = module_segments,
	.sync = module_sync,
	.describe = module_describe,
	.free = module_free,
};
