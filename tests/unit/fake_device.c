// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ioctls of the fake device: it knows its mode, the vectors that are on, and
 * whether the machine was suspended.
 */
#include <errno.h>
#include <string.h>

#include "fake_module.h"

static const struct hpdma_region regions[] = {
	{ .first = 0x1000, .last = 0xfedfffff },
	{ .first = 0xfee00000,
	  .last = 0xfeefffff,
	  .kind = HPDMA_REGION_RESERVED },
	{ .first = 0xfef00000, .last = 0x7fffffffffff },
};

static int dev_attach(void *data)
{
	ENTER(hpdma_ioc_dev_attach);
	ZERO_FROM(out_mode);
	if (arg->flags)
		fake_complain("flags not zero");
	if (fake.attached)
		fake_complain("attached twice");
	fake.attach = *arg;
	fake.attached = true;
	fake.mode = arg->mode;
	if (!fake.mode)
		fake.mode = fake.translated ? HPDMA_MODE_KERNEL_IOVA :
					      HPDMA_MODE_PHYS;
	arg->out_mode = fake.mode;
	return 0;
}

static int dev_info(void *data)
{
	ENTER(hpdma_ioc_dev_info);
	ZERO_FROM(flags);
	arg->out_state = fake.translated;
	if (fake.suspended)
		arg->out_state |= HPDMA_DEV_SUSPENDED;
	arg->out_devfn = 4 << 3;
	arg->out_node = fake.memory_node;
	arg->out_vendor = 0x1234;
	arg->out_device = 0x11e8;
	arg->out_msi_vectors = fake.msi_vectors;
	arg->out_msix_vectors = fake.msix_vectors;
	memcpy(arg->out_bar_size, fake.bar_size, sizeof(fake.bar_size));
	arg->out_bar_flags[0] = HPDMA_BAR_MEMORY;
	arg->out_bar_flags[5] = HPDMA_BAR_IO;
	arg->out_iommu_group = 17;
	arg->out_resets = HPDMA_RESETS_FUNCTION;
	arg->out_mode = fake.mode;
	arg->out_irq_type = fake.irq_type;
	arg->out_irq_vectors = fake.irq_vectors;
	arg->out_resumes = 3;
	arg->out_iommu_pages = 0x40201000;
	arg->out_quarantined = 8192;
	return 0;
}

static int dev_regions(void *data)
{
	const uint32_t there = sizeof(regions) / sizeof(regions[0]);
	struct hpdma_region *array;
	uint32_t i;

	ENTER(hpdma_ioc_dev_regions);
	ZERO_FROM(out_count);
	if (arg->flags)
		fake_complain("flags not zero");
	if (fake.mode != HPDMA_MODE_CALLER_IOVA) {
		arg->out_reason = HPDMA_REASON_MODE;
		return -EOPNOTSUPP;
	}
	arg->out_count = there;
	array = (struct hpdma_region *)(uintptr_t)arg->regions;
	for (i = 0; i < arg->count && i < there; i++)
		array[i] = regions[i];
	return 0;
}

static uint32_t kind_of_addresses(void)
{
	return fake.translated ? HPDMA_ADDR_IOVA : HPDMA_ADDR_PHYS;
}

static int dev_map(void *data)
{
	bool choose = fake.mode == HPDMA_MODE_CALLER_IOVA;
	uint32_t id;

	ENTER(hpdma_ioc_dev_map);
	ZERO_FROM(out_map_id);
	if (arg->flags & ~(uint32_t)HPDMA_MAP_READ_ONLY || !fake.attached)
		fake_complain("unknown flags, or not attached");
	if (arg->iova && !choose)
		fake_complain("an address in a mode that takes none");
	if (!fake_find(arg->buf_id))
		return -ENOENT;
	fake.map = *arg;
	for (id = 0; fake.mapping[id]; id++)
		;
	fake.mapping[id] = true;
	arg->out_map_id = id;
	arg->out_kind = kind_of_addresses();
	arg->out_segments = choose ? 1 : fake.segments;
	arg->out_addr = choose ? arg->iova : 1 << 24;
	return 0;
}

static int dev_unmap(void *data)
{
	ENTER(hpdma_ioc_dev_unmap);
	if (arg->flags)
		fake_complain("flags not zero");
	if (arg->map_id >= FAKE_MAX || !fake.mapping[arg->map_id]) {
		fake_complain("no such mapping");
		return -ENOENT;
	}
	if ((arg->offset || arg->length) &&
	    fake.mode != HPDMA_MODE_CALLER_IOVA) {
		arg->out_reason = HPDMA_REASON_MODE;
		return -EOPNOTSUPP;
	}
	fake.unmap = *arg;
	if (!arg->length)
		fake.mapping[arg->map_id] = false;
	return 0;
}

static uint32_t vectors_of(uint32_t type)
{
	switch (type) {
	case HPDMA_IRQ_INTX:
		return fake.intx;
	case HPDMA_IRQ_MSI:
		return fake.msi_vectors;
	case HPDMA_IRQ_MSIX:
		return fake.msix_vectors;
	default:
		return 0;
	}
}

static int irq_set(void *data)
{
	const int32_t *eventfds;
	uint32_t i;

	ENTER(hpdma_ioc_irq_set);
	if (arg->flags || !arg->count != !arg->type || arg->type > 3)
		fake_complain("flags not zero, or wrong vectors");
	if (arg->type && fake.suspended) {
		arg->out_reason = HPDMA_REASON_SUSPENDED;
		return -EBUSY;
	}
	if (arg->start + arg->count > vectors_of(arg->type)) {
		arg->out_reason = HPDMA_REASON_NO_INTERRUPT;
		return -EOPNOTSUPP;
	}
	if (arg->type && fake.irq_type &&
	    (fake.irq_type != arg->type ||
	     fake.irq_vectors < arg->start + arg->count))
		return -EBUSY;
	fake.irq_type = arg->type;
	if (!arg->type || !fake.irq_vectors)
		fake.irq_vectors = arg->start + arg->count;
	eventfds = (const int32_t *)(uintptr_t)arg->eventfds;
	for (i = 0; i < arg->count; i++)
		fake.irq_eventfd[arg->start + i] = eventfds ? eventfds[i] : -1;
	return 0;
}

static int irq_ctrl(void *data)
{
	ENTER(hpdma_ioc_irq_ctrl);
	ZERO_FROM(__reserved);
	if (arg->flags || (arg->cpu && arg->action != HPDMA_IRQ_AFFINITY))
		fake_complain("flags not zero, or a CPU for nothing");
	if (!arg->count || arg->start + arg->count > fake.irq_vectors)
		return -EINVAL;
	if (arg->action == HPDMA_IRQ_AFFINITY &&
	    fake.irq_type == HPDMA_IRQ_INTX) {
		arg->out_reason = HPDMA_REASON_NO_INTERRUPT;
		return -EOPNOTSUPP;
	}
	fake.ctrl = *arg;
	return 0;
}

/* Vector i has fired i + 1 times. */
static int irq_counts(void *data)
{
	uint64_t *counts;
	uint32_t i;

	ENTER(hpdma_ioc_irq_counts);
	ZERO_FROM(out_count);
	if (arg->flags)
		fake_complain("flags not zero");
	counts = (uint64_t *)(uintptr_t)arg->counts;
	for (i = 0; i < arg->count && i < fake.irq_vectors; i++)
		counts[i] = i + 1;
	arg->out_count = fake.irq_vectors;
	return 0;
}

static int dev_reset(void *data)
{
	ENTER(hpdma_ioc_dev_reset);
	ZERO_FROM(flags);
	fake.resets++;
	fake.irq_type = HPDMA_IRQ_NONE;
	fake.irq_vectors = 0;
	return 0;
}

static int dev_resume(void *data)
{
	ENTER(hpdma_ioc_dev_resume);
	ZERO_FROM(flags);
	fake.suspended = false;
	return 0;
}

int fake_device_ioctl(unsigned long cmd, void *arg)
{
	switch (cmd) {
	case HPDMA_IOC_DEV_ATTACH:
		return dev_attach(arg);
	case HPDMA_IOC_DEV_INFO:
		return dev_info(arg);
	case HPDMA_IOC_DEV_REGIONS:
		return dev_regions(arg);
	case HPDMA_IOC_DEV_MAP:
		return dev_map(arg);
	case HPDMA_IOC_DEV_UNMAP:
		return dev_unmap(arg);
	case HPDMA_IOC_DEV_SEGMENTS:
		return fake_segments(arg, kind_of_addresses());
	case HPDMA_IOC_IRQ_SET:
		return irq_set(arg);
	case HPDMA_IOC_IRQ_CTRL:
		return irq_ctrl(arg);
	case HPDMA_IOC_IRQ_COUNTS:
		return irq_counts(arg);
	case HPDMA_IOC_DEV_RESET:
		return dev_reset(arg);
	case HPDMA_IOC_DEV_RESUME:
		return dev_resume(arg);
	default:
		fake_complain("no such ioctl");
		return -ENOTTY;
	}
}
