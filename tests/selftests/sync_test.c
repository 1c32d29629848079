// SPDX-License-Identifier: GPL-2.0-only
/*
 * BUF_SYNC and DMA_BUF_IOCTL_SYNC: nothing of the memory changes, whatever range
 * is asked for and whatever is mapped meanwhile. What the kernel is asked to do
 * for which addresses is seen by probes, where it has them.
 */
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "kselftest_harness.h"
#include "dev_common.c"
#include "peer_common.h"
#include "tracefs.h"

#define LENGTH (4 * PAGE)
#define FOR_CPU HPDMA_SYNC_FOR_CPU
#define FOR_DEVICE HPDMA_SYNC_FOR_DEVICE

static const struct {
	uint64_t offset;
	uint64_t length;
	unsigned int direction;
	int want;
} calls[] = {
	{ 0, 0, FOR_CPU, 0 },
	{ 0, 0, FOR_DEVICE, 0 },
	{ 0, LENGTH, FOR_CPU, 0 },
	{ 1, 1, FOR_CPU, 0 },
	{ PAGE - 1, 2, FOR_DEVICE, 0 },
	{ LENGTH - 1, 0, FOR_DEVICE, 0 },
	{ LENGTH - 1, 1, FOR_CPU, 0 },
	{ LENGTH - 1, 2, FOR_CPU, -EINVAL },
	{ LENGTH, 0, FOR_CPU, -EINVAL },
	{ LENGTH, 1, FOR_CPU, -EINVAL },
	{ 0, LENGTH + 1, FOR_CPU, -EINVAL },
	{ UINT64_MAX, 0, FOR_CPU, -EINVAL },
	{ UINT64_MAX, 1, FOR_CPU, -EOVERFLOW },
	{ 1, UINT64_MAX, FOR_CPU, -EOVERFLOW },
	{ 1ull << 63, 1ull << 63, FOR_DEVICE, -EOVERFLOW },
	{ 0, 0, 0, -EINVAL },
	{ 0, 0, 3, -EINVAL },
	{ 0, 0, UINT32_MAX, -EINVAL },
};

TEST(any_bytes_inside_and_none_outside)
{
	int mem = open_node(), id;
	size_t i;

	id = alloc_contig(mem, LENGTH);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		EXPECT_EQ(calls[i].want,
			  buf_sync(mem, id, calls[i].offset, calls[i].length,
				   calls[i].direction))
		{
			TH_LOG("call %zu", i);
		}
	EXPECT_EQ(-ENOENT, buf_sync(mem, id + 1, 0, 0, FOR_CPU));
	/* What is wrong for any buffer is found first. */
	EXPECT_EQ(-EINVAL, buf_sync(mem, id + 1, 0, 0, 0));
	close(mem);
}

TEST(changes_nothing)
{
	static const unsigned int backings[] = { HPDMA_BACKING_CONTIG,
						 HPDMA_BACKING_HUGETLB,
						 HPDMA_BACKING_USER };
	struct block block;
	struct rig rig;
	uint64_t at;
	size_t i;
	int map;

	NEED_RIG(&rig, EDU_WIDE);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0,
			  block_make(&block, rig.mem, backings[i], LENGTH, 0));
		fill_pattern(block.data, block.length, 1);
		map = dev_map(rig.dev, block.id, PAGE, 2 * PAGE);
		ASSERT_LT(0, map);
		for (at = 0; at + 777 < LENGTH; at += 777) {
			EXPECT_EQ(0, buf_sync(rig.mem, block.id, at, 777,
					      FOR_DEVICE));
			EXPECT_EQ(0, buf_sync(rig.mem, block.id, at, 777,
					      FOR_CPU));
		}
		EXPECT_EQ(0, buf_sync(rig.mem, block.id, 0, 0, FOR_DEVICE));
		EXPECT_EQ(0, buf_sync(rig.mem, block.id, 0, 0, FOR_CPU));
		EXPECT_EQ(-1, check_pattern(block.data, block.length, 1));
		EXPECT_EQ(0, dev_unmap(rig.dev, map));
		EXPECT_EQ(0, buf_sync(rig.mem, block.id, 0, 0, FOR_CPU));
		EXPECT_EQ(-1, check_pattern(block.data, block.length, 1));
		block_drop(&block);
	}
	rig_close(&rig);
}

TEST(what_the_device_wrote)
{
	struct block block;
	struct rig rig;
	uint64_t addr;

	NEED_RIG(&rig, EDU_WIDE);
	ASSERT_EQ(0,
		  block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, LENGTH, 0));
	addr = dev_address(rig.dev, dev_map(rig.dev, block.id, 0, 0));
	ASSERT_NE(0, addr);
	fill_pattern(block.data, 1024, 4);
	EXPECT_EQ(0, buf_sync(rig.mem, block.id, 0, 1024, FOR_DEVICE));
	EXPECT_TRUE(edu_from_ram(rig.regs, addr, 1024));
	EXPECT_TRUE(edu_to_ram(rig.regs, addr + PAGE, 1024));
	EXPECT_EQ(0, buf_sync(rig.mem, block.id, PAGE, 1024, FOR_CPU));
	EXPECT_EQ(-1, check_pattern(block.data + PAGE, 1024, 4));
	block_drop(&block);
	rig_close(&rig);
}

/* Each call is one whole access of the CPU, for whoever counts them. */
TEST(of_an_import_the_exporter_does_it)
{
	int mem = open_node(), peer, fd, id;
	struct peer_stats before, after;
	struct hpdma_ioc_buf_sync arg = { .size = sizeof(arg) };

	NEED_PEER(&peer);
	fd = peer_export(peer, LENGTH, 0, 0);
	id = buf_import(mem, fd);
	before = peer_stats(peer);
	EXPECT_EQ(0, buf_sync(mem, id, 5, 5, FOR_DEVICE));
	EXPECT_EQ(0, buf_sync(mem, id, 0, 0, FOR_CPU));
	EXPECT_EQ(-EINVAL, buf_sync(mem, id, LENGTH, 1, FOR_CPU));
	after = peer_stats(peer);
	EXPECT_EQ(before.begun + 2, after.begun);
	EXPECT_EQ(before.ended + 2, after.ended);
	close(fd);
	EXPECT_EQ(0, buf_free(mem, id));
	fd = peer_export(peer, LENGTH, PEER_NO_CPU, EIO);
	arg.buf_id = buf_import(mem, fd);
	arg.direction = FOR_DEVICE;
	EXPECT_EQ(-EOPNOTSUPP, call(mem, HPDMA_IOC_BUF_SYNC, &arg));
	EXPECT_EQ(HPDMA_REASON_EXPORTER, arg.out_reason);
	close(fd);
	close(mem);
	EXPECT_TRUE(peer_has(peer, 0, 0, 0));
	close(peer);
}

static int dmabuf_sync(int fd, unsigned int flags)
{
	struct dma_buf_sync arg = { .flags = flags };

	return call(fd, DMA_BUF_IOCTL_SYNC, &arg);
}

struct race {
	struct rig rig;
	int id;
	int fd;
	atomic_bool stop;
	atomic_int failed;
	atomic_uint done;
};

static void *sync_all_the_time(void *arg)
{
	struct race *race = arg;
	unsigned int at = 0;

	while (!atomic_load(&race->stop)) {
		at = (at + 997) % LENGTH;
		if (buf_sync(race->rig.mem, race->id, at, 0, FOR_DEVICE) ||
		    buf_sync(race->rig.mem, race->id, at, 1, FOR_CPU) ||
		    dmabuf_sync(race->fd,
				DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW) ||
		    dmabuf_sync(race->fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW))
			atomic_fetch_add(&race->failed, 1);
		atomic_fetch_add(&race->done, 1);
	}
	return NULL;
}

static void *map_all_the_time(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->stop)) {
		int map = dev_map(race->rig.dev, race->id, PAGE, 0);

		if (map < 0 || dev_unmap(race->rig.dev, map))
			atomic_fetch_add(&race->failed, 1);
	}
	return NULL;
}

static void *attach_all_the_time(void *arg)
{
	struct race *race = arg;
	int peer = peer_open();

	while (peer >= 0 && !atomic_load(&race->stop)) {
		if (peer_attach(peer, race->fd) ||
		    peer_direct(peer, PEER_MAP, BOTH_WAYS) ||
		    peer_do(peer, PEER_DETACH))
			atomic_fetch_add(&race->failed, 1);
	}
	close(peer);
	return NULL;
}

TEST(while_mapped_and_unmapped)
{
	static void *(*const run[])(void *) = { sync_all_the_time,
						map_all_the_time,
						attach_all_the_time };
	struct race race = {};
	struct block block;
	pthread_t threads[3];
	int i;

	NEED_RIG(&race.rig, EDU_WIDE);
	/* Where unmapping parks, memory would pile up. */
	if (unmapping_parks(&race.rig))
		SKIP(return, "unmapping parks here");
	ASSERT_EQ(0, block_make(&block, race.rig.mem, HPDMA_BACKING_CONTIG,
				LENGTH, 0));
	fill_pattern(block.data, LENGTH, 6);
	race.id = block.id;
	race.fd = buf_export(race.rig.mem, block.id);
	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, run[i], &race));
	sleep_ms(2000);
	atomic_store(&race.stop, true);
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	TH_LOG("%u rounds", atomic_load(&race.done));
	EXPECT_EQ(0, atomic_load(&race.failed));
	EXPECT_LT(0, atomic_load(&race.done));
	EXPECT_EQ(-1, check_pattern(block.data, LENGTH, 6));
	close(race.fd);
	block_drop(&block);
	rig_close(&race.rig);
}

/* The second to fourth argument of a function, where arguments are so. */
static bool probe(bool on)
{
#ifdef __x86_64__
	static const char *const names[] = { "for_cpu", "for_device" };
	char text[128];
	int i;

	for (i = 0; i < 2; i++) {
		if (on)
			snprintf(
				text, sizeof(text),
				"p:hpdma_sync/%s dma_sync_single_%s addr=%%si size=%%dx dir=%%cx\n",
				names[i], names[i]);
		else
			snprintf(text, sizeof(text), "-:hpdma_sync/%s\n",
				 names[i]);
		if (!trace_kprobe(text) && on)
			return false;
	}
	return !on || trace_event("hpdma_sync", true);
#else
	return false;
#endif
}

struct seen {
	char name[16];
	uint64_t addr, size, dir;
};

/* What the probes have seen since the last time. */
static int look(struct seen *seen, int most)
{
	FILE *file = fopen(TRACING "trace", "re");
	char line[512];
	int count = 0;

	while (file && fgets(line, sizeof(line), file)) {
		char *at = strstr(line, " for_");
		char *values = at ? strstr(at, "addr=") : NULL;

		if (!values || count == most)
			continue;
		sscanf(at, " %15[a-z_]", seen[count].name);
		sscanf(values, "addr=%lx size=%lx dir=%lx", &seen[count].addr,
		       &seen[count].size, &seen[count].dir);
		count++;
	}
	if (file)
		fclose(file);
	/* Truncating empties it. */
	file = fopen(TRACING "trace", "we");
	if (file)
		fclose(file);
	return count;
}

static bool is(const struct seen *seen, const char *name, uint64_t addr,
	       uint64_t size, uint64_t dir)
{
	if (!strcmp(seen->name, name) && seen->addr == addr &&
	    seen->size == size && seen->dir == dir)
		return true;
	fprintf(stderr, "# %s %lx %lx %lx\n", seen->name, seen->addr,
		seen->size, seen->dir);
	return false;
}

/* What a device that does not see the caches would need: these bytes, no more. */
TEST(what_the_kernel_is_asked_for)
{
	struct seen seen[8];
	uint64_t whole, part;
	struct block block;
	int map, peer, fd;
	struct peer_run run;
	struct rig rig;

	NEED_PEER(&peer);
	NEED_RIG(&rig, EDU_WIDE);
	ASSERT_EQ(0,
		  block_make(&block, rig.mem, HPDMA_BACKING_CONTIG, LENGTH, 0));
	whole = dev_address(rig.dev, dev_map(rig.dev, block.id, 0, 0));
	map = dev_map(rig.dev, block.id, 2 * PAGE, PAGE);
	part = dev_address(rig.dev, map);
	if (!probe(true)) {
		probe(false);
		rig_close(&rig);
		SKIP(return, "no probes of this function");
	}
	look(seen, 8);
	EXPECT_EQ(0, buf_sync(rig.mem, block.id, 100, 200, FOR_CPU));
	EXPECT_EQ(1, look(seen, 8));
	EXPECT_TRUE(is(&seen[0], "for_cpu", whole + 100, 200, BOTH_WAYS));
	EXPECT_EQ(0, buf_sync(rig.mem, block.id, 2 * PAGE - 1, 3, FOR_DEVICE));
	EXPECT_EQ(2, look(seen, 8));
	EXPECT_TRUE(
		is(&seen[0], "for_device", whole + 2 * PAGE - 1, 3, BOTH_WAYS));
	EXPECT_TRUE(is(&seen[1], "for_device", part, 2, BOTH_WAYS));
	EXPECT_EQ(0, buf_sync(rig.mem, block.id, 3 * PAGE - 1, 0, FOR_CPU));
	EXPECT_EQ(2, look(seen, 8));
	EXPECT_TRUE(is(&seen[0], "for_cpu", whole + 3 * PAGE - 1, PAGE + 1,
		       BOTH_WAYS));
	EXPECT_TRUE(is(&seen[1], "for_cpu", part + PAGE - 1, 1, BOTH_WAYS));
	/* A mapping that has ended, and one of another driver. */
	EXPECT_EQ(0, dev_unmap(rig.dev, map));
	fd = buf_export(rig.mem, block.id);
	ASSERT_EQ(0, peer_attach(peer, fd));
	ASSERT_EQ(0, peer_direct(peer, PEER_MAP, TO_DEVICE));
	ASSERT_EQ(1, peer_addresses(peer, &run, 1));
	look(seen, 8);
	EXPECT_EQ(0, dmabuf_sync(fd, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE));
	EXPECT_EQ(2, look(seen, 8));
	EXPECT_TRUE(is(&seen[0], "for_device", whole, LENGTH, TO_DEVICE));
	EXPECT_TRUE(is(&seen[1], "for_device", run.addr, LENGTH, TO_DEVICE));
	EXPECT_EQ(0, dmabuf_sync(fd, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ));
	EXPECT_EQ(2, look(seen, 8));
	EXPECT_TRUE(is(&seen[0], "for_cpu", whole, LENGTH, FROM_DEVICE));
	EXPECT_TRUE(is(&seen[1], "for_cpu", run.addr, LENGTH, TO_DEVICE));
	EXPECT_EQ(0, peer_do(peer, PEER_DETACH));
	EXPECT_EQ(0, buf_sync(rig.mem, block.id, 0, 1, FOR_CPU));
	EXPECT_EQ(1, look(seen, 8));
	trace_event("hpdma_sync", false);
	probe(false);
	close(fd);
	close(peer);
	block_drop(&block);
	rig_close(&rig);
}

/* User memory in no order: behind an IOMMU one range, for the CPU many. */
TEST(pieces_of_both_sides)
{
	struct seen seen[8];
	struct hpdma_ioc_buf_info info;
	struct hpdma_segment segments[64];
	struct rig rig;
	uint8_t *area;
	uint64_t addr;
	int id, i, count;

	NEED_RIG(&rig, EDU_WIDE);
	NEED_IOMMU(&rig);
	area = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, area);
	madvise(area, 64 * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < 64; i++)
		area[(i & 1 ? 63 - i / 2 : i / 2) * PAGE] = 1;
	id = register_memory(rig.mem, area, 64 * PAGE);
	ASSERT_LE(0, id);
	ASSERT_EQ(0, buf_info(rig.mem, id, &info));
	ASSERT_LT(1, info.out_segments);
	ASSERT_LT(1, buf_segments(rig.mem, id, segments, 64));
	addr = dev_address(rig.dev, dev_map(rig.dev, id, 0, 0));
	if (!probe(true)) {
		probe(false);
		rig_close(&rig);
		SKIP(return, "no probes of this function");
	}
	look(seen, 8);
	/* Across the end of the first run. */
	EXPECT_EQ(0,
		  buf_sync(rig.mem, id, segments[0].length - 10, 20, FOR_CPU));
	count = look(seen, 8);
	EXPECT_EQ(2, count);
	EXPECT_TRUE(is(&seen[0], "for_cpu", addr + segments[0].length - 10, 10,
		       BOTH_WAYS));
	EXPECT_TRUE(is(&seen[1], "for_cpu", addr + segments[0].length, 10,
		       BOTH_WAYS));
	trace_event("hpdma_sync", false);
	probe(false);
	rig_close(&rig);
	munmap(area, 64 * PAGE);
}

TEST_HARNESS_MAIN
