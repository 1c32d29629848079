// SPDX-License-Identifier: GPL-2.0-only
/*
 * Another driver, for tests: the importer half. Its platform device stands
 * behind no IOMMU, so what it maps are physical addresses.
 */
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "exporter.h"
#include "../selftests/peer.h"

static struct platform_device *device;

/**
 * struct client - an open file
 * @lock: One command at a time
 * @dmabuf: Attached, or NULL
 * @attachment: To it
 * @table: Mapped, or NULL
 * @direction: How
 * @addr: Mapped for the kernel, or NULL
 */
struct client {
	struct mutex lock;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attachment;
	struct sg_table *table;
	enum dma_data_direction direction;
	void *addr;
};

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 11, 0)
static void *map_for_kernel(struct dma_buf *dmabuf)
{
	return dma_buf_vmap(dmabuf);
}

static void unmap_for_kernel(struct dma_buf *dmabuf, void *addr)
{
	dma_buf_vunmap(dmabuf, addr);
}
#else
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define dma_buf_vmap_unlocked dma_buf_vmap
#define dma_buf_vunmap_unlocked dma_buf_vunmap
#endif
static void *map_for_kernel(struct dma_buf *dmabuf)
{
	struct iosys_map map = {};

	return dma_buf_vmap_unlocked(dmabuf, &map) ? NULL : map.vaddr;
}

static void unmap_for_kernel(struct dma_buf *dmabuf, void *addr)
{
	struct iosys_map map = {};

	iosys_map_set_vaddr(&map, addr);
	dma_buf_vunmap_unlocked(dmabuf, &map);
}
#endif

static int attach(struct client *client, struct peer_call *arg)
{
	struct dma_buf_attachment *attachment;
	struct dma_buf *dmabuf;

	if (client->dmabuf)
		return -EBUSY;
	dmabuf = dma_buf_get(arg->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	attachment = dma_buf_attach(dmabuf, &device->dev);
	if (IS_ERR(attachment)) {
		dma_buf_put(dmabuf);
		return PTR_ERR(attachment);
	}
	client->dmabuf = dmabuf;
	client->attachment = attachment;
	arg->length = dmabuf->size;
	return 0;
}

static int map(struct client *client, struct peer_call *arg)
{
	struct sg_table *table;

	if (client->table || arg->direction > DMA_FROM_DEVICE)
		return -EINVAL;
	table = hpdma_dma_buf_map(client->attachment, arg->direction);
	if (IS_ERR(table))
		return PTR_ERR(table);
	client->table = table;
	client->direction = arg->direction;
	return 0;
}

static int unmap(struct client *client)
{
	if (!client->table)
		return -EINVAL;
	hpdma_dma_buf_unmap(client->attachment, client->table,
			    client->direction);
	client->table = NULL;
	return 0;
}

static int vmap_it(struct client *client)
{
	if (client->addr)
		return -EBUSY;
	client->addr = map_for_kernel(client->dmabuf);
	return client->addr ? 0 : -ENOMEM;
}

static int vunmap_it(struct client *client)
{
	if (!client->addr)
		return -EINVAL;
	unmap_for_kernel(client->dmabuf, client->addr);
	client->addr = NULL;
	return 0;
}

static int detach(struct client *client)
{
	if (!client->dmabuf)
		return -EINVAL;
	unmap(client);
	vunmap_it(client);
	dma_buf_detach(client->dmabuf, client->attachment);
	dma_buf_put(client->dmabuf);
	client->dmabuf = NULL;
	return 0;
}

static int addresses(struct client *client, struct peer_call *arg)
{
	struct peer_run __user *user = u64_to_user_ptr(arg->user);
	struct scatterlist *sg;
	unsigned int i;

	if (!client->table)
		return -EINVAL;
	for_each_sgtable_dma_sg(client->table, sg, i) {
		struct peer_run run = {
			.addr = sg_dma_address(sg),
			.length = sg_dma_len(sg),
		};

		if (i < arg->count && copy_to_user(user + i, &run, sizeof(run)))
			return -EFAULT;
	}
	arg->length = i;
	return 0;
}

static int copy(struct client *client, const struct peer_call *arg, bool out)
{
	void __user *user = u64_to_user_ptr(arg->user);
	size_t size = client->dmabuf->size;

	if (!client->addr || arg->offset > size ||
	    arg->length > size - arg->offset)
		return -EINVAL;
	if (out ? copy_to_user(user, client->addr + arg->offset, arg->length) :
		  copy_from_user(client->addr + arg->offset, user, arg->length))
		return -EFAULT;
	return 0;
}

static int command(struct client *client, unsigned int number,
		   struct peer_call *arg)
{
	switch (number) {
	case PEER_ATTACH:
		return attach(client, arg);
	case PEER_EXPORT:
		return peer_export(arg);
	case PEER_MASK:
		return dma_set_mask_and_coherent(&device->dev,
						 DMA_BIT_MASK(arg->bits));
	}
	if (!client->dmabuf)
		return -ENXIO;
	switch (number) {
	case PEER_DETACH:
		return detach(client);
	case PEER_MAP:
		return map(client, arg);
	case PEER_UNMAP:
		return unmap(client);
	case PEER_ADDRESSES:
		return addresses(client, arg);
	case PEER_BEGIN:
		return dma_buf_begin_cpu_access(client->dmabuf, arg->direction);
	case PEER_END:
		return dma_buf_end_cpu_access(client->dmabuf, arg->direction);
	case PEER_VMAP:
		return vmap_it(client);
	case PEER_VUNMAP:
		return vunmap_it(client);
	case PEER_READ:
		return copy(client, arg, true);
	case PEER_WRITE:
		return copy(client, arg, false);
	}
	return -ENOTTY;
}

static long file_ioctl(struct file *file, unsigned int number,
		       unsigned long user)
{
	struct client *client = file->private_data;
	struct peer_stats stats;
	struct peer_call arg;
	int ret;

	if (number == PEER_STATS) {
		peer_stats(&stats);
		return copy_to_user((void __user *)user, &stats,
				    sizeof(stats)) ?
			       -EFAULT :
			       0;
	}
	if (copy_from_user(&arg, (void __user *)user, sizeof(arg)))
		return -EFAULT;
	mutex_lock(&client->lock);
	ret = command(client, number, &arg);
	mutex_unlock(&client->lock);
	if (!ret && copy_to_user((void __user *)user, &arg, sizeof(arg)))
		ret = -EFAULT;
	return ret;
}

static int file_open(struct inode *inode, struct file *file)
{
	struct client *client = kzalloc(sizeof(*client), GFP_KERNEL);

	if (!client)
		return -ENOMEM;
	mutex_init(&client->lock);
	file->private_data = client;
	return 0;
}

static int file_release(struct inode *inode, struct file *file)
{
	struct client *client = file->private_data;

	detach(client);
	kfree(client);
	return 0;
}

static const struct file_operations fops = {
	.owner = THIS_MODULE,
	.open = file_open,
	.release = file_release,
	.unlocked_ioctl = file_ioctl,
};

static struct miscdevice node = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "hpdma_peer",
	.fops = &fops,
};

static int __init peer_init(void)
{
	struct platform_device_info info = {
		.name = "hpdma_peer",
		.id = PLATFORM_DEVID_NONE,
		.dma_mask = DMA_BIT_MASK(64),
	};
	int ret;

	device = platform_device_register_full(&info);
	if (IS_ERR(device))
		return PTR_ERR(device);
	ret = misc_register(&node);
	if (ret)
		platform_device_unregister(device);
	return ret;
}
module_init(peer_init);

static void __exit peer_exit(void)
{
	misc_deregister(&node);
	platform_device_unregister(device);
}
module_exit(peer_exit);

MODULE_DESCRIPTION("Another driver, for the tests of hpdma");
MODULE_LICENSE("GPL");
HPDMA_IMPORT_DMA_BUF;
