// SPDX-License-Identifier: MIT
/*
 * Buffers that came into being elsewhere, imported and by name; who holds what.
 */
#include <errno.h>
#include <stdlib.h>

#include <hpdma/share.h>

#include "buf.h"
#include "context.h"
#include "util.h"

#define ALL_PUBLISH_FLAGS \
	(HPDMA_PUBLISH_PERSISTENT | HPDMA_PUBLISH_UID | HPDMA_PUBLISH_GID)

static int begin(struct hpdma *ctx, uint32_t flags, struct hpdma_buf **buf,
		 struct hpdma_error *error)
{
	*buf = NULL;
	if (flags & ~(uint32_t)(HPDMA_BUF_NO_POPULATE | HPDMA_BUF_NO_MAP))
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE, "read flags");
	*buf = hpdma_buf_new(ctx, error);
	return *buf ? 0 : -ENOMEM;
}

/* Hands the buffer out, if the backend could fill it in. */
static int complete(struct hpdma_buf *buf, int ret, uint32_t flags,
		    struct hpdma_buf **out, struct hpdma_error *error)
{
	if (ret)
		goto err_free;
	ret = hpdma_buf_map(buf, flags, error);
	if (ret)
		goto err_give_back;
	hpdma_buf_finish(buf, HPDMA_BUF_OWN, out);
	return 0;

err_give_back:
	buf->ctx->ops->free(buf);
err_free:
	free(buf);
	return ret;
}

int hpdma_buf_import(struct hpdma *ctx, int fd, uint32_t flags,
		     struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_buf *buf;
	int ret;

	ret = begin(ctx, flags, &buf, error);
	if (ret)
		return ret;
	ret = ctx->ops->import(buf, fd, error);
	return complete(buf, ret, flags, out, error);
}

int hpdma_buf_open(struct hpdma *ctx, const char *name, uint32_t flags,
		   struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_buf *buf;
	int ret;

	ret = begin(ctx, flags, &buf, error);
	if (ret)
		return ret;
	ret = ctx->ops->lookup(buf, name, error);
	return complete(buf, ret, flags, out, error);
}

static int check(const struct hpdma_publish_opts *o)
{
	if (o->flags & ~(uint32_t)ALL_PUBLISH_FLAGS || o->reserved ||
	    (o->uid && !(o->flags & HPDMA_PUBLISH_UID)) ||
	    (o->gid && !(o->flags & HPDMA_PUBLISH_GID)))
		return -EINVAL;
	return 0;
}

int hpdma_buf_publish(struct hpdma_buf *buf, const char *name,
		      const struct hpdma_publish_opts *opts,
		      struct hpdma_error *error)
{
	struct hpdma_publish_opts o;
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (!ret)
		ret = check(&o);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	if (buf->form != HPDMA_BUF_OWN)
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_NONE,
				  "name a registered or received buffer");
	return buf->ctx->ops->publish(buf, name, &o, error);
}

int hpdma_name_unlink(struct hpdma *ctx, const char *name,
		      struct hpdma_error *error)
{
	return ctx->ops->unlink(ctx, name, error);
}

int hpdma_list(struct hpdma *ctx, uint32_t flags,
	       int (*each)(const struct hpdma_listing *listing, void *arg),
	       void *arg, struct hpdma_error *error)
{
	return ctx->ops->list(ctx, flags, each, arg, error);
}
