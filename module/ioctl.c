// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an ioctl number to its command, by table. Sizes, tails and flags are
 * checked here for all of them; commands see only structs they know.
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/stddef.h>
#include <linux/uaccess.h>

#include "cmd.h"
#include "ioctl.h"
#include "object.h"
#include "span.h"

/* @last: the last field of the struct's first version */
#define CMD(_nr, _struct, _last, _flags, _execute)              \
	[_IOC_NR(_nr)] = {                                      \
		.size = sizeof(struct _struct),                 \
		.min_size = offsetofend(struct _struct, _last), \
		.flags = (_flags),                              \
		.execute = (_execute),                          \
	}

static const struct hpdma_cmd context_cmds[] = {
	CMD(HPDMA_IOC_INFO, hpdma_ioc_info, out_used_buffers, 0,
	    hpdma_cmd_info),
	CMD(HPDMA_IOC_BUF_ALLOC, hpdma_ioc_buf_alloc, out_mmap_offset,
	    HPDMA_ALLOC_NODE | HPDMA_ALLOC_SCATTER | HPDMA_ALLOC_WRITE_COMBINE |
		    HPDMA_ALLOC_FIT_DEVICE,
	    hpdma_cmd_buf_alloc),
	CMD(HPDMA_IOC_BUF_REGISTER, hpdma_ioc_buf_register, out_segments,
	    HPDMA_REGISTER_FD, hpdma_cmd_buf_register),
	CMD(HPDMA_IOC_BUF_INFO, hpdma_ioc_buf_info, out_reserved, 0,
	    hpdma_cmd_buf_info),
	CMD(HPDMA_IOC_BUF_SEGMENTS, hpdma_ioc_segments, __reserved, 0,
	    hpdma_cmd_buf_segments),
	CMD(HPDMA_IOC_BUF_EXPORT, hpdma_ioc_buf_export, __reserved, 0,
	    hpdma_cmd_buf_export),
	CMD(HPDMA_IOC_BUF_FREE, hpdma_ioc_buf_free, buf_id, 0,
	    hpdma_cmd_buf_free),
	CMD(HPDMA_IOC_LIST, hpdma_ioc_list, out_count, HPDMA_LIST_ALL,
	    hpdma_cmd_list),
	CMD(HPDMA_IOC_NAME_PUBLISH, hpdma_ioc_name_publish, name,
	    HPDMA_NAME_PERSISTENT, hpdma_cmd_name_publish),
	CMD(HPDMA_IOC_NAME_OPEN, hpdma_ioc_name_open, name, 0,
	    hpdma_cmd_name_open),
	CMD(HPDMA_IOC_NAME_UNLINK, hpdma_ioc_name_unlink, name, 0,
	    hpdma_cmd_name_unlink),
	CMD(HPDMA_IOC_BUF_IMPORT, hpdma_ioc_buf_import, out_segments, 0,
	    hpdma_cmd_buf_import),
	CMD(HPDMA_IOC_BUF_SYNC, hpdma_ioc_buf_sync, __reserved, 0,
	    hpdma_cmd_buf_sync),
};

static const struct hpdma_cmd devfile_cmds[] = {
	CMD(HPDMA_IOC_DEV_ATTACH, hpdma_ioc_dev_attach, out_mode, 0,
	    hpdma_cmd_dev_attach),
	CMD(HPDMA_IOC_DEV_INFO, hpdma_ioc_dev_info, out_quarantined, 0,
	    hpdma_cmd_dev_info),
	CMD(HPDMA_IOC_DEV_MAP, hpdma_ioc_dev_map, out_addr, HPDMA_MAP_READ_ONLY,
	    hpdma_cmd_dev_map),
	CMD(HPDMA_IOC_DEV_UNMAP, hpdma_ioc_dev_unmap, length, 0,
	    hpdma_cmd_dev_unmap),
	CMD(HPDMA_IOC_DEV_SEGMENTS, hpdma_ioc_segments, __reserved, 0,
	    hpdma_cmd_dev_segments),
	CMD(HPDMA_IOC_DEV_REGIONS, hpdma_ioc_dev_regions, __reserved, 0,
	    hpdma_cmd_dev_regions),
	CMD(HPDMA_IOC_DEV_RESET, hpdma_ioc_dev_reset, __reserved, 0,
	    hpdma_cmd_dev_reset),
	CMD(HPDMA_IOC_DEV_RESUME, hpdma_ioc_dev_resume, __reserved, 0,
	    hpdma_cmd_dev_resume),
	CMD(HPDMA_IOC_IRQ_SET, hpdma_ioc_irq_set, eventfds, 0,
	    hpdma_cmd_irq_set),
	CMD(HPDMA_IOC_IRQ_CTRL, hpdma_ioc_irq_ctrl, __reserved, 0,
	    hpdma_cmd_irq_ctrl),
	CMD(HPDMA_IOC_IRQ_COUNTS, hpdma_ioc_irq_counts, __reserved, 0,
	    hpdma_cmd_irq_counts),
};

/**
 * hpdma_ioctl_reserve - set an id aside for what a call makes
 * @call: The call; told the reason if there is none
 * @ids: The ids
 * @id: Set to the id
 *
 * Return: 0, -ENOSPC or -ENOMEM.
 */
int hpdma_ioctl_reserve(struct hpdma_call *call, struct hpdma_objects *ids,
			u32 *id)
{
	int ret = hpdma_object_reserve(ids, id);

	if (ret == -ENOSPC)
		call->reason = HPDMA_REASON_IDS;
	return ret;
}

/**
 * hpdma_ioctl_respond - tell the caller the outputs
 * @call: The call, with its outputs filled in
 *
 * Return: 0 or -EFAULT.
 */
int hpdma_ioctl_respond(struct hpdma_call *call)
{
	u32 size = min(call->user_size, call->kernel_size);

	call->arg.out_reason = HPDMA_REASON_NONE;
	return copy_to_user(call->user, &call->arg, size) ? -EFAULT : 0;
}

/**
 * hpdma_ioctl_segments - fill the caller's array of segments, and respond
 * @call: A call with a &struct hpdma_ioc_segments
 * @spans: The segments
 * @kind: enum hpdma_addr_kind
 *
 * Return: 0, -EMSGSIZE or -EFAULT.
 */
int hpdma_ioctl_segments(struct hpdma_call *call,
			 const struct hpdma_spans *spans, u32 kind)
{
	struct hpdma_ioc_segments *arg = &call->arg.segments;
	struct hpdma_ioc_segments __user *user = call->user;

	BUILD_BUG_ON(sizeof(struct hpdma_segment) != sizeof(struct hpdma_span));

	/* First, so that a struct that cannot be written leaves the array alone. */
	if (put_user(spans->count, &user->out_count))
		return -EFAULT;
	if (arg->count < spans->count)
		return -EMSGSIZE;
	if (copy_to_user(u64_to_user_ptr(arg->segments), spans->array,
			 spans->count * sizeof(*spans->array)))
		return -EFAULT;
	arg->out_count = spans->count;
	arg->out_kind = kind;
	return hpdma_ioctl_respond(call);
}

static int copy_in(struct hpdma_call *call, const struct hpdma_cmd *cmd)
{
	int ret;

	if (get_user(call->user_size, (u32 __user *)call->user))
		return -EFAULT;
	if (call->user_size < cmd->min_size)
		return -EINVAL;
	/* No version is this large; nor is it worth looking for zeroes. */
	if (call->user_size > PAGE_SIZE)
		return -E2BIG;
	call->kernel_size = cmd->size;
	ret = copy_struct_from_user(&call->arg, cmd->size, call->user,
				    call->user_size);
	if (ret)
		return ret;
	/* Another thread may have changed it since. */
	call->arg.size = call->user_size;
	return call->arg.flags & ~cmd->flags ? -EOPNOTSUPP : 0;
}

static long dispatch(struct hpdma_call *call, const struct hpdma_cmd *cmds,
		     unsigned int count, unsigned int nr)
{
	const struct hpdma_cmd *cmd;
	int ret;

	if (nr >= count)
		return -ENOTTY;
	cmd = &cmds[array_index_nospec(nr, count)];
	if (!cmd->execute)
		return -ENOTTY;
	ret = copy_in(call, cmd);
	if (!ret)
		ret = cmd->execute(call);
	/*
	 * The errno is what counts: a caller who cannot be told why gets it. One
	 * whose struct is too short has no place for it.
	 */
	if (ret && call->kernel_size) {
		union hpdma_arg __user *user = call->user;

		(void)!put_user(call->reason, &user->out_reason);
	}
	return ret;
}

static bool is_ours(unsigned int number)
{
	return _IOC_TYPE(number) == HPDMA_IOC_TYPE &&
	       _IOC_DIR(number) == _IOC_NONE && !_IOC_SIZE(number);
}

/* Of a file of /dev/hpdma. */
long hpdma_ioctl_context(struct hpdma_context *context, unsigned int number,
			 unsigned long arg)
{
	struct hpdma_call call = {
		.context = context,
		.user = (void __user *)arg,
	};

	if (!is_ours(number))
		return -ENOTTY;
	return dispatch(&call, context_cmds, ARRAY_SIZE(context_cmds),
			_IOC_NR(number));
}

/* Of a file of /dev/hpdmaN. */
long hpdma_ioctl_devfile(struct hpdma_devfile *devfile, unsigned int number,
			 unsigned long arg)
{
	struct hpdma_call call = {
		.devfile = devfile,
		.user = (void __user *)arg,
	};

	if (!is_ours(number))
		return -ENOTTY;
	return dispatch(&call, devfile_cmds, ARRAY_SIZE(devfile_cmds),
			_IOC_NR(number));
}
