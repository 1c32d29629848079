/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions other than edu, taken from their driver and given to hpdma for a test;
 * for programs that include dev_common.c.
 */
#ifndef HPDMA_SELFTESTS_FUNCTION_H
#define HPDMA_SELFTESTS_FUNCTION_H

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>

#include "dev_common.h"

#define FUNCTION_E1000E 0x8086, 0x10d3
#define FUNCTION_NVME 0x1b36, 0x0010
#define FUNCTION_BOCHS 0x1234, 0x1111
#define FUNCTION_SDHCI 0x1b36, 0x0007

static inline long function_number(const struct edu *function, const char *name)
{
	char path[128], text[32] = "";

	if (!read_text(edu_sysfs(function, name, path), text, sizeof(text)))
		return LONG_MIN;
	return strtol(text, NULL, 0);
}

/* Return: whether there is one. */
static inline bool function_find(struct edu *function, long vendor, long device)
{
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	dir = opendir("/sys/bus/pci/devices");
	while (dir && !found && (entry = readdir(dir))) {
		memset(function, 0, sizeof(*function));
		snprintf(function->pci, sizeof(function->pci), "%.15s",
			 entry->d_name);
		found = function_number(function, "vendor") == vendor &&
			function_number(function, "device") == device;
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Return: 0 or -errno. */
static inline int function_take(struct edu *function, long vendor, long device)
{
	char path[128];

	if (!function_find(function, vendor, device))
		return -ENODEV;
	if (access(edu_sysfs(function, "hpdma", path), F_OK)) {
		snprintf(path, sizeof(path),
			 "/sys/bus/pci/devices/%s/driver/unbind",
			 function->pci);
		write_text(path, function->pci);
	}
	return edu_bind(function);
}

static inline void function_give(const struct edu *function)
{
	char path[128];

	edu_unbind(function);
	write_text(edu_sysfs(function, "driver_override", path), "\n");
}

/* Attach with a reset policy; returns 0 or -errno, and last_reason() says more. */
static inline int function_attach(int dev, int mem, unsigned int bits,
				  unsigned int reset, unsigned int *why)
{
	struct hpdma_ioc_dev_attach arg = {
		.size = sizeof(arg),
		.fd = mem,
		.address_bits = bits,
		.reset = reset,
	};
	int ret = call(dev, HPDMA_IOC_DEV_ATTACH, &arg);

	if (why)
		*why = ret ? arg.out_reason : HPDMA_REASON_NONE;
	return ret;
}

static inline int function_reset(int dev, unsigned int *why)
{
	struct hpdma_ioc_dev_reset arg = { .size = sizeof(arg) };
	int ret = call(dev, HPDMA_IOC_DEV_RESET, &arg);

	if (why)
		*why = ret ? arg.out_reason : HPDMA_REASON_NONE;
	return ret;
}

static inline int function_resume(int dev, unsigned int *why)
{
	struct hpdma_ioc_dev_resume arg = { .size = sizeof(arg) };
	int ret = call(dev, HPDMA_IOC_DEV_RESUME, &arg);

	if (why)
		*why = ret ? arg.out_reason : HPDMA_REASON_NONE;
	return ret;
}

/* The configuration space. Return: bytes. */
static inline long function_config(const struct edu *function, uint8_t *config,
				   size_t size)
{
	char path[128];
	ssize_t got;
	int fd;

	fd = open(edu_sysfs(function, "config", path), O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -errno : pread(fd, config, size, 0);
	close(fd);
	return got;
}

#endif
