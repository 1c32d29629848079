/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls of fail_nth_test: each with what has to be there before it, and what
 * has to be undone after it, so that it can be made again and again.
 */
#ifndef HPDMA_SELFTESTS_FAIL_NTH_CALLS_H
#define HPDMA_SELFTESTS_FAIL_NTH_CALLS_H

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>

#include "dev_common.h"
#include "function.h"
#include "irq_common.h"
#include "name_common.h"
#include "peer_common.h"

#define SOME MB(1)
/* More than the page allocator has in one run. */
#define LONG (MB(6) + PAGE)
/* Where each page is a place to fail. */
#define FEW KB(64)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/**
 * struct world - what the calls are made on
 * @rig: An attached device
 * @block: A buffer; mapped for the device as @map
 * @map: Its mapping
 * @fd: An eventfd
 * @file: A file to be registered
 * @peer: Another driver; negative: there is none
 * @exported: The block's dma-buf
 * @foreign: A dma-buf of the other driver's; imported as @import
 * @import: Its id
 * @own: Another device, whose addresses are ours to choose, or just open
 * @result: What the call made: an id, a descriptor
 * @area: What the call mapped
 * @array: Room for segments
 */
struct world {
	struct rig rig;
	struct block block;
	int map;
	int fd;
	int file;
	int peer;
	int exported;
	int foreign;
	int import;
	int own;
	int result;
	void *area;
	struct hpdma_segment array[64];
};

/**
 * struct action - a call
 * @name: Its name
 * @prepare: Makes what the call needs and uses up, unharmed; may be NULL
 * @run: The call. Return: 0 or more, or -errno
 * @undo: Ends what a good call has made, unharmed; may be NULL
 * @discard: Ends what was prepared for a call that failed; may be NULL
 */
struct action {
	const char *name;
	int (*prepare)(struct world *world);
	int (*run)(struct world *world);
	void (*undo)(struct world *world);
	void (*discard)(struct world *world);
};

static void close_result(struct world *world)
{
	close(world->result);
}

static void free_result(struct world *world)
{
	buf_free(world->rig.mem, world->result);
}

static int keep(struct world *world, int result)
{
	world->result = result;
	return result;
}

static int run_open(struct world *world)
{
	return keep(world, open_node());
}

static int run_info(struct world *world)
{
	struct hpdma_ioc_info arg = { .size = sizeof(arg) };

	return call(world->rig.mem, HPDMA_IOC_INFO, &arg);
}

static int run_contig(struct world *world)
{
	return keep(world, alloc_contig(world->rig.mem, SOME));
}

/* In chunks, and in pieces of which there are several. */
static int run_long(struct world *world)
{
	return keep(world, alloc_contig(world->rig.mem, LONG));
}

static int run_scatter(struct world *world)
{
	struct hpdma_ioc_buf_alloc arg = contig(LONG);

	arg.flags = HPDMA_ALLOC_SCATTER;
	arg.boundary = KB(16);
	return keep(world, alloc(world->rig.mem, &arg));
}

static int run_mmap_long(struct world *world)
{
	world->area = mmap(NULL, LONG, PROT_READ | PROT_WRITE, MAP_SHARED,
			   world->rig.mem, (uint64_t)world->result << 40);
	return world->area == MAP_FAILED ? -errno : 0;
}

static void undo_mmap_long(struct world *world)
{
	munmap(world->area, LONG);
	buf_free(world->rig.mem, world->result);
}

static int run_hugetlb(struct world *world)
{
	return keep(world, alloc_hugetlb(world->rig.mem, HUGE_PAGE));
}

static int run_combining(struct world *world, struct hpdma_ioc_buf_alloc arg)
{
	arg.flags = HPDMA_ALLOC_WRITE_COMBINE;
	return keep(world, alloc(world->rig.mem, &arg));
}

static int run_combining_contig(struct world *world)
{
	return run_combining(world, contig(SOME));
}

static int run_combining_hugetlb(struct world *world)
{
	return run_combining(world, hugetlb(HUGE_PAGE));
}

static int prepare_user(struct world *world)
{
	world->area = mmap(NULL, SOME, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	return world->area == MAP_FAILED ? -errno : 0;
}

static void discard_user(struct world *world)
{
	munmap(world->area, SOME);
}

static int run_register(struct world *world)
{
	return keep(world, register_memory(world->rig.mem, world->area, SOME));
}

static void undo_register(struct world *world)
{
	free_result(world);
	munmap(world->area, SOME);
}

static int prepare_huge(struct world *world)
{
	world->area =
		mmap(NULL, HUGE_PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE,
		     -1, 0);
	return world->area == MAP_FAILED ? -errno : 0;
}

static void discard_huge(struct world *world)
{
	munmap(world->area, HUGE_PAGE);
}

static int run_register_huge(struct world *world)
{
	/* Beginning and ending inside the page. */
	return keep(world,
		    register_memory(world->rig.mem,
				    (uint8_t *)world->area + PAGE, SOME));
}

static void undo_register_huge(struct world *world)
{
	free_result(world);
	discard_huge(world);
}

/* What a failed call has populated is the file's: nothing to compare. */
static int prepare_file(struct world *world, unsigned int flags,
			uint64_t length)
{
	world->file = memfd_create("hpdma-test", flags | MFD_CLOEXEC);
	if (world->file < 0 || ftruncate(world->file, length))
		return -errno;
	return flags ? fallocate(world->file, 0, 0, length) : 0;
}

static int prepare_memfd(struct world *world)
{
	return prepare_file(world, 0, FEW);
}

static int prepare_huge_memfd(struct world *world)
{
	return prepare_file(world, MFD_HUGETLB, HUGE_PAGE);
}

static int register_file(struct world *world, uint64_t length)
{
	struct hpdma_ioc_buf_register arg = {
		.size = sizeof(arg),
		.flags = HPDMA_REGISTER_FD,
		.fd = world->file,
		.length = length,
	};
	int ret = call(world->rig.mem, HPDMA_IOC_BUF_REGISTER, &arg);

	return keep(world, ret ? ret : (int)arg.out_buf_id);
}

static int run_register_memfd(struct world *world)
{
	return register_file(world, FEW);
}

static int run_register_huge_memfd(struct world *world)
{
	return register_file(world, HUGE_PAGE);
}

static void discard_file(struct world *world)
{
	close(world->file);
}

static void undo_register_file(struct world *world)
{
	free_result(world);
	discard_file(world);
}

static int run_buf_info(struct world *world)
{
	struct hpdma_ioc_buf_info info;

	return buf_info(world->rig.mem, world->block.id, &info);
}

static int run_buf_segments(struct world *world)
{
	return buf_segments(world->rig.mem, world->block.id, world->array, 64);
}

static int run_export(struct world *world)
{
	return keep(world, buf_export(world->rig.mem, world->block.id));
}

static int run_list(struct world *world)
{
	struct hpdma_ioc_list arg = {
		.size = sizeof(arg),
		.flags = HPDMA_LIST_ALL,
		.entry_size = sizeof(struct hpdma_list_entry),
		.entries = (uintptr_t)world->array,
		.count = sizeof(world->array) /
			 (sizeof(struct hpdma_list_entry)),
	};

	return call(world->rig.mem, HPDMA_IOC_LIST, &arg);
}

static int prepare_fdinfo(struct world *world)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", world->rig.mem);
	return keep(world, open(path, O_RDONLY | O_CLOEXEC));
}

static int prepare_debugfs(struct world *world)
{
	return keep(world, open("/sys/kernel/debug/hpdma/buffers",
				O_RDONLY | O_CLOEXEC));
}

static int run_show(struct world *world)
{
	char text[512];

	return read(world->result, text, sizeof(text)) < 0 ? -errno : 0;
}

static int run_free(struct world *world)
{
	return buf_free(world->rig.mem, world->result);
}

static int run_publish(struct world *world)
{
	return name_publish(world->rig.mem, world->result, "fail", 0);
}

static int run_persist(struct world *world)
{
	return name_publish(world->rig.mem, world->result, "fail", PERSISTENT);
}

static void undo_publish(struct world *world)
{
	name_unlink(world->rig.mem, "fail");
	free_result(world);
}

/* Of the buffer that is always there. */
static int prepare_name(struct world *world)
{
	return name_publish(world->rig.mem, world->block.id, "fail", 0);
}

static int run_name_open(struct world *world)
{
	return keep(world, name_open(world->rig.mem, "fail"));
}

static void discard_name(struct world *world)
{
	name_unlink(world->rig.mem, "fail");
}

static void undo_name_open(struct world *world)
{
	free_result(world);
	discard_name(world);
}

static int run_unlink(struct world *world)
{
	return name_unlink(world->rig.mem, "fail");
}

/* A name that alone holds a buffer. */
static int prepare_persistent(struct world *world)
{
	int ret = run_contig(world);

	if (ret > 0)
		ret = run_persist(world);
	free_result(world);
	return ret;
}

static int map_it(struct world *world, int fd, uint64_t offset, uint64_t length)
{
	world->area = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   offset);
	return world->area == MAP_FAILED ? -errno : 0;
}

static int run_mmap_cookie(struct world *world)
{
	/* The offset is asked for beforehand: that is another call. */
	return map_it(world, world->rig.mem, (uint64_t)world->block.id << 40,
		      SOME);
}

static int run_mmap_huge(struct world *world)
{
	return map_it(world, world->rig.mem, (uint64_t)world->result << 40,
		      HUGE_PAGE);
}

static void undo_mmap_huge(struct world *world)
{
	munmap(world->area, HUGE_PAGE);
	free_result(world);
}

static int run_mmap_fd(struct world *world)
{
	return map_it(world, world->result, 0, SOME);
}

static void undo_mmap(struct world *world)
{
	munmap(world->area, SOME);
}

static void undo_mmap_fd(struct world *world)
{
	undo_mmap(world);
	close_result(world);
}

static int run_mmap_bar(struct world *world)
{
	return map_it(world, world->rig.dev, 0, SOME);
}

static int run_populate(struct world *world)
{
	if (madvise(world->area, SOME, MADV_POPULATE_WRITE))
		/* 5.10 does not know it. */
		return errno == EINVAL ? 0 : -errno;
	return 0;
}

/* A fault that cannot be served is repeated. */
static int run_touch(struct world *world)
{
	(void)*(volatile uint8_t *)world->area;
	return 0;
}

static int run_fit(struct world *world)
{
	struct hpdma_ioc_buf_alloc arg = contig(SOME);

	arg.flags = HPDMA_ALLOC_FIT_DEVICE;
	arg.device_fd = world->rig.dev;
	return keep(world, alloc(world->rig.mem, &arg));
}

static int run_open_dev(struct world *world)
{
	return keep(world, dev_open(&world->rig.edu));
}

static int run_attach(struct world *world)
{
	return dev_attach(world->result, world->rig.mem, EDU_NARROW);
}

static int run_dev_info(struct world *world)
{
	struct hpdma_ioc_dev_info info;

	return dev_info(world->rig.dev, &info);
}

static int run_map(struct world *world)
{
	return keep(world, dev_map(world->rig.dev, world->block.id, 0, 0));
}

/* Of a device that has no reset, too. */
static int run_reset(struct world *world)
{
	int ret = function_reset(world->rig.dev, NULL);

	return ret == -EOPNOTSUPP ? 0 : ret;
}

static int run_resume(struct world *world)
{
	return function_resume(world->rig.dev, NULL);
}

static void undo_map(struct world *world)
{
	dev_unmap(world->rig.dev, world->result);
}

static int run_unmap(struct world *world)
{
	return dev_unmap(world->rig.dev, world->result);
}

static int run_dev_segments(struct world *world)
{
	return dev_segments(world->rig.dev, world->map, world->array, 64);
}

static int run_map_read_only(struct world *world)
{
	return keep(world, dev_map_at(world->rig.dev, world->block.id, 0, 0, 0,
				      HPDMA_MAP_READ_ONLY));
}

#define OWN_IOVA (1ull << 38)

static int prepare_open_own(struct world *world)
{
	struct edu edu;

	if (edu_find(&edu, EDU_WIDE, 0))
		return -ENODEV;
	world->own = dev_open(&edu);
	return world->own;
}

static int run_attach_own(struct world *world)
{
	return dev_attach_mode(world->own, world->rig.mem, EDU_WIDE,
			       HPDMA_MODE_CALLER_IOVA);
}

static void close_own(struct world *world)
{
	close(world->own);
}

static int run_close_own(struct world *world)
{
	return close(world->own) ? -errno : 0;
}

static int prepare_own(struct world *world)
{
	int ret = prepare_open_own(world);

	return ret < 0 ? ret : run_attach_own(world);
}

static int run_map_own(struct world *world)
{
	return keep(world,
		    dev_map_at(world->own, world->block.id, 0, 0, OWN_IOVA, 0));
}

static int prepare_own_map(struct world *world)
{
	int ret = prepare_own(world);

	return ret < 0 ? ret : run_map_own(world);
}

static int run_unmap_own(struct world *world)
{
	return dev_unmap(world->own, world->result);
}

static int run_unmap_part(struct world *world)
{
	return dev_unmap_part(world->own, world->result, PAGE, PAGE);
}

static int prepare_hole(struct world *world)
{
	int ret = prepare_own_map(world);

	return ret < 0 ? ret : run_unmap_part(world);
}

static int run_own_segments(struct world *world)
{
	return dev_segments(world->own, world->result, world->array, 64);
}

static int run_regions(struct world *world)
{
	struct hpdma_region array[8];

	return dev_regions(world->own, array, 8);
}

static int run_msi(struct world *world)
{
	return dev_irq(world->rig.dev, HPDMA_IRQ_MSI, world->fd);
}

static int run_intx(struct world *world)
{
	return dev_irq(world->rig.dev, HPDMA_IRQ_INTX, world->fd);
}

static int run_counts(struct world *world)
{
	uint64_t count;

	return irq_counts(world->rig.dev, &count, 1);
}

static int run_irq_mask(struct world *world)
{
	return irq_ctrl(world->rig.dev, HPDMA_IRQ_MASK, 0, 1, 0);
}

static int run_irq_unmask(struct world *world)
{
	return irq_ctrl(world->rig.dev, HPDMA_IRQ_UNMASK, 0, 1, 0);
}

static int run_irq_affinity(struct world *world)
{
	return irq_ctrl(world->rig.dev, HPDMA_IRQ_AFFINITY, 0, 1, 0);
}

static int run_irq_none(struct world *world)
{
	return dev_irq(world->rig.dev, HPDMA_IRQ_NONE, -1);
}

static void no_interrupt(struct world *world)
{
	run_irq_none(world);
}

static int prepare_read(struct world *world)
{
	int ret = run_msi(world);

	edu_raise(world->rig.regs);
	sleep_ms(20);
	return ret;
}

static int run_read(struct world *world)
{
	int32_t count;

	return read(world->rig.dev, &count, sizeof(count)) < 0 ? -errno : 0;
}

static int run_write(struct world *world)
{
	int32_t unmask = 1;

	return write(world->rig.dev, &unmask, sizeof(unmask)) < 0 ? -errno : 0;
}

/* A second holder with a mapping of its own, to be closed. */
static int prepare_close(struct world *world)
{
	int dev = run_open_dev(world);

	if (dev < 0 || run_attach(world))
		return -EIO;
	return dev_map(dev, world->block.id, 0, 0);
}

static int run_close(struct world *world)
{
	return close(world->result) ? -errno : 0;
}

static int prepare_close_mem(struct world *world)
{
	int mem = run_open(world);

	return mem < 0 ? mem : alloc_contig(mem, SOME);
}

static int run_import_own(struct world *world)
{
	return keep(world, buf_import(world->rig.mem, world->exported));
}

static int run_import(struct world *world)
{
	return keep(world, buf_import(world->rig.mem, world->foreign));
}

static int run_sync(struct world *world)
{
	return buf_sync(world->rig.mem, world->block.id, 0, 0,
			HPDMA_SYNC_FOR_CPU);
}

static int run_sync_import(struct world *world)
{
	return buf_sync(world->rig.mem, world->import, 0, 0,
			HPDMA_SYNC_FOR_CPU);
}

static int run_export_import(struct world *world)
{
	return keep(world, buf_export(world->rig.mem, world->import));
}

static int run_map_import(struct world *world)
{
	return keep(world, dev_map(world->rig.dev, world->import, 0, 0));
}

static int run_mmap_import(struct world *world)
{
	return map_it(world, world->rig.mem, (uint64_t)world->import << 40,
		      SOME);
}

static void detach_peer(struct world *world)
{
	peer_do(world->peer, PEER_DETACH);
}

static int prepare_attached(struct world *world)
{
	return peer_attach(world->peer, world->exported);
}

static int run_attach_peer(struct world *world)
{
	int ret = peer_attach(world->peer, world->exported);

	/* It may be its answer that failed. */
	if (ret)
		detach_peer(world);
	return ret;
}

static int run_map_peer(struct world *world)
{
	return peer_direct(world->peer, PEER_MAP, BOTH_WAYS);
}

static int run_vmap_peer(struct world *world)
{
	return peer_do(world->peer, PEER_VMAP);
}

static const struct action actions[] = {
	{ "open memory", NULL, run_open, close_result },
	{ "close memory", prepare_close_mem, run_close },
	{ "INFO", NULL, run_info },
	{ "BUF_ALLOC contig", NULL, run_contig, free_result },
	{ "BUF_ALLOC of a long run", NULL, run_long, free_result },
	{ "BUF_ALLOC scattered", NULL, run_scatter, free_result },
	{ "mmap of a long run", run_long, run_mmap_long, undo_mmap_long,
	  free_result },
	{ "BUF_ALLOC hugetlb", NULL, run_hugetlb, free_result },
	{ "BUF_ALLOC write-combining contig", NULL, run_combining_contig,
	  free_result },
	{ "BUF_ALLOC write-combining hugetlb", NULL, run_combining_hugetlb,
	  free_result },
	{ "BUF_REGISTER", prepare_user, run_register, undo_register,
	  discard_user },
	{ "BUF_REGISTER hugetlb", prepare_huge, run_register_huge,
	  undo_register_huge, discard_huge },
	{ "BUF_REGISTER memfd", prepare_memfd, run_register_memfd,
	  undo_register_file, discard_file },
	{ "BUF_REGISTER hugetlb memfd", prepare_huge_memfd,
	  run_register_huge_memfd, undo_register_file, discard_file },
	{ "BUF_INFO", NULL, run_buf_info },
	{ "BUF_SEGMENTS", NULL, run_buf_segments },
	{ "BUF_EXPORT", NULL, run_export, close_result },
	{ "LIST", NULL, run_list },
	{ "fdinfo", prepare_fdinfo, run_show, close_result, close_result },
	{ "debugfs", prepare_debugfs, run_show, close_result, close_result },
	{ "BUF_FREE", run_contig, run_free, NULL, free_result },
	{ "NAME_PUBLISH", run_contig, run_publish, undo_publish, free_result },
	{ "NAME_PUBLISH persistent", run_contig, run_persist, undo_publish,
	  free_result },
	{ "NAME_OPEN", prepare_name, run_name_open, undo_name_open,
	  discard_name },
	{ "NAME_UNLINK", prepare_name, run_unlink, NULL, discard_name },
	{ "NAME_OPEN without another id", prepare_persistent, run_name_open,
	  undo_name_open, discard_name },
	{ "NAME_UNLINK of the last holder", prepare_persistent, run_unlink,
	  NULL, discard_name },
	{ "BUF_IMPORT of our own", NULL, run_import_own, free_result },
	{ "BUF_SYNC", NULL, run_sync },
	{ "mmap of a cookie", NULL, run_mmap_cookie, undo_mmap },
	{ "mmap of a hugetlb cookie", run_hugetlb, run_mmap_huge,
	  undo_mmap_huge, free_result },
	{ "mmap of an exported descriptor", run_export, run_mmap_fd,
	  undo_mmap_fd, close_result },
	{ "faults of a buffer", run_mmap_cookie, run_populate, undo_mmap,
	  undo_mmap },
	{ "open device", NULL, run_open_dev, close_result },
	{ "close device", prepare_close, run_close },
	{ "DEV_ATTACH", run_open_dev, run_attach, close_result, close_result },
	{ "DEV_INFO", NULL, run_dev_info },
	{ "DEV_RESET", NULL, run_reset },
	{ "DEV_RESUME", NULL, run_resume },
	{ "DEV_MAP", NULL, run_map, undo_map },
	{ "DEV_UNMAP", run_map, run_unmap, NULL, undo_map },
	{ "DEV_SEGMENTS", NULL, run_dev_segments },
	{ "BUF_ALLOC for a device", NULL, run_fit, free_result },
	{ "DEV_MAP read-only", NULL, run_map_read_only, undo_map },
	{ "DEV_ATTACH for chosen addresses", prepare_open_own, run_attach_own,
	  close_own, close_own },
	{ "DEV_MAP at an address", prepare_own, run_map_own, close_own,
	  close_own },
	{ "DEV_UNMAP at an address", prepare_own_map, run_unmap_own, close_own,
	  close_own },
	{ "DEV_UNMAP of a part", prepare_own_map, run_unmap_part, close_own,
	  close_own },
	{ "DEV_SEGMENTS of what is left", prepare_hole, run_own_segments,
	  close_own, close_own },
	{ "DEV_REGIONS", prepare_own, run_regions, close_own, close_own },
	{ "close device with chosen addresses", prepare_hole, run_close_own,
	  NULL, close_own },
	{ "IRQ_SET another eventfd", run_msi, run_msi, no_interrupt,
	  no_interrupt },
	{ "IRQ_SET none", run_msi, run_irq_none, NULL, no_interrupt },
	{ "IRQ_COUNTS", run_msi, run_counts, no_interrupt, no_interrupt },
	{ "IRQ_CTRL mask", run_msi, run_irq_mask, no_interrupt, no_interrupt },
	{ "IRQ_CTRL unmask", run_msi, run_irq_unmask, no_interrupt,
	  no_interrupt },
	{ "IRQ_CTRL affinity", run_msi, run_irq_affinity, no_interrupt,
	  no_interrupt },
	{ "read", prepare_read, run_read, no_interrupt, no_interrupt },
	{ "write", run_msi, run_write, no_interrupt, no_interrupt },
	{ "mmap of a BAR", NULL, run_mmap_bar, undo_mmap },
	{ "faults of a BAR", run_mmap_bar, run_touch, undo_mmap },
};

/* Those that need the other driver. */
static const struct action with_peer[] = {
	{ "BUF_IMPORT of another driver's", NULL, run_import, free_result },
	{ "BUF_FREE of an import", run_import, run_free, NULL, free_result },
	{ "BUF_EXPORT of an import", NULL, run_export_import, close_result },
	{ "BUF_SYNC of an import", NULL, run_sync_import },
	{ "mmap of an import", NULL, run_mmap_import, undo_mmap },
	{ "DEV_MAP of an import", NULL, run_map_import, undo_map },
	{ "DEV_UNMAP of an import", run_map_import, run_unmap, NULL, undo_map },
	{ "another driver attaches", NULL, run_attach_peer, detach_peer },
	{ "another driver maps", prepare_attached, run_map_peer, detach_peer,
	  detach_peer },
	{ "another driver looks", prepare_attached, run_vmap_peer, detach_peer,
	  detach_peer },
};

static const struct action interrupts[] = {
	{ "IRQ_SET MSI", NULL, run_msi, no_interrupt },
	{ "IRQ_SET INTx", NULL, run_intx, no_interrupt },
};

#endif
