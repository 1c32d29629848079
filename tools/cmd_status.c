// SPDX-License-Identifier: MIT
/*
 * status: what is loaded, what the caller may do, what memory there is to
 * have, and what is bound. Reads only; needs no right, shows more with them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/hpdma.h>

#include "cmd.h"
#include "device.h"
#include "node.h"
#include "parameters.h"
#include "say.h"
#include "sys.h"

static void print_module(void)
{
	char version[SYS_TEXT_MAX];

	sys_read(sys_path("/sys/module/" MODULE_NAME "/version"), version,
		 sizeof(version));
	printf("module\n  version     %s\n  parameters  ", version);
	parameters_print();
}

static void print_info(const struct hpdma_ioc_info *info)
{
	__u64 features = info->out_features;

	printf("  contract    version %u, this program knows %u\n",
	       info->out_uapi_version, HPDMA_UAPI_VERSION);
	printf("  backings   %s%s%s\n",
	       features & HPDMA_FEATURE_CONTIG ? " contig" : "",
	       features & HPDMA_FEATURE_HUGETLB ? " hugetlb" : "",
	       features & HPDMA_FEATURE_REGISTER ? " user" : "");
	printf("  contig      up to %llu KiB in one piece\n",
	       (unsigned long long)info->out_max_contig >> 10);
	printf("  physical    addresses are %s this user\n",
	       features & HPDMA_FEATURE_PHYS ? "shown to" : "hidden from");
}

static int show_info(void)
{
	struct hpdma_ioc_info info = { .size = sizeof(info) };
	int ret = EXIT_OK;
	int fd;

	fd = node_open();
	if (fd < 0)
		return EXIT_FAILED;
	if (ioctl(fd, HPDMA_IOC_INFO, &info)) {
		ret = failed(NODE " does not answer: %s", strerror(errno));
		because("hpdmactl " HPDMA_VERSION " does not match the module");
		fix("hpdmactl unload && hpdmactl load");
	} else {
		print_info(&info);
	}
	close(fd);
	return ret;
}

struct pools {
	long total;
	char biggest[SYS_PATH_MAX]; /* where to ask for more */
};

/* One folder of hugepages-*kB, for a node or for the whole machine */
static void print_pools(const char *folder, const char *of, struct pools *sum)
{
	struct sys_list list = sys_list(sys_path("%s", folder));

	for (int i = 0; i < list.count; i++) {
		const char *name = list.entries[i]->d_name;
		long kib, total, unused;

		if (sscanf(name, "hugepages-%ldkB", &kib) != 1)
			continue;
		total = sys_read_number(sys_path("%s/%s/nr_hugepages", folder,
						 name),
					0);
		unused = sys_read_number(sys_path("%s/%s/free_hugepages",
						  folder, name),
					 0);
		printf("  %-10s  %4ld MiB pages: %ld, of them %ld free\n", of,
		       kib >> 10, total, unused);
		sum->total += total;
		/* The smallest size is the one that can be had at run time. */
		if (!sum->biggest[0] || kib == 2048)
			snprintf(sum->biggest, sizeof(sum->biggest), "%s/%s",
				 folder, name);
	}
	sys_free_list(&list);
}

static void show_hugepages(void)
{
	struct sys_list list = sys_list(sys_path("/sys/devices/system/node"));
	struct pools sum = { .total = 0 };
	char folder[SYS_PATH_MAX];
	char of[32];
	int nodes = 0;

	printf("hugepages\n");
	for (int i = 0; i < list.count; i++) {
		int node;

		if (sscanf(list.entries[i]->d_name, "node%d", &node) != 1)
			continue;
		snprintf(folder, sizeof(folder),
			 "/sys/devices/system/node/node%d/hugepages", node);
		snprintf(of, sizeof(of), "node %d", node);
		print_pools(folder, of, &sum);
		nodes++;
	}
	sys_free_list(&list);
	/* A kernel without NUMA has only these. */
	if (!nodes)
		print_pools("/sys/kernel/mm/hugepages", "all", &sum);

	if (!sum.biggest[0]) {
		note("this kernel has no hugetlb pages");
	} else if (!sum.total) {
		note("no huge page is reserved: hugetlb buffers cannot be had");
		fix("echo 512 > %s/nr_hugepages", sum.biggest);
	}
}

static void print_abilities(const struct hpdma_ioc_dev_info *info)
{
	printf("    can: reset %s, MSI %u, MSI-X %u%s\n",
	       info->out_resets & HPDMA_RESETS_FLR	? "by FLR" :
	       info->out_resets & HPDMA_RESETS_FUNCTION ? "somehow" :
							  "not at all",
	       info->out_msi_vectors, info->out_msix_vectors,
	       info->out_state & HPDMA_DEV_INTX ? ", INTx" : "");
}

static void print_use(const struct hpdma_ioc_dev_info *info)
{
	static const char *const modes[] = { "?", "kernel-iova", "caller-iova",
					     "phys" };
	static const char *const irqs[] = { "no interrupt", "INTx", "MSI",
					    "MSI-X" };

	printf("    now: mode %s, %u address bits, %s",
	       modes[info->out_mode % 4], info->out_address_bits,
	       irqs[info->out_irq_type % 4]);
	if (info->out_irq_vectors)
		printf(" x %u", info->out_irq_vectors);
	if (info->out_resumes)
		printf(", woken up %u times", info->out_resumes);
	printf("\n");
}

/* What only the module knows, and only if it may be asked */
static void show_device(const struct device *device)
{
	struct hpdma_ioc_dev_info info;

	if (device_ask(device, &info))
		return;
	print_abilities(&info);
	if (info.out_mode)
		print_use(&info);
	if (info.out_state & HPDMA_DEV_SUSPENDED)
		note("%s waits: the machine was suspended, and its program has not set it up again",
		     device->node);
	if (info.out_state & HPDMA_DEV_STUCK)
		note("%s could not be stopped; that is tried again when a program attaches it",
		     device->node);
	if (info.out_quarantined)
		note("%s may still reach %llu KiB, which are in quarantine until the next boot",
		     device->node,
		     (unsigned long long)info.out_quarantined >> 10);
}

static void show_devices(void)
{
	struct sys_list list = sys_list(sys_path("/sys/class/hpdma"));
	struct device device;
	int shown = 0;

	printf("devices\n");
	for (int i = 0; i < list.count; i++) {
		if (device_read(list.entries[i]->d_name, &device))
			continue;
		printf("  %s  %s [%04x:%04x]", device.node, device.pci.address,
		       device.pci.vendor, device.pci.device);
		if (device.pci.node >= 0)
			printf(" node %d", device.pci.node);
		printf(" %s", device.translated ? "IOVA" : "PHYS");
		if (device.pci.iommu_group >= 0)
			printf(" group %d", device.pci.iommu_group);
		if (!device.irq_remapped)
			printf(" interrupts-not-remapped");
		if (device.translated && !device.alone)
			printf(" shared-group");
		if (device.holders >= 0)
			printf(" holders %ld", device.holders);
		printf("\n");
		show_device(&device);
		device_say_needs(&device);
		shown++;
	}
	if (!shown)
		printf("  none; hpdmactl bind PCI_ADDRESS gives it one\n");
	sys_free_list(&list);
}

static void show_statistics(void)
{
	FILE *stats = fopen(sys_path(STATS).text, "re");
	char line[SYS_TEXT_MAX];

	/* Root's, and only where debugfs is mounted: not worth a message */
	if (!stats)
		return;
	printf("statistics\n");
	while (fgets(line, sizeof(line), stats))
		printf("  %s", line);
	fclose(stats);
}

int cmd_status(int argc, char **argv)
{
	int ret = EXIT_OK;

	if (argc)
		return bad_usage("status takes no argument: %s", argv[0]);
	if (module_is_loaded()) {
		print_module();
		ret = show_info();
	} else {
		ret = failed("the hpdma module is not loaded");
		fix("hpdmactl load");
	}
	show_hugepages();
	if (module_is_loaded()) {
		show_devices();
		show_statistics();
	}
	return ret;
}
