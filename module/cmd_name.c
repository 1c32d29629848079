// SPDX-License-Identifier: GPL-2.0-only
/* The commands about names. */
#include <linux/cred.h>
#include <linux/uidgid.h>

#include "check.h"
#include "cmd.h"
#include "context.h"
#include "mmap.h"
#include "name.h"

/* As a file has them. */
#define MODES 0666
#define CALLER U32_MAX

static int read_owner(const struct hpdma_ioc_name_publish *arg,
		      struct hpdma_name_wish *wish)
{
	wish->uid = current_fsuid();
	wish->gid = current_fsgid();
	if (arg->uid != CALLER)
		wish->uid = make_kuid(current_user_ns(), arg->uid);
	if (arg->gid != CALLER)
		wish->gid = make_kgid(current_user_ns(), arg->gid);
	return uid_valid(wish->uid) && gid_valid(wish->gid) ? 0 : -EINVAL;
}

int hpdma_cmd_name_publish(struct hpdma_call *call)
{
	const struct hpdma_ioc_name_publish *arg = &call->arg.name_publish;
	struct hpdma_name_wish wish = {
		.text = arg->name,
		.mode = arg->mode,
		.persistent = arg->flags & HPDMA_NAME_PERSISTENT,
	};
	struct hpdma_buffer *buffer;
	int ret;

	if (arg->__reserved || arg->mode & ~MODES)
		return -EINVAL;
	ret = hpdma_check_name(arg->name, sizeof(arg->name));
	if (ret)
		return ret;
	ret = read_owner(arg, &wish);
	if (ret)
		return ret;
	buffer = hpdma_context_find(call->context, arg->buf_id);
	if (!buffer)
		return -ENOENT;
	/* It is somebody's memory, of which the others know nothing. */
	if (buffer->memory.backing->kind == HPDMA_BACKING_USER)
		ret = -EOPNOTSUPP;
	else
		ret = hpdma_name_publish(buffer, &wish);
	if (ret == -EBUSY)
		call->reason = HPDMA_REASON_NAMED;
	hpdma_buffer_put(buffer);
	return ret;
}

int hpdma_cmd_name_open(struct hpdma_call *call)
{
	struct hpdma_ioc_name_open *arg = &call->arg.name_open;
	struct hpdma_objects *ids = &call->context->buffers;
	struct hpdma_buffer *buffer;
	u32 id;
	int ret;

	ret = hpdma_check_name(arg->name, sizeof(arg->name));
	if (ret)
		return ret;
	ret = hpdma_ioctl_reserve(call, ids, &id);
	if (ret)
		return ret;
	ret = hpdma_name_open(arg->name, &buffer);
	if (ret)
		goto err_id;
	arg->out_buf_id = id;
	arg->out_length = buffer->memory.length;
	arg->out_mmap_offset = hpdma_mmap_cookie(buffer, id);
	ret = hpdma_ioctl_respond(call);
	if (ret)
		goto err_buffer;
	hpdma_context_publish_counted(call->context, id, buffer);
	return 0;

err_buffer:
	/* Perhaps the last id by now. */
	hpdma_name_drop_id(buffer);
err_id:
	hpdma_object_abandon(ids, id);
	return ret;
}

int hpdma_cmd_name_unlink(struct hpdma_call *call)
{
	const struct hpdma_ioc_name_unlink *arg = &call->arg.name_unlink;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	ret = hpdma_check_name(arg->name, sizeof(arg->name));
	if (ret)
		return ret;
	return hpdma_name_unlink(arg->name);
}
