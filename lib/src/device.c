// SPDX-License-Identifier: MIT
/*
 * Devices and their registers.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <linux/hpdma.h>

#include "context.h"
#include "device.h"
#include "find.h"
#include "util.h"

_Static_assert((int)HPDMA_DEVICE_TRANSLATED == (int)HPDMA_DEV_TRANSLATED,
	       "state");
_Static_assert((int)HPDMA_DEVICE_IRQ_REMAPPED == (int)HPDMA_DEV_IRQ_REMAPPED,
	       "state");
_Static_assert((int)HPDMA_DEVICE_INTX == (int)HPDMA_DEV_INTX, "state");
_Static_assert((int)HPDMA_DEVICE_ALONE == (int)HPDMA_DEV_ALONE, "state");

static int query(struct hpdma_device *dev, struct hpdma_error *error)
{
	struct hpdma_ioc_dev_info arg = { .size = sizeof(arg) };
	int ret, i;

	ret = hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_DEV_INFO, &arg, error,
			  "ask what the device is");
	if (ret)
		return ret;

	dev->info = (struct hpdma_device_info){
		.size = sizeof(dev->info),
		.state = arg.out_state,
		.node = arg.out_node,
		.domain = arg.out_domain,
		.bus = arg.out_bus,
		.slot = arg.out_devfn >> 3,
		.function = arg.out_devfn & 7,
		.vendor = arg.out_vendor,
		.device = arg.out_device,
		.subvendor = arg.out_subvendor,
		.subdevice = arg.out_subdevice,
		.class_code = arg.out_class,
		.revision = arg.out_revision,
		.msi_vectors = arg.out_msi_vectors,
		.msix_vectors = arg.out_msix_vectors,
	};
	for (i = 0; i < HPDMA_DEVICE_BARS; i++)
		dev->info.bar_length[i] = arg.out_bar_size[i];
	return 0;
}

/* Between the look into sysfs and open() the node may have changed hands. */
static bool is_other(const struct hpdma_device *dev, const char *name)
{
	struct hpdma_pci pci;

	return hpdma_pci_parse(name, &pci) &&
	       (pci.domain != dev->info.domain || pci.bus != dev->info.bus ||
		pci.devfn != (dev->info.slot << 3 | dev->info.function));
}

static int attach(struct hpdma_device *dev, uint32_t address_bits,
		  struct hpdma_error *error)
{
	struct hpdma_ioc_dev_attach arg = {
		.size = sizeof(arg),
		.fd = dev->ctx->fd,
		.address_bits = address_bits ? address_bits : 64,
		.mode = HPDMA_MODE_DEFAULT,
	};

	dev->info.address_bits = arg.address_bits;
	return hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_DEV_ATTACH, &arg, error,
			   "attach the device");
}

int hpdma_device_open(struct hpdma *ctx, const char *name,
		      const struct hpdma_device_opts *opts,
		      struct hpdma_device **out, struct hpdma_error *error)
{
	struct hpdma_device_opts o;
	struct hpdma_device *dev;
	char path[256];
	int ret;

	ret = hpdma_opts_copy(&o, sizeof(o), sizeof(o), opts);
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	ret = hpdma_find_node(ctx->sys, name, path, sizeof(path), error);
	if (ret)
		return ret;

	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return hpdma_fail(error, -ENOMEM, HPDMA_WHY_NONE,
				  "allocate a device object");
	refs_init(&dev->refs);
	dev->ctx = ctx;
	dev->sys = ctx->sys;

	/* Non-blocking, because another thread may read a count before us. */
	dev->fd = hpdma_open_node(dev->sys, path, O_RDWR | O_NONBLOCK,
				  HPDMA_WHY_NONE, error);
	if (dev->fd < 0) {
		ret = dev->fd;
		goto err_free;
	}
	ret = query(dev, error);
	if (ret)
		goto err_close;
	if (is_other(dev, name)) {
		ret = hpdma_fail(error, -ENODEV, HPDMA_WHY_NOT_BOUND,
				 "open the node of the PCI function");
		goto err_close;
	}
	ret = attach(dev, o.address_bits, error);
	if (ret)
		goto err_close;

	hpdma_ref(ctx);
	*out = dev;
	return 0;

err_close:
	dev->sys->close(dev->fd);
err_free:
	free(dev);
	return ret;
}

struct hpdma_device *hpdma_device_ref(struct hpdma_device *dev)
{
	refs_get(&dev->refs);
	return dev;
}

void hpdma_device_unref(struct hpdma_device *dev)
{
	void *ptr;
	int i;

	if (!dev || !refs_put(&dev->refs))
		return;
	for (i = 0; i < HPDMA_DEVICE_BARS; i++) {
		ptr = atomic_load(&dev->bar[i]);
		if (ptr)
			dev->sys->unmap(ptr, dev->info.bar_length[i]);
	}
	dev->sys->close(dev->fd);
	hpdma_unref(dev->ctx);
	free(dev);
}

int hpdma_device_get_info(const struct hpdma_device *dev,
			  struct hpdma_device_info *info)
{
	return hpdma_info_copy(info, sizeof(*info), &dev->info,
			       sizeof(dev->info));
}

int hpdma_device_bar(struct hpdma_device *dev, unsigned int bar,
		     volatile void **ptr, uint64_t *length)
{
	void *mine, *there = NULL;
	uint64_t bytes;
	int ret;

	if (bar >= HPDMA_DEVICE_BARS)
		return -EINVAL;
	bytes = dev->info.bar_length[bar];
	if (!bytes)
		return -ENOENT;
	if (bytes > SIZE_MAX)
		return -EOVERFLOW;

	mine = atomic_load(&dev->bar[bar]);
	if (!mine) {
		ret = dev->sys->map(NULL, bytes, PROT_READ | PROT_WRITE,
				    MAP_SHARED, dev->fd,
				    (uint64_t)bar * dev->ctx->page_size, &mine);
		if (ret)
			return ret;
		/* Another thread was faster: all callers get his. */
		if (!atomic_compare_exchange_strong(&dev->bar[bar], &there,
						    mine)) {
			dev->sys->unmap(mine, bytes);
			mine = there;
		}
	}
	*ptr = mine;
	if (length)
		*length = bytes;
	return 0;
}
