// SPDX-License-Identifier: GPL-2.0-only
/* The commands of /dev/hpdmaN that let the device reach buffers. */
#include <linux/mm.h>

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
	struct hpdma_dmamap *map;
	u64 length = arg->length;
	u32 id;
	int ret;

	ret = hpdma_check_range(arg->offset, &length, buffer->memory.length,
				PAGE_SIZE);
	if (ret)
		return ret;
	ret = hpdma_ioctl_reserve(call, ids, &id);
	if (ret)
		return ret;
	ret = hpdma_devfile_map(call->devfile, buffer, arg->offset, length,
				&call->reason, &map);
	if (ret)
		goto err_id;
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
	if (arg->iova) {
		call->reason = HPDMA_REASON_MODE;
		return -EOPNOTSUPP;
	}
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

int hpdma_cmd_dev_unmap(struct hpdma_call *call)
{
	struct hpdma_devfile *devfile = call->devfile;
	struct hpdma_dmamap *map;

	if (READ_ONCE(devfile->device->gone))
		return -ENODEV;
	if (call->arg.dev_unmap.offset || call->arg.dev_unmap.length) {
		call->reason = HPDMA_REASON_MODE;
		return -EOPNOTSUPP;
	}
	map = hpdma_object_take(&devfile->maps, call->arg.dev_unmap.map_id);
	if (!map)
		return -ENOENT;
	hpdma_devfile_unmap(devfile, map);
	return 0;
}

int hpdma_cmd_dev_segments(struct hpdma_call *call)
{
	struct hpdma_devfile *devfile = call->devfile;
	struct hpdma_dmamap *map;
	int ret;

	if (call->arg.segments.__reserved)
		return -EINVAL;
	if (READ_ONCE(devfile->device->gone))
		return -ENODEV;
	map = hpdma_object_find(&devfile->maps, call->arg.segments.id);
	if (!map)
		return -ENOENT;
	/* Who may not see them could not make the mapping. */
	ret = hpdma_ioctl_segments(call, &map->spans, map->kind);
	hpdma_dmamap_put(map);
	return ret;
}
