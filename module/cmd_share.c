// SPDX-License-Identifier: GPL-2.0-only
/* The commands of /dev/hpdma that share buffers: with others, and with devices. */
#include <linux/dma-buf.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/hpdma.h>

#include "check.h"
#include "cmd.h"
#include "context.h"

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
	/* The reference to the buffer is one to its file. */
	dmabuf = buffer->dmabuf;
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
		hpdma_buffer_sync(buffer, arg->offset, length,
				  arg->direction == HPDMA_SYNC_FOR_CPU);
	hpdma_buffer_put(buffer);
	return ret;
}
