// SPDX-License-Identifier: MIT
/*
 * The context, and which backend it has.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "context.h"
#include "pools.h"
#include "util.h"

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

/* What the program asks for, else what its user asks for. */
static int wanted(const struct hpdma_sys *sys, const struct hpdma_open_opts *o,
		  uint32_t *kind)
{
	static const char *const names[] = {
		[HPDMA_BACKEND_AUTO] = "auto",
		[HPDMA_BACKEND_MODULE] = "module",
		[HPDMA_BACKEND_HUGETLB] = "hugetlb",
		[HPDMA_BACKEND_PLAIN] = "plain",
	};
	const char *env;

	*kind = o->backend;
	if (*kind == HPDMA_BACKEND_AUTO && o->path)
		*kind = HPDMA_BACKEND_MODULE;
	if (*kind > HPDMA_BACKEND_PLAIN)
		return -EOPNOTSUPP;
	if (*kind != HPDMA_BACKEND_AUTO)
		return 0;

	env = sys->env("HPDMA_BACKEND");
	if (!env || !*env)
		return 0;
	for (*kind = 0; *kind <= HPDMA_BACKEND_PLAIN; ++*kind) {
		if (!strcmp(env, names[*kind]))
			return 0;
	}
	return -EINVAL;
}

static int open_with(struct hpdma *ctx, const struct hpdma_backend_ops *ops,
		     const char *path, struct hpdma_error *error)
{
	ctx->ops = ops;
	ctx->fd = -1;
	ctx->info.size = sizeof(ctx->info);
	ctx->info.backend = ops->kind;
	return ops->open(ctx, path, error);
}

/* The module is not there, or not for this user. */
static bool may_pass_over(int code)
{
	return code == -ENOENT || code == -ENXIO || code == -ENODEV ||
	       code == -EACCES || code == -EPERM;
}

static bool has_huge_pages(const struct hpdma_sys *sys)
{
	uint64_t sizes, size;

	for (sizes = hpdma_pools_sizes(sys); sizes; sizes -= size) {
		size = lowest_bit(sizes);
		if (hpdma_pool_free(sys, size))
			return true;
	}
	return false;
}

static int open_best(struct hpdma *ctx, struct hpdma_error *error)
{
	struct hpdma_error first;
	int ret;

	ret = open_with(ctx, &hpdma_backend_module, NULL, &first);
	if (!ret)
		return 0;
	if (!may_pass_over(ret))
		return hpdma_fail(error, ret, first.why, first.what);

	ctx->info.passed_over = first.why ? first.why : HPDMA_WHY_NO_MODULE;
	if (has_huge_pages(ctx->sys) &&
	    !open_with(ctx, &hpdma_backend_hugetlb, NULL, &first))
		return 0;
	return open_with(ctx, &hpdma_backend_plain, NULL, error);
}

int hpdma_open_sys(const struct hpdma_open_opts *opts,
		   const struct hpdma_sys *sys, struct hpdma **out,
		   struct hpdma_error *error)
{
	static const struct hpdma_backend_ops *const all[] = {
		[HPDMA_BACKEND_MODULE] = &hpdma_backend_module,
		[HPDMA_BACKEND_HUGETLB] = &hpdma_backend_hugetlb,
		[HPDMA_BACKEND_PLAIN] = &hpdma_backend_plain,
	};
	struct hpdma_open_opts o;
	struct hpdma *ctx;
	uint32_t kind;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	ret = wanted(sys, &o, &kind);
	if (ret)
		return hpdma_fail(error, ret,
				  ret == -EINVAL ? HPDMA_WHY_BACKEND :
						   HPDMA_WHY_NONE,
				  "choose a backend");

	ctx = hpdma_new(sizeof(*ctx), error);
	if (!ctx)
		return -ENOMEM;
	refs_init(&ctx->refs);
	ctx->sys = sys;
	ctx->page_size = sys->page_size();

	if (kind == HPDMA_BACKEND_AUTO)
		ret = open_best(ctx, error);
	else
		ret = open_with(ctx, all[kind], o.path, error);
	if (ret) {
		free(ctx);
		return ret;
	}
	*out = ctx;
	return 0;
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
	ctx->ops->close(ctx);
	free(ctx);
}

int hpdma_get_info(const struct hpdma *ctx, struct hpdma_info *info)
{
	return hpdma_info_copy(info, sizeof(*info), &ctx->info,
			       sizeof(ctx->info));
}

int hpdma_get_usage(const struct hpdma *ctx, struct hpdma_usage *usage)
{
	struct hpdma_usage now = { .size = sizeof(now) };
	int ret;

	if (usage->size < sizeof(now))
		return -EINVAL;
	ret = ctx->ops->usage(ctx, &now);
	if (ret)
		return ret;
	return hpdma_info_copy(usage, sizeof(now), &now, sizeof(now));
}
