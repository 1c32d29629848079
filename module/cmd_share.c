// SPDX-License-Identifier: GPL-2.0-only
/* The commands of /dev/hpdma that share buffers: with others, and with devices. */
#include <linux/dma-buf.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/hpdma.h>

#include "check.h"
#include "cmd.h"
#include "context.h"
#include "mmap.h"

int hpdma_cmd_buf_export(struct hpdma_call *call)
{
	struct hpdma_ioc_buf_export *arg = &call->arg.buf_export;
	struct hpdma_buffer *buffer;
	struct dma_buf *dmabuf;
	int fd, ret;

	if (arg->__reserved)
		return -EINVAL;
	buffer = hpdma_context_find(call->context, arg->buf_id);
	if (!buffer)
		return -ENOENT;
	if (buffer->memory.backing->kind == HPDMA_BACKING_USER) {
		hpdma_buffer_put(buffer);
		return -EOPNOTSUPP;
	}
	dmabuf = hpdma_buffer_get_shared(buffer);
	hpdma_buffer_put(buffer);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		ret = fd;
		goto err_dmabuf;
	}
	arg->out_fd = fd;
	ret = hpdma_ioctl_respond(call);
	if (ret)
		goto err_fd;
	/* The descriptor takes over our reference. */
	fd_install(fd, dmabuf->file);
	return 0;

err_fd:
	put_unused_fd(fd);
err_dmabuf:
	dma_buf_put(dmabuf);
	return ret;
}

/*
 * A file has one mode for all its descriptors. Mapping memory by an id, or for a
 * device, is writing to it.
 */
static bool may_write(const struct dma_buf *dmabuf)
{
	const fmode_t both = FMODE_READ | FMODE_WRITE;

	return (dmabuf->file->f_mode & both) == both;
}

/* Make a buffer that holds another driver's dma-buf. */
static int adopt(struct dma_buf *dmabuf, struct hpdma_buffer **out, u32 *reason)
{
	struct hpdma_wish wish = {
		.length = dmabuf->size,
		.last_address = U64_MAX,
		.node = NUMA_NO_NODE,
		.foreign = dmabuf,
	};
	int ret;

	if (!may_write(dmabuf))
		return -EACCES;
	if (hpdma_check_length(dmabuf->size, PAGE_SIZE)) {
		*reason = HPDMA_REASON_EXPORTER;
		return -EOPNOTSUPP;
	}
	ret = hpdma_buffer_create(&hpdma_backing_import, &wish, out);
	if (ret)
		*reason = wish.reason;
	return ret;
}

/* Return: 0 or -errno; the buffer with a reference for the caller in @out. */
static int find_or_adopt(struct dma_buf *dmabuf, struct hpdma_buffer **out,
			 u32 *reason)
{
	struct hpdma_buffer *buffer = hpdma_buffer_of(dmabuf);

	if (!buffer)
		return adopt(dmabuf, out, reason);
	hpdma_buffer_get(buffer);
	*out = buffer;
	return 0;
}

static int import(struct hpdma_call *call, struct dma_buf *dmabuf)
{
	struct hpdma_ioc_buf_import *arg = &call->arg.buf_import;
	struct hpdma_objects *ids = &call->context->buffers;
	struct hpdma_buffer *buffer;
	u32 id;
	int ret;

	ret = hpdma_ioctl_reserve(call, ids, &id);
	if (ret)
		return ret;
	ret = find_or_adopt(dmabuf, &buffer, &call->reason);
	if (ret)
		goto err_id;
	arg->out_length = buffer->memory.length;
	arg->out_mmap_offset = hpdma_mmap_cookie(buffer, id);
	arg->out_buf_id = id;
	arg->out_segments = buffer->memory.spans.count;
	ret = hpdma_ioctl_respond(call);
	if (ret)
		goto err_buffer;
	hpdma_context_publish(call->context, id, buffer);
	return 0;

err_buffer:
	hpdma_buffer_put(buffer);
err_id:
	hpdma_object_abandon(ids, id);
	return ret;
}

int hpdma_cmd_buf_import(struct hpdma_call *call)
{
	struct dma_buf *dmabuf = dma_buf_get(call->arg.buf_import.fd);
	int ret;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = import(call, dmabuf);
	dma_buf_put(dmabuf);
	return ret;
}

int hpdma_cmd_buf_sync(struct hpdma_call *call)
{
	const struct hpdma_ioc_buf_sync *arg = &call->arg.buf_sync;
	struct hpdma_buffer *buffer;
	u64 length = arg->length;
	int ret;

	if (arg->__reserved || (arg->direction != HPDMA_SYNC_FOR_DEVICE &&
				arg->direction != HPDMA_SYNC_FOR_CPU))
		return -EINVAL;
	buffer = hpdma_context_find(call->context, arg->buf_id);
	if (!buffer)
		return -ENOENT;
	ret = hpdma_check_range(arg->offset, &length, buffer->memory.length, 1);
	if (!ret)
		ret = hpdma_buffer_sync(buffer, arg->offset, length,
					arg->direction == HPDMA_SYNC_FOR_CPU,
					&call->reason);
	hpdma_buffer_put(buffer);
	return ret;
}
