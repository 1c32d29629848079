// SPDX-License-Identifier: MIT
/* What would break if a PCI function were taken from its driver. */
#include <stdio.h>
#include <string.h>

#include "holders.h"
#include "say.h"
#include "sys.h"
#include "use.h"

#define NET_UP 0x1 /* IFF_UP */

static int say_interfaces(const char *folder)
{
	struct sys_list list = sys_list(sys_path("%s", folder));
	int uses = 0;

	for (int i = 0; i < list.count; i++) {
		const char *name = list.entries[i]->d_name;

		if (!(sys_read_number(sys_path("%s/%s/flags", folder, name),
				      0) &
		      NET_UP))
			continue;
		because("its network interface %s is up", name);
		fix("ip link set %s down", name);
		uses++;
	}
	sys_free_list(&list);
	return uses;
}

/* mountinfo writes a space as \040; the shell does not read that. */
static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		unsigned int c;

		if (text[0] == '\\' && sscanf(text + 1, "%3o", &c) == 1) {
			*out++ = (char)c;
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

static int say_mounts(const char *name, const char *dev)
{
	FILE *mounts = fopen(sys_path("/proc/self/mountinfo").text, "re");
	char line[4 * SYS_PATH_MAX];
	char number[32];
	char where[SYS_PATH_MAX];
	int uses = 0;

	while (mounts && fgets(line, sizeof(line), mounts)) {
		if (sscanf(line, "%*s %*s %31s %*s %1023s", number, where) !=
			    2 ||
		    strcmp(number, dev))
			continue;
		unescape(where);
		because("%s is mounted on %s", name, where);
		fix("umount '%s'", where);
		uses++;
	}
	if (mounts)
		fclose(mounts);
	return uses;
}

static int say_swap(const char *name)
{
	FILE *swaps = fopen(sys_path("/proc/swaps").text, "re");
	char line[SYS_PATH_MAX];
	char want[SYS_PATH_MAX];
	size_t length;
	int uses = 0;

	length = (size_t)snprintf(want, sizeof(want), "/dev/%s", name);
	while (swaps && fgets(line, sizeof(line), swaps)) {
		if (strcspn(line, " \t") != length ||
		    strncmp(line, want, length))
			continue;
		because("%s is used as swap", name);
		fix("swapoff %s", want);
		uses++;
	}
	if (swaps)
		fclose(swaps);
	return uses;
}

/* A disk or a partition, by the name it has in /sys/class/block */
static int say_block_device(const char *name)
{
	struct sys_path base = sys_path("/sys/class/block/%s", name);
	struct sys_list list;
	char dev[32];
	int uses = 0;

	if (sys_read(sys_path("/sys/class/block/%s/dev", name), dev,
		     sizeof(dev)))
		return 0;
	uses += say_mounts(name, dev);
	uses += say_swap(name);

	list = sys_list(sys_path("/sys/class/block/%s/holders", name));
	for (int i = 0; i < list.count; i++) {
		const char *holder = list.entries[i]->d_name;

		because("%s is part of %s", name, holder);
		if (!strncmp(holder, "md", 2))
			fix("mdadm --stop /dev/%s", holder);
		else
			fix("dmsetup remove /dev/%s", holder);
		uses++;
	}
	sys_free_list(&list);

	/* Partitions are the subfolders that carry the name of the disk. */
	list = sys_list(base);
	for (int i = 0; i < list.count; i++) {
		const char *part = list.entries[i]->d_name;

		if (!strncmp(part, name, strlen(name)))
			uses += say_block_device(part);
	}
	sys_free_list(&list);
	return uses;
}

/*
 * Interfaces and disks anywhere below a function's folder: net/eth0, or with
 * virtio virtio0/net/eth0; ata1/host0/.../block/sda, nvme/nvme0/nvme0n1.
 */
static int say_below(const char *folder, int depth)
{
	struct sys_list list = sys_list(sys_path("%s", folder));
	char below[SYS_PATH_MAX];
	int uses = 0;

	for (int i = 0; i < list.count; i++) {
		const char *name = list.entries[i]->d_name;
		int ctrl, path, ns;
		char disk[64];

		/* No links: they lead out of the function, or in circles. */
		if (list.entries[i]->d_type != DT_DIR)
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", folder, name) >=
		    (int)sizeof(below))
			continue;
		/*
		 * With NVMe multipath the function has only the path
		 * nvmeXcYnZ; the disk, nvmeXnZ, is a virtual device.
		 */
		if (sscanf(name, "nvme%dc%dn%d", &ctrl, &path, &ns) == 3) {
			snprintf(disk, sizeof(disk), "nvme%dn%d", ctrl, ns);
			uses += say_block_device(disk);
		} else if (!strcmp(name, "net")) {
			uses += say_interfaces(below);
		} else if (sys_exists(sys_path("%s/queue", below))) {
			uses += say_block_device(name);
		} else if (depth) {
			uses += say_below(below, depth - 1);
		}
	}
	sys_free_list(&list);
	return uses;
}

int use_say(const struct pci_function *pci)
{
	/* ata1/host0/target0:0:0/0:0:0:0/block/sda, and some to spare */
	enum { DEEPEST = 8 };
	char path[SYS_PATH_MAX];
	int uses;

	/* The slash: what is there is a link to the function's folder. */
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/", pci->address);
	uses = say_below(path, DEEPEST);

	if (!strcmp(pci->driver, "vfio-pci") && pci->iommu_group >= 0) {
		snprintf(path, sizeof(path), "/dev/vfio/%d", pci->iommu_group);
		uses += holders_say(path);
	}
	return uses;
}
