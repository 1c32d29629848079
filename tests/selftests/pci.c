// SPDX-License-Identifier: GPL-2.0-only
/* Finding and binding PCI functions; see pci.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pci.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

static bool pci_write(const struct pci *pci, const char *name, const char *text)
{
	char path[128];
	bool done;
	int fd;

	fd = open(pci_sysfs(pci, name, path), O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	close(fd);
	return done;
}

static bool pci_has_id(const struct pci *pci, const char *name, unsigned int id)
{
	unsigned int value = 0;
	char path[128];
	FILE *file;

	file = fopen(pci_sysfs(pci, name, path), "re");
	if (!file)
		return false;
	if (fscanf(file, "%x", &value) != 1)
		value = 0;
	fclose(file);
	return value == id;
}

/* Return: whether the node of a bound function was found. */
static bool pci_find_node(struct pci *pci)
{
	struct dirent *entry;
	bool found = false;
	char path[128];
	DIR *dir;

	dir = opendir(pci_sysfs(pci, "hpdma", path));
	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "hpdma", 5))
			continue;
		snprintf(pci->node, sizeof(pci->node), "/dev/%.20s",
			 entry->d_name);
		found = true;
	}
	closedir(dir);
	return found;
}

int pci_bind(struct pci *pci)
{
	char path[128];

	if (pci_find_node(pci))
		return 0;
	if (!pci_write(pci, "driver_override", "hpdma"))
		return -errno;
	if (pci_unbind(pci))
		return -errno;
	/* To whom it belongs now is in driver_override. */
	if (!pci_write(pci, "subsystem/drivers_probe", pci->name))
		return -errno;
	if (access(pci_sysfs(pci, "driver", path), F_OK))
		return -ENXIO;
	return pci_find_node(pci) ? 0 : -ENODEV;
}

int pci_unbind(const struct pci *pci)
{
	char path[128];

	if (access(pci_sysfs(pci, "driver", path), F_OK))
		return 0;
	return pci_write(pci, "driver/unbind", pci->name) ? 0 : -errno;
}

int pci_find(struct pci *pci, unsigned int vendor, unsigned int device,
	     unsigned int nth)
{
	struct dirent **entries;
	bool found = false;
	int count, i;

	count = scandir(PCI_DEVICES, &entries, NULL, alphasort);
	if (count < 0)
		return -errno;
	memset(pci, 0, sizeof(*pci));
	for (i = 0; i < count; i++) {
		if (!found) {
			snprintf(pci->name, sizeof(pci->name), "%.15s",
				 entries[i]->d_name);
			found = pci_has_id(pci, "vendor", vendor) &&
				pci_has_id(pci, "device", device) && !nth--;
		}
		free(entries[i]);
	}
	free(entries);
	return found ? pci_bind(pci) : -ENODEV;
}

const char *pci_sysfs(const struct pci *pci, const char *name, char *path)
{
	snprintf(path, 128, PCI_DEVICES "/%s/%s", pci->name, name);
	return path;
}

int pci_config(const struct pci *pci, unsigned int offset)
{
	uint16_t value;
	char path[128];
	ssize_t got;
	int fd;

	fd = open(pci_sysfs(pci, "config", path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = pread(fd, &value, sizeof(value), offset);
	close(fd);
	return got == sizeof(value) ? value : -EIO;
}
