// SPDX-License-Identifier: GPL-2.0-only
/* What sysfs shows of a device, in /sys/class/hpdma/hpdmaN. */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "attribute.h"
#include "device.h"

static ssize_t translated_show(struct device *dev,
			       struct device_attribute *attr, char *buf)
{
	struct hpdma_device *device =
		container_of(dev, struct hpdma_device, dev);

	return sysfs_emit(buf, "%d\n", device->translated);
}
static DEVICE_ATTR_RO(translated);

static ssize_t irq_remapped_show(struct device *dev,
				 struct device_attribute *attr, char *buf)
{
	struct hpdma_device *device =
		container_of(dev, struct hpdma_device, dev);

	return sysfs_emit(buf, "%d\n", device->irq_remapped);
}
static DEVICE_ATTR_RO(irq_remapped);

static ssize_t alone_show(struct device *dev, struct device_attribute *attr,
			  char *buf)
{
	struct hpdma_device *device =
		container_of(dev, struct hpdma_device, dev);

	return sysfs_emit(buf, "%d\n", device->alone);
}
static DEVICE_ATTR_RO(alone);

static ssize_t holders_show(struct device *dev, struct device_attribute *attr,
			    char *buf)
{
	struct hpdma_device *device =
		container_of(dev, struct hpdma_device, dev);

	return sysfs_emit(buf, "%u\n", READ_ONCE(device->holders));
}
static DEVICE_ATTR_RO(holders);

static struct attribute *attribute_attrs[] = {
	&dev_attr_translated.attr,
	&dev_attr_irq_remapped.attr,
	&dev_attr_alone.attr,
	&dev_attr_holders.attr,
	NULL,
};

static const struct attribute_group group = {
	.attrs = attribute_attrs,
};

const struct attribute_group *hpdma_attribute_groups[] = { &group, NULL };
