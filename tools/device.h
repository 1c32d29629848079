/* SPDX-License-Identifier: MIT */
/* What hpdma.ko shows in sysfs: itself and the devices bound to it. */
#ifndef HPDMACTL_DEVICE_H
#define HPDMACTL_DEVICE_H

#include <stdbool.h>

#include <linux/hpdma.h>

#include "pci.h"

#define MODULE_NAME "hpdma"
#define DRIVER_NAME "hpdma"
#define PARAMETERS "/sys/module/" MODULE_NAME "/parameters"
#define STATS "/sys/kernel/debug/hpdma/stats"

bool module_is_loaded(void);

struct device {
	char name[32]; /* hpdmaN */
	char node[40]; /* /dev/hpdmaN */
	struct pci_function pci;
	bool translated;
	bool irq_remapped;
	bool alone;
	long holders; /* -1 if the module does not say */
};

/* -ENOENT if that function is not bound to hpdma */
int device_find(const char *pci_address, struct device *device);
int device_read(const char *name, struct device *device);

/*
 * What the module says of it beyond sysfs: 0, -EPERM if asking would change
 * something (opening a device that is not confined taints the kernel), -errno.
 */
int device_ask(const struct device *device, struct hpdma_ioc_dev_info *info);

/* Is the rest of the machine safe from it? */
bool device_is_protected(const struct device *device);
/* What addresses it is given, and whether memory is safe from it; stdout */
void device_print_protection(const struct device *device);
/* What open() of its node needs beyond the node's mode; with the command */
void device_say_needs(const struct device *device);

#endif
