// SPDX-License-Identifier: GPL-2.0-only
/* vfio-pci and uio_pci_generic, as a program uses them; see peers.h. */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "peers.h"

/* Above 4 GiB, and aligned to any page of an IOMMU. */
#define IOVA (1ULL << 32)

void bind_to(const struct edu *edu, const char *driver)
{
	char path[128], now[128] = "", *name;

	if (readlink(edu_sysfs(edu, "driver", path), now, sizeof(now) - 1) >
	    0) {
		name = strrchr(now, '/') + 1;
		if (!strcmp(name, driver))
			return;
		MUST(write_text(edu_sysfs(edu, "driver/unbind", path),
				edu->pci));
	}
	MUST(write_text(edu_sysfs(edu, "driver_override", path), driver));
	MUST(write_text("/sys/bus/pci/drivers_probe", edu->pci));
	MUST(!access(edu_sysfs(edu, "driver", path), F_OK));
}

void vfio_find(const struct edu *edu, struct vfio *vfio)
{
	char path[128], link[128] = "";

	MUST(readlink(edu_sysfs(edu, "iommu_group", path), link,
		      sizeof(link) - 1) > 0);
	snprintf(vfio->node, sizeof(vfio->node), "/dev/vfio/%.16s",
		 strrchr(link, '/') + 1);
}

static void set_container(struct vfio *vfio)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };

	MUST(!ioctl(vfio->group, VFIO_GROUP_GET_STATUS, &status));
	MUST(status.flags & VFIO_GROUP_FLAGS_VIABLE);
	MUST(!ioctl(vfio->group, VFIO_GROUP_SET_CONTAINER, &vfio->container));
	MUST(!ioctl(vfio->container, VFIO_SET_IOMMU, VFIO_TYPE1v2_IOMMU));
}

/* vfio-pci leaves bus mastering to the program. */
static void set_master(int config, off_t at)
{
	uint16_t command;

	MUST(pread(config, &command, sizeof(command), at + PCI_COMMAND) ==
	     sizeof(command));
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	MUST(pwrite(config, &command, sizeof(command), at + PCI_COMMAND) ==
	     sizeof(command));
}

static edu_regs map_bar(int fd, off_t at, uint64_t length)
{
	edu_regs regs = mmap(NULL, length, RW, MAP_SHARED, fd, at);

	MUST(regs != MAP_FAILED);
	return regs;
}

void vfio_open(const struct edu *edu, struct vfio *vfio)
{
	struct vfio_device_info info = { .argsz = sizeof(info) };
	struct vfio_region_info config = {
		.argsz = sizeof(config),
		.index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	struct vfio_region_info bar = {
		.argsz = sizeof(bar),
		.index = VFIO_PCI_BAR0_REGION_INDEX,
	};

	vfio->container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	MUST(vfio->container >= 0);
	MUST(ioctl(vfio->container, VFIO_GET_API_VERSION) == VFIO_API_VERSION);
	MUST(ioctl(vfio->container, VFIO_CHECK_EXTENSION, VFIO_TYPE1v2_IOMMU));
	vfio->group = open(vfio->node, O_RDWR | O_CLOEXEC);
	MUST(vfio->group >= 0);
	set_container(vfio);
	vfio->device = ioctl(vfio->group, VFIO_GROUP_GET_DEVICE_FD, edu->pci);
	MUST(vfio->device >= 0);
	MUST(!ioctl(vfio->device, VFIO_DEVICE_GET_INFO, &info));
	MUST(!ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, &config));
	MUST(!ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, &bar));
	set_master(vfio->device, config.offset);
	vfio->regs = map_bar(vfio->device, bar.offset, bar.size);
}

void vfio_close(struct vfio *vfio)
{
	munmap((void *)vfio->regs, EDU_BAR_SIZE);
	close(vfio->device);
	close(vfio->group);
	close(vfio->container);
}

void vfio_map(const struct vfio *vfio, void *memory, uint64_t length)
{
	struct vfio_iommu_type1_dma_map map = {
		.argsz = sizeof(map),
		.flags = VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE,
		.vaddr = (uintptr_t)memory,
		.iova = IOVA,
		.size = length,
	};

	MUST(!ioctl(vfio->container, VFIO_IOMMU_MAP_DMA, &map));
}

void vfio_unmap(const struct vfio *vfio, uint64_t length)
{
	struct vfio_iommu_type1_dma_unmap unmap = {
		.argsz = sizeof(unmap),
		.iova = IOVA,
		.size = length,
	};

	MUST(!ioctl(vfio->container, VFIO_IOMMU_UNMAP_DMA, &unmap));
	MUST(unmap.size == length);
}

void vfio_irq(const struct vfio *vfio, unsigned int index, unsigned int action,
	      int eventfd)
{
	struct {
		struct vfio_irq_set set;
		int32_t eventfd;
	} arg = {
		.set = {
			.argsz = sizeof(arg),
			.flags = action | VFIO_IRQ_SET_DATA_EVENTFD,
			.index = index,
			.count = 1,
		},
		.eventfd = eventfd,
	};

	if (eventfd < 0) {
		arg.set.argsz = sizeof(arg.set);
		arg.set.flags = action | VFIO_IRQ_SET_DATA_NONE;
		arg.set.count = action != VFIO_IRQ_SET_ACTION_TRIGGER;
	}
	MUST(!ioctl(vfio->device, VFIO_DEVICE_SET_IRQS, &arg));
}

void uio_find(const struct edu *edu, struct uio *uio)
{
	char path[128];
	struct dirent *entry;
	DIR *dir = opendir(edu_sysfs(edu, "uio", path));

	MUST(dir);
	uio->node[0] = '\0';
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "uio", 3))
			continue;
		snprintf(uio->node, sizeof(uio->node), "/dev/%.16s",
			 entry->d_name);
	}
	closedir(dir);
	MUST(uio->node[0]);
}

static int open_sysfs(const struct edu *edu, const char *name)
{
	char path[128];
	int fd = open(edu_sysfs(edu, name, path), O_RDWR | O_CLOEXEC);

	MUST(fd >= 0);
	return fd;
}

void uio_open(const struct edu *edu, struct uio *uio)
{
	uio->uio = open(uio->node, O_RDWR | O_CLOEXEC);
	MUST(uio->uio >= 0);
	uio->config = open_sysfs(edu, "config");
	set_master(uio->config, 0);
	uio->bar = open_sysfs(edu, "resource0");
	uio->regs = map_bar(uio->bar, 0, EDU_BAR_SIZE);
}

void uio_close(struct uio *uio)
{
	munmap((void *)uio->regs, EDU_BAR_SIZE);
	close(uio->bar);
	close(uio->config);
	close(uio->uio);
}
