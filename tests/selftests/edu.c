// SPDX-License-Identifier: GPL-2.0-only
/* Finding, binding and driving QEMU's edu devices; see edu.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "edu.h"

#define DEVICES "/sys/bus/pci/devices"
#define DRIVER "/sys/bus/pci/drivers/hpdma"

#define REG_ID 0x00
#define REG_LIVENESS 0x04
#define REG_IRQ_STATUS 0x24
#define REG_IRQ_RAISE 0x60
#define REG_IRQ_ACK 0x64
#define REG_DMA_SRC 0x80
#define REG_DMA_DST 0x88
#define REG_DMA_COUNT 0x90
#define REG_DMA_CMD 0x98

#define ID 0x010000edu
#define CMD_START 1
#define CMD_TO_RAM 2
#define MEMORY 0x40000

#define CONFIG_COMMAND 4
#define COMMAND_MASTER 4

static bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t done;
	int error;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return done == (ssize_t)strlen(text);
}

static unsigned int read_hex(const char *pci, const char *name)
{
	unsigned int value = 0;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), DEVICES "/%s/%s", pci, name);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%x", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

static unsigned int bits_of(const char *pci)
{
	unsigned int slot = 0;

	sscanf(pci, "%*x:%*x:%x", &slot);
	return slot >= 16 ? EDU_WIDE : EDU_NARROW;
}

/* Return: whether the node of a bound device was found. */
static bool find_node(struct edu *edu)
{
	char path[128];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	dir = opendir(edu_sysfs(edu, "hpdma", path));
	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "hpdma", 5))
			continue;
		snprintf(edu->node, sizeof(edu->node), "/dev/%.20s",
			 entry->d_name);
		found = true;
	}
	closedir(dir);
	return found;
}

int edu_bind(struct edu *edu)
{
	char path[128];

	if (find_node(edu))
		return 0;
	if (!write_file(edu_sysfs(edu, "driver_override", path), "hpdma") ||
	    !write_file(DRIVER "/bind", edu->pci))
		return -errno;
	return find_node(edu) ? 0 : -ENODEV;
}

int edu_unbind(const struct edu *edu)
{
	char path[128];

	if (access(edu_sysfs(edu, "driver", path), F_OK))
		return 0;
	return write_file(DRIVER "/unbind", edu->pci) ? 0 : -errno;
}

/* The one with the number @nth, of @bits where that is not 0. */
static int find_device(struct edu *edu, unsigned int vendor,
		       unsigned int device, unsigned int bits, unsigned int nth)
{
	struct dirent **entries;
	bool found = false;
	int count, i;

	count = scandir(DEVICES, &entries, NULL, alphasort);
	if (count < 0)
		return -errno;
	memset(edu, 0, sizeof(*edu));
	for (i = 0; i < count; i++) {
		const char *pci = entries[i]->d_name;

		if (!found && read_hex(pci, "vendor") == vendor &&
		    read_hex(pci, "device") == device &&
		    (!bits || bits_of(pci) == bits) && !nth--) {
			snprintf(edu->pci, sizeof(edu->pci), "%.15s", pci);
			edu->bits = bits ? bits : 64;
			found = true;
		}
		free(entries[i]);
	}
	free(entries);
	return found ? edu_bind(edu) : -ENODEV;
}

int edu_find(struct edu *edu, unsigned int bits, unsigned int nth)
{
	return find_device(edu, 0x1234, 0x11e8, bits, nth);
}

int edu_find_other(struct edu *edu, unsigned int vendor, unsigned int device)
{
	return find_device(edu, vendor, device, 0, 0);
}

const char *edu_sysfs(const struct edu *edu, const char *name, char *path)
{
	snprintf(path, 128, DEVICES "/%s/%s", edu->pci, name);
	return path;
}

int edu_command(const struct edu *edu)
{
	uint16_t command;
	char path[128];
	ssize_t got;
	int fd;

	fd = open(edu_sysfs(edu, "config", path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	got = pread(fd, &command, sizeof(command), CONFIG_COMMAND);
	close(fd);
	return got == sizeof(command) ? command : -EIO;
}

bool edu_is_master(const struct edu *edu)
{
	int command = edu_command(edu);

	return command >= 0 && command & COMMAND_MASTER;
}

static uint32_t read32(edu_regs regs, unsigned int reg)
{
	return *(volatile uint32_t *)(regs + reg);
}

static void write32(edu_regs regs, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(regs + reg) = value;
}

static void write64(edu_regs regs, unsigned int reg, uint64_t value)
{
	*(volatile uint64_t *)(regs + reg) = value;
}

edu_regs edu_map(int fd)
{
	edu_regs regs;
	void *bar;

	bar = mmap(NULL, EDU_BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   0);
	if (bar == MAP_FAILED)
		return NULL;
	regs = bar;
	write32(regs, REG_LIVENESS, 0x12345678);
	if (read32(regs, REG_ID) != ID ||
	    read32(regs, REG_LIVENESS) != ~0x12345678u || !edu_wait(regs)) {
		munmap(bar, EDU_BAR_SIZE);
		errno = ENXIO;
		return NULL;
	}
	edu_ack(regs);
	return regs;
}

void edu_unmap(edu_regs regs)
{
	munmap((void *)regs, EDU_BAR_SIZE);
}

static void start(edu_regs regs, uint64_t from, uint64_t to, size_t length,
		  uint32_t direction)
{
	write64(regs, REG_DMA_SRC, from);
	write64(regs, REG_DMA_DST, to);
	write64(regs, REG_DMA_COUNT, length);
	write64(regs, REG_DMA_CMD, CMD_START | direction);
}

void edu_start_from_ram(edu_regs regs, uint64_t addr, size_t length)
{
	start(regs, addr, MEMORY, length, 0);
}

void edu_start_to_ram(edu_regs regs, uint64_t addr, size_t length)
{
	start(regs, MEMORY, addr, length, CMD_TO_RAM);
}

bool edu_is_busy(edu_regs regs)
{
	return read32(regs, REG_DMA_CMD) & CMD_START;
}

bool edu_wait(edu_regs regs)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	time_t end = time(NULL) + 10;

	while (edu_is_busy(regs)) {
		if (time(NULL) > end)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

bool edu_from_ram(edu_regs regs, uint64_t addr, size_t length)
{
	edu_start_from_ram(regs, addr, length);
	return edu_wait(regs);
}

bool edu_to_ram(edu_regs regs, uint64_t addr, size_t length)
{
	edu_start_to_ram(regs, addr, length);
	return edu_wait(regs);
}

void edu_raise(edu_regs regs)
{
	write32(regs, REG_IRQ_RAISE, EDU_IRQ_TEST);
}

void edu_ack(edu_regs regs)
{
	write32(regs, REG_IRQ_ACK, read32(regs, REG_IRQ_STATUS));
}
