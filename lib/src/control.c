// SPDX-License-Identifier: MIT
/*
 * An open device: how it is used, what it can be told, where it can have memory.
 */
#include <errno.h>

#include <linux/hpdma.h>

#include "device.h"
#include "util.h"

SAME(HPDMA_DEVICE_REGION_USABLE, HPDMA_REGION_USABLE);
SAME(HPDMA_DEVICE_REGION_RESERVED, HPDMA_REGION_RESERVED);
SAME_SIZE(hpdma_device_region, hpdma_region);
SAME_PLACE(hpdma_device_region, hpdma_region, first);
SAME_PLACE(hpdma_device_region, hpdma_region, last);
SAME_PLACE(hpdma_device_region, hpdma_region, kind);

int hpdma_device_get_usage(const struct hpdma_device *dev,
			   struct hpdma_device_usage *usage)
{
	struct hpdma_ioc_dev_info arg = { .size = sizeof(arg) };
	struct hpdma_device_usage now;
	int ret;

	/* A size that is too small is the caller's mistake: tell it first. */
	if (usage->size < sizeof(now))
		return -EINVAL;
	ret = hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_DEV_INFO, &arg, NULL,
			  NULL);
	if (ret)
		return ret;
	now = (struct hpdma_device_usage){
		.size = sizeof(now),
		.state = arg.out_state,
		.irq_type = arg.out_irq_type,
		.irq_vectors = arg.out_irq_vectors,
		.resumes = arg.out_resumes,
		.iommu_pages = arg.out_iommu_pages,
		.quarantined = arg.out_quarantined,
	};
	return hpdma_info_copy(usage, sizeof(now), &now, sizeof(now));
}

int hpdma_device_reset(struct hpdma_device *dev, struct hpdma_error *error)
{
	struct hpdma_ioc_dev_reset arg = { .size = sizeof(arg) };

	return hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_DEV_RESET, &arg, error,
			   "reset the device");
}

int hpdma_device_resume(struct hpdma_device *dev, struct hpdma_error *error)
{
	struct hpdma_ioc_dev_resume arg = { .size = sizeof(arg) };

	return hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_DEV_RESUME, &arg, error,
			   "resume the device");
}

int hpdma_device_regions(struct hpdma_device *dev,
			 struct hpdma_device_region *regions, size_t cap,
			 size_t *count, struct hpdma_error *error)
{
	struct hpdma_ioc_dev_regions arg = {
		.size = sizeof(arg),
		.count = cap > UINT32_MAX ? UINT32_MAX : (uint32_t)cap,
		.regions = (uintptr_t)regions,
	};
	int ret;

	ret = hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_DEV_REGIONS, &arg, error,
			  "ask where the device can have memory");
	if (!ret)
		*count = arg.out_count;
	return ret;
}
