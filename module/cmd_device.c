// SPDX-License-Identifier: GPL-2.0-only
/* The commands of /dev/hpdmaN that are about the device itself. */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pci.h>

#include "check.h"
#include "cmd.h"
#include "devfile.h"

static int attach(struct hpdma_call *call, struct hpdma_context *context)
{
	struct hpdma_ioc_dev_attach *arg = &call->arg.dev_attach;
	int ret;

	arg->out_mode = hpdma_device_mode(call->devfile->device, arg->mode);
	ret = hpdma_devfile_attach_prepare(call->devfile, arg->address_bits,
					   arg->out_mode, &call->reason);
	if (ret)
		return ret;
	ret = hpdma_ioctl_respond(call);
	if (ret)
		hpdma_devfile_attach_undo(call->devfile);
	else
		hpdma_devfile_attach_complete(call->devfile, context);
	return ret;
}

int hpdma_cmd_dev_attach(struct hpdma_call *call)
{
	const struct hpdma_ioc_dev_attach *arg = &call->arg.dev_attach;
	struct hpdma_context *context;
	struct file *file;
	int ret;

	if (!arg->address_bits || arg->mode > HPDMA_MODE_PHYS)
		return -EINVAL;
	ret = hpdma_check_address_bits(arg->address_bits);
	if (ret)
		return ret;
	if (arg->reset != HPDMA_RESET_NONE)
		return -EOPNOTSUPP;
	file = fget(arg->fd);
	if (!file)
		return -EBADF;
	context = hpdma_context_of(file);
	ret = context ? attach(call, context) : -EBADF;
	fput(file);
	return ret;
}

static void describe(struct hpdma_device *device,
		     struct hpdma_ioc_dev_info *arg)
{
	struct pci_dev *pdev = device->pdev;
	unsigned int i;

	*arg = (struct hpdma_ioc_dev_info){ .size = arg->size };
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

	if (call->arg.dev_info.__reserved)
		return -EINVAL;
	mutex_lock(&device->lock);
	gone = device->gone;
	if (!gone)
		describe(device, &call->arg.dev_info);
	mutex_unlock(&device->lock);
	return gone ? -ENODEV : hpdma_ioctl_respond(call);
}
