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

SAME(HPDMA_DEVICE_MODE_AUTO, HPDMA_MODE_DEFAULT);
SAME(HPDMA_DEVICE_MODE_KERNEL_IOVA, HPDMA_MODE_KERNEL_IOVA);
SAME(HPDMA_DEVICE_MODE_CALLER_IOVA, HPDMA_MODE_CALLER_IOVA);
SAME(HPDMA_DEVICE_MODE_PHYS, HPDMA_MODE_PHYS);
SAME(HPDMA_DEVICE_TRANSLATED, HPDMA_DEV_TRANSLATED);
SAME(HPDMA_DEVICE_IRQ_REMAPPED, HPDMA_DEV_IRQ_REMAPPED);
SAME(HPDMA_DEVICE_INTX, HPDMA_DEV_INTX);
SAME(HPDMA_DEVICE_ALONE, HPDMA_DEV_ALONE);
SAME(HPDMA_DEVICE_SUSPENDED, HPDMA_DEV_SUSPENDED);
SAME(HPDMA_DEVICE_STUCK, HPDMA_DEV_STUCK);
SAME(HPDMA_DEVICE_CAN_RESET, HPDMA_RESETS_FUNCTION);
SAME(HPDMA_DEVICE_CAN_FLR, HPDMA_RESETS_FLR);
SAME(HPDMA_DEVICE_BAR_MEMORY, HPDMA_BAR_MEMORY);
SAME(HPDMA_DEVICE_BAR_IO, HPDMA_BAR_IO);
SAME(HPDMA_DEVICE_BAR_PREFETCH, HPDMA_BAR_PREFETCH);
SAME(HPDMA_DEVICE_BAR_64, HPDMA_BAR_64);

/* The contract's default is quick; the library's is the safe one. */
static const uint32_t resets[] = {
	[HPDMA_DEVICE_RESET_TRY] = HPDMA_RESET_TRY,
	[HPDMA_DEVICE_RESET_NONE] = HPDMA_RESET_NONE,
	[HPDMA_DEVICE_RESET_REQUIRE] = HPDMA_RESET_REQUIRE,
};

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
		.resets = arg.out_resets,
		.iommu_group = arg.out_iommu_group,
	};
	for (i = 0; i < HPDMA_DEVICE_BARS; i++) {
		dev->info.bar_flags[i] = arg.out_bar_flags[i];
		dev->info.bar_length[i] = arg.out_bar_size[i];
	}
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

static int attach(struct hpdma_device *dev, const struct hpdma_device_opts *o,
		  struct hpdma_error *error)
{
	struct hpdma_ioc_dev_attach arg = {
		.size = sizeof(arg),
		.fd = dev->ctx->fd,
		.address_bits = o->address_bits ? o->address_bits : 64,
		.mode = o->mode,
		.reset = resets[o->reset],
	};
	int ret;

	ret = hpdma_ioctl(dev->sys, dev->fd, HPDMA_IOC_DEV_ATTACH, &arg, error,
			  "attach the device");
	if (ret)
		return ret;
	dev->info.address_bits = arg.address_bits;
	dev->info.mode = arg.out_mode;
	return 0;
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
	if (!ret && o.reset > HPDMA_DEVICE_RESET_REQUIRE)
		ret = -EINVAL;
	if (ret)
		return hpdma_fail(error, ret, HPDMA_WHY_NONE, "read options");
	if (ctx->info.backend != HPDMA_BACKEND_MODULE)
		return hpdma_fail(error, -EOPNOTSUPP, HPDMA_WHY_NO_MODULE,
				  "open a device");
	ret = hpdma_find_node(ctx->sys, name, path, sizeof(path), error);
	if (ret)
		return ret;

	dev = hpdma_new(sizeof(*dev), error);
	if (!dev)
		return -ENOMEM;
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
	ret = attach(dev, &o, error);
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
