// SPDX-License-Identifier: GPL-2.0-only
/* hpdma: pinned DMA memory for user-space drivers. Init and exit. */
#include <linux/init.h>
#include <linux/module.h>

#include "attribute.h"
#include "backing.h"
#include "chardev.h"
#include "debugfs.h"
#include "device.h"
#include "linger.h"
#include "name.h"
#include "pci.h"
#include "reserve.h"

static int __init hpdma_init(void)
{
	int ret;

	ret = hpdma_reserve_init();
	if (ret)
		return ret;
	ret = hpdma_backing_hugetlb_init();
	if (ret)
		goto err_reserve;
	ret = hpdma_device_init(hpdma_attribute_groups);
	if (ret)
		goto err_hugetlb;
	ret = hpdma_pci_init();
	if (ret)
		goto err_device;
	ret = hpdma_chardev_init();
	if (ret)
		goto err_pci;
	hpdma_debugfs_init();
	return 0;

err_pci:
	hpdma_pci_exit();
err_device:
	hpdma_device_exit();
err_hugetlb:
	hpdma_backing_hugetlb_exit();
err_reserve:
	hpdma_reserve_exit();
	return ret;
}

static void __exit hpdma_exit(void)
{
	hpdma_debugfs_exit();
	hpdma_chardev_exit();
	hpdma_pci_exit();
	hpdma_device_exit();
	hpdma_name_exit();
	hpdma_linger_exit();
	hpdma_backing_hugetlb_exit();
	hpdma_reserve_exit();
}

module_init(hpdma_init);
module_exit(hpdma_exit);

MODULE_LICENSE("GPL");
MODULE_VERSION(HPDMA_VERSION);
MODULE_DESCRIPTION("Pinned DMA memory for user-space drivers");
HPDMA_IMPORT_DMA_BUF;
