// SPDX-License-Identifier: GPL-2.0-only
/* The commands of /dev/hpdmaN that are about the device itself. */
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/pci.h>

#include "check.h"
#include "cmd.h"
#include "devfile.h"
#include "domain.h"
#include "reset.h"

static int attach(struct hpdma_call *call, struct hpdma_context *context)
{
	struct hpdma_ioc_dev_attach *arg = &call->arg.dev_attach;
	int ret;

	arg->out_mode = hpdma_device_mode(call->devfile->device, arg->mode);
	ret = hpdma_devfile_attach_prepare(call->devfile, arg->address_bits,
					   arg->out_mode, arg->reset,
					   &call->reason);
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
	if (arg->reset > HPDMA_RESET_REQUIRE)
		return -EINVAL;
	/* Who may only read may wait for interrupts, as with UIO. */
	if (!call->devfile->writable)
		return -EACCES;
	file = fget(arg->fd);
	if (!file)
		return -EBADF;
	context = hpdma_context_of(file);
	ret = context ? attach(call, context) : -EBADF;
	fput(file);
	return ret;
}

static u32 bar_flags(struct pci_dev *pdev, unsigned int bar)
{
	unsigned long flags = pci_resource_flags(pdev, bar);
	u32 ret = 0;

	if (!pci_resource_len(pdev, bar))
		return 0;
	if (flags & IORESOURCE_MEM)
		ret |= HPDMA_BAR_MEMORY;
	if (flags & IORESOURCE_IO)
		ret |= HPDMA_BAR_IO;
	if (flags & IORESOURCE_PREFETCH)
		ret |= HPDMA_BAR_PREFETCH;
	if (flags & IORESOURCE_MEM_64)
		ret |= HPDMA_BAR_64;
	return ret;
}

/* What the function is. */
static void describe_function(struct hpdma_device *device,
			      struct hpdma_ioc_dev_info *arg)
{
	struct pci_dev *pdev = device->pdev;
	unsigned int i;

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
	for (i = 0; i < ARRAY_SIZE(arg->out_bar_size); i++) {
		arg->out_bar_size[i] = hpdma_device_bar_size(device, i);
		arg->out_bar_flags[i] = bar_flags(pdev, i);
	}
	arg->out_iommu_group = device->group;
	arg->out_resets = hpdma_reset_ways(pdev);
}

/* How it is used. */
static void describe_use(struct hpdma_device *device,
			 struct hpdma_ioc_dev_info *arg)
{
	if (device->suspended)
		arg->out_state |= HPDMA_DEV_SUSPENDED;
	if (device->stuck)
		arg->out_state |= HPDMA_DEV_STUCK;
	arg->out_mode = device->mode;
	arg->out_address_bits = device->address_bits;
	arg->out_iommu_pages = hpdma_domain_pages(device->domain);
	arg->out_irq_type = device->event.type;
	arg->out_irq_vectors = device->event.enabled;
	arg->out_resumes = device->resumes;
	arg->out_quarantined = device->quarantined;
}

int hpdma_cmd_dev_info(struct hpdma_call *call)
{
	struct hpdma_device *device = call->devfile->device;
	struct hpdma_ioc_dev_info *arg = &call->arg.dev_info;
	bool gone;

	if (arg->__reserved)
		return -EINVAL;
	*arg = (struct hpdma_ioc_dev_info){ .size = arg->size };
	mutex_lock(&device->lock);
	gone = device->gone;
	if (!gone) {
		describe_function(device, arg);
		describe_use(device, arg);
	}
	mutex_unlock(&device->lock);
	return gone ? -ENODEV : hpdma_ioctl_respond(call);
}

int hpdma_cmd_dev_reset(struct hpdma_call *call)
{
	if (call->arg.dev_reset.__reserved)
		return -EINVAL;
	if (!hpdma_devfile_context(call->devfile)) {
		call->reason = HPDMA_REASON_NOT_ATTACHED;
		return -EINVAL;
	}
	return hpdma_devfile_reset(call->devfile, &call->reason);
}

int hpdma_cmd_dev_resume(struct hpdma_call *call)
{
	if (call->arg.dev_resume.__reserved)
		return -EINVAL;
	if (!hpdma_devfile_context(call->devfile)) {
		call->reason = HPDMA_REASON_NOT_ATTACHED;
		return -EINVAL;
	}
	return hpdma_devfile_resume(call->devfile);
}
