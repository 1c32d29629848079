/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the device half share, beside common.h: the calls, the state
 * of an attached device, and what the kernel logs meanwhile.
 *
 * A program that includes dev_common.c skips itself (exit code 4) where there is
 * no edu device.
 */
#ifndef HPDMA_SELFTESTS_DEV_COMMON_H
#define HPDMA_SELFTESTS_DEV_COMMON_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <linux/hpdma.h>

#include "common.h"
#include "edu.h"

/* All return -errno where they fail. */
int dev_open(const struct edu *edu);
int dev_attach(int dev, int mem, unsigned int bits);
/* Return: the mode that was obtained. */
int dev_attach_mode(int dev, int mem, unsigned int bits, unsigned int mode);
int dev_info(int dev, struct hpdma_ioc_dev_info *info);
/* Return: the id of the mapping. */
int dev_map(int dev, int buf, uint64_t offset, uint64_t length);
/* Likewise; @iova is where a caller who may choose wants it. */
int dev_map_at(int dev, int buf, uint64_t offset, uint64_t length,
	       uint64_t iova, unsigned int flags);
int dev_unmap(int dev, int map);
int dev_unmap_part(int dev, int map, uint64_t offset, uint64_t length);
/* Return: how many there are. */
int dev_segments(int dev, int map, struct hpdma_segment *array, int count);
/* Return: how many there are. */
int dev_regions(int dev, struct hpdma_region *array, int count);
/* The first address of a mapping; 0 if there is none. */
uint64_t dev_address(int dev, int map);
int dev_irq(int dev, unsigned int type, int32_t eventfd);

/* What the module says of the call that failed last. */
unsigned int last_reason(void);

/* May anybody open the device, and is there an IOMMU that translates? */
bool dev_protected(const struct edu *edu);
bool dev_translated(const struct edu *edu);
bool unsafe_allowed(void);
/* A word of the kernel's command line that asks for a certain test. */
bool asked_for(const char *word);

/**
 * struct rig - a device with everything needed to use it
 * @edu: Which device
 * @mem: File of /dev/hpdma
 * @dev: File of the device, attached to @mem with all its address bits
 * @regs: Its BAR
 * @bar: Bytes of it
 */
struct rig {
	struct edu edu;
	int mem;
	int dev;
	edu_regs regs;
	size_t bar;
};

/* Return: 0 or -errno: -ENODEV: no such device; -EACCES, -EPERM: not allowed. */
int rig_open(struct rig *rig, unsigned int bits, unsigned int nth);
int rig_open_mode(struct rig *rig, unsigned int bits, unsigned int nth,
		  unsigned int mode);
/* The first device with these ids, which drives 64 address bits, and its BAR 0. */
int rig_open_other(struct rig *rig, unsigned int vendor, unsigned int device,
		   size_t bar);
void rig_close(struct rig *rig);

/*
 * The IOMMU driver cannot be told to forget a translation at once (VT-d on 5.10):
 * what is unmapped is kept until the device is quiesced. Keeps one page, then.
 */
bool unmapping_parks(const struct rig *rig);
/* Mappings that are not parked. */
long long mappings(void);

/* In a test: open a rig, or skip the test if this machine has none. */
#define NEED_RIG(_rig, _bits) NEED_OPENED(rig_open((_rig), (_bits), 0))
#define NEED_OPENED(_open)                                                 \
	do {                                                               \
		int ret_ = (_open);                                        \
		if (ret_ == -ENODEV)                                       \
			SKIP(return, "no such device: %s", #_open);        \
		if (ret_ == -EACCES)                                       \
			SKIP(return, "no IOMMU, and allow_unsafe is off"); \
		ASSERT_EQ(0, ret_)                                         \
		{                                                          \
			TH_LOG("cannot open a rig: %s", strerror(-ret_));  \
		}                                                          \
	} while (0)

/* In a test: skip it where no IOMMU translates. */
#define NEED_IOMMU(_rig)                                          \
	do {                                                      \
		if (!dev_translated(&(_rig)->edu))                \
			SKIP(return, "no IOMMU that translates"); \
	} while (0)

/**
 * struct block - a buffer that the CPU sees
 * @backing: enum hpdma_backing
 * @mem: Its file
 * @id: Its id
 * @length: Bytes
 * @data: Where it is
 */
struct block {
	unsigned int backing;
	int mem;
	int id;
	uint64_t length;
	uint8_t *data;
};

/*
 * @length is rounded up to what the backing can do. Below so many address bits
 * where physical addresses matter; 0: anywhere. User memory is anywhere.
 */
int block_make(struct block *block, int mem, unsigned int backing,
	       uint64_t length, unsigned int bits);
/* Frees the id and the mapping; what else holds the buffer goes on. */
void block_drop(struct block *block);

/* A byte of a pattern that no two places share for long. */
void fill_pattern(void *data, uint64_t length, unsigned int seed);
/* Return: the first byte that is not the pattern's, or -1. */
long long check_pattern(const void *data, uint64_t length, unsigned int seed);

/**
 * struct watch - faults of the IOMMU and the kernel log, from a moment on
 * @fd: /dev/kmsg
 * @faults: Interrupts by which the IOMMU had reported faults
 * @level: Of the console before
 * @muted: It was
 */
struct watch {
	int fd;
	long long faults;
	char level[32];
	bool muted;
};

/*
 * While a test makes faults on purpose, the console is muted: whoever judges
 * its log need not tell them from others. What is logged meanwhile is looked at
 * here instead.
 */
void watch_begin(struct watch *watch, bool mute);
/*
 * Return: how often the IOMMU has reported faults; -1 if something else was muted
 * that tells of a bug, and says what.
 */
int watch_end(struct watch *watch);

/* Milliseconds of a clock that is the same in all processes. */
double now_ms(void);
void sleep_ms(double ms);

#endif
