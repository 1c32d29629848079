// SPDX-License-Identifier: GPL-2.0-only
/* DEV_INFO against what the PCI core says in sysfs. */
#include <fcntl.h>
#include <limits.h>

#include "kselftest_harness.h"
#include "dev_common.c"

static long sysfs_number(const struct edu *edu, const char *name)
{
	char path[128], text[32] = "";

	if (!read_text(edu_sysfs(edu, name, path), text, sizeof(text)))
		return LONG_MIN;
	return strtol(text, NULL, 0);
}

static unsigned int sysfs_msi_vectors(const struct edu *edu)
{
	uint8_t config[256] = { 0 };
	unsigned int at, count = 0;
	char path[128];
	int fd;

	fd = open(edu_sysfs(edu, "config", path), O_RDONLY);
	if (fd < 0 || pread(fd, config, sizeof(config), 0) < 256)
		return UINT_MAX;
	close(fd);
	for (at = config[0x34]; at; at = config[at + 1])
		if (config[at] == 0x05)
			count = 1 << (config[at + 2] >> 1 & 7);
	return count;
}

TEST(info_agrees_with_sysfs)
{
	unsigned int domain, bus, slot, function, i;
	struct hpdma_ioc_dev_info info;
	struct edu edu;
	char path[128];
	FILE *resources;
	int dev;

	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	dev = dev_open(&edu);
	if (dev == -EACCES)
		SKIP(return, "no IOMMU, and allow_unsafe is off");
	ASSERT_LE(0, dev);
	ASSERT_EQ(0, dev_info(dev, &info));
	ASSERT_EQ(4, sscanf(edu.pci, "%x:%x:%x.%x", &domain, &bus, &slot,
			    &function));
	EXPECT_EQ(domain, info.out_domain);
	EXPECT_EQ(bus, info.out_bus);
	EXPECT_EQ(slot << 3 | function, info.out_devfn);
	EXPECT_EQ(0x1234, info.out_vendor);
	EXPECT_EQ(0x11e8, info.out_device);
	EXPECT_EQ(sysfs_number(&edu, "subsystem_vendor"), info.out_subvendor);
	EXPECT_EQ(sysfs_number(&edu, "subsystem_device"), info.out_subdevice);
	EXPECT_EQ(sysfs_number(&edu, "class"), info.out_class);
	EXPECT_EQ(sysfs_number(&edu, "revision"), info.out_revision);
	EXPECT_EQ(sysfs_number(&edu, "numa_node"), info.out_node);
	EXPECT_EQ(sysfs_msi_vectors(&edu), info.out_msi_vectors);
	EXPECT_EQ(0, info.out_msix_vectors);
	EXPECT_EQ(dev_translated(&edu),
		  !!(info.out_state & HPDMA_DEV_TRANSLATED));
	/* These three, and nothing else, are protection. */
	EXPECT_EQ(dev_protected(&edu),
		  (info.out_state & HPDMA_DEV_TRANSLATED) &&
			  (info.out_state & HPDMA_DEV_IRQ_REMAPPED) &&
			  (info.out_state & HPDMA_DEV_ALONE));
	EXPECT_TRUE(info.out_state & HPDMA_DEV_INTX);

	resources = fopen(edu_sysfs(&edu, "resource", path), "re");
	ASSERT_NE(NULL, resources);
	for (i = 0; i < 6; i++) {
		uint64_t first, last, flags;

		ASSERT_EQ(3, fscanf(resources, "%lx %lx %lx", &first, &last,
				    &flags));
		EXPECT_EQ(last ? last - first + 1 : 0, info.out_bar_size[i]);
	}
	fclose(resources);
	EXPECT_EQ(EDU_BAR_SIZE, info.out_bar_size[0]);
	close(dev);
}

TEST_HARNESS_MAIN
