// SPDX-License-Identifier: GPL-2.0-only
/*
 * The PCI driver. It claims nothing by itself: an administrator binds functions
 * with driver_override or new_id.
 */
#include <linux/module.h>
#include <linux/pci.h>

#include "bar.h"
#include "device.h"
#include "devnode.h"
#include "lifecycle.h"
#include "pci.h"
#include "stop.h"

static int pci_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct hpdma_device *device;
	int ret;

	/* A bridge's interrupts and memory are its children's. */
	if (pdev->hdr_type != PCI_HEADER_TYPE_NORMAL)
		return -EINVAL;
	ret = pci_enable_device(pdev);
	if (ret)
		return ret;
	/* A driver before us may have left it on. */
	pci_clear_master(pdev);
	ret = pci_request_regions(pdev, "hpdma");
	if (ret)
		goto err_enable;
	ret = hpdma_device_create(pdev, &hpdma_devnode_fops, &device);
	if (ret)
		goto err_regions;
	device->stuck = hpdma_stop_wait(pdev);
	hpdma_bar_claim(device);
	ret = hpdma_device_publish(device);
	if (ret)
		goto err_device;
	pci_set_drvdata(pdev, device);
	return 0;

err_device:
	hpdma_lifecycle_remove(device);
	hpdma_bar_unclaim(device);
	hpdma_device_restore(device);
	hpdma_device_put(device);
err_regions:
	pci_release_regions(pdev);
err_enable:
	pci_disable_device(pdev);
	return ret;
}

static void pci_remove(struct pci_dev *pdev)
{
	struct hpdma_device *device = pci_get_drvdata(pdev);

	hpdma_lifecycle_remove(device);
	hpdma_device_unpublish(device);
	hpdma_bar_unclaim(device);
	hpdma_device_restore(device);
	hpdma_device_put(device);
	pci_release_regions(pdev);
	pci_disable_device(pdev);
}

/* The next kernel must not find a device that writes to memory. */
static void pci_shutdown(struct pci_dev *pdev)
{
	hpdma_lifecycle_remove(pci_get_drvdata(pdev));
}

/* Also for hibernation: what it saves is a device at rest. */
static int pci_suspend(struct device *dev)
{
	hpdma_lifecycle_suspend(dev_get_drvdata(dev));
	return 0;
}

/* The machine may not have slept: something else refused. */
static int pci_resume(struct device *dev)
{
	hpdma_lifecycle_resume(dev_get_drvdata(dev));
	return 0;
}

static const struct dev_pm_ops pm_ops = {
	.suspend = pci_suspend,
	.resume = pci_resume,
	.freeze = pci_suspend,
	.thaw = pci_resume,
	.poweroff = pci_suspend,
	.restore = pci_resume,
};

static struct pci_driver driver = {
	.name = "hpdma",
	.probe = pci_probe,
	.remove = pci_remove,
	.shutdown = pci_shutdown,
	.driver.pm = &pm_ops,
};

int hpdma_pci_init(void)
{
	return pci_register_driver(&driver);
}

void hpdma_pci_exit(void)
{
	pci_unregister_driver(&driver);
}
