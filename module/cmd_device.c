// SPDX-License-Identifier: GPL-2.0-only
/* The commands of /dev/hpdmaN. */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pci.h>

#include "check.h"
#include "cmd.h"
#include "devfile.h"

int hpdma_cmd_dev_attach(struct hpdma_call *call)
{
	const struct hpdma_ioc_dev_attach *arg = &call->arg.dev_attach;
	struct hpdma_context *context;
	struct file *file;
	int ret;

	if (!arg->address_bits)
		return -EINVAL;
	ret = hpdma_check_address_bits(arg->address_bits);
	if (ret)
		return ret;
	if (arg->mode != HPDMA_MODE_DEFAULT)
		return -EOPNOTSUPP;
	file = fget(arg->fd);
	if (!file)
		return -EBADF;
	context = hpdma_context_of(file);
	ret = -EBADF;
	if (context)
		ret = hpdma_devfile_attach(call->devfile, context,
					   arg->address_bits, arg->mode,
					   &call->reason);
	fput(file);
	return ret;
}

static void describe(struct hpdma_device *device,
		     struct hpdma_ioc_dev_info *arg)
{
	struct pci_dev *pdev = device->pdev;
	unsigned int i;

	arg->out_state = 0;
	if (device->translated)
		arg->out_state |= HPDMA_DEV_TRANSLATED;
	if (device->irq_remapped)
		arg->out_state |= HPDMA_DEV_IRQ_REMAPPED;
	if (device->alone)
		arg->out_state |= HPDMA_DEV_ALONE;
	if (hpdma_event_has_intx(pdev))
		arg->out_state |= HPDMA_DEV_INTX;
	arg->out_domain = pci_domain_nr(pdev->bus);
	arg->out_bus = pdev->bus->number;
	arg->out_devfn = pdev->devfn;
	arg->out_node = dev_to_node(&pdev->dev);
	arg->out_vendor = pdev->vendor;
	arg->out_device = pdev->device;
	arg->out_subvendor = pdev->subsystem_vendor;
	arg->out_subdevice = pdev->subsystem_device;
	arg->out_class = pdev->class;
	arg->out_revision = pdev->revision;
	arg->out_msi_vectors = max(pci_msi_vec_count(pdev), 0);
	arg->out_msix_vectors = max(pci_msix_vec_count(pdev), 0);
	for (i = 0; i < ARRAY_SIZE(arg->out_bar_size); i++)
		arg->out_bar_size[i] = hpdma_device_bar_size(device, i);
}

int hpdma_cmd_dev_info(struct hpdma_call *call)
{
	struct hpdma_device *device = call->devfile->device;
	bool gone;

	mutex_lock(&device->lock);
	gone = device->gone;
	if (!gone)
		describe(device, &call->arg.dev_info);
	mutex_unlock(&device->lock);
	return gone ? -ENODEV : hpdma_ioctl_respond(call);
}

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

int hpdma_cmd_dev_unmap(struct hpdma_call *call)
{
	struct hpdma_devfile *devfile = call->devfile;
	struct hpdma_dmamap *map;

	if (READ_ONCE(devfile->device->gone))
		return -ENODEV;
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

int hpdma_cmd_irq_set(struct hpdma_call *call)
{
	const struct hpdma_ioc_irq_set *arg = &call->arg.irq_set;
	struct eventfd_ctx *eventfd = NULL;
	int ret;

	if (arg->__reserved || arg->eventfd < -1)
		return -EINVAL;
	if (arg->type > HPDMA_IRQ_MSI ||
	    (arg->type == HPDMA_IRQ_NONE && arg->eventfd != -1))
		return -EINVAL;
	if (!hpdma_devfile_context(call->devfile)) {
		call->reason = HPDMA_REASON_NOT_ATTACHED;
		return -EINVAL;
	}
	if (arg->eventfd >= 0) {
		eventfd = eventfd_ctx_fdget(arg->eventfd);
		/* EINVAL says it is some other file: the contract's EBADF. */
		if (IS_ERR(eventfd))
			return -EBADF;
	}
	ret = hpdma_devfile_set_irq(call->devfile, arg->type, eventfd);
	if (ret && eventfd)
		eventfd_ctx_put(eventfd);
	if (ret == -EOPNOTSUPP)
		call->reason = HPDMA_REASON_NO_INTERRUPT;
	return ret;
}
