// SPDX-License-Identifier: MIT
/*
 * Buffers that came into being elsewhere: imported, and by name.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/hpdma.h>

#include <hpdma/share.h>

#include "buf.h"
#include "context.h"
#include "util.h"

SAME(HPDMA_PUBLISH_PERSISTENT, HPDMA_NAME_PERSISTENT);

#define ALL_PUBLISH_FLAGS \
	(HPDMA_PUBLISH_PERSISTENT | HPDMA_PUBLISH_UID | HPDMA_PUBLISH_GID)

/* What stands for the caller in the contract. */
#define CALLERS 0xffffffffu

/* What a name is made of is the module's to judge. */
static int put_name(uint8_t to[HPDMA_NAME_SIZE], const char *name,
		    struct hpdma_error *error)
{
	size_t length = strlen(name);

	if (length >= HPDMA_NAME_SIZE)
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE,
				  "read a name");
	memcpy(to, name, length);
	return 0;
}

static int new_buf(uint32_t flags, struct hpdma_buf **out,
		   struct hpdma_error *error)
{
	*out = NULL;
	if (flags & ~(uint32_t)(HPDMA_BUF_NO_POPULATE | HPDMA_BUF_NO_MAP))
		return hpdma_fail(error, -EINVAL, HPDMA_WHY_NONE, "read flags");
	*out = hpdma_new(sizeof(**out), error);
	return *out ? 0 : -ENOMEM;
}

/* An id from the module. */
struct given {
	uint32_t id;
	uint64_t length;
	uint64_t cookie;
};

/* The id is ours: it goes with the buffer, or with the failure. */
static int hand_out(struct hpdma *ctx, struct hpdma_buf *buf,
		    struct given given, uint32_t flags, struct hpdma_buf **out,
		    struct hpdma_error *error)
{
	int ret;

	buf->id = given.id;
	buf->length = given.length;

	ret = hpdma_buf_map_id(ctx, buf, given.cookie, flags, error);
	if (ret) {
		hpdma_buf_free_id(ctx, buf->id);
		free(buf);
		return ret;
	}
	hpdma_buf_finish(ctx, buf, HPDMA_BUF_OWN, out);
	return 0;
}

int hpdma_buf_import(struct hpdma *ctx, int fd, uint32_t flags,
		     struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_ioc_buf_import arg = { .size = sizeof(arg), .fd = fd };
	struct hpdma_buf *buf;
	int ret;

	ret = new_buf(flags, &buf, error);
	if (ret)
		return ret;
	ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_BUF_IMPORT, &arg, error,
			  "import a dma-buf");
	if (ret) {
		free(buf);
		return ret;
	}
	return hand_out(ctx, buf,
			(struct given){ arg.out_buf_id, arg.out_length,
					arg.out_mmap_offset },
			flags, out, error);
}

int hpdma_buf_open(struct hpdma *ctx, const char *name, uint32_t flags,
		   struct hpdma_buf **out, struct hpdma_error *error)
{
	struct hpdma_ioc_name_open arg = { .size = sizeof(arg) };
	struct hpdma_buf *buf;
	int ret;

	ret = put_name(arg.name, name, error);
	if (!ret)
		ret = new_buf(flags, &buf, error);
	if (ret)
		return ret;
	ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_NAME_OPEN, &arg, error,
			  "open a named buffer");
	if (ret) {
		free(buf);
		return ret;
	}
	return hand_out(ctx, buf,
			(struct given){ arg.out_buf_id, arg.out_length,
					arg.out_mmap_offset },
			flags, out, error);
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
	struct hpdma_ioc_name_publish arg = { .size = sizeof(arg) };
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
	ret = put_name(arg.name, name, error);
	if (ret)
		return ret;

	arg.flags = o.flags & HPDMA_PUBLISH_PERSISTENT;
	arg.buf_id = buf->id;
	arg.mode = o.mode;
	arg.uid = o.flags & HPDMA_PUBLISH_UID ? o.uid : CALLERS;
	arg.gid = o.flags & HPDMA_PUBLISH_GID ? o.gid : CALLERS;
	return hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_NAME_PUBLISH, &arg,
			   error, "name a buffer");
}

int hpdma_name_unlink(struct hpdma *ctx, const char *name,
		      struct hpdma_error *error)
{
	struct hpdma_ioc_name_unlink arg = { .size = sizeof(arg) };
	int ret;

	ret = put_name(arg.name, name, error);
	if (ret)
		return ret;
	return hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_NAME_UNLINK, &arg,
			   error, "unlink a name");
}
