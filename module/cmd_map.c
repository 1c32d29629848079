// SPDX-License-Identifier: GPL-2.0-only
/* The commands of /dev/hpdmaN that let the device reach buffers. */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "check.h"
#include "cmd.h"
#include "devfile.h"

/* Physical addresses need the rights of both files. */
static bool sees_addresses(struct hpdma_devfile *devfile,
			   struct hpdma_context *context)
{
	return hpdma_dmamap_kind(devfile->device) != HPDMA_ADDR_PHYS ||
	       (devfile->may_see_phys && context->may_see_phys);
}

static int map_buffer(struct hpdma_call *call, struct hpdma_buffer *buffer)
{
	struct hpdma_ioc_dev_map *arg = &call->arg.dev_map;
	struct hpdma_objects *ids = &call->devfile->maps;
	struct hpdma_dmamap_wish wish = {
		.offset = arg->offset,
		.length = arg->length,
		.iova = arg->iova,
		.read_only = arg->flags & HPDMA_MAP_READ_ONLY,
	};
	struct hpdma_dmamap *map;
	u32 id;
	int ret;

	ret = hpdma_check_range(wish.offset, &wish.length,
				buffer->memory.length, PAGE_SIZE);
	if (ret)
		return ret;
	ret = hpdma_ioctl_reserve(call, ids, &id);
	if (ret)
		return ret;
	ret = hpdma_devfile_map(call->devfile, buffer, &wish, &map);
	if (ret) {
		call->reason = wish.reason;
		goto err_id;
	}
	arg->out_map_id = id;
	arg->out_kind = map->kind;
	arg->out_segments = map->spans.count;
	arg->out_addr = map->spans.array[0].addr;
	ret = hpdma_ioctl_respond(call);
	if (ret)
		goto err_map;
	hpdma_object_publish(ids, id, map);
	return 0;

err_map:
	hpdma_devfile_unmap(call->devfile, map);
err_id:
	hpdma_object_abandon(ids, id);
	return ret;
}

int hpdma_cmd_dev_map(struct hpdma_call *call)
{
	struct hpdma_context *context = hpdma_devfile_context(call->devfile);
	const struct hpdma_ioc_dev_map *arg = &call->arg.dev_map;
	struct hpdma_buffer *buffer;
	int ret;

	if (arg->__reserved)
		return -EINVAL;
	if (!context) {
		call->reason = HPDMA_REASON_NOT_ATTACHED;
		return -EINVAL;
	}
	if (!sees_addresses(call->devfile, context)) {
		call->reason = HPDMA_REASON_PHYS_RIGHT;
		return -EPERM;
	}
	buffer = hpdma_context_find(context, arg->buf_id);
	if (!buffer)
		return -ENOENT;
	ret = map_buffer(call, buffer);
	hpdma_buffer_put(buffer);
	return ret;
}

static int unmap_part(struct hpdma_call *call)
{
	const struct hpdma_ioc_dev_unmap *arg = &call->arg.dev_unmap;
	struct hpdma_devfile *devfile = call->devfile;
	struct hpdma_dmamap *map;
	int ret;

	map = hpdma_object_find(&devfile->maps, arg->map_id);
	if (!map)
		return -ENOENT;
	ret = hpdma_devfile_unmap_part(devfile, map, arg->offset, arg->length,
				       &call->reason);
	hpdma_dmamap_put(map);
	return ret;
}

int hpdma_cmd_dev_unmap(struct hpdma_call *call)
{
	const struct hpdma_ioc_dev_unmap *arg = &call->arg.dev_unmap;
	struct hpdma_devfile *devfile = call->devfile;
	struct hpdma_dmamap *map;

	if (READ_ONCE(devfile->device->gone))
		return -ENODEV;
	if (arg->offset || arg->length)
		return unmap_part(call);
	map = hpdma_object_take(&devfile->maps, arg->map_id);
	if (!map)
		return -ENOENT;
	hpdma_devfile_unmap(devfile, map);
	return 0;
}

int hpdma_cmd_dev_segments(struct hpdma_call *call)
{
	struct hpdma_devfile *devfile = call->devfile;
	struct hpdma_spans addrs = {};
	struct hpdma_dmamap *map;
	int ret;

	if (call->arg.segments.__reserved)
		return -EINVAL;
	if (READ_ONCE(devfile->device->gone))
		return -ENODEV;
	map = hpdma_object_find(&devfile->maps, call->arg.segments.id);
	if (!map)
		return -ENOENT;
	ret = hpdma_devfile_addresses(devfile, map, &addrs);
	/* Who may not see them could not make the mapping. */
	if (!ret)
		ret = hpdma_ioctl_segments(call, &addrs, map->kind);
	hpdma_spans_free(&addrs);
	hpdma_dmamap_put(map);
	return ret;
}

static int tell_regions(struct hpdma_call *call,
			const struct hpdma_iova_regions *regions)
{
	struct hpdma_ioc_dev_regions *arg = &call->arg.dev_regions;
	struct hpdma_ioc_dev_regions __user *user = call->user;

	BUILD_BUG_ON(sizeof(struct hpdma_region) !=
		     sizeof(struct hpdma_iova_region));
	BUILD_BUG_ON(HPDMA_REGION_USABLE != 0 || HPDMA_REGION_RESERVED != 1);

	/* First, so that a struct that cannot be written leaves the array alone. */
	if (put_user(regions->count, &user->out_count))
		return -EFAULT;
	if (arg->count < regions->count)
		return -EMSGSIZE;
	if (copy_to_user(u64_to_user_ptr(arg->regions), regions->array,
			 regions->count * sizeof(*regions->array)))
		return -EFAULT;
	arg->out_count = regions->count;
	return hpdma_ioctl_respond(call);
}

int hpdma_cmd_dev_regions(struct hpdma_call *call)
{
	struct hpdma_iova_regions regions;
	int ret;

	if (call->arg.dev_regions.__reserved)
		return -EINVAL;
	if (!hpdma_devfile_context(call->devfile)) {
		call->reason = HPDMA_REASON_NOT_ATTACHED;
		return -EINVAL;
	}
	ret = hpdma_devfile_regions(call->devfile, &regions, &call->reason);
	if (ret)
		return ret;
	ret = tell_regions(call, &regions);
	kfree(regions.array);
	return ret;
}
