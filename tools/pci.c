// SPDX-License-Identifier: MIT
/* PCI functions as sysfs shows them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pci.h"
#include "say.h"
#include "sys.h"

#define FUNCTION "/sys/bus/pci/devices/%s"

int pci_parse_address(const char *text, char address[PCI_ADDRESS_MAX])
{
	unsigned int domain = 0, bus, slot, function;
	int end = 0;

	if (sscanf(text, "%8x:%2x:%2x.%1x%n", &domain, &bus, &slot, &function,
		   &end) != 4 ||
	    text[end]) {
		domain = 0;
		end = 0;
		if (sscanf(text, "%2x:%2x.%1x%n", &bus, &slot, &function,
			   &end) != 3 ||
		    text[end])
			return -EINVAL;
	}
	if (slot > 0x1f || function > 7)
		return -EINVAL;
	snprintf(address, PCI_ADDRESS_MAX, "%04x:%02x:%02x.%x", domain, bus,
		 slot, function);
	return 0;
}

static unsigned int read_id(const char *address, const char *attribute)
{
	return (unsigned int)sys_read_number(sys_path(FUNCTION "/%s", address,
						      attribute),
					     0);
}

int pci_read(const char *address, struct pci_function *pci)
{
	char group[PCI_NAME_MAX];

	memset(pci, 0, sizeof(*pci));
	pci->iommu_group = -1;
	if (!sys_exists(sys_path(FUNCTION, address)))
		return -ENOENT;

	snprintf(pci->address, sizeof(pci->address), "%s", address);
	pci->vendor = read_id(address, "vendor");
	pci->device = read_id(address, "device");
	pci->class = read_id(address, "class");
	pci->node =
		(int)sys_read_number(sys_path(FUNCTION "/numa_node", address),
				     -1);
	sys_link_name(sys_path(FUNCTION "/driver", address), pci->driver,
		      sizeof(pci->driver));
	sys_read(sys_path(FUNCTION "/driver_override", address),
		 pci->driver_override, sizeof(pci->driver_override));
	/* What the kernel prints for a string that is not there */
	if (!strcmp(pci->driver_override, "(null)"))
		pci->driver_override[0] = '\0';

	if (!sys_link_name(sys_path(FUNCTION "/iommu_group", address), group,
			   sizeof(group)) &&
	    sscanf(group, "%d", &pci->iommu_group) == 1)
		sys_read(sys_path("/sys/kernel/iommu_groups/%d/type",
				  pci->iommu_group),
			 pci->iommu_type, sizeof(pci->iommu_type));
	return 0;
}

bool pci_is_bridge(const struct pci_function *pci)
{
	return pci->class >> 16 == 0x06;
}

int pci_set_driver_override(const char *address, const char *driver)
{
	char line[PCI_NAME_MAX + 1];

	/* A bare newline clears; the kernel ignores an empty write. */
	snprintf(line, sizeof(line), "%s\n", driver);
	return sys_write(sys_path(FUNCTION "/driver_override", address), line);
}

int pci_bind_to(const char *address, const char *driver)
{
	return sys_write(sys_path("/sys/bus/pci/drivers/%s/bind", driver),
			 address);
}

int pci_unbind_from(const char *address, const char *driver)
{
	return sys_write(sys_path("/sys/bus/pci/drivers/%s/unbind", driver),
			 address);
}

int pci_probe(const char *address)
{
	return sys_write(sys_path("/sys/bus/pci/drivers_probe"), address);
}

static int same_bus(const char *a, const char *b)
{
	size_t length = (size_t)(strrchr(a, ':') - a);

	return !strncmp(a, b, length + 1);
}

void pci_say_candidates(const char *address)
{
	enum { LIMIT = 16 };
	struct sys_list list = sys_list(sys_path("/sys/bus/pci/devices"));
	struct pci_function pci;
	int said = 0;

	/* First the neighbours, then the rest: the nearest typo first. */
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < list.count; i++) {
			const char *name = list.entries[i]->d_name;

			if (same_bus(address, name) != (pass == 0) ||
			    pci_read(name, &pci) || pci_is_bridge(&pci))
				continue;
			if (said++ < LIMIT)
				note("there is %s [%04x:%04x] %s%s", name,
				     pci.vendor, pci.device,
				     pci.driver[0] ? "driver " : "no driver",
				     pci.driver);
		}
	}
	if (said > LIMIT)
		note("and %d more", said - LIMIT);
	if (!said)
		note("this machine has no PCI function but bridges");
	sys_free_list(&list);
}

void pci_say_group_members(const struct pci_function *pci)
{
	struct pci_function other;
	struct sys_list list;

	if (pci->iommu_group < 0)
		return;
	list = sys_list(sys_path("/sys/kernel/iommu_groups/%d/devices",
				 pci->iommu_group));
	for (int i = 0; i < list.count; i++) {
		const char *name = list.entries[i]->d_name;

		if (strcmp(name, pci->address) && !pci_read(name, &other) &&
		    !pci_is_bridge(&other) && other.driver[0])
			note("%s (%s) is in the same IOMMU group %d: each can reach the other's memory",
			     name, other.driver, pci->iommu_group);
	}
	sys_free_list(&list);
}
