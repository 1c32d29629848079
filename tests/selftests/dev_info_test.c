// SPDX-License-Identifier: GPL-2.0-only
/* DEV_INFO against what the PCI core says in sysfs. */
#include <fcntl.h>
#include <limits.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "function.h"

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

static uint32_t bar_flags(uint64_t resource)
{
	uint32_t flags = 0;

	/* As in linux/ioport.h, which sysfs prints. */
	if (resource & 0x100)
		flags |= HPDMA_BAR_IO;
	if (resource & 0x200)
		flags |= HPDMA_BAR_MEMORY;
	if (resource & 0x2000)
		flags |= HPDMA_BAR_PREFETCH;
	if (resource & 0x100000)
		flags |= HPDMA_BAR_64;
	return flags;
}

static long group_of(const struct edu *edu)
{
	char path[128], target[256] = "";

	if (readlink(edu_sysfs(edu, "iommu_group", path), target,
		     sizeof(target) - 1) < 0)
		return -1;
	return strtol(strrchr(target, '/') + 1, NULL, 10);
}

static void check_bars(struct __test_metadata *_metadata, const struct edu *edu,
		       const struct hpdma_ioc_dev_info *info)
{
	char path[128];
	FILE *resources;
	unsigned int i;

	resources = fopen(edu_sysfs(edu, "resource", path), "re");
	ASSERT_NE(NULL, resources);
	for (i = 0; i < 6; i++) {
		uint64_t first, last, flags, size;

		ASSERT_EQ(3, fscanf(resources, "%lx %lx %lx", &first, &last,
				    &flags));
		size = last ? last - first + 1 : 0;
		EXPECT_EQ(size ? bar_flags(flags) : 0, info->out_bar_flags[i])
		{
			TH_LOG("BAR %u of %s", i, edu->pci);
		}
		/* Whole pages of memory, and no ports. */
		if (!(flags & 0x200) || first % PAGE || size % PAGE)
			size = 0;
		EXPECT_EQ(size, info->out_bar_size[i])
		{
			TH_LOG("BAR %u of %s", i, edu->pci);
		}
	}
	fclose(resources);
}

/* Resets, BARs and the group, of all kinds of devices. */
TEST(info_of_other_functions)
{
	static const struct {
		long vendor, device;
	} kinds[] = { { FUNCTION_E1000E },
		      { FUNCTION_NVME },
		      { FUNCTION_BOCHS },
		      { FUNCTION_SDHCI } };
	struct hpdma_ioc_dev_info info;
	struct edu function;
	char path[128];
	int dev, found = 0;
	size_t i;

	for (i = 0; i < 4; i++) {
		int ret = function_take(&function, kinds[i].vendor,
					kinds[i].device);

		if (ret == -ENODEV)
			continue;
		ASSERT_EQ(0, ret);
		dev = dev_open(&function);
		if (dev == -EACCES)
			SKIP(return, "no IOMMU, and allow_unsafe is off");
		ASSERT_LE(0, dev);
		ASSERT_EQ(0, dev_info(dev, &info));
		check_bars(_metadata, &function, &info);
		EXPECT_EQ(group_of(&function), info.out_iommu_group);
		EXPECT_EQ(!access(edu_sysfs(&function, "reset", path), F_OK),
			  !!(info.out_resets & HPDMA_RESETS_FUNCTION));
		close(dev);
		function_give(&function);
		found++;
	}
	if (!found)
		SKIP(return, "no other functions");
}

TEST(info_of_how_it_is_used)
{
	struct hpdma_ioc_dev_info info;
	struct edu edu;
	struct rig rig;
	int dev;

	ASSERT_EQ(0, edu_find(&edu, EDU_NARROW, 0));
	dev = dev_open(&edu);
	if (dev == -EACCES)
		SKIP(return, "no IOMMU, and allow_unsafe is off");
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_EQ(HPDMA_MODE_DEFAULT, info.out_mode);
	EXPECT_EQ(0, info.out_address_bits);
	ASSERT_EQ(0, rig_open(&rig, EDU_NARROW, 0));
	ASSERT_EQ(0, dev_irq(rig.dev, HPDMA_IRQ_MSI, -1));
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_EQ(dev_translated(&edu) ? HPDMA_MODE_KERNEL_IOVA :
					 HPDMA_MODE_PHYS,
		  info.out_mode);
	EXPECT_EQ(EDU_NARROW, info.out_address_bits);
	EXPECT_EQ(HPDMA_IRQ_MSI, info.out_irq_type);
	EXPECT_EQ(1, info.out_irq_vectors);
	EXPECT_EQ(0, info.out_quarantined);
	EXPECT_EQ(0, info.out_state & (HPDMA_DEV_SUSPENDED | HPDMA_DEV_STUCK));
	rig_close(&rig);
	/* Until the last holder goes it stays so. */
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_EQ(EDU_NARROW, info.out_address_bits);
	close(dev);
	dev = dev_open(&edu);
	ASSERT_EQ(0, dev_info(dev, &info));
	EXPECT_EQ(HPDMA_MODE_DEFAULT, info.out_mode);
	EXPECT_EQ(0, info.out_address_bits);
	close(dev);
}

TEST(info_agrees_with_sysfs)
{
	unsigned int domain, bus, slot, function;
	struct hpdma_ioc_dev_info info;
	struct edu edu;
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

	check_bars(_metadata, &edu, &info);
	EXPECT_EQ(group_of(&edu), info.out_iommu_group);
	EXPECT_EQ(EDU_BAR_SIZE, info.out_bar_size[0]);
	close(dev);
}

TEST_HARNESS_MAIN
