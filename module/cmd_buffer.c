// SPDX-License-Identifier: GPL-2.0-only
/* The commands of /dev/hpdma. */
#include <linux/file.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/overflow.h>
#include <linux/uaccess.h>

#include "caching.h"
#include "check.h"
#include "cmd.h"
#include "context.h"
#include "devfile.h"
#include "mmap.h"
#include "quota.h"
#include "reserve.h"
#include "snapshot.h"

int hpdma_cmd_info(struct hpdma_call *call)
{
	struct hpdma_ioc_info *arg = &call->arg.info;
	struct hpdma_quota_state quota;

	if (arg->__reserved)
		return -EINVAL;
	arg->out_uapi_version = HPDMA_UAPI_VERSION;
	arg->out_module_version = HPDMA_VERSION_CODE;
	arg->out_features = HPDMA_FEATURE_CONTIG | HPDMA_FEATURE_REGISTER;
	arg->out_hugetlb_sizes = hpdma_backing_hugetlb_sizes();
	if (arg->out_hugetlb_sizes)
		arg->out_features |= HPDMA_FEATURE_HUGETLB;
	if (call->context->may_see_phys)
		arg->out_features |= HPDMA_FEATURE_PHYS;
	if (hpdma_caching_can_combine())
		arg->out_features |= HPDMA_FEATURE_WRITE_COMBINE;
	arg->out_max_contig = hpdma_backing_contig_max();
	arg->out_max_length = HPDMA_MAX_LENGTH;
	hpdma_quota_read(&quota);
	arg->out_quota_bytes = quota.max_bytes;
	arg->out_quota_buffers = quota.max_buffers;
	arg->out_used_bytes = quota.bytes;
	arg->out_used_buffers = quota.buffers;
	arg->out_reserve_bytes = hpdma_reserve_total();
	arg->out_reserve_free = hpdma_reserve_free();
	return hpdma_ioctl_respond(call);
}

/*
 * Make a buffer under a reserved id, let @tell fill the outputs, tell the caller
 * and publish.
 */
static int create(struct hpdma_call *call,
		  const struct hpdma_backing_ops *backing,
		  struct hpdma_wish *wish,
		  void (*tell)(struct hpdma_call *call, u32 id,
			       const struct hpdma_buffer *buffer))
{
	struct hpdma_objects *ids = &call->context->buffers;
	struct hpdma_buffer *buffer;
	u32 id;
	int ret;

	ret = hpdma_ioctl_reserve(call, ids, &id);
	if (ret)
		return ret;
	ret = hpdma_buffer_create(backing, wish, &buffer);
	if (ret) {
		call->reason = wish->reason;
		goto err_id;
	}
	tell(call, id, buffer);
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

static int check_hugetlb(const struct hpdma_ioc_buf_alloc *arg)
{
	u64 sizes = hpdma_backing_hugetlb_sizes();

	if (!is_power_of_2(arg->page_size) || arg->page_size < PAGE_SIZE)
		return -EINVAL;
	if (!(sizes & arg->page_size))
		return -EOPNOTSUPP;
	return hpdma_check_length(arg->length, arg->page_size);
}

static int check_contig(const struct hpdma_ioc_buf_alloc *arg)
{
	if (arg->page_size)
		return -EINVAL;
	return hpdma_check_length(arg->length, PAGE_SIZE);
}

/* No run is shorter than a page, so none keeps within less. */
static int check_boundary(const struct hpdma_ioc_buf_alloc *arg)
{
	u64 least = PAGE_SIZE;

	if (!arg->boundary)
		return 0;
	if (arg->backing == HPDMA_BACKING_HUGETLB)
		least = arg->page_size;
	else if (!(arg->flags & HPDMA_ALLOC_SCATTER))
		least = arg->length;
	if (!is_power_of_2(arg->boundary) ||
	    arg->boundary < max(least, arg->min_segment))
		return -EINVAL;
	return 0;
}

static int check_alloc(struct hpdma_call *call,
		       const struct hpdma_backing_ops **backing)
{
	const struct hpdma_ioc_buf_alloc *arg = &call->arg.buf_alloc;
	int ret;

	switch (arg->backing) {
	case HPDMA_BACKING_CONTIG:
		*backing = &hpdma_backing_contig;
		ret = check_contig(arg);
		break;
	case HPDMA_BACKING_HUGETLB:
		*backing = &hpdma_backing_hugetlb;
		ret = check_hugetlb(arg);
		break;
	default:
		return -EINVAL;
	}
	if (ret)
		return ret;
	if (arg->flags & HPDMA_ALLOC_SCATTER &&
	    arg->backing != HPDMA_BACKING_CONTIG)
		return -EINVAL;
	if (arg->__reserved ||
	    (arg->device_fd && !(arg->flags & HPDMA_ALLOC_FIT_DEVICE)))
		return -EINVAL;
	if (arg->flags & HPDMA_ALLOC_WRITE_COMBINE &&
	    !hpdma_caching_can_combine())
		return -EOPNOTSUPP;
	ret = check_boundary(arg);
	if (ret)
		return ret;
	if (arg->min_segment > arg->length ||
	    arg->alignment > HPDMA_MAX_LENGTH ||
	    (arg->alignment && !is_power_of_2(arg->alignment)))
		return -EINVAL;
	if (arg->flags & HPDMA_ALLOC_NODE) {
		if (arg->node >= MAX_NUMNODES || !node_online(arg->node))
			return -EINVAL;
	} else if (arg->node) {
		return -EINVAL;
	}
	return hpdma_check_address_bits(arg->address_bits);
}

/* No memory that the device of a file does not reach. */
static int fit_device(struct hpdma_call *call, u64 *last_address)
{
	struct file *file = fget(call->arg.buf_alloc.device_fd);
	struct hpdma_devfile *devfile;
	int ret = -EBADF;

	if (!file)
		return -EBADF;
	devfile = hpdma_devfile_of(file);
	if (devfile)
		ret = hpdma_devfile_reach(devfile, last_address, &call->reason);
	fput(file);
	return ret;
}

static void tell_alloc(struct hpdma_call *call, u32 id,
		       const struct hpdma_buffer *buffer)
{
	struct hpdma_ioc_buf_alloc *arg = &call->arg.buf_alloc;

	arg->out_buf_id = id;
	arg->out_segments = buffer->memory.spans.count;
	arg->out_mmap_offset = hpdma_mmap_cookie(buffer, id);
}

int hpdma_cmd_buf_alloc(struct hpdma_call *call)
{
	const struct hpdma_ioc_buf_alloc *arg = &call->arg.buf_alloc;
	const struct hpdma_backing_ops *backing;
	struct hpdma_wish wish = {
		.length = arg->length,
		.page_size = arg->page_size,
		.min_segment = arg->min_segment,
		.alignment = arg->alignment,
		.boundary = arg->boundary,
		.scatter = arg->flags & HPDMA_ALLOC_SCATTER,
		.node = NUMA_NO_NODE,
	};
	int ret;

	ret = check_alloc(call, &backing);
	if (ret)
		return ret;
	wish.last_address = hpdma_check_last_address(arg->address_bits);
	if (arg->flags & HPDMA_ALLOC_FIT_DEVICE) {
		ret = fit_device(call, &wish.last_address);
		if (ret)
			return ret;
	}
	if (arg->flags & HPDMA_ALLOC_NODE)
		wish.node = arg->node;
	wish.write_combine = arg->flags & HPDMA_ALLOC_WRITE_COMBINE;
	return create(call, backing, &wish, tell_alloc);
}

static void tell_register(struct hpdma_call *call, u32 id,
			  const struct hpdma_buffer *buffer)
{
	struct hpdma_ioc_buf_register *arg = &call->arg.buf_register;

	arg->out_buf_id = id;
	arg->out_segments = buffer->memory.spans.count;
}

static int register_memory(struct hpdma_call *call, struct hpdma_wish *wish)
{
	if (call->arg.buf_register.fd)
		return -EINVAL;
	if (!access_ok(u64_to_user_ptr(wish->user_addr), wish->length))
		return -EFAULT;
	return create(call, &hpdma_backing_user, wish, tell_register);
}

static int register_file(struct hpdma_call *call, struct hpdma_wish *wish)
{
	int ret;

	wish->file = fget(call->arg.buf_register.fd);
	if (!wish->file)
		return -EBADF;
	ret = hpdma_backing_file_check(wish);
	if (ret)
		call->reason = wish->reason;
	else
		ret = create(call, &hpdma_backing_file, wish, tell_register);
	fput(wish->file);
	return ret;
}

int hpdma_cmd_buf_register(struct hpdma_call *call)
{
	const struct hpdma_ioc_buf_register *arg = &call->arg.buf_register;
	struct hpdma_wish wish = {
		.length = arg->length,
		.last_address = U64_MAX,
		.node = NUMA_NO_NODE,
		.user_addr = arg->addr,
	};
	u64 end;
	int ret;

	if (!PAGE_ALIGNED(arg->addr))
		return -EINVAL;
	ret = hpdma_check_length(arg->length, PAGE_SIZE);
	if (ret)
		return ret;
	if (check_add_overflow(arg->addr, arg->length, &end))
		return -EOVERFLOW;
	return arg->flags & HPDMA_REGISTER_FD ? register_file(call, &wish) :
						register_memory(call, &wish);
}

int hpdma_cmd_buf_info(struct hpdma_call *call)
{
	struct hpdma_ioc_buf_info *arg = &call->arg.buf_info;
	const struct hpdma_memory *memory;
	struct hpdma_buffer *buffer;

	if (arg->__reserved)
		return -EINVAL;
	buffer = hpdma_context_find(call->context, arg->buf_id);
	if (!buffer)
		return -ENOENT;
	memory = &buffer->memory;
	arg->out_backing = memory->backing->kind;
	arg->out_node = memory->node;
	arg->out_length = memory->length;
	arg->out_page_size = memory->page_size;
	arg->out_mmap_offset = hpdma_mmap_cookie(buffer, arg->buf_id);
	arg->out_segments = memory->spans.count;
	arg->out_serial = buffer->registered.serial;
	arg->out_map_size = memory->map_size;
	arg->out_state = hpdma_snapshot_state(buffer);
	arg->out_reserved = 0;
	hpdma_buffer_put(buffer);
	return hpdma_ioctl_respond(call);
}

int hpdma_cmd_buf_segments(struct hpdma_call *call)
{
	const struct hpdma_ioc_segments *arg = &call->arg.segments;
	struct hpdma_buffer *buffer;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	if (!call->context->may_see_phys) {
		call->reason = HPDMA_REASON_PHYS_RIGHT;
		return -EPERM;
	}
	buffer = hpdma_context_find(call->context, arg->id);
	if (!buffer)
		return -ENOENT;
	/* Only its exporter knows of an import. */
	ret = -EOPNOTSUPP;
	if (!buffer->memory.foreign)
		ret = hpdma_ioctl_segments(call, &buffer->memory.spans,
					   HPDMA_ADDR_PHYS);
	hpdma_buffer_put(buffer);
	return ret;
}

int hpdma_cmd_buf_free(struct hpdma_call *call)
{
	return hpdma_context_free(call->context, call->arg.buf_free.buf_id);
}
