/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fake module that hands out scripted segments, for tests of tables of addresses.
 * Buffers are registered at pointers that nobody touches.
 */
#ifndef IOVA_FAKE_H
#define IOVA_FAKE_H

#include <errno.h>
#include <string.h>

#include <hpdma.h>

#include "fake_module.h"
#include "sentinel.h"

#define SCRIPT_MAX 64

static struct hpdma_seg script[SCRIPT_MAX];
static uint32_t scripted;

static inline int scripted_segments(struct hpdma_ioc_segments *arg,
				    uint32_t kind)
{
	arg->out_count = scripted;
	if (arg->count < scripted)
		return -EMSGSIZE;
	memcpy((void *)(uintptr_t)arg->segments, script,
	       scripted * sizeof(script[0]));
	arg->out_kind = kind;
	return 0;
}

static inline bool follow_script(unsigned long cmd, void *arg, int *ret)
{
	struct hpdma_ioc_dev_map *map = arg;

	switch (cmd) {
	case HPDMA_IOC_DEV_MAP:
		fake.on_ioctl = NULL;
		*ret = fake_module_ioctl(101, cmd, arg);
		fake.on_ioctl = follow_script;
		if (!*ret && fake.mode != HPDMA_MODE_CALLER_IOVA) {
			map->out_segments = scripted;
			map->out_addr = script[0].addr;
		}
		return true;
	case HPDMA_IOC_DEV_SEGMENTS:
		*ret = scripted_segments(arg, fake.translated ?
						      HPDMA_ADDR_IOVA :
						      HPDMA_ADDR_PHYS);
		return true;
	case HPDMA_IOC_BUF_SEGMENTS:
		*ret = scripted_segments(arg, HPDMA_ADDR_PHYS);
		return true;
	default:
		return false;
	}
}

/* The ways in which a device, or none, addresses memory. */
enum way {
	WAY_IOVA,
	WAY_VA,
	WAY_PHYS,
	WAY_NO_DEVICE,
	WAYS,
};

struct setup {
	struct hpdma *ctx;
	struct hpdma_device *dev;
	struct hpdma_iova *table;
};

static inline struct setup set_up(enum way way)
{
	struct hpdma_device_opts opts = { .size = sizeof(opts) };
	struct setup setup = { start(), NULL, NULL };
	int ret;

	fake.on_ioctl = follow_script;
	scripted = 1;
	if (way == WAY_VA)
		opts.mode = HPDMA_DEVICE_MODE_CALLER_IOVA;
	if (way == WAY_PHYS)
		fake.translated = 0;
	if (way == WAY_NO_DEVICE) {
		ret = hpdma_iova_create_phys(setup.ctx, &setup.table, NULL);
	} else {
		ret = hpdma_device_open(setup.ctx, "hpdma0", &opts, &setup.dev,
					NULL);
		if (!ret)
			ret = hpdma_iova_create(setup.dev, &setup.table, NULL);
	}
	if (ret)
		abort();
	return setup;
}

static inline void tear_down(struct setup *setup)
{
	hpdma_iova_unref(setup->table);
	hpdma_device_unref(setup->dev);
	finish(setup->ctx);
}

/* A buffer of the caller at @va, which the module says is at @addr. */
static inline struct hpdma_buf *buffer_at(struct hpdma *ctx, uint64_t va,
					  uint64_t length, uint64_t addr)
{
	struct hpdma_buf *buf;

	scripted = 1;
	script[0] = (struct hpdma_seg){ addr, length };
	if (hpdma_buf_register(ctx, (void *)(uintptr_t)va, length, NULL, &buf,
			       NULL))
		abort();
	return buf;
}

static inline uint64_t look(const struct setup *setup, uint64_t va)
{
	return hpdma_iova_of(setup->table, (void *)(uintptr_t)va);
}

static inline uint64_t look_run(const struct setup *setup, uint64_t va,
				uint64_t *length)
{
	return hpdma_iova_of_run(setup->table, (void *)(uintptr_t)va, length);
}

static inline uint64_t look_back(const struct setup *setup, uint64_t addr)
{
	return (uintptr_t)hpdma_iova_ptr(setup->table, addr);
}

#endif /* IOVA_FAKE_H */
