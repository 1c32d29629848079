// SPDX-License-Identifier: MIT
/*
 * The kernel module as a backend: what several processes or drivers hold.
 */
#include <errno.h>
#include <string.h>

#include <linux/hpdma.h>

#include "backend.h"
#include "buf.h"
#include "context.h"
#include "util.h"

SAME(HPDMA_PUBLISH_PERSISTENT, HPDMA_NAME_PERSISTENT);
SAME_SIZE(hpdma_listing, hpdma_list_entry);
SAME_PLACE(hpdma_listing, hpdma_list_entry, serial);
SAME_PLACE(hpdma_listing, hpdma_list_entry, length);
SAME_PLACE(hpdma_listing, hpdma_list_entry, page_size);
SAME_PLACE(hpdma_listing, hpdma_list_entry, backing);
SAME_PLACE(hpdma_listing, hpdma_list_entry, node);
SAME_PLACE(hpdma_listing, hpdma_list_entry, segments);
SAME_PLACE(hpdma_listing, hpdma_list_entry, uid);
SAME_PLACE(hpdma_listing, hpdma_list_entry, pid);
SAME_PLACE(hpdma_listing, hpdma_list_entry, ids);
SAME_PLACE(hpdma_listing, hpdma_list_entry, mappings);
SAME_PLACE(hpdma_listing, hpdma_list_entry, state);
SAME_PLACE(hpdma_listing, hpdma_list_entry, name);
SAME(HPDMA_LIST_EVERYBODY, HPDMA_LIST_ALL);

/* What stands for the caller in the contract. */
#define CALLERS 0xffffffffu

/* So few that they fit on any stack. */
#define BATCH 16

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

static void fill_in(struct hpdma_buf *buf, uint32_t id, uint64_t length,
		    uint64_t cookie)
{
	buf->id = id;
	buf->length = length;
	buf->map_fd = cookie ? buf->ctx->fd : -1;
	buf->map_offset = cookie;
}

int hpdma_backend_module_import(struct hpdma_buf *buf, int fd,
				struct hpdma_error *error)
{
	struct hpdma_ioc_buf_import arg = { .size = sizeof(arg), .fd = fd };
	int ret;

	ret = hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_BUF_IMPORT, &arg,
			  error, "import a dma-buf");
	if (ret)
		return ret;
	fill_in(buf, arg.out_buf_id, arg.out_length, arg.out_mmap_offset);
	return 0;
}

int hpdma_backend_module_lookup(struct hpdma_buf *buf, const char *name,
				struct hpdma_error *error)
{
	struct hpdma_ioc_name_open arg = { .size = sizeof(arg) };
	int ret;

	ret = put_name(arg.name, name, error);
	if (ret)
		return ret;
	ret = hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_NAME_OPEN, &arg,
			  error, "open a named buffer");
	if (ret)
		return ret;
	fill_in(buf, arg.out_buf_id, arg.out_length, arg.out_mmap_offset);
	return 0;
}

int hpdma_backend_module_publish(struct hpdma_buf *buf, const char *name,
				 const struct hpdma_publish_opts *o,
				 struct hpdma_error *error)
{
	struct hpdma_ioc_name_publish arg = { .size = sizeof(arg) };
	int ret;

	ret = put_name(arg.name, name, error);
	if (ret)
		return ret;
	arg.flags = o->flags & HPDMA_PUBLISH_PERSISTENT;
	arg.buf_id = buf->id;
	arg.mode = o->mode;
	arg.uid = o->flags & HPDMA_PUBLISH_UID ? o->uid : CALLERS;
	arg.gid = o->flags & HPDMA_PUBLISH_GID ? o->gid : CALLERS;
	return hpdma_ioctl(buf->sys, buf->ctx->fd, HPDMA_IOC_NAME_PUBLISH, &arg,
			   error, "name a buffer");
}

int hpdma_backend_module_unlink(struct hpdma *ctx, const char *name,
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

int hpdma_backend_module_list(struct hpdma *ctx, uint32_t flags,
			      int (*each)(const struct hpdma_listing *listing,
					  void *arg),
			      void *arg, struct hpdma_error *error)
{
	struct hpdma_listing batch[BATCH];
	struct hpdma_ioc_list list;
	uint64_t after = 0;
	uint32_t i;
	int ret;

	do {
		memset(batch, 0, sizeof(batch));
		list = (struct hpdma_ioc_list){
			.size = sizeof(list),
			.flags = flags,
			.entry_size = sizeof(batch[0]),
			.entries = (uintptr_t)batch,
			.after = after,
			.count = BATCH,
		};
		ret = hpdma_ioctl(ctx->sys, ctx->fd, HPDMA_IOC_LIST, &list,
				  error, "list buffers");
		for (i = 0; !ret && i < list.out_count; i++) {
			after = batch[i].serial;
			ret = each(&batch[i], arg);
		}
	} while (!ret && list.out_count == BATCH);
	return ret;
}
