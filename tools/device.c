// SPDX-License-Identifier: MIT
/* What hpdma.ko shows in sysfs: itself and the devices bound to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "device.h"
#include "say.h"
#include "sys.h"

#define CLASS "/sys/class/hpdma"

bool module_is_loaded(void)
{
	return sys_exists(sys_path("/sys/module/" MODULE_NAME));
}

int device_read(const char *name, struct device *device)
{
	char address[PCI_ADDRESS_MAX];
	int ret;

	memset(device, 0, sizeof(*device));
	snprintf(device->name, sizeof(device->name), "%s", name);
	snprintf(device->node, sizeof(device->node), "/dev/%s", device->name);
	ret = sys_link_name(sys_path(CLASS "/%s/device", name), address,
			    sizeof(address));
	if (ret)
		return ret;
	ret = pci_read(address, &device->pci);
	if (ret)
		return ret;
	/* A module too old to say is taken to protect nothing. */
	device->translated =
		sys_read_number(sys_path(CLASS "/%s/translated", name), 0);
	device->irq_remapped =
		sys_read_number(sys_path(CLASS "/%s/irq_remapped", name), 0);
	device->alone = sys_read_number(sys_path(CLASS "/%s/alone", name), 0);
	device->holders =
		sys_read_number(sys_path(CLASS "/%s/holders", name), -1);
	return 0;
}

int device_find(const char *pci_address, struct device *device)
{
	struct sys_list list = sys_list(sys_path(CLASS));
	int ret = -ENOENT;

	for (int i = 0; i < list.count && ret; i++) {
		if (device_read(list.entries[i]->d_name, device) ||
		    strcmp(device->pci.address, pci_address))
			continue;
		ret = 0;
	}
	sys_free_list(&list);
	return ret;
}

void device_print_protection(const struct device *device)
{
	const struct pci_function *pci = &device->pci;

	if (pci->iommu_group < 0)
		printf("  IOMMU       none\n");
	else
		printf("  IOMMU       group %d, type %s\n", pci->iommu_group,
		       pci->iommu_type[0] ? pci->iommu_type : "unknown");
	if (device->translated)
		printf("  addresses   IOVA: it reaches only what is mapped for it\n");
	else
		printf("  addresses   PHYS: no IOMMU translates, it reaches all memory\n");
	if (!device->irq_remapped)
		printf("  interrupts  not remapped: it can forge any interrupt\n");
	if (device->translated && !device->alone)
		printf("  group       shared: it reaches what is mapped for its neighbours\n");
}

bool device_is_protected(const struct device *device)
{
	return device->translated && device->irq_remapped && device->alone;
}

int device_ask(const struct device *device, struct hpdma_ioc_dev_info *info)
{
	int fd, ret;

	/* Where somebody has it open, the kernel is tainted already. */
	if (!device_is_protected(device) && device->holders <= 0)
		return -EPERM;
	fd = open(sys_path("%s", device->node).text, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	ret = ioctl(fd, HPDMA_IOC_DEV_INFO, info) ? -errno : 0;
	close(fd);
	return ret;
}

static bool is_locked_down(void)
{
	char text[SYS_TEXT_MAX];

	/* "none [integrity] confidentiality": the brackets tell */
	return !sys_read(sys_path("/sys/kernel/security/lockdown"), text,
			 sizeof(text)) &&
	       !strstr(text, "[none]");
}

void device_say_needs(const struct device *device)
{
	struct sys_path parameter = sys_path(PARAMETERS "/allow_unsafe");
	char value[8];

	if (device_is_protected(device))
		return;
	if (is_locked_down()) {
		note("open() of %s will be refused: the kernel is locked down",
		     device->node);
		because("the device is not confined, and lockdown forbids that");
		fix("boot with intel_iommu=on iommu=nopt: edit /etc/default/grub, then update-grub");
		return;
	}
	note("open() of %s needs CAP_SYS_RAWIO (root)", device->node);
	if (sys_read(parameter, value, sizeof(value)) || value[0] == 'Y')
		return;
	note("and allow_unsafe=1, which is off; with it the kernel is tainted");
	if (sys_writable(parameter))
		fix("echo 1 > " PARAMETERS "/allow_unsafe");
	else
		fix("hpdmactl unload && hpdmactl load allow_unsafe=1");
}
