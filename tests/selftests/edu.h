/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * QEMU's "edu" device, driven through its BAR: it copies between memory and 4096
 * bytes of its own, each copy taking 100 ms, and raises interrupts on demand.
 *
 * A device in PCI slot 16 or above has all 64 address bits
 * (-device edu,addr=0x10,dma_mask=0xffffffffffffffff); the others have QEMU's
 * default of 28, and silently drop those above. No device tells.
 */
#ifndef HPDMA_SELFTESTS_EDU_H
#define HPDMA_SELFTESTS_EDU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDU_NARROW 28
#define EDU_WIDE 64
#define EDU_BAR_SIZE (1ul << 20)
/*
 * The longest copy: QEMU before 8.1 ends itself when one reaches the last byte
 * of the device's memory.
 */
#define EDU_CHUNK 2048
/* How long a copy takes by the device's description. */
#define EDU_COPY_MS 100

/* Any bit but the one that means "DMA is done". */
#define EDU_IRQ_TEST 0x1

/**
 * struct edu - a device bound to hpdma
 * @pci: Its PCI address, as in sysfs
 * @node: Its file in /dev
 * @bits: How many address bits it has
 */
struct edu {
	char pci[16];
	char node[32];
	unsigned int bits;
};

typedef volatile uint8_t *edu_regs;

/*
 * The device with so many address bits that has the number @nth in the order of
 * PCI addresses; binds it if it is not. Return: 0, -ENODEV if there is none.
 */
int edu_find(struct edu *edu, unsigned int bits, unsigned int nth);
/* The first device with these ids: as good for all that is not about its BAR. */
int edu_find_other(struct edu *edu, unsigned int vendor, unsigned int device);
/* Bind or unbind through sysfs. Return: 0 or -errno; 0 if it is so already. */
int edu_bind(struct edu *edu);
int edu_unbind(const struct edu *edu);

/* A file in the device's folder in sysfs; @path has room for 128 bytes. */
const char *edu_sysfs(const struct edu *edu, const char *name, char *path);
/* The command register: what the device may do. -errno if it is gone. */
int edu_command(const struct edu *edu);
bool edu_is_master(const struct edu *edu);

/*
 * Maps the BAR and verifies that it is a living edu; the device is left idle
 * and quiet. Return: NULL and errno on failure.
 */
edu_regs edu_map(int fd);
void edu_unmap(edu_regs regs);

/* Start a copy of at most EDU_CHUNK bytes. */
void edu_start_from_ram(edu_regs regs, uint64_t addr, size_t length);
void edu_start_to_ram(edu_regs regs, uint64_t addr, size_t length);
bool edu_is_busy(edu_regs regs);
/* Return: false if the copy does not end within seconds. */
bool edu_wait(edu_regs regs);
/* Start and wait. */
bool edu_from_ram(edu_regs regs, uint64_t addr, size_t length);
bool edu_to_ram(edu_regs regs, uint64_t addr, size_t length);

void edu_raise(edu_regs regs);
/* What INTx needs to fall; MSI does not care. */
void edu_ack(edu_regs regs);

#endif
