// SPDX-License-Identifier: MIT
/*
 * The context: an open /dev/hpdma and what the module says about itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include <linux/hpdma.h>

#include "context.h"
#include "util.h"

SAME(HPDMA_HAS_CONTIG, HPDMA_FEATURE_CONTIG);
SAME(HPDMA_HAS_HUGETLB, HPDMA_FEATURE_HUGETLB);
SAME(HPDMA_HAS_REGISTER, HPDMA_FEATURE_REGISTER);
SAME(HPDMA_HAS_PHYS, HPDMA_FEATURE_PHYS);
SAME(HPDMA_HAS_WC, HPDMA_FEATURE_WRITE_COMBINE);

const char *hpdma_version(void)
{
	return HPDMA_VERSION;
}

int hpdma_open_node(const struct hpdma_sys *sys, const char *path, int flags,
		    uint32_t absent, struct hpdma_error *error)
{
	uint32_t why = HPDMA_WHY_NONE;
	int fd;

	fd = sys->open(path, flags);
	if (fd >= 0)
		return fd;

	if (fd == -ENOENT)
		why = absent;
	else if (fd == -EACCES || fd == -EPERM)
		why = HPDMA_WHY_NODE_RIGHT;
	return hpdma_fail(error, fd, why, "open the device node");
}

static int query(struct hpdma *ctx, struct hpdma_error *error)
{
	struct hpdma_ioc_info arg = { .size = sizeof(arg) };
	int ret;

	ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_INFO, &arg, error,
			  "ask the module what it can do");
	if (ret)
		return ret;

	ctx->info = (struct hpdma_info){
		.size = sizeof(ctx->info),
		.backend = HPDMA_BACKEND_MODULE,
		.uapi_version = arg.out_uapi_version,
		.module_version = arg.out_module_version,
		.features = arg.out_features,
		.hugetlb_sizes = arg.out_hugetlb_sizes,
		.max_contig = arg.out_max_contig,
		.max_length = arg.out_max_length,
	};
	return 0;
}

int hpdma_open_sys(const struct hpdma_open_opts *opts,
		   const struct hpdma_sys *sys, struct hpdma **out,
		   struct hpdma_error *error)
{
	struct hpdma_open_opts o;
	struct hpdma *ctx;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	if (o.backend > HPDMA_BACKEND_MODULE)
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_NONE,
				  "choose a backend");

	ctx = hpdma_new(sizeof(*ctx), error);
	if (!ctx)
		return -ENOMEM;
	refs_init(&ctx->refs);
	ctx->sys = sys;
	ctx->page_size = sys->page_size();

	ctx->fd = hpdma_open_node(sys, o.path ? o.path : "/dev/hpdma", O_RDWR,
				  HPDMA_WHY_NO_MODULE, error);
	if (ctx->fd < 0) {
		ret = ctx->fd;
		goto err_free;
	}
	ret = query(ctx, error);
	if (ret)
		goto err_close;

	*out = ctx;
	return 0;

err_close:
	sys->close(ctx->fd);
err_free:
	free(ctx);
	return ret;
}

int hpdma_open(const struct hpdma_open_opts *opts, struct hpdma **out,
	       struct hpdma_error *error)
{
	return hpdma_open_sys(opts, &hpdma_sys_native, out, error);
}

struct hpdma *hpdma_ref(struct hpdma *ctx)
{
	refs_get(&ctx->refs);
	return ctx;
}

void hpdma_unref(struct hpdma *ctx)
{
	if (!ctx || !refs_put(&ctx->refs))
		return;
	ctx->sys->close(ctx->fd);
	free(ctx);
}

int hpdma_get_info(const struct hpdma *ctx, struct hpdma_info *info)
{
	return hpdma_info_copy(info, sizeof(*info), &ctx->info,
			       sizeof(ctx->info));
}

int hpdma_get_usage(const struct hpdma *ctx, struct hpdma_usage *usage)
{
	struct hpdma_ioc_info arg = { .size = sizeof(arg) };
	struct hpdma_usage now;
	int ret;

	if (usage->size < sizeof(now))
		return -EINVAL;
	ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_INFO, &arg, NULL, NULL);
	if (ret)
		return ret;
	now = (struct hpdma_usage){
		.size = sizeof(now),
		.reserve_bytes = arg.out_reserve_bytes,
		.reserve_free = arg.out_reserve_free,
		.quota_bytes = arg.out_quota_bytes,
		.quota_buffers = arg.out_quota_buffers,
		.used_bytes = arg.out_used_bytes,
		.used_buffers = arg.out_used_buffers,
	};
	return hpdma_info_copy(usage, sizeof(now), &now, sizeof(now));
}
