// SPDX-License-Identifier: GPL-2.0-only
/*
 * To open a device up to the first access to its BAR, and to close it: hpdma,
 * which stops the device, beside vfio-pci, which does too, and
 * uio_pci_generic, which does not. None of them resets: an edu cannot be reset.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"
#include "peers.h"
#include "../selftests/dev_common.h"

static void first_access(edu_regs regs)
{
	MUST(*(volatile uint32_t *)regs == 0x010000ed);
}

static void by_vfio(const struct edu *edu, struct laps *laps)
{
	struct vfio vfio;

	vfio_find(edu, &vfio);
	work_begin();
	vfio_open(edu, &vfio);
	first_access(vfio.regs);
	laps->step[GET] = work_end();
	work_begin();
	vfio_close(&vfio);
	laps->step[DROP] = work_end();
}

static void by_uio(const struct edu *edu, struct laps *laps)
{
	struct uio uio;

	uio_find(edu, &uio);
	work_begin();
	uio_open(edu, &uio);
	first_access(uio.regs);
	laps->step[GET] = work_end();
	work_begin();
	uio_close(&uio);
	laps->step[DROP] = work_end();
}

static void by_us(const struct edu *edu, struct laps *laps)
{
	struct hpdma_ioc_dev_info info;
	int mem, dev;
	void *bar;

	work_begin();
	mem = open(NODE, O_RDWR | O_CLOEXEC);
	dev = dev_open(edu);
	MUST(mem >= 0 && dev >= 0);
	MUST(!dev_attach(dev, mem, edu->bits));
	MUST(!dev_info(dev, &info));
	bar = mmap(NULL, info.out_bar_size[0], RW, MAP_SHARED, dev, 0);
	MUST(bar != MAP_FAILED);
	first_access(bar);
	laps->step[GET] = work_end();
	work_begin();
	munmap(bar, info.out_bar_size[0]);
	close(dev);
	close(mem);
	laps->step[DROP] = work_end();
}

static struct laps rounds(struct edu *edu, const char *driver,
			  void (*run)(const struct edu *edu, struct laps *laps))
{
	struct laps laps[ROUNDS] = {};
	int i;

	bind_to(edu, driver);
	if (!strcmp(driver, "hpdma"))
		MUST(!edu_bind(edu));
	for (i = 0; i < ROUNDS; i++)
		run(edu, &laps[i]);
	return median_of(laps, ROUNDS);
}

static void rows_of(const struct laps *ours, const char *peer,
		    const struct laps *theirs, double limit)
{
	row("open a device to the first access", ours->step[GET], peer,
	    theirs->step[GET], 0);
	row("close it", ours->step[DROP], peer, theirs->step[DROP], 0);
	row("open and close a device", ours->step[GET] + ours->step[DROP], peer,
	    theirs->step[GET] + theirs->step[DROP], limit);
}

void bench_open(int node)
{
	struct laps ours, vfio, uio;
	struct edu edu;

	(void)node;
	MUST(!edu_find(&edu, EDU_WIDE, 0));
	vfio = rounds(&edu, "vfio-pci", by_vfio);
	uio = rounds(&edu, "uio_pci_generic", by_uio);
	ours = rounds(&edu, "hpdma", by_us);
	rows_of(&ours, "uio_pci_generic", &uio, 1);
	rows_of(&ours, "vfio-pci", &vfio, 1);
}
