/* SPDX-License-Identifier: MIT */
/*
 * What would break if a PCI function were taken from its driver: mounted
 * filesystems, swap, disks that others are built on, network interfaces that
 * are up, and a function that a VFIO user has open.
 *
 * Not found: uses that sysfs does not show, such as a process that has an
 * unmounted disk open, or a display in use.
 */
#ifndef HPDMACTL_USE_H
#define HPDMACTL_USE_H

#include "pci.h"

/* Say each use with the command that ends it; how many there are */
int use_say(const struct pci_function *pci);

#endif
